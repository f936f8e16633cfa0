"""Keeps what people answered: a notice or message is seen, or silent for a while."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.errors import SettingsError
from pipelines.state.alerts import (
    add_answer,
    answers,
    has_message,
    news_steps,
    told_rows,
)
from pipelines.state.database import Store, now_text


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
    with store.writing() as transaction:
        steps = news_steps(transaction, said.about_id)
        is_message = has_message(transaction, said.about_id)
        if not steps and not is_message:
            raise SettingsError(
                f"there is no notice or message {said.about_id}",
                remedy="List them with: schoolbell alerts list",
            )
        about = dict(steps) | ({said.about_id: 0} if is_message else {})
        for about_id, step in about.items():
            add_answer(transaction, _answer(said, about_id, step))
    return sorted(steps)


def _answer(said: Said, about_id: str, step: int) -> dict[str, Any]:
    return {
        "about_id": about_id,
        "kind": said.kind,
        "step": step,
        "until_time": now_text(said.until) if said.until else None,
        "actor": said.actor,
        "note": said.note,
    }


def answered_messages(store: Store) -> frozenset[str]:
    """Messages that somebody answered, themselves or every fact in them."""
    answered = {row["about_id"] for row in answers(store)}
    told: dict[str, list[bool]] = {}
    for row in told_rows(store):
        told.setdefault(row["alert_key"], []).append(row["news_id"] in answered)
    return frozenset(answered | {key for key, seen in told.items() if all(seen)})
