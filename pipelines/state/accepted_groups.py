"""Groups of proposals that were accepted, so that each can be taken back."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.rows import AcceptedGroup, typed
from pipelines.state.tables import ACCEPTED_GROUPS


def add_group(
    connection: Connection,
    topic: str,
    file: str,
    changes: Sequence[Mapping[str, object]],
    actor: str,
) -> None:
    """Note what accepting a group did to a file."""
    connection.execute(
        insert(ACCEPTED_GROUPS).values(
            number=secrets.token_hex(8),
            topic=topic,
            file=file,
            changes=json.dumps(changes),
            actor=actor,
            accepted_time=now_text(),
        )
    )


def end_group(connection: Connection, number: str) -> None:
    """Note that a group was taken back; what it had written is forgotten."""
    here = ACCEPTED_GROUPS.c.number == number
    connection.execute(
        update(ACCEPTED_GROUPS).where(here).values(taken_back_time=now_text(), changes="[]")
    )


def forget_groups(connection: Connection, topic: str, before: datetime) -> None:
    """Delete parts of a group that were accepted before a time; no one can take them back."""
    parts = ACCEPTED_GROUPS.c.topic.startswith(f"{topic}:", autoescape=True)
    earlier = ACCEPTED_GROUPS.c.accepted_time < now_text(before)
    connection.execute(delete(ACCEPTED_GROUPS).where(parts, earlier))


def accepted_groups(store: Store) -> list[AcceptedGroup]:
    """Return groups that are in force, the newest first."""
    query = (
        select(ACCEPTED_GROUPS)
        .where(ACCEPTED_GROUPS.c.taken_back_time.is_(None))
        .order_by(ACCEPTED_GROUPS.c.accepted_time.desc(), ACCEPTED_GROUPS.c.number)
    )
    with store.reading() as connection:
        rows = connection.execute(query).mappings()
        changed = ({**row, "changes": json.loads(row["changes"])} for row in rows)
        return typed(AcceptedGroup, changed)
