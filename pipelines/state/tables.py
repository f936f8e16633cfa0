"""The tables of `state.db`.

Times are stored as UTC ISO 8601 text, so that both SQLite and PostgreSQL keep
them exactly. Only this folder names them: others call its functions.
"""

from collections.abc import Collection, Iterator, Sequence
from types import NoneType
from typing import Any, get_args, get_type_hints

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable, SchemaItem
from sqlalchemy.types import TypeEngine

from pipelines.state.rows import (
    AcceptedGroup,
    AccountRow,
    AnswerRow,
    CommentRow,
    DecisionRow,
    EvidenceRow,
    FetchedListRow,
    FetchedStreamRow,
    FetchGapRow,
    FindingText,
    ForecastRow,
    GrantRow,
    HistoryRow,
    InquiryRow,
    IssueRow,
    MessageRow,
    NewsRow,
    QuestionRow,
    ReferralRow,
    ReleaseRow,
    ReportRow,
    RequestRow,
    ReviewRow,
    SavedViewRow,
    SentTicketRow,
    StatementRow,
)

METADATA = MetaData()
Kind = type[TypeEngine[Any]] | TypeEngine[Any]


# SQLite counts ids only in a column of type INTEGER
BIG = BigInteger().with_variant(Integer, "sqlite")

LAKE_RUNS = Table(
    "lake_runs",
    METADATA,
    Column("run_id", Text, primary_key=True),
    Column("began_time", Text, nullable=False),
)
"""Who began to write into the lake; the name of each file there begins with it.
Once the lake was swept, all of them have ended and are forgotten."""
FACTS = Table(
    "facts", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)
"""Single facts to remember between runs, such as the registry's version."""

CASE_FINDINGS = Table(
    "case_findings",
    METADATA,
    Column("finding_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("cases.case_id"), nullable=False),
    Index("case_findings_case", "case_id"),
)
"""The case that a finding was put into when it was new; it stays there."""


class LogText(TypeDecorator[str]):
    """Text from outside; PostgreSQL, which accepts no NUL, stores it escaped."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the value for the database."""
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\x00", "\\x00")


def filled(kind: Kind, *names: str) -> list[Column[object]]:
    """Return columns that every row fills."""
    return [Column(name, kind, nullable=False) for name in names]


def optional(kind: Kind, *names: str) -> list[Column[object]]:
    """Return columns that a row may leave empty."""
    return [Column(name, kind) for name in names]


def keys(kind: Kind, *names: str) -> list[Column[object]]:
    """Return columns that together identify a row."""
    return [Column(name, kind, primary_key=True) for name in names]


def table_of(
    name: str,
    row: type,
    *parts: SchemaItem,
    keys: Sequence[str] | None = None,
    counts: bool = False,
    outside: Collection[str] = (),
) -> Table:
    """Return the table whose rows have a type: text, or whole numbers, or JSON as text.

    Args:
        parts: Indexes and constraints.
        keys: Columns that together identify a row; without them, the first one.
        counts: The database numbers the rows by their key.
        outside: Columns with text from outside.
    """
    types = get_type_hints(row)
    identify = [*types][:1] if keys is None else keys
    columns = []
    for column, kind in types.items():
        options = (kind, *get_args(kind))
        stored = LogText if column in outside else BIG if int in options else Text
        is_key = column in identify
        columns.append(
            Column(
                column,
                stored,
                primary_key=is_key,
                nullable=NoneType in options,
                autoincrement=counts and is_key,
            )
        )
    return Table(name, METADATA, *columns, *parts)


REPORT_FACTS = table_of("report_facts", ReportRow, keys=("week", "revision"))
"""Facts of each revision of a week's report, as JSON: numbers and items."""

SOURCE_FILES = Table(
    "source_files",
    METADATA,
    Column("file_id", BIG, primary_key=True, autoincrement=True),
    *filled(Text, "source", "path"),
    Column("format", Text),
    Column("state", Text, nullable=False),
    Column("duplicate_of", BIG),
    Column("consumed_bytes", BIG, nullable=False),
    Column("consumed_sha256", Text, nullable=False),
    Column("head_bytes", BIG, nullable=False),
    Column("head_sha256", Text, nullable=False),
    *filled(BIG, "lines", "events", "rejects", "blanks", "duplicates", "pending_lines"),
    *filled(BIG, "pending_bytes", "tail_bytes"),
    Column("prefix_hashes", Text, nullable=False),
    *optional(Text, "first_time", "last_time"),
    Column("header", LogText),
    *filled(BIG, "raw_bytes", "raw_mtime_ns", "raw_ctime_ns"),
    Column("message", Text),
    *filled(Text, "first_seen_time", "last_read_time"),
    Index("source_files_path", "source", "path"),
)
"""One row per delivered file; `lines = events + rejects + blanks + duplicates +
pending_lines` in every row, always."""

LAKE_FILES = Table(
    "lake_files",
    METADATA,
    Column("path", Text, primary_key=True),
    *filled(Text, "source", "event_class", "event_date"),
    *filled(BIG, "row_count", "bytes"),
    Column("sha256", Text, nullable=False),
    *filled(BIG, "first_file_id", "last_file_id"),
    *optional(Text, "first_time", "last_time"),
    Column("committed_time", Text, nullable=False),
    Column("superseded_time", Text),
    Index("lake_files_day", "event_class", "event_date"),
)
"""One row per Parquet file that counts; a file not listed here does not exist."""


SOURCE_DAYS = Table(
    "source_days",
    METADATA,
    *keys(Text, "source", "event_class", "event_date"),
    *filled(BIG, "events", "duplicates"),
    *filled(Text, "filled", "lags"),
)
"""One row per source, event class and local day: how many events came, how many
came twice, how many had each column filled, and how long they took to arrive."""

DIRTY_DAYS = Table(
    "dirty_days",
    METADATA,
    Column("event_date", Text, primary_key=True),
    *filled(Text, "marked_time", "reason"),
)
"""Local days whose models are older than their events."""

QUARANTINE = Table(
    "quarantine",
    METADATA,
    *keys(Text, "model", "event_date"),
    *filled(Text, "cause", "reason", "since_time"),
)
"""Days of models that could not be built; an undated model has an empty date."""


ATTRIBUTION_CHANGES = Table(
    "attribution_changes",
    METADATA,
    Column("change_id", BIG, primary_key=True, autoincrement=True),
    *filled(Text, "changed_time", "event_date", "source"),
    *optional(Text, "device_before", "device_now", "account_before", "account_now"),
    *filled(Text, "grade_before", "grade_now"),
    Column("request_count", BIG, nullable=False),
    Index("attribution_changes_day", "event_date"),
)
"""Earlier and current attribution of a rebuilt day's lines."""

FINDINGS = table_of("findings", FindingText, Index("findings_day", "event_date"))
"""One row per finding, its whole record as JSON."""

EVIDENCE = table_of(
    "finding_evidence",
    EvidenceRow,
    ForeignKeyConstraint(["finding_id"], ["findings.finding_id"]),
    UniqueConstraint("finding_id", "position"),
    keys=(),
    outside=("line",),
)
"""Copies of a finding's lines, with the place of each."""

PSEUDONYMS = Table(
    "pseudonyms",
    METADATA,
    *keys(Text, "kind", "token"),
    Column("name", Text, nullable=False),
    UniqueConstraint("kind", "name"),
)
"""The readable name of each token; kept, since it cannot be derived again."""

REPORTS = Table(
    "reports",
    METADATA,
    Column("report_id", Text, primary_key=True),
    Column("week", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    *filled(Text, "path", "sha256", "snapshot", "published_time"),
)
"""One row per published report."""


REVIEWS = table_of("reviews", ReviewRow, counts=True)
"""Decisions about a finding, oldest first."""

UNDONE = Table(
    "undone_reviews",
    METADATA,
    Column("review_id", BIG, primary_key=True, autoincrement=False),
    *filled(Text, "finding_id", "actor", "time"),
    Index("undone_reviews_finding", "finding_id"),
)
"""Verdicts that their reviewer undid: they stay in the history and no longer count."""

FINDING_HISTORY = table_of(
    "finding_history", HistoryRow, Index("finding_history_finding", "finding_id"), counts=True
)
"""Changes of a finding with their reasons, oldest first; without an actor, a run made it."""

UNSUPPORTED = Table(
    "unsupported_findings",
    METADATA,
    Column("finding_id", Text, primary_key=True),
    *filled(Text, "since_time", "reason"),
)
"""Decided findings that the present data no longer show."""

ASSIGNMENTS = Table(
    "assignments",
    METADATA,
    Column("subject_id", Text, primary_key=True),
    *filled(Text, "assignee", "assigned_by", "assigned_time"),
)
"""Who looks after a finding or a case."""

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", Text, primary_key=True),
    *filled(Text, "person", "clause", "week", "created_time"),
)
"""One row per person, clause and ISO week; a subject without an owner is its own person."""

FORECASTS = table_of("forecasts", ForecastRow)
"""The log or list that would decide a case, as expected first; compared with what happened."""

CASE_NUMBERS = Table(
    "case_numbers",
    METADATA,
    Column("week", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("case_id", Text),
)
"""Place of each case in its week; a deleted case leaves its place, so that no other gets it."""


REQUESTS = table_of("requests", RequestRow)
"""Requests that need a second person: made by one person, approved by another.

`subject` is the code name that was asked for, empty where it is the whole case.
"""

REFERRALS = table_of("referrals", ReferralRow, Index("referrals_case", "case_id"))
"""A case that went to another office: when, and the code with which it came back."""

REFERRAL_GRANTS = table_of(
    "referral_grants", GrantRow, Index("referral_grants_referral", "referral_id")
)
"""The logins of another office that may read a referral, each from a first to a last day."""

STATEMENTS = table_of("statements", StatementRow, Index("statements_case", "case_id"))
"""The statement of the person concerned about a case."""

QUESTIONS = table_of("questions", QuestionRow, Index("questions_case", "case_id"))
"""A question that was mailed to the owner of an account: no address, no name, and of its link only
a hash."""

COMMENTS = table_of("comments", CommentRow, Index("comments_case", "case_id"))
"""Comments of reviewers on a case, without names."""

CASE_TICKETS = Table(
    "case_tickets",
    METADATA,
    Column("case_id", Text, primary_key=True),
    *filled(Text, "ticket", "actor", "time"),
)
"""The ticket of a case in the district's ticket system."""

SENT_TICKETS = table_of("sent_tickets", SentTicketRow)
"""Tickets that Schoolbell opened, each with the reference in its title, which was drawn by lot."""

INQUIRIES = table_of("inquiries", InquiryRow)
"""Another office's question about one account and some days, before anything is shown."""

ACCEPTED_GROUPS = table_of("accepted_groups", AcceptedGroup)
"""Groups of proposals that were accepted, and what that did to a registry file."""

DESK_ACCOUNTS = table_of("desk_accounts", AccountRow)
"""Accounts that sign in at the desk with a password."""

SAVED_VIEWS = table_of("saved_views", SavedViewRow, keys=("login", "name"))
"""Filters of the queue that people keep at the desk, each under a name."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("number", BIG, primary_key=True, autoincrement=False),
    *filled(Text, "time", "actor", "action", "subject", "case", "reason", "previous"),
    Column("hash", Text, nullable=False),
)
"""The audit chain, one row an act; written by `state.audit` alone."""


OUTBOX = table_of("alert_outbox", MessageRow, keys=("alert_key", "channel"))
"""One row per message and channel, sent once."""

PAGES = Table(
    "alert_pages",
    METADATA,
    Column("alert_key", Text, primary_key=True),
    Column("html", Text, nullable=False),
)
"""The page of a message that has one in addition to its text."""

NEWS = table_of("alert_news", NewsRow, UniqueConstraint("key"))
"""One row per fact that may be announced. Its id is drawn by lot, so that a message
that leaves the house holds nothing from which an account could be worked out."""

ANNOUNCED = Table(
    "alert_told",
    METADATA,
    *keys(Text, "news_id", "channel"),
    Column("told_time", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("alert_key", Text, nullable=False),
)
"""The newest message of a channel about a fact, with the severity at that time."""

ANSWERS = table_of(
    "alert_answers", AnswerRow, Index("alert_answers_about", "about_id"), counts=True
)
"""Answers to alerts: acknowledged, or snoozed until a time; the newest counts."""

DECISIONS = table_of(
    "alert_decisions", DecisionRow, keys=("news_id", "channel", "decision", "rule")
)
"""Decisions about an alert for a channel, with the rule and the count."""


SOURCE_ISSUES = table_of(
    "source_troubles",
    IssueRow,
    Index("source_troubles_end", "end_time"),
    keys=("key", "start_time"),
)
"""One row per issue of a source: its start and end, when it was first seen
and when it was last examined. A current one has no end.
"""

FETCHED_STREAMS = table_of("fetched_streams", FetchedStreamRow, keys=("name", "stream"))
"""One row per log of a service that is asked for it. Every event before `complete_until` has
been fetched, but for those of the gaps. `draft` is a file that is written and counts, and that
gets its name `file` in the landing folder.
"""

FETCH_GAPS = table_of("fetch_gaps", FetchGapRow, keys=("name", "stream", "start_time"))
"""Windows that a service did not answer; they are tried again."""

FETCHED_LISTS = table_of("fetched_lists", FetchedListRow, keys=("name", "listing"))
"""One row per list that a service is asked for, with its newest problem."""

FETCHED_EVENTS = Table(
    "fetched_events",
    METADATA,
    *keys(Text, "name", "stream", "event_key"),
    Column("event_time", Text, nullable=False),
    Index("fetched_events_time", "name", "stream", "event_time"),
)
"""Hashes of the ids of the newest events that were fetched, so that windows may overlap."""


PURGED = Table(
    "purged",
    METADATA,
    *keys(Text, "record_class", "name"),
    *filled(Text, "source", "kind"),
    Column("row_count", BigInteger, nullable=False),
    *filled(Text, "sha256", "last_day", "purged_time"),
    Column("certificate", Text),
)
"""One row per thing that was deleted under the retention rules; without a certificate,
the deleting run has not ended.
"""

HOLDS = Table(
    "holds",
    METADATA,
    Column("hold_id", Text, primary_key=True),
    *filled(Text, "first_day", "last_day"),
    Column("case_id", Text),
    *filled(Text, "reason", "actor", "time"),
    *optional(Text, "released_by", "released_time", "release_reason"),
)
"""Days from which nothing may be deleted until the hold is released."""

RECORD_REQUESTS = Table(
    "record_requests",
    METADATA,
    Column("request_id", Text, primary_key=True),
    *filled(Text, "requester", "received"),
    Column("due", Text),
    *filled(Text, "text", "opened_by", "opened_time"),
    Column("scope", Text),
    Column("least", Integer),
    *optional(Text, "approved_by", "approved_sha256", "closed_time", "outcome"),
)
"""One row per request for public records. `scope` is JSON; `approved_sha256` is the
hash of the release that the second person looked at."""

RECORD_DECISIONS = Table(
    "record_decisions",
    METADATA,
    Column("decision_id", BIG, primary_key=True, autoincrement=True),
    Column("request_id", Text, nullable=False, index=True),
    *filled(Text, "item", "decision", "exemption", "reason", "actor", "time"),
)
"""Decisions to release, mask or withhold, by class or item; the newest counts."""

RECORD_RELEASES = table_of("record_releases", ReleaseRow, keys=("request_id", "sha256"))
"""Released files, by hash."""

_STATEMENTS: dict[str, Sequence[str]] = {}
"""Those that create the tables of a kind of database: to write them takes longer than to run."""


def create_tables(connection: Connection) -> None:
    """Create the tables that are missing."""
    dialect = connection.dialect
    if dialect.name not in _STATEMENTS:
        _STATEMENTS[dialect.name] = [str(one.compile(dialect=dialect)) for one in _created()]
    for statement in _STATEMENTS[dialect.name]:
        connection.exec_driver_sql(statement)


def _created() -> Iterator[CreateTable | CreateIndex]:
    for table in METADATA.sorted_tables:
        yield CreateTable(table, if_not_exists=True)
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            yield CreateIndex(index, if_not_exists=True)
