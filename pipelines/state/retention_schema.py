"""The tables of `state.db` about what was deleted, and what must not be.

They lie beside those of `schema`, in the same metadata.
"""

from sqlalchemy import BigInteger, Column, Table, Text

from pipelines.state.schema import METADATA

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
"""One row a thing that was deleted because its time was over; no certificate:
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
