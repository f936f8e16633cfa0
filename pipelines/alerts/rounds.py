"""One round of alerts: every channel is given what is due to it, in the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from pipelines.alerts.answering import answered_messages
from pipelines.alerts.asking import test_message
from pipelines.alerts.deciding import Memory, Moment, Reader, decide
from pipelines.alerts.delivery import is_phone, readers_of
from pipelines.alerts.escalation import escalations
from pipelines.alerts.memory import note_decisions, note_told, over_since, remembered
from pipelines.alerts.messages import Setting
from pipelines.alerts.moments import IsOpen, List, due, is_quiet
from pipelines.alerts.news import News
from pipelines.alerts.outbox import enqueue, put
from pipelines.alerts.telling import Told, tell
from pipelines.settings.alert_settings import Alerts, Channel, routes_of
from pipelines.state.alerts import given_since, outbox
from pipelines.state.database import Store, fact, now_text, remember


@dataclass(frozen=True)
class Desk:
    """What every round of a district needs.

    Attributes:
        is_open: Whether a school of the district works on a day.
        report: Where the newest report is.
    """

    store: Store
    alerts: Alerts
    zone: ZoneInfo
    is_open: IsOpen
    report: str


def told_round(
    desk: Desk,
    channels: Mapping[str, Channel],
    news: Sequence[News],
    ids: Mapping[str, str],
    now: datetime,
) -> int:
    """Put what is due now into the outbox; how many messages.

    Args:
        ids: Of the facts, by key.
    """
    this = _Round(desk, channels, ids, remembered(desk.store), now)
    tests = this.test_of_the_week()
    return tests + sum(this.tell(name, news) for name in channels) + this.escalate()


@dataclass(frozen=True)
class _Round:
    desk: Desk
    channels: Mapping[str, Channel]
    ids: Mapping[str, str]
    memory: Memory
    now: datetime

    @property
    def local(self) -> datetime:
        return self.now.astimezone(self.desk.zone)

    @property
    def is_quiet(self) -> bool:
        return is_quiet(self.local, self.desk.alerts, self.desk.is_open)

    def tell(self, name: str, news: Sequence[News]) -> int:
        """Put one channel's messages into the outbox; how many."""
        alerts, one = self.desk.alerts, self.channels[name]
        lists = due(self.local, alerts, self.desk.is_open, partial(self._served, name))
        moment = Moment(self.local, self.is_quiet, lists)
        reader = Reader(name, one.audience, one.phone or is_phone(one))
        decisions = decide(
            news, reader, self.memory, moment, routes=routes_of(alerts), alerts=alerts
        )
        over = self._over(name) if "daily" in lists else []
        today = self.local.date()
        made = tell(decisions, self._setting(), self._left(name), today, over)
        note_decisions(self.desk.store, self.ids, made.decisions, self.now)
        self._put(name, made, moment)
        return len(made.tellings)

    def _put(self, name: str, made: Told, moment: Moment) -> None:
        """In one transaction: a crash leaves message and memory, or neither."""
        with self.desk.store.writing() as transaction:
            for one in made.tellings:
                put(transaction, one.message, name, self.now)
                key = one.message.key
                note_told(transaction, self.ids, one.told, name, key, self.now)
            for which in moment.due - {"at_once"}:
                remember(transaction, _slot(which, name), now_text(self.now))

    def test_of_the_week(self) -> int:
        """A test in the first working hours of a week, to be acknowledged."""
        alerts = self.desk.alerts
        is_early = self.local.time() < alerts.list_time
        if not alerts.monday_test or is_early or self.is_quiet:
            return 0
        year, week, _ = self.local.isocalendar()
        return sum(
            enqueue(
                self.desk.store,
                test_message(name, f"{year}-W{week:02d}"),
                [name],
                self.now,
            )
            for name in self.channels
            if name != alerts.escalate_to
        )

    def escalate(self) -> int:
        """Tell somebody else of what did not arrive, or was not seen.

        Both wait for the end of quiet hours, and for a day on which the reader may
        still be told something.
        """
        if self.is_quiet:
            return 0
        store, alerts = self.desk.store, self.desk.alerts
        patience = timedelta(hours=alerts.acknowledge_hours)
        found = escalations(outbox(store), answered_messages(store), self.now, patience)
        new = 0
        for failed, is_undelivered, message in found:
            to = [alerts.escalate_to] if alerts.escalate_to else []
            if not to and is_undelivered:
                to = [name for name in self.channels if name != failed]
            to = [name for name in to if name in self.channels and name != failed]
            new += enqueue(
                store, message, [n for n in to if self._left(n) > 0], self.now
            )
        return new

    def _served(self, name: str, which: List) -> datetime | None:
        with self.desk.store.reading() as connection:
            text = fact(connection, _slot(which, name))
        return datetime.fromisoformat(text) if text else None

    def _over(self, name: str) -> list[str]:
        """What ended since the channel's last list of the day."""
        last = self._served(name, "daily")
        return over_since(self.desk.store, name, last) if last else []

    def _left(self, name: str) -> int:
        """Messages that the reader of a channel may still get today."""
        midnight = self.local.replace(hour=0, minute=0, second=0, microsecond=0)
        mine = readers_of(name, self.channels[name])
        same = [
            other
            for other, one in self.channels.items()
            if mine & readers_of(other, one)
        ]
        given = given_since(self.desk.store, same, midnight)
        return self.desk.alerts.most_a_day - given

    def _setting(self) -> Setting:
        return Setting(
            id_of=lambda key: self.ids[key],
            told_when=lambda at: f"{at.astimezone(self.desk.zone):%Y-%m-%d %H:%M}",
            report=self.desk.report,
            moment=now_text(self.now),
        )


def _slot(which: str, channel: str) -> str:
    return f"alerts:{which}:{channel}"
