"""The days that rows touch by their own dates."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import polars as pl

from pipelines.refresh.touching.changes import Change
from pipelines.refresh.touching.contracts import contracts_moved

SPANS: Mapping[str, tuple[str, str]] = {
    "calendar_days": ("date", "date"),
    "duty_windows": ("event_date", "event_date"),
    "leave_windows": ("event_date", "event_date"),
    "consents": ("valid_from", "valid_to"),
    "exceptions": ("valid_from", "valid_to"),
    "expected_traffic": ("valid_from", "valid_to"),
}
"""Frames whose rows touch the days from one column to another, null being open."""

NEIGHBOUR = timedelta(days=1)
"""Duty and leave reach past midnight."""

BEFORE: Mapping[str, timedelta] = {"expected_traffic": timedelta(days=27)}
"""How long before a row begins its rule asks what came."""


def by_date(change: Change, names: Collection[str]) -> set[date]:
    """The days of the rows that changed."""
    return {day for name in names for day in _days(change, name)}


def _days(change: Change, name: str) -> set[date]:
    first, last = SPANS[name]
    spans = change.rows(name).select(first=first, last=last)
    if name == "duty_windows":
        moved = contracts_moved(change.was(name), change.now(name))
        spans = pl.concat([spans, moved])
    held, found = change.held, set[date]()
    before = NEIGHBOUR + BEFORE.get(name, timedelta())
    for start, end in spans.unique().iter_rows():
        begin = (start or held[0]) - before if start != date.min else held[0]
        until = (end or held[-1]) + NEIGHBOUR if end != date.max else held[-1]
        found |= {day for day in held if begin <= day <= until}
    return found
