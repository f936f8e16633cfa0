"""Keeps what is to be sent, and what was.

A message enters the outbox once a channel. It is marked *sending* before the
channel is asked and *sent* after; a crash in between leaves *sending*, which
the next run tries again. So nothing is lost, and the only possible repeat
carries the same message id.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import and_, insert, select, update

from pipelines.alerts.messages import Message
from pipelines.errors import DeliveryError
from pipelines.state.schema import ALERTS
from pipelines.state.store import Store, now_text

WAITING = "waiting"
SENDING = "sending"
SENT = "sent"
GIVEN_UP = "given up"
MOST_ATTEMPTS = 10


@dataclass(frozen=True)
class Sent:
    """What one delivery did: counts of messages."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


def enqueue(store: Store, message: Message, channels: Iterable[str]) -> int:
    """Put a message in for each channel that does not have it; how many are new."""
    new = 0
    with store.writing() as connection:
        for channel in channels:
            known = connection.execute(
                select(ALERTS.c.state).where(
                    ALERTS.c.alert_key == message.key, ALERTS.c.channel == channel
                )
            ).first()
            if known is not None:
                continue
            connection.execute(
                insert(ALERTS).values(
                    alert_key=message.key,
                    channel=channel,
                    state=WAITING,
                    attempts=0,
                    subject=message.subject,
                    message=message.text,
                    class_name=message.class_name,
                    created_time=now_text(),
                )
            )
            new += 1
    return new


def deliver_waiting(
    store: Store, channel: str, deliver: Callable[[Message], None]
) -> Sent:
    """Send what waits for one channel, oldest first."""
    query = (
        select(ALERTS)
        .where(ALERTS.c.channel == channel, ALERTS.c.state.in_((WAITING, SENDING)))
        .order_by(ALERTS.c.created_time, ALERTS.c.alert_key)
    )
    with store.reading() as connection:
        waiting = list(connection.execute(query).mappings())
    sent = failed = given_up = 0
    for row in waiting:
        message = Message(
            row["alert_key"], row["subject"], row["message"], row["class_name"]
        )
        _mark(store, row["alert_key"], channel, SENDING, attempts=row["attempts"] + 1)
        try:
            deliver(message)
        except DeliveryError as error:
            ends = not error.retryable or row["attempts"] + 1 >= MOST_ATTEMPTS
            state = GIVEN_UP if ends else WAITING
            _mark(store, message.key, channel, state, error=str(error))
            failed, given_up = failed + 1, given_up + ends
        else:
            _mark(store, message.key, channel, SENT, sent_time=now_text(), error=None)
            sent += 1
    return Sent(sent, failed, given_up)


def _mark(
    store: Store, key: str, channel: str, state: str, **values: str | int | None
) -> None:
    with store.writing() as connection:
        connection.execute(
            update(ALERTS)
            .where(and_(ALERTS.c.alert_key == key, ALERTS.c.channel == channel))
            .values(state=state, **values)
        )
