"""Differences between a published week and its current numbers.

The facts of a publication are stored with the report, as plain values. A report
that is rebuilt with the same facts is the same report; with others it is a correction,
has the next revision number and names each difference. Decisions of people correct nothing.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.reports.headline import NUMBERS, coverage, this_week
from pipelines.reports.language import marked, term, text
from pipelines.reports.view import View, once
from pipelines.reports.words import NOT_KNOWN, REVIEW, SURE, number
from pipelines.state.findings import OPEN, WITHDRAWN
from pipelines.state.rows import ReportFacts

OTHERS = {
    "hours_missing": marked("Source hours missing"),
    "lines_set_aside": marked("Rejected lines"),
}
SAID: Mapping[str, str] = {**{str(key): name for key, name in NUMBERS.items()}, **OTHERS}
ABSENT = marked("not in the report")


@dataclass(frozen=True)
class Change:
    """One difference between two revisions, in words."""

    revision: int
    what: str
    before: str
    now: str


@once
def facts(view: View) -> ReportFacts:
    """Return the numbers of page one, and each finding of the week with its standing."""
    now = this_week(view)
    days = view.of_week(view.inputs.source_days)
    columns = ["finding_id", "status", "confidence"]
    both = (one.known.select("event_date", *columns) for one in (view, view.of_students))
    items = view.of_week(pl.concat(both)).sort("finding_id")
    return {
        "numbers": {
            **{key: now.get(key) for key in NUMBERS},
            "hours_missing": coverage(view).missing,
            "lines_set_aside": int(days.select(pl.col("rejects").sum()).item() or 0),
        },
        "items": {row[0]: list(row[1:]) for row in items.select(columns).iter_rows()},
        "is_over": view.is_over,
    }


def lasting(said: ReportFacts) -> ReportFacts:
    """Return the facts that only logs and lists change: a decision corrects no report."""
    numbers = {key: value for key, value in said["numbers"].items() if key != "needs_review"}
    items = {
        key: [WITHDRAWN if status == WITHDRAWN else OPEN, confidence]
        for key, (status, confidence) in said["items"].items()
    }
    return {**said, "numbers": numbers, "items": items}


def digest(said: ReportFacts) -> str:
    """Return four letters that differ where the lasting facts differ."""
    text = json.dumps(lasting(said), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:4]


def revision_after(earlier: Mapping[int, ReportFacts], now: ReportFacts) -> int:
    """Return the revision of a report with the facts `now`.

    Args:
        earlier: The facts of each revision so far. The newest counts as published
            when its week has ended; before that it is overwritten.
    """
    if not earlier:
        return 1
    newest = max(earlier)
    is_same = lasting(earlier[newest]) == lasting(now)
    return newest if is_same or not earlier[newest]["is_over"] else newest + 1


def changes(view: View) -> Iterator[Change]:
    """Yield what each revision changed, the newest first."""
    told = [*view.inputs.earlier_facts, facts(view)]
    for place in range(len(told) - 1, 0, -1):
        yield from _between(place + 1, told[place - 1], told[place])


def _between(revision: int, before: ReportFacts, now: ReportFacts) -> Iterator[Change]:
    kept = [lasting(facts) for facts in (before, now)]
    for key, label in SAID.items():
        numbers = [facts["numbers"].get(key) for facts in kept]
        if numbers[0] != numbers[1]:
            yield Change(revision, term(label), *map(_number, numbers))
    for item in sorted({*before["items"], *now["items"]}):
        was, is_now = (facts["items"].get(item) for facts in kept)
        items = [facts["items"].get(item) for facts in (before, now)]
        if was != is_now:
            yield Change(revision, text("Finding {item}", item=item), *map(_standing, items))


def _number(value: int | None) -> str:
    return term(NOT_KNOWN) if value is None else number(value)


def _standing(item: Sequence[str] | None) -> str:
    if item is None:
        return term(ABSENT)
    status, confidence = item
    said = term(REVIEW.get(status, NOT_KNOWN))
    return f"{said} ({term(SURE[confidence]).lower()})"
