"""Plays a school year, hour by hour, through the real health and alert code.

Every hour is a separate process: what is known comes from the state database
alone. So a restart changes nothing, and a send that dies in the middle is taken up
by the next hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple

import polars as pl

from pipelines.alerts.memory import Observation, Reply, answer, take_news
from pipelines.alerts.message import AT_ONCE, TEST, Message
from pipelines.alerts.news import Alert, of_cases, of_issues
from pipelines.alerts.outbox import ONCE, deliver_waiting
from pipelines.alerts.rounds import RoundContext, run_round
from pipelines.errors import DeliveryError
from pipelines.findings.cases import queue_of
from pipelines.health.issues import Issue
from pipelines.health.source_hours import day_kinds, intervals, judged_hours
from pipelines.settings.alert_settings import Alerts, Channel
from pipelines.state.alert_records import announcements
from pipelines.state.connections import Store, open_store
from pipelines.weeks import monday
from tests.benchmarks.alert_year.school_year import HOUR, ZONE, Drawn, Year

LEARNT_DAYS = 180
SHOWN_DAYS = 10
DIES, AWAY = 0.01, 0.05
"""Share of deliveries in which the process dies, and in which the receiver is away."""

SEEN_SHARE = 0.8
"""Of the messages that want an answer; the rest is escalated."""

CHANNELS = {
    "director": Channel(type="file", audience=("director",)),
    "operator": Channel(type="file", audience=("operator",)),
    "pager": Channel(type="file", audience=("operator",), phone=True),
    "superintendent": Channel(type="file", audience=("director",), enabled=True),
}
ALERTS = Alerts(escalate_to="superintendent", monday_test=True, channels=CHANNELS)


class DiedError(BaseException):
    """The process is gone in the middle of a delivery."""


@dataclass(frozen=True)
class Arrived:
    """A message in a reader's hands."""

    channel: str
    time: datetime
    message: Message


class Announced(NamedTuple):
    """A fact that a channel was reported of."""

    news_id: str
    since: str
    channel: str
    time: datetime
    step: int


@dataclass
class Played:
    """What happened.

    Attributes:
        raised: Each trouble by key and start, and when it was first found.
        deaths: How often a process died while it sent.
        refusals: How often a receiver was away.
    """

    arrived: list[Arrived] = field(default_factory=list)
    raised: dict[tuple[str, datetime], datetime] = field(default_factory=dict)
    announced: list[Announced] = field(default_factory=list)
    deaths: int = 0
    refusals: int = 0


def play(year: Year, hours: pl.DataFrame, drawn: Drawn, random: Random) -> tuple[Played, Store]:
    """Return every hour of the judged days; the store is left for counting."""
    game = _Game(year, hours, drawn, random, open_store("sqlite://"), Played())
    for day in (one for one in year.days if one >= year.judged):
        judged = game.judged(day)
        for now in _hours(day):
            game.round(judged, now)
    return game.played, game.store


def _hours(day: date) -> Iterator[datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=ZONE).astimezone(UTC)
    while start < end:
        yield start
        start += HOUR


@dataclass(frozen=True)
class _Game:
    year: Year
    hours: pl.DataFrame
    drawn: Drawn
    random: Random
    store: Store
    played: Played

    def judged(self, day: date) -> pl.DataFrame:
        """Return the hours up to the end of a day, as they would be judged in it.

        An hour is compared with the same hour of other days only, so that the hours
        of the day that are still to come decide nothing.
        """
        first = day - timedelta(days=LEARNT_DAYS)
        known = self.hours.filter(pl.col("event_date").is_between(first, day))
        end = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(days=1)
        closed = pl.DataFrame({"source": known["source"].unique()}).with_columns(
            closed_time=pl.lit(end.astimezone(UTC)).dt.cast_time_unit("us")
        )
        kinds = day_kinds(self.year.frame, max(first, self.year.first), day)
        since = day - timedelta(days=SHOWN_DAYS)
        return judged_hours(known, kinds, closed, str(ZONE), since)

    def round(self, judged: pl.DataFrame, now: datetime) -> None:
        """What an hourly run does, and what readers then do."""
        issues = self._issues(judged, now)
        for issue in issues:
            self.played.raised.setdefault((issue.key, issue.start), now)
        waits = queue_of(self.drawn.cases(now), monday(now.date()))
        news: list[Alert] = [
            *of_cases(waits, ALERTS),
            *of_issues(issues, now),
        ]
        looked = ("case:", "health:")
        ids = take_news(self.store, Observation(news, looked), now)
        desk = RoundContext(self.store, ALERTS, ZONE, self.year.is_open, "the report", waits)
        if run_round(desk, CHANNELS, news, ids, now):
            self._note_announced(now)
        for name in CHANNELS:
            self._deliver(name, now)

    def _issues(self, judged: pl.DataFrame, now: datetime) -> list[Issue]:
        seen = judged.filter(pl.col("hour_start") + HOUR <= now)
        if seen.filter(pl.col("state") != "fine").is_empty():
            return []
        return [interval for interval in intervals(seen) if interval.end is None]

    def _note_announced(self, now: datetime) -> None:
        self.played.announced.extend(
            Announced(row["news_id"], row["since_time"], row["channel"], now, row["step"])
            for row in announcements(self.store, now)
            if row["since_time"] is not None
        )

    def _deliver(self, name: str, now: datetime) -> None:
        """Send what waits; the process may die, and the receiver may be away."""

        def hand_over(message: Message) -> None:
            fate = self.random.random()
            if fate < DIES:
                self.played.deaths += 1
                if fate < DIES / 2:  # the receiver had it already
                    self.played.arrived.append(Arrived(name, now, message))
                raise DiedError
            if fate < DIES + AWAY:
                self.played.refusals += 1
                raise DeliveryError("away", retryable=True)
            self.played.arrived.append(Arrived(name, now, message))
            self._read(message)

        try:
            deliver_waiting(self.store, name, hand_over, ONCE, now)
        except DiedError:
            return

    def _read(self, message: Message) -> None:
        wants_answer = message.class_name in (AT_ONCE, TEST)
        if wants_answer and self.random.random() < SEEN_SHARE:
            answer(self.store, Reply(message.key, "ack", "reader"))
