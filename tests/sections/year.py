"""Fifty-two weeks of the invented district: each a little different, all repeatable."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import polars as pl

from pipelines.reports.report_inputs import ReportInputs
from tests.sections.fixtures import (
    MONDAY,
    SOURCES,
    WEEKS,
    busy,
    finding,
    frame,
    lines_of,
    off_hours,
    previous,
    site_use,
    source_hours,
)

KINDS = ("shared_account", "non_approved_site", "off_hours_external", "anomaly")
STATES = ("open", "open", "open", "explained", "confirmed", "withdrawn")
CALM = tuple(name for name in WEEKS if name != "hostile")


def year(weeks: int = 52) -> Iterator[tuple[str, ReportInputs]]:
    """Name and inputs of each week: first the special ones, then drawn ones."""
    for name in CALM[:weeks]:
        yield name, WEEKS[name]()
    for place in range(weeks - len(CALM)):
        yield f"week {place + 1}", drawn(random.Random(place))


def drawn(dice: random.Random) -> ReportInputs:
    """Return a week with some items, some sites, some gaps and some history."""
    rows = [item(dice, place) for place in range(dice.choice((0, 1, 3, 8, 20, 60)))]
    hours = [(source, dice.randrange(7), dice.randrange(5, 22)) for source in SOURCES]
    gaps = set(hours[: dice.randrange(len(hours) + 1)])
    evenings = off_hours()
    return replace(
        busy(),
        findings=frame("findings", rows),
        evidence=frame("evidence", [line for row in rows for line in lines_of(row)]),
        site_use=frame("site_use", site_use(dice.randrange(9), dice.randrange(30))),
        off_hours=frame("off_hours", evenings[: dice.randrange(len(evenings))]),
        source_hours=frame("source_hours", source_hours(gaps)),
        previous=previous(dice.randrange(14)),
    )


def item(dice: random.Random, place: int) -> dict:
    """Return one item, of this week or carried over from one before."""
    back = dice.choice((0, 0, 0, 1, 2, 5))
    day = dice.randrange(7) - 7 * back
    status = dice.choice(STATES)
    decided = {} if status == "open" else {"decided_time": busy().generated_time}
    return finding(
        f"f-{place:016x}",
        dice.choice(KINDS),
        f"{dice.choice(('heron', 'otter', 'wren', 'falcon'))}-{dice.randrange(99):02d}",
        day,
        dice.randrange(7, 22),
        status=status,
        confidence=dice.choice(("C1", "C2", "C3")),
        created_time=busy().generated_time + timedelta(days=7 * -back),
        **decided,
    )


def cases_of(inputs: ReportInputs) -> int:
    """Return how many cases wait at the end of the week; each finding here is one of its own.

    Of low weight, those of two weeks before and earlier have expired.
    """
    sure = pl.col("confidence").is_in(["C2", "C3"])
    is_open = pl.col("status") == "open"
    last = MONDAY + timedelta(days=6)
    waits = inputs.findings.filter(sure, is_open, pl.col("event_date") <= last)
    expired = pl.col("event_date") < MONDAY - timedelta(days=7)
    first_use = pl.col("record").str.contains('"days": 1')
    is_low = pl.col("severity") == "low"
    return waits.filter(~(is_low & (expired | first_use))).height
