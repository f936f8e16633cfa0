"""Holders of addresses: DHCP events, and the true assignments."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipelines.synthetic.columns import cards, day_numbers, dotted, frame, with_address, worn_mac
from pipelines.synthetic.places import MANY_ADDRESSES
from pipelines.synthetic.plan import Plan, Release
from pipelines.synthetic.school_days import HOUR, MINUTE, SECOND
from pipelines.synthetic.world import World

LEASES = pl.Schema({"time": pl.Int64, "action": pl.String, "address": pl.Int64, "device": pl.Int32})
"""Columns of DHCP events: DISCOVER, OFFER, REQUEST, ACK, RELEASE."""

WIRED_LEASE = 24 * HOUR
_RELEASES = pl.Schema({"device": pl.Int32, "network": pl.String, "time": pl.Int64})
_PLACED = pl.Schema(
    {
        "device": pl.Int32,
        "network": pl.String,
        "account": pl.String,
        "start": pl.Int64,
        "end": pl.Int64,
    }
)


def stays(world: World, requests: pl.DataFrame) -> pl.DataFrame:
    """Return first and last request of each device at each address and day, wireless only.

    Columns: device, address, day, start, end.
    """
    kinds = pl.col("network").str.extract("/(.*)$", 1)
    wireless = requests.filter(kinds.is_in(list(MANY_ADDRESSES)))
    days = pl.Series("day", day_numbers(world, wireless["start"].to_numpy()))
    return (
        wireless.with_columns(days)
        .group_by("device", "address", "day")
        .agg(start=pl.col("start").min(), end=pl.col("start").max())
        .sort("start", "device", "address")
    )


def dhcp_events(world: World, stayed: pl.DataFrame, releases: Sequence[Release]) -> pl.DataFrame:
    """Return all DHCP events in order of time."""
    rng = world.generator("leases")
    begin = stayed["start"] - rng.integers(20, 140, stayed.height) * SECOND
    parts = [
        _asked(stayed, begin, "DISCOVER", 0),
        _asked(stayed, begin, "OFFER", 900),
        *_renewed(stayed, begin + 1_000),
    ]
    half = begin + 4 * HOUR
    stays_long = stayed["end"] > half
    parts += _renewed(stayed.filter(stays_long), half.filter(stays_long))
    goes = pl.Series(rng.random(stayed.height) < 0.15)
    left = stayed["end"] + rng.integers(5, 30, stayed.height) * MINUTE
    parts.append(_asked(stayed.filter(goes), left.filter(goes), "RELEASE", 0))
    parts += [*_wired(world, rng), _released(world, releases)]
    return pl.concat(parts).sort("time", maintain_order=True)


def _asked(rows: pl.DataFrame, times: pl.Series, action: str, delay: int) -> pl.DataFrame:
    return rows.with_columns(time=times + delay, action=pl.lit(action)).select(
        pl.col(name).cast(dtype) for name, dtype in LEASES.items()
    )


def _renewed(rows: pl.DataFrame, times: pl.Series) -> list[pl.DataFrame]:
    return [_asked(rows, times, "REQUEST", 0), _asked(rows, times, "ACK", 400)]


def _wired(world: World, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Return leases of wired computers, renewed every twelve hours, for weeks."""
    devices = world.places.where(lambda d: d.network.split("/")[1] in {"wired", "lab"})
    numbers = np.array([device.number for device in devices])
    first = world.days[0].at("00:05")
    count = len(world.days) * 2
    begin = first + rng.integers(0, 20 * MINUTE, len(numbers))[:, None]
    times = begin + np.arange(count)[None, :] * (WIRED_LEASE // 2)
    rows = pl.DataFrame(
        {
            "start": times.ravel(),
            "device": np.repeat(numbers, count),
            "network": np.repeat([d.network for d in devices], count),
            "address": np.zeros(times.size, dtype=np.int64),
        }
    )
    placed = with_address(world, rows)
    return _renewed(placed, placed["start"])


def _released(world: World, releases: Sequence[Release]) -> pl.DataFrame:
    rows = frame(releases, _RELEASES).with_columns(
        start=pl.col("time"), address=pl.lit(0, pl.Int64)
    )
    placed = with_address(world, rows)
    return _asked(placed, placed["time"], "RELEASE", 0)


def _used(world: World, plan: Plan) -> pl.DataFrame:
    """Return who used which device: sittings, and sessions without a logged logon."""
    silent = [
        session
        for session in plan.sessions
        if not world.places.devices[session.device].is_windows and session.pace != "phone"
    ]
    seated = frame(plan.sittings, _PLACED).with_columns(address=pl.lit(0, pl.Int64))
    schema = pl.Schema([*_PLACED.items(), ("address", pl.Int64())])
    return pl.concat([seated, frame(silent, schema)])


def bindings(world: World, stayed: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Return the truth: address, MAC, device and account, from when to when.

    A row without an account shows only that the device held the address.
    """
    seated = with_address(world, _used(world, plan))
    names = cards(world)
    columns = ["device", "address", "account", "start", "end"]
    held = stayed.with_columns(account=pl.lit(None, pl.String))
    both = pl.concat([held.select(columns), seated.select(columns)])
    return (
        both.join(names, on="device", how="left", maintain_order="left")
        .sort("start", "device", "address", maintain_order=True)
        .select(
            ip=dotted(pl.col("address")),
            mac=worn_mac(),
            device="name",
            account="account",
            start_utc=pl.from_epoch("start", "ms").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            end_utc=pl.from_epoch("end", "ms").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    )
