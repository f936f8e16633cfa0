"""Differences between a published week and its current numbers.

The facts of a publication are stored with the report, as plain values. A report
that is rebuilt with the same facts is the same report; with others it is a correction,
has the next revision number and names each difference.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.reports.headline import NUMBERS, coverage, this_week
from pipelines.reports.view import View, once
from pipelines.reports.words import NOT_KNOWN, REVIEW, SURE, number

Facts = Mapping[str, Any]
OTHERS = {"hours_missing": "Source hours missing", "lines_set_aside": "Rejected lines"}
SAID = NUMBERS | OTHERS
ABSENT = "not in the report"


@dataclass(frozen=True)
class Change:
    """One difference between two revisions, in words."""

    revision: int
    what: str
    before: str
    now: str


@once
def facts(view: View) -> Facts:
    """Return the numbers of page one, and each finding of the week with its standing."""
    now = this_week(view)
    days = view.of_week(view.inputs.source_days)
    columns = ["finding_id", "status", "confidence"]
    both = (one.known.select("event_date", *columns) for one in (view, view.of_students))
    items = view.of_week(pl.concat(both)).sort("finding_id")
    return {
        "numbers": {key: now.get(key) for key in NUMBERS}
        | {
            "hours_missing": coverage(view).missing,
            "lines_set_aside": int(days.select(pl.col("rejects").sum()).item() or 0),
        },
        "items": {row[0]: list(row[1:]) for row in items.select(columns).iter_rows()},
        "is_over": view.is_over,
    }


def digest(said: Facts) -> str:
    """Return four letters that differ where the facts differ."""
    text = json.dumps(said, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:4]


def revision_after(earlier: Mapping[int, Facts], now: Facts) -> int:
    """Return the revision of a report with the facts `now`.

    Args:
        earlier: The facts of each revision so far. The newest counts as published
            when its week has ended; before that it is overwritten.
    """
    if not earlier:
        return 1
    newest = max(earlier)
    is_same = earlier[newest] == now
    return newest if is_same or not earlier[newest]["is_over"] else newest + 1


def changes(view: View) -> Iterator[Change]:
    """Yield what each revision changed, the newest first."""
    told = [*view.inputs.earlier_facts, facts(view)]
    for place in range(len(told) - 1, 0, -1):
        yield from _between(place + 1, told[place - 1], told[place])


def _between(revision: int, before: Facts, now: Facts) -> Iterator[Change]:
    for key, label in SAID.items():
        was, is_ = before["numbers"].get(key), now["numbers"].get(key)
        if was != is_:
            yield Change(revision, label, _number(was), _number(is_))
    for item in sorted({*before["items"], *now["items"]}):
        was, is_ = before["items"].get(item), now["items"].get(item)
        if was != is_:
            yield Change(revision, f"Finding {item}", _standing(was), _standing(is_))


def _number(value: int | None) -> str:
    return NOT_KNOWN if value is None else number(value)


def _standing(item: list[str] | None) -> str:
    if item is None:
        return ABSENT
    status, confidence = item
    said = REVIEW.get(status, NOT_KNOWN)
    return f"{said} ({SURE[confidence].lower()})"
