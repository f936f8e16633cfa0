"""The tables of `state.db`.

Times are stored as UTC ISO 8601 text, so that both SQLite and PostgreSQL keep
them exactly. Only this folder names them: others call its functions.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

METADATA = MetaData()


class LogText(TypeDecorator[str]):
    """Text that strangers wrote; PostgreSQL, which takes no NUL, keeps it spelled."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What the database is given."""
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\x00", "\\x00")


# SQLite counts ids only in a column of type INTEGER
BIG = BigInteger().with_variant(Integer, "sqlite")

SOURCE_FILES = Table(
    "source_files",
    METADATA,
    Column("file_id", BIG, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("format", Text),
    Column("state", Text, nullable=False),
    Column("duplicate_of", BIG),
    Column("consumed_bytes", BIG, nullable=False),
    Column("consumed_sha256", Text, nullable=False),
    Column("head_bytes", BIG, nullable=False),
    Column("head_sha256", Text, nullable=False),
    Column("lines", BIG, nullable=False),
    Column("events", BIG, nullable=False),
    Column("rejects", BIG, nullable=False),
    Column("blanks", BIG, nullable=False),
    Column("duplicates", BIG, nullable=False),
    Column("pending_lines", BIG, nullable=False),
    Column("pending_bytes", BIG, nullable=False),
    Column("tail_bytes", BIG, nullable=False),
    Column("prefix_hashes", Text, nullable=False),
    Column("first_time", Text),
    Column("last_time", Text),
    Column("header", LogText),
    Column("raw_bytes", BIG, nullable=False),
    Column("raw_mtime_ns", BIG, nullable=False),
    Column("raw_ctime_ns", BIG, nullable=False),
    Column("message", Text),
    Column("first_seen_time", Text, nullable=False),
    Column("last_read_time", Text, nullable=False),
    Index("source_files_path", "source", "path"),
)
"""One row per delivered file; `lines = events + rejects + blanks + duplicates +
pending_lines` in every row, always."""

LAKE_FILES = Table(
    "lake_files",
    METADATA,
    Column("path", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("event_class", Text, nullable=False),
    Column("event_date", Text, nullable=False),
    Column("row_count", BIG, nullable=False),
    Column("bytes", BIG, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("first_file_id", BIG, nullable=False),
    Column("last_file_id", BIG, nullable=False),
    Column("first_time", Text),
    Column("last_time", Text),
    Column("committed_time", Text, nullable=False),
    Column("superseded_time", Text),
    Index("lake_files_day", "event_class", "event_date"),
)
"""One row per Parquet file that counts; a file not listed here does not exist."""

LAKE_RUNS = Table(
    "lake_runs",
    METADATA,
    Column("run_id", Text, primary_key=True),
    Column("began_time", Text, nullable=False),
)
"""Who began to write into the lake; the name of each file there begins with it.
Once the lake was swept, all of them have ended and are forgotten."""

SOURCE_DAYS = Table(
    "source_days",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("event_class", Text, primary_key=True),
    Column("event_date", Text, primary_key=True),
    Column("events", BIG, nullable=False),
    Column("duplicates", BIG, nullable=False),
    Column("filled", Text, nullable=False),
    Column("lags", Text, nullable=False),
)
"""One row per source, event class and local day: how many events came, how many
came twice, how many had each column filled, and how long they took to arrive."""

DIRTY_DAYS = Table(
    "dirty_days",
    METADATA,
    Column("event_date", Text, primary_key=True),
    Column("marked_time", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
"""Local days whose models are older than their events."""

QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("event_date", Text, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since_time", Text, nullable=False),
)
"""Days of models that could not be built; an undated model has an empty date."""

FACTS = Table(
    "facts",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Single facts to remember between runs, such as the registry's version."""

ATTRIBUTION_CHANGES = Table(
    "attribution_changes",
    METADATA,
    Column("change_id", BIG, primary_key=True, autoincrement=True),
    Column("changed_time", Text, nullable=False),
    Column("event_date", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("device_before", Text),
    Column("device_now", Text),
    Column("account_before", Text),
    Column("account_now", Text),
    Column("grade_before", Text, nullable=False),
    Column("grade_now", Text, nullable=False),
    Column("request_count", BIG, nullable=False),
    Index("attribution_changes_day", "event_date"),
)
"""What was believed of a day's lines before it was built again, and what since."""

FINDINGS = Table(
    "findings",
    METADATA,
    Column("finding_id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("event_date", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("confidence", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_time", Text, nullable=False),
    Column("updated_time", Text, nullable=False),
    Column("status_reason", Text),
    Index("findings_day", "event_date"),
)
"""One row per finding, its whole record as JSON."""

EVIDENCE = Table(
    "finding_evidence",
    METADATA,
    Column("finding_id", Text, ForeignKey("findings.finding_id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("file_sha256", Text, nullable=False),
    Column("line_no", BIG, nullable=False),
    Column("byte_offset", BIG, nullable=False),
    Column("line", LogText, nullable=False),
    Column("line_sha256", Text, nullable=False),
    Column("event", Text, nullable=False),
    UniqueConstraint("finding_id", "position"),
)
"""Copies of the lines that a finding stands on, with the place of each."""

PSEUDONYMS = Table(
    "pseudonyms",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("token", Text, primary_key=True),
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
    Column("path", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("published_time", Text, nullable=False),
)
"""One row per published report."""

REPORT_FACTS = Table(
    "report_facts",
    METADATA,
    Column("week", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("facts", Text, nullable=False),
)
"""What each revision of a week's report said, as JSON: numbers and items."""


REVIEWS = Table(
    "reviews",
    METADATA,
    Column("review_id", BIG, primary_key=True, autoincrement=True),
    Column("finding_id", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("time", Text, nullable=False),
)
"""What people decided about a finding, oldest first."""

FINDING_HISTORY = Table(
    "finding_history",
    METADATA,
    Column("entry_id", BIG, primary_key=True, autoincrement=True),
    Column("finding_id", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text),
    Column("revision", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("confidence", Text, nullable=False),
    Index("finding_history_finding", "finding_id"),
)
"""What became of a finding and why, oldest first; no actor: a run did it."""

UNSUPPORTED = Table(
    "unsupported_findings",
    METADATA,
    Column("finding_id", Text, primary_key=True),
    Column("since_time", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
"""Decided findings that the present data no longer show."""

ASSIGNMENTS = Table(
    "assignments",
    METADATA,
    Column("subject_id", Text, primary_key=True),
    Column("assignee", Text, nullable=False),
    Column("assigned_by", Text, nullable=False),
    Column("assigned_time", Text, nullable=False),
)
"""Who looks after a finding or a case."""

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("week", Text, nullable=False),
    Column("created_time", Text, nullable=False),
)
"""One row per person, clause and ISO week; what nobody owns is its own person."""

CASE_FINDINGS = Table(
    "case_findings",
    METADATA,
    Column("finding_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("cases.case_id"), nullable=False),
    Index("case_findings_case", "case_id"),
)
"""The case that a finding was put into when it was new; it stays there."""

REQUESTS = Table(
    "requests",
    METADATA,
    Column("request_id", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", BIG, nullable=False),
    Column("asked_time", Text, nullable=False),
    Column("approved_by", BIG),
    Column("approved_time", Text),
    Column("used_time", Text),
)
"""What needs a second person: asked by one user id, approved by another."""

REFERRALS = Table(
    "referrals",
    METADATA,
    Column("referral_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("hold_id", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("referred_by", Text, nullable=False),
    Column("referred_time", Text, nullable=False),
    Column("acknowledged_time", Text),
    Column("returned_time", Text),
    Column("outcome", Text),
    Index("referrals_case", "case_id"),
)
"""A case that went to another office: when, and the code with which it came back."""

STATEMENTS = Table(
    "statements",
    METADATA,
    Column("statement_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("tests", Text, nullable=False),
    Column("received_by", Text, nullable=False),
    Column("received_time", Text, nullable=False),
    Index("statements_case", "case_id"),
)
"""What the person concerned says of a case, in their own words."""

INQUIRIES = Table(
    "inquiries",
    METADATA,
    Column("inquiry_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("first_day", Text, nullable=False),
    Column("last_day", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("authorized_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_time", Text, nullable=False),
    Column("released_time", Text),
    Column("sha256", Text),
)
"""What another office asks of one account and some days, before anything is shown."""

DESK_ACCOUNTS = Table(
    "desk_accounts",
    METADATA,
    Column("login", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_time", Text, nullable=False),
    Column("ended_time", Text),
)
"""Accounts that sign in at the desk with a password of their own."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("case", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
"""The audit chain, one row an act; written by `state.audit` alone."""


OUTBOX = Table(
    "alert_outbox",
    METADATA,
    Column("alert_key", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("created_time", Text, nullable=False),
    Column("sent_time", Text),
    Column("error", Text),
)
"""One row per message and channel, sent once."""

PAGES = Table(
    "alert_pages",
    METADATA,
    Column("alert_key", Text, primary_key=True),
    Column("html", Text, nullable=False),
)
"""The page of a message that has one beside its text."""

NEWS = Table(
    "alert_news",
    METADATA,
    Column("news_id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("about", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("confidence", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("since_time", Text, nullable=False),
    Column("first_time", Text, nullable=False),
    Column("last_time", Text, nullable=False),
    Column("ended_time", Text),
)
"""One row per fact that may be announced. Its id is drawn by lot, so that a message
that leaves the house holds nothing from which an account could be worked out."""

ANNOUNCED = Table(
    "alert_told",
    METADATA,
    Column("news_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("told_time", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("alert_key", Text, nullable=False),
)
"""The newest message of a channel that told of a fact, and how bad it then was."""

ANSWERS = Table(
    "alert_answers",
    METADATA,
    Column("answer_id", BIG, primary_key=True, autoincrement=True),
    Column("about_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("until_time", Text),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("time", Text, nullable=False),
    Index("alert_answers_about", "about_id"),
)
"""What people answered: seen, or silent until a moment; newest counts."""

DECISIONS = Table(
    "alert_decisions",
    METADATA,
    Column("news_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("decision", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("first_time", Text, nullable=False),
    Column("last_time", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
)
"""What was decided of a fact for a channel, by which rule, and how often."""


SOURCE_ISSUES = Table(
    "source_troubles",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("start_time", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("building", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("end_time", Text),
    Column("seen_time", Text, nullable=False),
    Column("last_time", Text, nullable=False),
    Index("source_troubles_end", "end_time"),
)
"""One row per issue of a source: from when to when it was, when it was first seen
and when it was last looked at. What lasts has no end."""


PURGED = Table(
    "purged",
    METADATA,
    Column("record_class", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("last_day", Text, nullable=False),
    Column("purged_time", Text, nullable=False),
    Column("certificate", Text),
)
"""One row per thing that was deleted because its time was over; no certificate:
the run that deleted it has not ended."""

HOLDS = Table(
    "holds",
    METADATA,
    Column("hold_id", Text, primary_key=True),
    Column("first_day", Text, nullable=False),
    Column("last_day", Text, nullable=False),
    Column("case_id", Text),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("released_by", Text),
    Column("released_time", Text),
    Column("release_reason", Text),
)
"""Days of which nothing may be deleted, until somebody releases them."""

RECORD_REQUESTS = Table(
    "record_requests",
    METADATA,
    Column("request_id", Text, primary_key=True),
    Column("requester", Text, nullable=False),
    Column("received", Text, nullable=False),
    Column("due", Text),
    Column("text", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_time", Text, nullable=False),
    Column("scope", Text),
    Column("least", Integer),
    Column("approved_by", Text),
    Column("approved_sha256", Text),
    Column("closed_time", Text),
    Column("outcome", Text),
)
"""One row per request for public records. `scope` is JSON; `approved_sha256` is the
hash of the release that the second person looked at."""

RECORD_DECISIONS = Table(
    "record_decisions",
    METADATA,
    Column("decision_id", BIG, primary_key=True, autoincrement=True),
    Column("request_id", Text, nullable=False, index=True),
    Column("item", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("exemption", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("time", Text, nullable=False),
)
"""What is kept, masked or withheld, by class or item; the newest counts."""

RECORD_RELEASES = Table(
    "record_releases",
    METADATA,
    Column("request_id", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("row_count", Integer, nullable=False),
    Column("withheld_count", Integer, nullable=False),
    Column("least", Integer, nullable=False),
    Column("released_by", Text, nullable=False),
    Column("released_time", Text, nullable=False),
)
"""What was given out, by the hash of the file."""
