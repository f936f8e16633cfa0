"""What each consent and exception does: in force, what it keeps aside, what came after.

A permit that ended and would still cover what is found is told: whether it is to
be renewed, or what it permitted to be stopped, is for people to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl

from pipelines.findings.cases import Owner
from pipelines.findings.permits import PermitKind, Seen, excepts, permits
from pipelines.state.findings import WITHDRAWN

SOON = timedelta(days=30)
State = Literal["not yet", "in force", "ends soon", "ended", "ended, still used"]


@dataclass(frozen=True, kw_only=True)
class PermitUse:
    """One row of `consents.csv` or `exceptions.csv`, and what came of it.

    Attributes:
        row: The registry's row.
        state: Where it stands today.
        is_review_due: Its day of review has come.
        hides: Findings that it keeps aside now, by rule.
        after: Days after its end with findings that it would have covered.
    """

    kind: PermitKind
    permit_id: str
    row: Mapping[str, Any]
    state: State
    is_review_due: bool = False
    hides: Mapping[str, int] = field(default_factory=dict)
    after: tuple[date, ...] = ()


def permit_uses(
    frames: Mapping[str, pl.DataFrame],
    findings: Iterable[Mapping[str, Any]],
    owner: Owner,
    today: date,
) -> list[PermitUse]:
    """Every consent and exception, consents first, in the order of their files.

    Args:
        frames: The registry's frames `consents` and `exceptions`.
        findings: Rows of `state.db`, as `stored_findings` gives them.
        owner: Whose an account was on a day.
    """
    shown = [one for one in findings if one["status"] != WITHDRAWN]
    seen = [(seen_of(one, owner), one["record"]) for one in shown]
    return [
        _use(kind, row, seen, today)
        for kind, frame in _FRAMES.items()
        for row in frames[frame].iter_rows(named=True)
    ]


_FRAMES: Mapping[PermitKind, str] = {"consent": "consents", "exception": "exceptions"}
_FIELD: Mapping[PermitKind, str] = {
    "consent": "permitted_by",
    "exception": "suppressed_by",
}


def seen_of(finding: Mapping[str, Any], owner: Owner) -> Seen:
    """What permits are compared with, of a kept finding."""
    record, day = finding["record"], date.fromisoformat(finding["event_date"])
    return Seen(
        rule=finding["rule"],
        kind=finding["kind"],
        subject=finding["subject"],
        owner=owner(finding["subject"], day),
        day=day,
        devices=record["devices"],
        sites=record["sites"],
    )


def _use(
    kind: PermitKind,
    row: Mapping[str, Any],
    seen: list[tuple[Seen, Mapping[str, Any]]],
    today: date,
) -> PermitUse:
    ident = str(row[f"{kind}_id"])
    hides: dict[str, int] = {}
    for one, record in seen:
        if record.get(_FIELD[kind]) == ident:
            hides[one.rule] = hides.get(one.rule, 0) + 1
    open_ones = (one for one, record in seen if not _is_aside(record))
    after = tuple(sorted(set(_after(kind, row, open_ones))))
    due = row.get("review_by")
    return PermitUse(
        kind=kind,
        permit_id=ident,
        row=row,
        state=_state(row, today, is_used=bool(after)),
        is_review_due=due is not None and due <= today,
        hides=hides,
        after=after,
    )


def _is_aside(record: Mapping[str, Any]) -> bool:
    """Another permit covers it, such as the one that renewed this."""
    return any(record.get(name) for name in _FIELD.values())


def _after(
    kind: PermitKind, row: Mapping[str, Any], seen: Iterable[Seen]
) -> Iterator[date]:
    last = row["valid_to"]
    covers = permits if kind == "consent" else excepts
    for one in seen:
        if last is not None and one.day > last and covers(row, one):
            yield one.day


def _state(row: Mapping[str, Any], today: date, *, is_used: bool) -> State:
    first, last = row["valid_from"] or date.min, row["valid_to"] or date.max
    if today < first:
        return "not yet"
    if today > last:
        return "ended, still used" if is_used else "ended"
    return "ends soon" if last < today + SOON else "in force"
