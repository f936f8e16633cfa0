"""Prints what a state of a million students would take, by what was measured.

    python -m tests.benchmarks.state_model [--students 1000000] [--lines 3000] ...

Nothing is measured here: the table in `docs/how-to/sizing.md` is, on the invented
district, and what it does not show is an assumption, which every option names. A
model of a model: it shows which figure matters, not what the bill will be.
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from tests.conftest import REPO_ROOT

SIZING = REPO_ROOT / "docs" / "how-to" / "sizing.md"
SMALLER, LARGER = "600", "1,500"
"""The two rows of the table between which a line more costs what it costs."""


class Measured(NamedTuple):
    """What a line more takes, by the table of measured districts."""

    cpu_us: float
    lake_bytes: float
    warehouse_bytes: float
    raw_bytes: float


class Answer(NamedTuple):
    """One line of the answer, with how it comes about."""

    what: str
    value: str
    by: str


def measured(text: str) -> Measured:
    """Return the slope between two measured districts; what is fixed costs drops out."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    head = next(row for row in rows if row[0] == "People")
    # of the two tables the first counts; larger districts are in the second
    found = {
        row[0]: dict(zip(head, row, strict=True))
        for row in reversed(rows)
        if row[0] in (SMALLER, LARGER)
    }

    def more(column: str) -> float:
        small, large = (float(found[one][column].replace(",", "")) for one in (SMALLER, LARGER))
        return large - small

    lines = more("Lines per week")
    return Measured(
        cpu_us=more("CPU seconds") * 1e6 / lines,
        lake_bytes=more("Lake MB") * 1e6 / lines,
        warehouse_bytes=more("Warehouse MB") * 1e6 / lines,
        raw_bytes=more("Landing MB") * 1e6 / lines,
    )


def answers(asked: argparse.Namespace, each: Measured) -> Iterator[Answer]:
    """Yield nodes, hours, bytes and dollars, each from the ones above."""
    lines = asked.students * asked.lines
    core_hours = lines * each.cpu_us / 1e6 / 3600
    cores = core_hours / asked.hours * asked.reserve
    nodes = -(-cores // asked.node_cores)
    lake = lines * asked.days * each.lake_bytes / 1e9
    tables = lines * asked.kept_days * each.warehouse_bytes / 1e9
    compute = core_hours * asked.reserve * asked.days * asked.core_hour
    object_store = lake * 12 * asked.object_gb_month
    disks = tables * 12 * asked.disk_gb_month
    total = compute + object_store + disks + asked.always_on
    yield Answer(
        "lines a school day",
        f"{lines / 1e9:,.1f} G",
        f"{asked.students:,} students x {asked.lines:,}, assumed",
    )
    yield Answer(
        "CPU a line",
        f"{each.cpu_us:,.0f} us",
        "measured: ingest, build, judge, snapshot, report",
    )
    yield Answer("core-hours a school day", f"{core_hours:,.0f}", "")
    yield Answer(
        "cores",
        f"{cores:,.0f}",
        f"in {asked.hours:g} h at night, x {asked.reserve:g} as districts are uneven",
    )
    yield Answer("nodes", f"{nodes:,.0f}", f"of {asked.node_cores} cores")
    yield Answer(
        "lake after a school year",
        f"{lake / 1e3:,.1f} TB",
        f"{asked.days} days x {each.lake_bytes:.0f} B a line, measured",
    )
    yield Answer(
        "warehouses",
        f"{tables / 1e3:,.1f} TB",
        f"{asked.kept_days} days x {each.warehouse_bytes:.0f} B a line, measured",
    )
    yield Answer("compute a year", f"${compute:,.0f}", f"${asked.core_hour} a core-hour, assumed")
    yield Answer(
        "lake a year",
        f"${object_store:,.0f}",
        f"${asked.object_gb_month} a GB-month, assumed; a full year of it, all year",
    )
    yield Answer("disks a year", f"${disks:,.0f}", f"${asked.disk_gb_month} a GB-month, assumed")
    yield Answer("always on", f"${asked.always_on:,.0f}", "driver, PostgreSQL; assumed")
    yield Answer(
        "a student-year",
        f"${total / asked.students:.3f}",
        "without staff, network, raw files and backups",
    )


def options() -> argparse.ArgumentParser:
    """Return what is assumed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=3_000, help="a student and day")
    parser.add_argument("--days", type=int, default=180, help="of school, a year")
    parser.add_argument("--kept-days", type=int, default=180, help="of school, in the warehouses")
    parser.add_argument("--hours", type=float, default=4, help="at night")
    parser.add_argument("--reserve", type=float, default=2)
    parser.add_argument("--node-cores", type=int, default=8)
    parser.add_argument("--core-hour", type=float, default=0.05)
    parser.add_argument("--object-gb-month", type=float, default=0.02)
    parser.add_argument("--disk-gb-month", type=float, default=0.08)
    parser.add_argument("--always-on", type=float, default=1_500)
    return parser


def main() -> None:
    asked = options().parse_args()
    print("| What | Value | From |\n|---|---|---|")
    for one in answers(asked, measured(SIZING.read_text(encoding="utf-8"))):
        print(f"| {one.what} | {one.value} | {one.by} |")


if __name__ == "__main__":
    main()
