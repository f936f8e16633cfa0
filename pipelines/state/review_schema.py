"""The tables of `state.db` about what people do with findings.

They lie beside those of `schema`, in the same metadata.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from pipelines.state.schema import BIG, METADATA

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
"""One row a person, clause and ISO week; what nobody owns is its own person."""

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
