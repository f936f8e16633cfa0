"""Outbox: messages to send, and messages sent.

A message enters the outbox once per channel. It is marked *sending* before the
channel is called and *sent* after; a crash in between leaves *sending*, and so
does a receiver that got the message and did not answer. The next run tries
it again and marks it as a possible repeat. The file channel reads its file
first and repeats nothing; other channels repeat with the same key (a mail's
Message-ID, a webhook's Idempotency-Key) and mark the text. So no message is
lost, and readers recognize possible repeats.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import get_args
from zoneinfo import ZoneInfo

from filelock import FileLock, Timeout
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from pipelines.alerts.channels import AnyChannel, ChannelSettings, prepared, report_channels
from pipelines.alerts.channels import channels as known_channels
from pipelines.alerts.message import Message
from pipelines.errors import BusyError, DeliveryError, SchoolbellError
from pipelines.settings.alert_settings import Channel, Weekday
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state.alert_records import (
    GIVEN_UP,
    SENDING,
    SENT,
    WAITING,
    add_message,
    mark_message,
    unsent_messages,
)
from pipelines.state.connections import Store, Transaction, now_text
from pipelines.state.published_reports import stopped_readers
from pipelines.web import within

WEEKDAYS: tuple[str, ...] = get_args(Weekday)
MAX_ATTEMPTS = 10
"""Number of runs that retry a message, each a few times."""

DEFAULT_FILE = "alerts.jsonl"
LOCK = ".alerts.lock"
MAX_SENDING_SECONDS = 300
MAX_DELIVERY_SECONDS = 300.0
"""One message through one channel, for any answer of its receiver."""


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, DeliveryError) and error.retryable


PATIENT = Retrying(
    retry=retry_if_exception(_may_pass),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=1, max=10),
    reraise=True,
)
ONCE = PATIENT.copy(stop=stop_after_attempt(1))


@dataclass(frozen=True)
class DeliveryCounts:
    """Result of one delivery: counts of messages."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


def put(
    transaction: Transaction, message: Message, channel: str, now: datetime | None = None
) -> bool:
    """Put a message in for a channel, in a transaction of the caller's.

    Returns:
        False if the channel has it already.
    """
    row = {
        "alert_key": message.key,
        "subject": message.subject,
        "message": message.text,
        "class_name": message.class_name,
        "severity": message.severity,
        "created_time": now_text(now),
    }
    return add_message(transaction, row, channel, message.html)


def enqueue(
    store: Store, message: Message, channels: Iterable[str], now: datetime | None = None
) -> int:
    """Put a message in for each channel that does not have it; how many are new."""
    with store.writing() as transaction:
        return sum([put(transaction, message, channel, now) for channel in channels])


def deliver_waiting(
    store: Store,
    channel: str,
    deliver: Callable[[Message], None],
    retrying: Retrying = PATIENT,
    now: datetime | None = None,
    alone: str = "",
) -> DeliveryCounts:
    """Send the waiting messages of one channel, oldest first.

    After one failure, the following messages are tried without retries: the
    receiver is probably down for them too.

    Args:
        alone: Key of the only message to send. It is dropped if it fails, because
            a person waits for the answer.
    """
    sent = failed = given_up = 0
    for row in unsent_messages(store, channel, alone):
        handing = _Handing(
            Message(
                row["alert_key"],
                row["subject"],
                row["message"],
                row["class_name"],
                row["severity"],
                row["html"] or "",
                may_repeat=row["state"] == SENDING,
            ),
            deliver,
        )
        attempts, key = row["attempts"] + 1, row["alert_key"]
        mark_message(store, key, channel, SENDING, attempts=attempts)
        try:
            (ONCE if failed else retrying)(handing)
        except DeliveryError as error:
            is_last = attempts >= MAX_ATTEMPTS or bool(alone)
            ends = is_last or not error.retryable
            unsent = SENDING if handing.message.may_repeat else WAITING
            mark_message(store, key, channel, GIVEN_UP if ends else unsent, error=str(error))
            failed, given_up = failed + 1, given_up + ends
        else:
            sent_time = now_text(now)
            mark_message(store, key, channel, SENT, sent_time=sent_time, error=None)
            sent += 1
    return DeliveryCounts(sent, failed, given_up)


@dataclass
class _Handing:
    """Hands a message over, once or again."""

    message: Message
    deliver: Callable[[Message], None]

    def __call__(self) -> None:
        try:
            self.deliver(self.message)
        except DeliveryError as error:
            if error.may_have_arrived:
                self.message = replace(self.message, may_repeat=True)
            raise


@contextmanager
def only_sender(home: DistrictHome, seconds: float = MAX_SENDING_SECONDS) -> Iterator[None]:
    """Hold the lock of the outbox.

    Raises:
        BusyError: Another process has sent for longer than `seconds`.
    """
    lock = FileLock(home.path / LOCK)
    try:
        lock.acquire(timeout=seconds)
    except Timeout as error:
        raise BusyError(
            "another process is still sending alerts",
            where=str(home.path / LOCK),
            remedy="Look for it with: ps ax | grep schoolbell",
        ) from error
    try:
        yield
    finally:
        lock.release()


def deliver_all(
    store: Store, home: DistrictHome, settings: Settings, channels: Mapping[str, Channel]
) -> tuple[dict[str, DeliveryCounts], list[str]]:
    """Send what waits, channel by channel; what each sent, and what is wrong.

    A channel whose settings are wrong keeps no other from sending.
    """
    sent, wrong = {}, []
    for name, one in channels.items():
        try:
            sent[name] = deliver(store, home, settings, name, one)
        except BusyError:
            raise
        except SchoolbellError as error:
            sent[name] = DeliveryCounts(failed=1)
            wrong.append(f"{name}: {error.what}")
    return sent, wrong


def deliver(
    store: Store, home: DistrictHome, settings: Settings, name: str, one: Channel, alone: str = ""
) -> DeliveryCounts:
    """Send what waits for one channel, or a single message; see `deliver_waiting`."""
    channel, own = prepared(name, one.type, one.settings, home.path)
    allowed = settings.alerts.recipients
    through = partial(_through, channel, own, allowed)
    return deliver_waiting(store, name, through, PATIENT, alone=alone)


def _through(
    channel: AnyChannel, settings: ChannelSettings, allowed: tuple[str, ...], message: Message
) -> None:
    try:
        within(MAX_DELIVERY_SECONDS, partial(channel.deliver, message, settings, allowed))
    except TimeoutError as error:
        raise DeliveryError(
            f"the delivery did not end: {error}", retryable=True, may_have_arrived=True
        ) from error


def channels_of(settings: Settings) -> Mapping[str, Channel]:
    """Return the channels that are on; without any, a file in the home."""
    given = {name: channel for name, channel in settings.alerts.channels.items() if channel.enabled}
    if given:
        return given
    return {"file": Channel(type="file", settings={"path": DEFAULT_FILE})}


def report_reader_channel(name: str) -> str:
    """Return the name under which the outbox keeps the emails of a reader of the report."""
    return f"reader {name}"


def report_channels_due(store: Store, settings: Settings, now: datetime) -> Mapping[str, Channel]:
    """Return a channel for each reader of the report whose weekday has come.

    It is the first mail channel, limited to the reader's address.
    """
    kinds = report_channels()
    base = next((one for one in channels_of(settings).values() if one.type in kinds), None)
    if base is None:
        return {}
    stopped = stopped_readers(store)
    today = now.astimezone(ZoneInfo(settings.district.zone)).weekday()
    return {
        report_reader_channel(name): base.model_copy(
            update={"settings": {**base.settings, "recipients": [reader.address]}}
        )
        for name, reader in settings.report.readers.items()
        if name not in stopped and today >= WEEKDAYS.index(reader.day)
    }


def is_phone(channel: Channel) -> bool:
    """Return whether a type of channel rings phones, independent of its settings."""
    kinds = {name for name, one in known_channels().items() if one.rings_phones}
    return channel.type in kinds


def readers_of(name: str, channel: Channel) -> frozenset[str]:
    """Return the readers of a channel: its addresses, or itself without any."""
    return frozenset(channel.settings.get("recipients") or [name])
