"""The tables of `state.db`.

Times are stored as UTC ISO 8601 text, so that both SQLite and PostgreSQL keep
them exactly.
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
"""One row a delivered file; `lines = events + rejects + blanks + duplicates +
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
"""One row a Parquet file that counts; a file not listed here does not exist."""

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
"""One row a source, event class and local day: how many events came, how many
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
"""One row a finding, its whole record as JSON."""

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
"""The readable name of each token; kept, since it can not be derived again."""

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
"""One row a published report."""

REPORT_FACTS = Table(
    "report_facts",
    METADATA,
    Column("week", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("facts", Text, nullable=False),
)
"""What each revision of a week's report said, as JSON: numbers and items."""
