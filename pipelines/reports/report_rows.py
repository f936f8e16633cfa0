"""Rows of the report that are mappings: pages, JSON and stored facts read them by name."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NotRequired, TypedDict

Number = Literal["needs_review", "shared_accounts", "new_sites", "off_hours_accounts"]
"""A headline number of a week."""


class WeekNumbers(TypedDict, total=False):
    """The headline numbers of a week; null where nothing arrived to count.

    Attributes:
        coverage: The share of expected source hours that arrived.
        is_removed: The report of the week was deleted; it has no number.
    """

    week_start: date | str
    needs_review: int | None
    shared_accounts: int | None
    new_sites: int | None
    off_hours_accounts: int | None
    coverage: float | None
    school_days: int | None
    is_removed: bool


class RuleParameter(TypedDict):
    """A threshold of a rule: its value in force, and the regulation behind it."""

    name: str
    value: object
    why: str
    regulation: str | None


class RuleInfo(TypedDict, total=False):
    """A detection in words.

    Attributes:
        is_fed: Whether a required log has arrived.
        since: The first day of such a log; empty without one.
        lacks: Registry files without the required rows.
    """

    code: str
    name: str
    kind: str
    title: str
    summary: str
    severity: str
    params: Sequence[RuleParameter]
    false_positives: Sequence[str]
    response: str
    stage: str
    is_fed: bool
    since: str
    lacks: Sequence[str]
    clauses: Sequence[str]


class ClauseInfo(TypedDict, total=False):
    """A clause of the policy, its rules, and its controls: label, proof and day of each."""

    clause_id: str
    title: str
    binds: str
    strength: str
    cannot_show: str
    detections: Sequence[str]
    controls: Sequence[Mapping[str, str]]


class Shared(TypedDict):
    """The common values of every page of a week."""

    district: str
    report_title: str
    week: str
    dates: str
    report_id: str
    made: str
    revision: int
    paper: str
    accents: tuple[str, str]
    pdf: str
    pdf_note: str
    desk: str
    decides: bool
    versions: Sequence[tuple[str, str]]
    before: str
    after: str
    edition: NotRequired[str]
    intro: NotRequired[str]


class PublishedRecord(TypedDict, total=False):
    """The record of a finding as a snapshot publishes it; an earlier one may lack parts."""

    local_time: str
    measures: Mapping[str, object]
    details: Mapping[str, object]
    sites: Sequence[str]
    clauses: Sequence[Mapping[str, str]]
    alternatives: Sequence[Mapping[str, str]]
    limits: Sequence[str]
    known_by: Sequence[str]
    would_change: Sequence[str]
    next_step: str


class CardRow(TypedDict):
    """A finding with everything on its card.

    Attributes:
        blind: Which source hours of its day are missing.
    """

    finding_id: str
    case_id: str
    record: str | None
    claim: str
    subject: str
    kind: str
    rule_title: str
    when: str
    severity: str
    confidence: str
    status: str
    devices: Sequence[str] | None
    sources: Sequence[str] | None
    line_count: int
    request_count: int
    referral: str
    blind: str | None
