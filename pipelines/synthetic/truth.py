"""Planted cases and written lines, as tables next to the logs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipelines.synthetic.plan import Case, Plan, Session, Sitting
from pipelines.synthetic.school_days import PROXY_SILENT
from pipelines.synthetic.world import World
from pipelines.synthetic.writers.files import WrittenFeed

SITTINGS = ("device", "account", "start_utc", "end_utc")
OUTAGES = ("source", "start_utc", "end_utc")


@dataclass(frozen=True)
class Truth:
    """Planted cases and written lines; also in the files of `truth/`.

    Attributes:
        cases: Planted violations and look-alikes (`truth/planted.csv`).
        bindings: True holders of addresses (`truth/bindings.csv`).
        damage: Lines that no format can read (`truth/damage.csv`).
        outages: Spans in which a feed wrote nothing (`truth/outages.csv`).
        lines: Lines by file, below `landing/`.
        people: People in the roster.
        weeks: Weeks of logs.
    """

    cases: pl.DataFrame
    bindings: pl.DataFrame
    damage: pl.DataFrame
    outages: pl.DataFrame
    lines: Mapping[str, int]
    people: int
    weeks: int


def logged(world: World, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of the proxy without those of its silent night."""
    return without(lines, _silences(world))


def without(lines: pl.DataFrame, spans: Iterable[tuple[int, int]]) -> pl.DataFrame:
    """Return lines that were not written within some spans."""
    for start, end in spans:
        lines = lines.filter(~pl.col("seen").is_between(start, end))
    return lines


def _silences(world: World) -> list[tuple[int, int]]:
    date, first, last = PROXY_SILENT
    return [(d.at(first), d.at(last)) for d in world.days if d.planned == date]


def write_truth(
    world: World, plan: Plan, written: Sequence[WrittenFeed], bound: pl.DataFrame, folder: Path
) -> Truth:
    """Write the tables of the truth, and give them."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_case_row(world, number, case) for number, case in enumerate(plan.cases, 1)]
    tables = {
        "planted": pl.DataFrame(rows),
        "bindings": bound,
        "sittings": _sittings(world, plan),
        "damage": pl.concat([part.damage for part in written]),
        "outages": _outages(world, plan),
    }
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv")
    return Truth(
        cases=tables["planted"],
        bindings=bound,
        damage=tables["damage"],
        outages=tables["outages"],
        lines={f: count for part in written for f, count in part.counts.items()},
        people=len(world.roster.people),
        weeks=len(world.days) // 7,
    )


def _sittings(world: World, plan: Plan) -> pl.DataFrame:
    """Return the true user of each device, whatever logs contain; none for automatic sign-ons."""
    used: list[Sitting | Session] = [*plan.sittings, *plan.sessions]
    rows = [
        (
            world.places.devices[one.device].listed_as,
            one.account,
            _stamp(one.start),
            _stamp(one.end),
        )
        for one in used
        if one.person >= 0
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(SITTINGS, pl.String), orient="row").sort(
        SITTINGS
    )


def _outages(world: World, plan: Plan) -> pl.DataFrame:
    spans = {"proxy": _silences(world), "firewall": plan.unlogged}
    rows = [
        (source, _stamp(start), _stamp(end)) for source in spans for start, end in spans[source]
    ]
    schema = pl.Schema([(name, pl.String()) for name in OUTAGES])
    return pl.DataFrame(rows, schema=schema, orient="row")


def _case_row(world: World, number: int, case: Case) -> dict[str, str | int]:
    devices = [world.places.devices[device].listed_as for device in case.devices]
    nobody = case.person < 0
    return {
        "case_id": f"case-{number:03d}",
        "family": case.family,
        "kind": case.kind,
        "expected_rule": case.expected_rule,
        "account": case.account,
        "person_id": "" if nobody else world.roster.people[case.person].person_id,
        "devices": "|".join(devices),
        "start_utc": _stamp(case.start),
        "end_utc": _stamp(case.end),
        "intensity": case.intensity,
        "is_violation": str(case.is_violation).lower(),
        "note": case.note,
    }


def _stamp(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
