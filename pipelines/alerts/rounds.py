"""One round of alerts: the due messages of every channel enter the outbox.

Quiet hours and the times of lists follow the school calendar. A message that did not
reach its receiver, or was not acknowledged, goes to another person.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from pipelines.alerts.decisions import (
    BUDGET,
    HOLD,
    SEEN,
    SNOOZED,
    TELL,
    Decision,
    Memory,
    Moment,
    Receiver,
    decide,
)
from pipelines.alerts.memory import (
    answered_messages,
    note_announced,
    note_decisions,
    over_since,
    remembered,
)
from pipelines.alerts.message import (
    AT_ONCE,
    TEST,
    Message,
    MessageContext,
    announced_by,
    daily,
    escalation,
    notice,
    overflow,
    test_message,
    weekly,
)
from pipelines.alerts.news import Alert
from pipelines.alerts.outbox import enqueue, is_phone, put, readers_of
from pipelines.findings.cases import NOTHING_WAITS, Queue
from pipelines.settings.alert_settings import Alerts, Channel, When, routes_of
from pipelines.state.alert_records import GIVEN_UP, SENT, given_since, outbox
from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.rows import MessageRow

IsOpen = Callable[[date], bool]
List = Literal["daily", "weekly"]
LISTS: tuple[List, ...] = ("daily", "weekly")
DAY = timedelta(days=1)
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
LOOK_BACK_DAYS = 120  # longer than any summer

UNDELIVERED = "could not be delivered"
UNSEEN = "was not acknowledged"
STUCK = timedelta(hours=2)
FORGOTTEN = timedelta(days=7)
"""After this additional time, an unacknowledged message is not escalated any more."""


def is_quiet(now: datetime, alerts: Alerts, is_open: IsOpen) -> bool:
    """Return whether local time `now` is in quiet hours or on a closed day."""
    if not is_open(now.date()):
        return True
    start, end, clock = alerts.quiet_from, alerts.quiet_to, now.time()
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end


def last_due(which: List, now: datetime, alerts: Alerts, is_open: IsOpen) -> datetime:
    """Return the newest moment at which a list was due; `now` is local.

    The daily list is due on school days. The weekly one is due on its weekday; if the
    district is closed then, on the next school day of that week; if the whole week is
    closed, on its weekday.
    """
    for back in range(LOOK_BACK_DAYS):
        day = now.date() - back * DAY
        at = datetime.combine(day, alerts.list_time, now.tzinfo)
        if at <= now and _is_list_day(which, day, alerts, is_open):
            return at
    return datetime.combine(now.date() - LOOK_BACK_DAYS * DAY, time(), now.tzinfo)


def _is_list_day(which: List, day: date, alerts: Alerts, is_open: IsOpen) -> bool:
    if which == "daily":
        return is_open(day)
    back = (day.weekday() - WEEKDAYS.index(alerts.weekly_day)) % 7
    week = [day + number * DAY for number in range(-back, 7 - back)]
    return day == next((one for one in week if is_open(one)), week[0])


def due(
    now: datetime, alerts: Alerts, is_open: IsOpen, served: Callable[[List], datetime | None]
) -> frozenset[When]:
    """Return the due lists; immediate messages are always due.

    Args:
        served: When a channel last received a list; None for never: the first
            list is due at the first run, at any hour.
    """
    found: set[When] = {"at_once"}
    quiet = is_quiet(now, alerts, is_open)
    for which in LISTS:
        last = served(which)
        is_late = last is not None and last < last_due(which, now, alerts, is_open)
        # quiet hours hold without exception: a list of a closed week waits
        if last is None or (is_late and not quiet):
            found.add(which)
    return frozenset(found)


@dataclass(frozen=True)
class Announcement:
    """A message and its facts."""

    message: Message
    facts: Sequence[Alert]


@dataclass(frozen=True)
class Composition:
    """The messages of a channel now, and the decision about every fact."""

    announcements: Sequence[Announcement]
    decisions: Sequence[Decision]


def compose(
    decisions: Sequence[Decision],
    setting: MessageContext,
    left: int,
    day: date,
    over: Sequence[str] = (),
) -> Composition:
    """Compose the messages of one channel.

    Args:
        left: Messages that the receiver may still get today. The last of them contains
            the number of waiting facts, which are sent another day.
        day: Today, local.
        over: Facts that the receiver knew and that have ended, if the daily list is due.
    """
    announcements: list[Announcement] = []
    held: list[Alert] = []
    for made in _messages(decisions, setting, over):
        if len(announcements) < left - 1:
            announcements.append(made)
        else:
            held += made.facts
    if held and len(announcements) < left:
        announcements.append(Announcement(overflow(held, day.isoformat(), setting), ()))
    late = {item.key for item in held}
    return Composition(announcements, [_over(decision, late) for decision in decisions])


def _over(decision: Decision, late: set[str]) -> Decision:
    if decision.what != TELL or decision.news.key not in late:
        return decision
    return replace(decision, what=HOLD, rule=BUDGET)


def _messages(
    decisions: Sequence[Decision], setting: MessageContext, over: Sequence[str]
) -> list[Announcement]:
    """Return the messages: immediate, then the weekly list, then the daily list."""
    silenced = _ruled(decisions, SNOOZED, SEEN)
    found = []
    if facts := _due(decisions, "at_once"):
        waiting = sum(decision.what == HOLD for decision in decisions if decision.slot == "daily")
        found.append(Announcement(notice(facts, waiting, setting), facts))
    if facts := _due(decisions, "weekly"):
        found.append(Announcement(weekly(facts, silenced, setting), facts))
    facts = _due(decisions, "daily")
    if facts or over:
        found.append(Announcement(daily(facts, silenced, over, setting), facts))
    return found


def _due(decisions: Sequence[Decision], slot: str) -> list[Alert]:
    return announced_by(
        decision for decision in decisions if (decision.what, decision.slot) == (TELL, slot)
    )


def _ruled(decisions: Sequence[Decision], *rules: str) -> int:
    return sum(decision.rule in rules for decision in decisions)


def escalations(
    rows: Iterable[MessageRow], answered: frozenset[str], now: datetime, patience: timedelta
) -> list[tuple[str, bool, Message]]:
    """Return what to escalate.

    Args:
        rows: Rows of the outbox.
        answered: Messages that were acknowledged or snoozed.
        patience: How long an immediate message may wait to be acknowledged.

    Returns:
        The channel that failed, whether delivery failed, and the message.
    """
    found = []
    for row in rows:
        reason = _reason(row, answered, now, patience)
        if reason:
            made = escalation(row["alert_key"], row["subject"], row["severity"], reason)
            found.append((row["channel"], reason == UNDELIVERED, made))
    return found


def _reason(row: MessageRow, answered: frozenset[str], now: datetime, patience: timedelta) -> str:
    if row["class_name"] == "escalation" or row["alert_key"] in answered:
        return ""
    if row["state"] == SENT and row["sent_time"]:
        age = now - datetime.fromisoformat(row["sent_time"])
        wants_answer = row["class_name"] in (AT_ONCE, TEST)
        is_due = patience <= age < patience + FORGOTTEN
        return UNSEEN if wants_answer and is_due else ""
    age = now - datetime.fromisoformat(row["created_time"])
    is_stuck = row["attempts"] > 0 and age >= STUCK
    return UNDELIVERED if row["state"] == GIVEN_UP or is_stuck else ""


@dataclass(frozen=True)
class RoundContext:
    """Context of a district's rounds of alerts.

    Attributes:
        is_open: Whether a school of the district works on a day.
        report: Location of the newest report.
        desk: Address of the review desk; empty without one.
        queue: Cases that need a decision, as the report counts them.
        report_channel: Name of the channel that the report is mailed to; empty
            without one.
    """

    store: Store
    alerts: Alerts
    zone: ZoneInfo
    is_open: IsOpen
    report: str
    queue: Queue = NOTHING_WAITS
    desk: str = ""
    report_channel: str = ""


def run_round(
    context: RoundContext,
    channels: Mapping[str, Channel],
    news: Sequence[Alert],
    ids: Mapping[str, str],
    now: datetime,
) -> int:
    """Put what is due now into the outbox; how many messages.

    Args:
        ids: Of the facts, by key.
    """
    this = _Round(context, channels, ids, remembered(context.store), now)
    tests = this.test_of_the_week()
    return tests + sum(this.compose(name, news) for name in channels) + this.escalate()


@dataclass(frozen=True)
class _Round:
    context: RoundContext
    channels: Mapping[str, Channel]
    ids: Mapping[str, str]
    memory: Memory
    now: datetime

    @property
    def local(self) -> datetime:
        return self.now.astimezone(self.context.zone)

    @property
    def is_quiet(self) -> bool:
        return is_quiet(self.local, self.context.alerts, self.context.is_open)

    def compose(self, name: str, news: Sequence[Alert]) -> int:
        """Put one channel's messages into the outbox; how many."""
        alerts, one = self.context.alerts, self.channels[name]
        lists = due(self.local, alerts, self.context.is_open, partial(self._served, name))
        moment = Moment(self.local, self.is_quiet, lists)
        reader = Receiver(
            name,
            one.audience,
            one.phone or is_phone(one),
            has_report=name == self.context.report_channel,
        )
        decisions = decide(
            news, reader, self.memory, moment, routes=routes_of(alerts), alerts=alerts
        )
        over = self._over(name) if "daily" in lists else []
        today = self.local.date()
        made = compose(decisions, self._setting(), self._left(name), today, over)
        note_decisions(self.context.store, self.ids, made.decisions, self.now)
        self._put(name, made, moment)
        return len(made.announcements)

    def _put(self, name: str, made: Composition, moment: Moment) -> None:
        """Store message and memory in one transaction."""
        with self.context.store.writing() as transaction:
            for announcement in made.announcements:
                put(transaction, announcement.message, name, self.now)
                key = announcement.message.key
                note_announced(transaction, self.ids, announcement.facts, name, key, self.now)
            for which in moment.due - {"at_once"}:
                remember(transaction, _slot(which, name), now_text(self.now))

    def test_of_the_week(self) -> int:
        """A test in the first working hours of a week, to be acknowledged."""
        alerts = self.context.alerts
        is_early = self.local.time() < alerts.list_time
        if not alerts.monday_test or is_early or self.is_quiet:
            return 0
        year, week, _ = self.local.isocalendar()
        return sum(
            enqueue(self.context.store, test_message(name, f"{year}-W{week:02d}"), [name], self.now)
            for name in self.channels
            if name != alerts.escalate_to
        )

    def escalate(self) -> int:
        """Escalate messages that did not arrive or were not acknowledged.

        Both wait for the end of quiet hours, and for a day on which the receiver may
        still get a message.
        """
        if self.is_quiet:
            return 0
        store, alerts = self.context.store, self.context.alerts
        patience = timedelta(hours=alerts.acknowledge_hours)
        found = escalations(outbox(store), answered_messages(store), self.now, patience)
        new = 0
        for failed, is_undelivered, message in found:
            to = [alerts.escalate_to] if alerts.escalate_to else []
            if not to and is_undelivered:
                to = [name for name in self.channels if name != failed]
            to = [name for name in to if name in self.channels and name != failed]
            new += enqueue(store, message, [n for n in to if self._left(n) > 0], self.now)
        return new

    def _served(self, name: str, which: List) -> datetime | None:
        with self.context.store.reading() as transaction:
            text = fact(transaction, _slot(which, name))
        return datetime.fromisoformat(text) if text else None

    def _over(self, name: str) -> list[str]:
        """Return the facts that ended since the channel's last daily list."""
        last = self._served(name, "daily")
        return over_since(self.context.store, name, last) if last else []

    def _left(self, name: str) -> int:
        """Return the number of messages that a channel's receiver may still get today."""
        midnight = self.local.replace(hour=0, minute=0, second=0, microsecond=0)
        mine = readers_of(name, self.channels[name])
        same = [
            other for other, channel in self.channels.items() if mine & readers_of(other, channel)
        ]
        given = given_since(self.context.store, same, midnight)
        return self.context.alerts.most_a_day - given

    def _setting(self) -> MessageContext:
        return MessageContext(
            id_of=lambda key: self.ids[key],
            time_text=lambda at: f"{at.astimezone(self.context.zone):%Y-%m-%d %H:%M}",
            report=self.context.report,
            desk=self.context.desk,
            queue=self.context.queue,
            moment=now_text(self.now),
        )


def _slot(which: str, channel: str) -> str:
    return f"alerts:{which}:{channel}"
