"""The table of `state.db` that keeps when which source was not well.

Like all tables of `state.db`: times are UTC ISO 8601 text.
"""

from sqlalchemy import Column, Index, Table, Text

from pipelines.state.schema import METADATA

TROUBLES = Table(
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
"""One row a trouble of a source: from when to when it was, when it was first seen
and when it was last looked at. What lasts has no end."""
