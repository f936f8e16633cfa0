"""Keeps what people answered: a notice or message is seen, or silent for a while."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from pipelines.errors import SettingsError
from pipelines.state.alert_tables import ANSWERS, NEWS, OUTBOX, TOLD
from pipelines.state.store import Store, now_text


@dataclass(frozen=True)
class Said:
    """What a person answers.

    Attributes:
        about_id: A notice (n-…) or a message (a-…, t-… and so on).
        kind: ack or snooze.
        until: End of a snooze.
    """

    about_id: str
    kind: str
    actor: str
    note: str = ""
    until: datetime | None = None


def answer(store: Store, said: Said) -> list[str]:
    """Note an answer; the ids of the facts that it is about.

    Raises:
        SettingsError: There is no such notice or message.
    """
    with store.writing() as connection:
        steps = _steps(connection, said.about_id)
        is_message = connection.execute(
            select(OUTBOX.c.alert_key).where(OUTBOX.c.alert_key == said.about_id)
        ).first()
        if not steps and not is_message:
            raise SettingsError(
                f"there is no notice or message {said.about_id}",
                remedy="List them with: schoolbell alerts list",
            )
        about = dict(steps) | ({said.about_id: 0} if is_message else {})
        for about_id, step in about.items():
            connection.execute(insert(ANSWERS).values(**_answer(said, about_id, step)))
    return sorted(steps)


def _steps(connection: Connection, about_id: str) -> dict[str, int]:
    """The facts that an id stands for, and how bad each is."""
    told = select(TOLD.c.news_id).where(TOLD.c.alert_key == about_id)
    rows = connection.execute(
        select(NEWS.c.news_id, NEWS.c.step).where(
            (NEWS.c.news_id == about_id) | NEWS.c.news_id.in_(told)
        )
    )
    return {row.news_id: row.step for row in rows}


def _answer(said: Said, about_id: str, step: int) -> dict[str, Any]:
    return {
        "about_id": about_id,
        "kind": said.kind,
        "step": step,
        "until_time": now_text(said.until) if said.until else None,
        "actor": said.actor,
        "note": said.note,
        "time": now_text(),
    }


def answered_messages(store: Store) -> frozenset[str]:
    """Messages that somebody answered, themselves or every fact in them."""
    with store.reading() as connection:
        answered = set(connection.execute(select(ANSWERS.c.about_id)).scalars())
        told: dict[str, list[bool]] = {}
        for row in connection.execute(select(TOLD)):
            told.setdefault(row.alert_key, []).append(row.news_id in answered)
    return frozenset(answered | {key for key, seen in told.items() if all(seen)})
