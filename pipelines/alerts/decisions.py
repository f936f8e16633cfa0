"""Decisions about which receiver gets which fact now, and the rule for each. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pipelines.alerts.news import CONFIDENCES, Alert
from pipelines.settings.alert_settings import OF_PEOPLE, Alerts, Audience, Route, When
from pipelines.settings.problems import SEVERITIES

TELL, HOLD, SUPPRESS = "tell", "hold", "suppress"
SLOTS: tuple[When, ...] = ("at_once", "daily", "weekly")

LEAD = "a lead stays with the analyst"
NO_ROUTE = "no route uses this channel"
PHONE = "actions of people do not page anyone"
REPORTED = "the report mail of this channel covers it"
SNOOZED = "snoozed"
SEEN = "acknowledged"
TOLD_BEFORE = "already sent and not more severe"
QUIET = "quiet hours"
NEXT: Mapping[When, str] = {
    "at_once": "",
    "daily": "waits for the daily list",
    "weekly": "waits for the weekly list",
}
BUDGET = "over the receiver's daily limit"
DUE = "due"


@dataclass(frozen=True)
class Receiver:
    """A channel as the decision sees it.

    Attributes:
        has_report: The weekly report is mailed to it, which counts the findings.
    """

    name: str
    audience: tuple[Audience, ...]
    is_phone: bool = False
    has_report: bool = False


@dataclass(frozen=True)
class LastMessage:
    """A channel's last message about a fact, with the severity at that time."""

    time: datetime
    step: int


@dataclass(frozen=True)
class Answer:
    """A person's last answer to a fact.

    Attributes:
        kind: ack or snooze.
        step: Its severity at that time.
        until: End of the silence.
    """

    kind: Literal["ack", "snooze"]
    step: int
    until: datetime | None = None


@dataclass(frozen=True)
class Memory:
    """Facts of earlier runs, by key."""

    announced: Mapping[tuple[str, str], LastMessage] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """The moment of a run, for one channel.

    Attributes:
        now: Aware, in the district's zone.
        is_quiet: In the quiet hours, or on a closed day.
        due: The lists that are due.
    """

    now: datetime
    is_quiet: bool
    due: frozenset[When]


@dataclass(frozen=True)
class Decision:
    """The decision about a fact on a channel, and its rule."""

    news: Alert
    channel: str
    what: str
    rule: str
    slot: When


def decide(
    news: Iterable[Alert],
    reader: Receiver,
    memory: Memory,
    moment: Moment,
    *,
    routes: Sequence[Route],
    alerts: Alerts,
) -> list[Decision]:
    """Return one decision for each fact, for one channel."""
    return [_decide(item, reader, memory, moment, routes=routes, alerts=alerts) for item in news]


def _decide(
    item: Alert,
    reader: Receiver,
    memory: Memory,
    moment: Moment,
    *,
    routes: Sequence[Route],
    alerts: Alerts,
) -> Decision:
    route, refused = _route(item, reader, routes)
    if route is None:
        return Decision(item, reader.name, SUPPRESS, refused, "weekly")
    if reader.has_report and item.about in OF_PEOPLE and route.when == "weekly":
        # two counts of one week, made at different moments, would not agree
        return Decision(item, reader.name, SUPPRESS, REPORTED, route.when)
    again = timedelta(days=alerts.again_after_days)
    rule = _silenced(item, reader, memory, moment.now, again)
    if rule:
        return Decision(item, reader.name, SUPPRESS, rule, route.when)
    rule = _held(route, moment)
    what = HOLD if rule else TELL
    return Decision(item, reader.name, what, rule or DUE, route.when)


def _route(item: Alert, reader: Receiver, routes: Sequence[Route]) -> tuple[Route | None, str]:
    """Return the soonest route from the fact to the receiver, or why there is none."""
    if item.confidence == "C1":
        return None, LEAD
    if reader.is_phone and item.about in OF_PEOPLE:
        return None, PHONE
    fitting = [route for route in routes if _fits(route, item, reader)]
    if not fitting:
        return None, NO_ROUTE
    return min(fitting, key=lambda route: SLOTS.index(route.when)), ""


def _fits(route: Route, item: Alert, reader: Receiver) -> bool:
    return (
        route.about == item.about
        and SEVERITIES.index(item.severity) >= SEVERITIES.index(route.severity)
        and CONFIDENCES.index(item.confidence) >= CONFIDENCES.index(route.confidence)
        and bool(set(route.audience) & set(reader.audience))
    )


def _silenced(
    item: Alert, reader: Receiver, memory: Memory, now: datetime, again: timedelta
) -> str:
    """Return why the fact is not sent again; empty if it is to be sent."""
    answer = memory.answers.get(item.key)
    if answer is not None and answer.kind == "snooze":
        if answer.until is not None and now < answer.until:
            return SNOOZED
    elif answer is not None and item.step <= answer.step:
        return SEEN
    announced = memory.announced.get((item.key, reader.name))
    if announced is None or item.step > announced.step:
        return ""
    may_come_again = item.about != "conduct" and not item.is_once
    lasts = may_come_again and now - announced.time >= again
    return "" if lasts else TOLD_BEFORE


def _held(route: Route, moment: Moment) -> str:
    if route.when != "at_once":
        return "" if route.when in moment.due else NEXT[route.when]
    return QUIET if moment.is_quiet and not route.in_quiet_hours else ""
