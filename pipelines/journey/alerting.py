"""Sends what is due through the channels of a district, each message once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.alerts.channels import channels as known_channels
from pipelines.alerts.channels import prepared
from pipelines.alerts.deciding import Memory, Moment, Reader, decide
from pipelines.alerts.escalation import UNDELIVERED, escalations
from pipelines.alerts.heartbeat import beat
from pipelines.alerts.memory import (
    answered_messages,
    note_decisions,
    note_told,
    remembered,
    take_news,
)
from pipelines.alerts.messages import Message, Setting, test_message
from pipelines.alerts.moments import List, due, is_quiet
from pipelines.alerts.news import News
from pipelines.alerts.outbox import (
    PATIENT,
    Sent,
    deliver_waiting,
    enqueue,
    given_since,
    outbox,
    put,
)
from pipelines.alerts.telling import tell
from pipelines.district.settings_alerts import Channel, routes_of
from pipelines.errors import DeliveryError
from pipelines.journey.district import District
from pipelines.journey.noticing import noticed, open_days, utc
from pipelines.state.store import fact, now_text, remember

DEFAULT_FILE = "alerts.jsonl"


@dataclass(frozen=True)
class AlertSummary:
    """What one alerts run did.

    Attributes:
        new: Messages that entered the outbox.
        warning: What else went wrong, such as a heartbeat that did not arrive.
    """

    new: int
    by_channel: Mapping[str, Sent]
    warning: str = ""

    def __str__(self) -> str:
        parts = [
            f"{name}: {one.sent} sent, {one.failed} failed"
            for name, one in self.by_channel.items()
        ]
        more = f"; {self.warning}" if self.warning else ""
        return f"{self.new} new; " + "; ".join(parts) + more


def send_alerts(
    district: District, now: datetime | None = None, more: Iterable[News] = ()
) -> AlertSummary:
    """Decide who is told of what, and deliver what waits.

    Args:
        more: Facts that only the caller knows, such as a run that failed.
    """
    moment = utc(now)
    channels = channels_of(district)
    news = noticed(district, moment, more)
    ids = take_news(district.store, news, moment)
    run = _Run(district, moment, channels, ids, remembered(district.store))
    new = sum(run.tell(name, news) for name in channels)
    new += run.test_on_monday()
    new += run.escalate()
    sent = {name: deliver(district, name, one) for name, one in channels.items()}
    return AlertSummary(new, sent, _beat(district, moment))


def deliver(district: District, name: str, one: Channel) -> Sent:
    """Send what waits for one channel."""
    channel, settings = prepared(name, one.type, one.settings, district.home.path)
    allowed = district.settings.alerts.recipients
    through = partial(_through, channel.deliver, settings, allowed)
    return deliver_waiting(district.store, name, through, PATIENT)


def _through(
    deliver: Any, settings: Any, allowed: tuple[str, ...], message: Message
) -> None:
    deliver(message, settings, allowed)


def channels_of(district: District) -> Mapping[str, Channel]:
    """The channels that are on; without any, a file in the home."""
    given = {
        name: one
        for name, one in district.settings.alerts.channels.items()
        if one.enabled
    }
    if given:
        return given
    return {"file": Channel(type="file", settings={"path": DEFAULT_FILE})}


def send_test(
    district: District, only: str = "", now: datetime | None = None
) -> AlertSummary:
    """Send a marked test through each channel, or through one."""
    mark = now_text(utc(now))
    sent = {}
    channels = {
        name: one for name, one in channels_of(district).items() if only in ("", name)
    }
    for name, one in channels.items():
        enqueue(district.store, test_message(name, mark), [name])
        sent[name] = deliver(district, name, one)
    return AlertSummary(len(channels), sent)


def _beat(district: District, now: datetime) -> str:
    where = district.settings.alerts.heartbeat
    if where is None:
        return ""
    try:
        beat(where, district.home.path, now)
    except DeliveryError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class _Run:
    """One alerts run: what every channel's share of it needs."""

    district: District
    now: datetime
    channels: Mapping[str, Channel]
    ids: Mapping[str, str]
    memory: Memory

    def tell(self, name: str, news: Iterable[News]) -> int:
        """Put one channel's messages into the outbox; how many."""
        alerts = self.district.settings.alerts
        one, local = self.channels[name], self._local()
        is_open = open_days(self.district)
        moment = Moment(
            local,
            is_quiet(local, alerts, is_open),
            due(local, alerts, is_open, partial(self._served, name)),
        )
        reader = Reader(name, one.audience, one.phone or is_phone(one))
        decisions = decide(
            news, reader, self.memory, moment, routes=routes_of(alerts), alerts=alerts
        )
        left = alerts.most_a_day - self._given_today(name)
        made = tell(decisions, self._setting(), left, local.date())
        note_decisions(self.district.store, self.ids, made.decisions, self.now)
        # one transaction: a crash leaves both the message and that it was told, or
        # neither
        with self.district.store.writing() as connection:
            for one_telling in made.tellings:
                message, told = one_telling.message, one_telling.told
                put(connection, message, name, self.now)
                note_told(connection, self.ids, told, name, message.key, self.now)
            for which in moment.due - {"at_once"}:
                remember(connection, _slot(which, name), now_text(self.now))
        return len(made.tellings)

    def test_on_monday(self) -> int:
        """A test of each week, which somebody has to acknowledge."""
        alerts = self.district.settings.alerts
        local = self._local()
        if not alerts.monday_test or local.time() < alerts.list_time:
            return 0
        year, week, _ = local.isocalendar()
        return sum(
            enqueue(
                self.district.store,
                test_message(name, f"{year}-W{week:02d}"),
                [name],
                self.now,
            )
            for name in self.channels
            if name != alerts.escalate_to
        )

    def escalate(self) -> int:
        """Tell somebody else of what did not arrive, or was not seen."""
        alerts, store = self.district.settings.alerts, self.district.store
        patience = timedelta(hours=alerts.acknowledge_hours)
        found = escalations(outbox(store), answered_messages(store), self.now, patience)
        new = 0
        for failed, message in found:
            to = [alerts.escalate_to] if alerts.escalate_to else []
            if not to and UNDELIVERED in message.subject:
                to = [name for name in self.channels if name != failed]
            to = [name for name in to if name in self.channels and name != failed]
            new += enqueue(store, message, to, self.now)
        return new

    def _local(self) -> datetime:
        return self.now.astimezone(ZoneInfo(self.district.zone))

    def _served(self, name: str, which: List) -> datetime | None:
        with self.district.store.reading() as connection:
            text = fact(connection, _slot(which, name))
        return datetime.fromisoformat(text) if text else None

    def _given_today(self, name: str) -> int:
        midnight = self._local().replace(hour=0, minute=0, second=0, microsecond=0)
        mine = _readers(name, self.channels[name])
        same = [
            other for other, one in self.channels.items() if mine & _readers(other, one)
        ]
        return given_since(self.district.store, same, midnight)

    def _setting(self) -> Setting:
        zone = ZoneInfo(self.district.zone)
        return Setting(
            id_of=lambda key: self.ids[key],
            told_when=lambda when: f"{when.astimezone(zone):%Y-%m-%d %H:%M}",
            report=str(self.district.home.reports / "index.html"),
        )


def is_phone(channel: Channel) -> bool:
    """A kind of channel that rings phones, whatever its settings say."""
    kinds = {name for name, one in known_channels().items() if one.rings_phones}
    return channel.type in kinds


def _readers(name: str, channel: Channel) -> frozenset[str]:
    """Who reads a channel: its addresses, else itself."""
    return frozenset(channel.settings.get("recipients") or [name])


def _slot(which: str, channel: str) -> str:
    return f"alerts:{which}:{channel}"
