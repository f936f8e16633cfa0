"""Sittings become Windows events, on the device and on the domain controller."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from pipelines.synthetic.columns import Numbers, day_numbers, frame, with_address
from pipelines.synthetic.plan import Plan, Sitting
from pipelines.synthetic.school_days import DAY, HOUR, SECOND
from pipelines.synthetic.world import World

EVENTS = pl.Schema(
    {
        "time": pl.Int64,
        "reporter": pl.Int32,
        "device": pl.Int32,
        "account": pl.String,
        "code": pl.String,
        "logon_type": pl.Int16,
        "logon": pl.Int64,
        "address": pl.Int64,
    }
)
"""Columns of Windows events. `time` is the true time in UTC milliseconds; `reporter`
writes the event, `device` is where the account was used; `address` 0 is none."""

CONTROLLERS = (0, 1)
SYSTEM = "SYSTEM"
LOGON_TYPES = {"logon": 2, "unlock": 7, "cached": 11, "remote": 10}

Row = tuple[int, int, int, str, str, int, int, int]


def keyboard_events(world: World, plan: Plan) -> pl.DataFrame:
    """Return all events in order of true time, of whatever the devices run."""
    rng = world.random("keyboards")
    rows: list[Row] = []
    addresses = _addresses(world, plan.sittings)
    order = sorted(range(len(plan.sittings)), key=lambda n: _place(plan.sittings[n]))
    sessions: dict[tuple[int, str], int] = {}
    for number in order:
        sitting = plan.sittings[number]
        device = world.places.devices[sitting.device]
        if device.is_windows or device.runs_chromeos:
            rows += _sat_down(rng, sitting, number, addresses[number], sessions)
    rows += (
        (
            key.time,
            key.device,
            key.device,
            key.account,
            key.code,
            key.logon_type,
            0x7000000 + number * 11,
            key.address,
        )
        for number, key in enumerate(plan.keys)
    )
    seated = pl.DataFrame(rows, schema=EVENTS, orient="row")
    return pl.concat([seated, _machines(world)]).sort("time", maintain_order=True)


def _place(sitting: Sitting) -> tuple[int, int]:
    return sitting.device, sitting.start


def _addresses(world: World, sittings: Sequence[Sitting]) -> list[int]:
    schema = pl.Schema({"device": pl.Int32, "network": pl.String, "start": pl.Int64})
    rows = frame(sittings, schema).with_columns(address=pl.lit(0, pl.Int64))
    return with_address(world, rows)["address"].to_list()


def _sat_down(
    rng: random.Random,
    sitting: Sitting,
    number: int,
    address: int,
    sessions: dict[tuple[int, str], int],
) -> Iterator[Row]:
    device, account = sitting.device, sitting.account
    seat = (device, account)
    if sitting.opened != "none":
        kind = LOGON_TYPES[sitting.opened]
        logon = 0x10000 + number * 37
        if sitting.opened == "logon" or seat not in sessions:
            sessions[seat] = logon
        if kind in {2, 10} and rng.random() < 0.02:
            yield from _mistyped(rng, sitting, address, kind)
        yield (sitting.start, device, device, account, "4624", kind, logon, address)
        if kind in {7, 11}:
            yield (sitting.start + 260, device, device, account, "4801", 0, sessions[seat], 0)
        yield from _controller(rng, sitting, address, logon)
    if sitting.closed == "lock":
        yield (sitting.end, device, device, account, "4800", 0, sessions.get(seat, 0x9999), 0)
    elif sitting.closed == "logoff":
        logon = sessions.pop(seat, 0x9999)
        yield (sitting.end, device, device, account, "4647", 0, logon, 0)
        yield (sitting.end + 1_400, device, device, account, "4634", 2, logon, 0)


def _mistyped(rng: random.Random, sitting: Sitting, address: int, kind: int) -> Iterator[Row]:
    time = sitting.start - rng.randint(6, 20) * SECOND
    device, account = sitting.device, sitting.account
    yield (time, device, device, account, "4625", kind, 0, address)
    yield (time + 90, rng.choice(CONTROLLERS), device, account, "4776", 0, 1, address)


def _controller(rng: random.Random, sitting: Sitting, address: int, logon: int) -> Iterator[Row]:
    """Yield the domain controller's view of it, with its correct system clock."""
    delay = 25 * SECOND if sitting.opened == "cached" else 0
    time, controller = sitting.start + delay, rng.choice(CONTROLLERS)
    device, account = sitting.device, sitting.account
    yield (time - 310, controller, device, account, "4768", 0, 0, address)
    yield (time - 120, controller, device, account, "4769", 0, 0, address)
    later = time + rng.randint(900, 2_600)
    yield (later, controller, device, account, "4624", 3, logon + 5, address)
    if rng.random() < 0.5:
        away = later + rng.randint(8, 25) * SECOND
        yield (away, controller, device, account, "4634", 3, logon + 5, 0)


def _machines(world: World) -> pl.DataFrame:
    """Return computers' own logons at the controller, and services' logons, at any time."""
    rng = world.generator("machine logons")
    wired = [d for d in world.places.devices if d.is_windows and "wifi" not in d.network]
    numbers = np.array([device.number for device in wired])
    first, days = world.days[0].at("00:00"), len(world.days)
    network = _ticks(rng, numbers, first, days, 12 * HOUR)
    service = _ticks(rng, numbers, first, days, DAY)
    names = [f"{device.hostname}$".upper() for device in world.places.devices]
    asked = _machine_rows(world, rng, network, names, "4624", 3)
    ticket = _machine_rows(world, rng, (network[0] - 200, network[1]), names, "4768", 0)
    started = _machine_rows(world, rng, service, [SYSTEM] * len(names), "4624", 5)
    home = pl.col("device").alias("reporter")
    local = started.with_columns(home, address=pl.lit(0, pl.Int64))
    return pl.concat([asked, ticket, local])


def _ticks(
    rng: np.random.Generator, devices: Numbers, first: int, days: int, period: int
) -> tuple[Numbers, Numbers]:
    """Return times at about a period apart for each device, and the device of each."""
    count = int(days * DAY / period)
    phase = rng.integers(0, period, len(devices))[:, None]
    jitter = rng.integers(0, period // 20, (len(devices), count))
    times = first + phase + np.arange(count)[None, :] * period + jitter
    return times.ravel(), np.repeat(devices, count)


def _machine_rows(
    world: World,
    rng: np.random.Generator,
    ticks: tuple[Numbers, Numbers],
    names: Sequence[str],
    code: str,
    logon_type: int,
) -> pl.DataFrame:
    times, devices = ticks
    where = [device.network for device in world.places.devices]
    last = day_numbers(world, times)  # also keeps the days within the calendar
    rows = pl.DataFrame(
        {
            "time": times,
            "start": times,
            "day_of": last,
            "reporter": rng.integers(0, 2, len(times)),
            "device": devices,
            "account": np.array(names)[devices],
            "code": np.full(len(times), code),
            "logon_type": np.full(len(times), logon_type),
            "logon": rng.integers(1 << 20, 1 << 26, len(times)),
            "address": np.zeros(len(times), dtype=np.int64),
            "network": np.array(where)[devices],
        }
    )
    return with_address(world, rows).select(
        pl.col(name).cast(dtype) for name, dtype in EVENTS.items()
    )
