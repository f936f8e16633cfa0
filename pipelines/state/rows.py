"""Rows of the state as its readers get them, with the type of each column.

They are mappings, which pages and JSON read by name. `tables.py` makes most tables from them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict, TypeVar

from pipelines.settings.problems import Severity

Confidence = Literal["C1", "C2", "C3"]
Row = TypeVar("Row")

Facts = Mapping[str, Any]
"""The measured facts of a finding, by name; each rule has its own."""


def texts_in(facts: Facts, name: str) -> list[str]:
    """Return a fact that is a list of texts; a rule may use its name for something else."""
    value = facts.get(name)
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []


def number_in(facts: Facts, name: str) -> float:
    """Return a fact that is a number; otherwise 0."""
    value = facts.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0


def typed(kind: Callable[..., Row], rows: Iterable[Mapping[Any, object]]) -> list[Row]:
    """Return the rows of a query with the type of their table."""
    return [kind(**row) for row in rows]


class ExplanationRow(TypedDict):
    """An innocent explanation of a finding, and the result of its test."""

    name: str
    test: str
    result: Literal["ruled out", "fits", "not testable", "excluded by design"]


class FindingRecord(TypedDict):
    """The content of a finding, stored as JSON; an earlier version may lack the last ones."""

    finding_id: str
    rule: str
    kind: str
    subject: str
    event_date: str
    start_time: str
    end_time: str
    severity: Severity
    confidence: Confidence
    claim: str
    devices: list[str]
    sites: list[str]
    evidence: list[int]
    details: Facts
    clauses: list[Mapping[str, str]]
    alternatives: list[ExplanationRow]
    limits: list[str]
    would_change: list[str]
    next_step: str
    parameters: Facts
    inputs: Mapping[str, str]
    stage: NotRequired[str]
    suppressed_by: NotRequired[str | None]
    permitted_by: NotRequired[str | None]
    withheld: NotRequired[list[str]]


class FindingColumns(TypedDict):
    """The columns of a finding without its record."""

    finding_id: str
    rule: str
    kind: str
    subject: str
    event_date: str
    severity: Severity
    confidence: Confidence
    status: str
    revision: int
    created_time: str
    updated_time: str
    status_reason: str | None


class FindingText(FindingColumns):
    """A finding as its table stores it: the record is JSON text."""

    record: str


class FindingRow(FindingColumns):
    """A finding with its record."""

    record: FindingRecord


class ExportedFinding(TypedDict):
    """A finding as exports show it; `subject_kind` is `device` for one about a device."""

    finding_id: str
    kind: str
    rule: str
    account: str
    devices: str
    start_utc: str
    end_utc: str
    severity: Severity
    confidence: Confidence
    evidence_lines: int
    created_utc: str
    status: str
    case_id: str
    case_number: str
    clause: str
    stage: str
    is_student: bool
    subject_kind: NotRequired[str]


class DecidedFinding(FindingRow):
    """A finding with the verdict that counts."""

    verdict: str


class EvidenceRow(TypedDict):
    """A copied line of a finding; the event is a mapping, by column."""

    finding_id: str
    position: int
    role: str
    source: str
    path: str
    file_sha256: str
    line_no: int
    byte_offset: int
    line: str
    line_sha256: str
    event: Facts


class HistoryRow(TypedDict):
    """A change of a finding; without an actor, a run made it."""

    entry_id: int
    finding_id: str
    time: str
    change: str
    reason: str
    actor: str | None
    revision: int
    severity: str
    confidence: str


class ReviewRow(TypedDict):
    """A verdict on a finding."""

    review_id: int
    finding_id: str
    verdict: str
    reason: str
    reviewer: str
    time: str


class ForecastRow(TypedDict):
    """The log, field or list that would decide a case, as a run expected it first."""

    case_id: str
    remedy: str
    standing: str
    expected_time: str


class RequestRow(TypedDict):
    """A request that needs a second person."""

    request_id: str
    action: str
    case_id: str
    reason: str
    asked_by: int
    asked_time: str
    approved_by: int | None
    approved_time: str | None
    used_time: str | None
    subject: str | None
    asked_login: str | None


class GrantRow(TypedDict):
    """A login that may read a referral, from a first to a last day."""

    grant_id: str
    referral_id: str
    login: str
    first_day: str
    last_day: str
    granted_by: str
    granted_time: str
    ended_by: str | None
    ended_time: str | None


class SavedViewRow(TypedDict):
    """A filter of the queue that a person saved under a name."""

    login: str
    name: str
    query: str
    saved_time: str


class ReferralRow(TypedDict):
    """A case that went to another office."""

    referral_id: str
    case_id: str
    office: str
    hold_id: str
    sha256: str
    referred_by: str
    referred_time: str
    acknowledged_time: str | None
    returned_time: str | None
    outcome: str | None


class StatementRow(TypedDict):
    """The statement of a person about a case."""

    statement_id: str
    case_id: str
    summary: str
    text: str
    sha256: str
    tests: str
    received_by: str
    received_time: str


class QuestionRow(TypedDict):
    """A question that was mailed to the owner of an account."""

    question_id: str
    case_id: str
    finding_id: str
    token_sha256: str
    asked_by: str
    asked_time: str
    expires_time: str
    sent_time: str | None
    failed_time: str | None
    answered_time: str | None
    answer: str | None
    ended_time: str | None
    ended_by: str | None


class SentTicketRow(TypedDict):
    """A ticket of a case that Schoolbell opens in another system."""

    reference: str
    case_id: str
    service: str
    status: str
    ident: str | None
    number: str | None
    asked_by: str
    asked_time: str
    tried_time: str | None
    read_time: str | None
    problem: str | None


class CommentRow(TypedDict):
    """A comment of a reviewer on a case."""

    comment_id: str
    case_id: str
    text: str
    actor: str
    time: str


class InquiryRow(TypedDict):
    """An inquiry of another office about an account and some hours.

    Attributes:
        first_time: Local time at which the hours begin; None: with the first day.
        last_time: Local time at which they end; None: with the last day.
        place: The device or building in question.
    """

    inquiry_id: str
    account: str
    first_day: str
    last_day: str
    first_time: str | None
    last_time: str | None
    place: str | None
    office: str
    authorized_by: str
    reason: str
    opened_by: str
    opened_time: str
    released_time: str | None
    sha256: str | None


class CaseRow(TypedDict):
    """A case with its findings, oldest day first."""

    case_id: str
    person: str
    clause: str
    week: str
    number: str
    findings: Sequence[FindingRow]
    assignee: str | None


class MessageRow(TypedDict):
    """A message for a channel."""

    alert_key: str
    channel: str
    state: str
    attempts: int
    subject: str
    message: str
    class_name: str
    severity: Severity
    created_time: str
    sent_time: str | None
    error: str | None


class UnsentMessage(MessageRow):
    """A message that waits, with its page if it has one."""

    html: str | None


class NewsRow(TypedDict):
    """A fact that may be announced."""

    news_id: str
    key: str
    about: str
    severity: Severity
    confidence: str
    step: int
    line: str
    reference: str
    since_time: str
    first_time: str
    last_time: str
    ended_time: str | None


class AnnouncementRow(TypedDict):
    """The newest message of a channel about a fact, and the fact if it is still known."""

    news_id: str
    channel: str
    told_time: str
    step: int
    alert_key: str
    key: str | None
    since_time: str | None


class AcceptedGroup(TypedDict):
    """A group of proposals that was accepted, and its changes to rows of a registry file."""

    number: str
    topic: str
    file: str
    changes: Sequence[Mapping[str, Mapping[str, str]]]
    actor: str
    accepted_time: str
    taken_back_time: str | None


class AnswerRow(TypedDict):
    """An answer to an alert."""

    answer_id: int
    about_id: str
    kind: Literal["ack", "snooze"]
    step: int
    until_time: str | None
    actor: str
    note: str
    time: str


class DecisionRow(TypedDict):
    """A decision about an alert for a channel, with its count."""

    news_id: str
    channel: str
    decision: str
    rule: str
    first_time: str
    last_time: str
    times: int


class FetchedStreamRow(TypedDict):
    """A log that a service is asked for."""

    name: str
    stream: str
    source: str
    since_time: str
    complete_until: str
    tried_time: str
    problem: str | None
    problem_time: str | None
    deep_time: str | None
    fewer: str | None
    fewer_time: str | None
    step_seconds: int
    event_count: int
    draft: str | None
    file: str | None


class FetchGapRow(TypedDict):
    """A window that a service did not answer."""

    name: str
    stream: str
    start_time: str
    end_time: str
    reason: str
    seen_time: str


class FetchedListRow(TypedDict):
    """A list for the registry that a service is asked for.

    `row_count` is that of the newest list that counts; `refused_count` that of a shorter one.
    """

    name: str
    listing: str
    fetched_time: str | None
    row_count: int
    refused_count: int | None
    problem: str | None
    problem_time: str | None


class IssueRow(TypedDict):
    """An issue of a source; a current one has no end."""

    key: str
    start_time: str
    source: str
    building: str
    kind: str
    what: str
    detail: str
    end_time: str | None
    seen_time: str
    last_time: str


class ReportFacts(TypedDict):
    """The facts of a published report: page one's numbers, and each finding's standing."""

    numbers: Mapping[str, int | None]
    items: Mapping[str, Sequence[str]]
    is_over: bool


class ReportRow(TypedDict):
    """A revision of a week's report."""

    week: str
    revision: int
    facts: ReportFacts


class ReleaseRow(TypedDict):
    """A release of public records."""

    request_id: str
    sha256: str
    row_count: int
    withheld_count: int
    least: int
    released_by: str
    released_time: str


class AccountRow(TypedDict):
    """An account that signs in at the desk with a password."""

    login: str
    password_hash: str
    created_by: str
    created_time: str
    ended_time: str | None
