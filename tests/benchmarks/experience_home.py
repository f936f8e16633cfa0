"""Figures of one district's own newest week: time, memory, and others' count of it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from pipelines.district import open_district
from pipelines.findings.cases import queue
from pipelines.settings.home import DistrictHome
from pipelines.warehouse.snapshots import current, reading
from tests.benchmarks.figures import Figure, most, nothing
from tests.sections.test_weekly import numbers_by_link

ACCOUNTS = """
select count(distinct subject) from findings.findings
where confidence in ('C2', 'C3') and status != 'withdrawn' and kind = $kind
and event_date between $first and $last
and not (stage = 'trial' and severity in ('informational', 'low'))
"""


SCHOOL_WEEKS = 40


def figures(folder: Path) -> Iterator[Figure]:
    """Yield the newest week of a home, published by the command in a separate process."""
    home = DistrictHome(folder.resolve())
    label = max(path.name for path in home.reports.glob("20*-W*"))
    seconds, used = published(folder, label)
    yield most(f"{label} published by the command", round(seconds, 1), 60.0, "s")
    yield most("memory of that", round(used), 1024, "MiB")
    weeks = sorted(home.reports.glob("20*-W*"))
    held = sum(path.stat().st_size for week in weeks for path in week.rglob("*.*"))
    scaled = held * SCHOOL_WEEKS // len(weeks)
    yield most("a school year of such weeks", scaled, 60_000_000, "bytes")
    with open_district(home.path) as district:
        new = [
            case
            for case in queue(district.store, district.home, district.reading).cases
            if case.week == label
        ]
    yield most(f"new cases of {label} to decide", len(new), 12)
    yield nothing("SQL or the state counts otherwise than page one", differing(home, label), label)


def published(folder: Path, label: str) -> tuple[float, float]:
    """Return seconds and MiB that the command mistaken for one week."""
    monday = date.fromisocalendar(int(label[:4]), int(label[6:]), 1).isoformat()
    program = Path(sys.executable).with_name("schoolbell")
    command = [program, "report", "--home", folder, "--week", monday]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"schoolbell report ended with {status}")
    return time.monotonic() - began, used.ru_maxrss / 1024


def differing(home: DistrictHome, label: str) -> list[str]:
    """Return numbers of page one that the state, or SQL on the snapshot, does not give."""
    page = (home.reports / label / "index.html").read_text("utf-8")
    shown = numbers_by_link(page)
    first = date.fromisocalendar(int(label[:4]), int(label[6:]), 1)
    span = {"first": first, "last": first + timedelta(days=6)}
    kinds = {"shared-accounts": "shared_account",
             "off-hours-accounts": "off_hours_external"}  # fmt: skip
    with open_district(home.path) as district:
        counted = {"needs-you": len(queue(district.store, district.home, district.reading).cases)}
    with reading(current(home.snapshots)) as database:
        for key, kind in kinds.items():
            counted[key] = database.rows(ACCOUNTS, span | {"kind": kind})[0][0]
    return [key for key, value in counted.items() if shown.get(key) != value]
