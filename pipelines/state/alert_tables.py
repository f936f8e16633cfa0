"""The tables of `state.db` that alerts keep: what is news, who was told, what was sent.

Like all tables of `state.db`: times are UTC ISO 8601 text.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from pipelines.state.schema import BIG, METADATA

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
"""One row a message and channel, sent once."""

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
"""One row a fact that may be announced. Its id is drawn by lot, so that a message
that leaves the house holds nothing from which an account could be worked out."""

TOLD = Table(
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
