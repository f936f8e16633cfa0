"""Messages that did not reach their reader, or that nobody has seen. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.alerts.asking import escalation
from pipelines.alerts.message import Message
from pipelines.alerts.messages import AT_ONCE, TEST
from pipelines.state.alerts import GIVEN_UP, SENT

UNDELIVERED = "could not be delivered"
UNSEEN = "was not acknowledged"
STUCK = timedelta(hours=2)
FORGOTTEN = timedelta(days=7)
"""After so much more nobody is told any more that a message was not seen."""


def escalations(
    rows: Iterable[Mapping[str, Any]],
    answered: frozenset[str],
    now: datetime,
    patience: timedelta,
) -> list[tuple[str, bool, Message]]:
    """What to tell somebody else.

    Args:
        rows: Of the outbox.
        answered: Messages that somebody acknowledged or snoozed.
        patience: How long an immediate message may wait to be acknowledged.

    Returns:
        The channel that failed, whether it could not deliver, and the message.
    """
    found = []
    for row in rows:
        reason = _reason(row, answered, now, patience)
        if reason:
            made = escalation(row["alert_key"], row["subject"], row["severity"], reason)
            found.append((row["channel"], reason == UNDELIVERED, made))
    return found


def _reason(
    row: Mapping[str, Any],
    answered: frozenset[str],
    now: datetime,
    patience: timedelta,
) -> str:
    if row["class_name"] == "escalation" or row["alert_key"] in answered:
        return ""
    if row["state"] == SENT:
        age = now - datetime.fromisoformat(row["sent_time"])
        wants_answer = row["class_name"] in (AT_ONCE, TEST)
        is_due = patience <= age < patience + FORGOTTEN
        return UNSEEN if wants_answer and is_due else ""
    age = now - datetime.fromisoformat(row["created_time"])
    is_stuck = row["attempts"] > 0 and age >= STUCK
    return UNDELIVERED if row["state"] == GIVEN_UP or is_stuck else ""
