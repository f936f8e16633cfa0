"""What computers do by themselves: telemetry, updates, widgets, open tabs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.browsing import REQUESTS
from pipelines.synthetic.columns import Numbers, with_address
from pipelines.synthetic.days import DAY, HOUR, MINUTE, SECOND
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Sitting
from pipelines.synthetic.world import World


@dataclass(frozen=True)
class Timer:
    """Something that asks a host again and again.

    Attributes:
        share: Share of the devices that run it.
        jitter: Share of the period by which it wanders.
        needs_user: Runs as whoever is logged on; else as nobody.
    """

    host: str
    period: int
    share: float
    size: int
    spread: float
    jitter: float = 0.02
    needs_user: bool = False


TIMERS = (
    Timer("v10.events.data.microsoft.com", 300 * MINUTE, 0.9, 7_200, 0.3, 0.2),
    Timer("agent.sampleton.example", 6 * HOUR, 1.0, 6_400, 0.02),
    Timer("ocsp.digicert.com", 12 * HOUR, 0.6, 2_400, 0.2, 0.3),
    Timer("outlook.office.com", 30 * MINUTE, 0.45, 8_800, 0.05, needs_user=True),
    Timer("assets.msn.com", 60 * MINUTE, 0.25, 12_500, 0.06, needs_user=True),
    Timer("www.dailyplain.example", 10 * MINUTE, 0.02, 21_000, 0.03, needs_user=True),
)
UPDATE_HOST = "download.windowsupdate.com"


def background(world: World, sittings: Sequence[Sitting]) -> pl.DataFrame:
    """Requests of computers on a wire, by day and by night."""
    rng = world.generator("machines")
    wired = world.places.where(_stays_on)
    parts = [_timed(world, rng, timer, wired) for timer in TIMERS]
    rows = pl.concat([*parts, _updates(world, rng, wired)])
    rows = with_address(world, rows.with_columns(address=pl.lit(0, pl.Int64)))
    return (
        _with_users(rows, sittings)
        .with_columns(is_page=pl.lit(value=False), outcome=pl.lit("tunnel"))
        .select(pl.col(name).cast(dtype) for name, dtype in REQUESTS.items())
    )


def _stays_on(device: Device) -> bool:
    classes = {"desktop", "lab_pc", "podium", "kiosk"}
    return device.device_class in classes and device.number % 8 != 0


def _timed(
    world: World, rng: np.random.Generator, timer: Timer, devices: Sequence[Device]
) -> pl.DataFrame:
    chosen = [d for d in devices if rng.random() < timer.share]
    count = int(len(world.days) * DAY / timer.period)
    phase = rng.integers(0, timer.period, len(chosen))[:, None]
    wander = rng.normal(0, timer.jitter * timer.period, (len(chosen), count))
    steps = np.arange(count)[None, :] * timer.period
    times = (world.days[0].at("00:00") + phase + steps + wander).astype(np.int64)
    size = timer.size * np.exp(timer.spread * rng.standard_normal(times.size))
    return _rows(
        times.ravel(), chosen, count, timer.host, size, needs_user=timer.needs_user
    )


def _updates(
    world: World, rng: np.random.Generator, devices: Sequence[Device]
) -> pl.DataFrame:
    """Big downloads between three and five on Wednesday mornings."""
    nights = [day for day in world.days if day.date.weekday() == 2]
    count = 4 * len(nights)
    begins = np.repeat([night.at("03:15") for night in nights], 4).astype(np.int64)
    times = begins[None, :] + rng.integers(0, 90 * MINUTE, (len(devices), count))
    size = 4e7 * np.exp(rng.standard_normal(times.size))
    return _rows(times.ravel(), devices, count, UPDATE_HOST, size, needs_user=False)


def _rows(
    times: Numbers,
    devices: Sequence[Device],
    count: int,
    host: str,
    size: Numbers,
    *,
    needs_user: bool,
) -> pl.DataFrame:
    schema = {"start": pl.Int64, "device": pl.Int32, "network": pl.String}
    return pl.DataFrame(
        {
            "start": times,
            "device": np.repeat([d.number for d in devices], count),
            "network": np.repeat([d.network for d in devices], count),
        },
        schema_overrides=schema,
    ).with_columns(
        elapsed=pl.lit(30 * SECOND) + pl.col("start") % (40 * SECOND),
        host=pl.lit(host),
        size=pl.Series(size.astype(np.int64)),
        sent=pl.lit(1_400, pl.Int64),
        needs_user=pl.lit(needs_user),
    )


def logged_on(sittings: Sequence[Sitting]) -> pl.DataFrame:
    """Spans in which an account is logged on, at work or locked, by device.

    A span ends at the logoff or when another account takes the seat.
    """
    rows: list[tuple[int, int, str, int]] = []
    for sitting in sorted(sittings, key=lambda s: (s.device, s.start)):
        end = sitting.end if sitting.closed == "logoff" else sitting.end + 5 * DAY
        rows.append((sitting.device, sitting.start, sitting.account, end))
    schema = pl.Schema(
        {"device": pl.Int32, "on": pl.Int64, "account": pl.String, "off": pl.Int64}
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def _with_users(rows: pl.DataFrame, sittings: Sequence[Sitting]) -> pl.DataFrame:
    """Give timers that need one the account that is logged on; drop the others."""
    joined = rows.sort("start").join_asof(
        logged_on(sittings).sort("on"),
        left_on="start",
        right_on="on",
        by="device",
        check_sortedness=False,
    )
    is_on = pl.col("account").is_not_null() & (pl.col("start") < pl.col("off"))
    user = pl.when("needs_user").then("account")
    return joined.filter(is_on | ~pl.col("needs_user")).with_columns(account=user)
