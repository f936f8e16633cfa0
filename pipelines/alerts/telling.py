"""Turns the decisions for one channel into messages, within the reader's day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipelines.alerts.deciding import (
    BUDGET,
    HOLD,
    SEEN,
    SNOOZED,
    TELL,
    TOLD_BEFORE,
    Decision,
)
from pipelines.alerts.message import Message
from pipelines.alerts.messages import Setting, daily, notice, overflow, told_by, weekly
from pipelines.alerts.news import News


@dataclass(frozen=True)
class Telling:
    """A message, and the facts that it tells of."""

    message: Message
    told: Sequence[News]


@dataclass(frozen=True)
class Told:
    """What a channel is given now, and what was decided of every fact."""

    tellings: Sequence[Telling]
    decisions: Sequence[Decision]


def tell(
    decisions: Sequence[Decision],
    setting: Setting,
    left: int,
    day: date,
    over: Sequence[str] = (),
) -> Told:
    """The messages of one channel.

    Args:
        left: Messages that the reader may still get today. The last of them says
            how many facts wait, whatever they are; those are told another day.
        day: Today, local.
        over: What the reader was told of and has ended, where the day's list is due.
    """
    tellings: list[Telling] = []
    held: list[News] = []
    for made in _messages(decisions, setting, over):
        if len(tellings) < left - 1:
            tellings.append(made)
        else:
            held += made.told
    if held and len(tellings) < left:
        tellings.append(Telling(overflow(held, day.isoformat(), setting), ()))
    late = {one.key for one in held}
    return Told(tellings, [_over(one, late) for one in decisions])


def _over(decision: Decision, late: set[str]) -> Decision:
    if decision.what != TELL or decision.news.key not in late:
        return decision
    return replace(decision, what=HOLD, rule=BUDGET)


def _messages(
    decisions: Sequence[Decision], setting: Setting, over: Sequence[str]
) -> list[Telling]:
    """At once, then the week's list, then the day's."""
    silenced = _ruled(decisions, SNOOZED, SEEN)
    found = []
    if told := _due(decisions, "at_once"):
        waiting = sum(one.what == HOLD for one in decisions if one.slot == "daily")
        found.append(Telling(notice(told, waiting, setting), told))
    if told := _due(decisions, "weekly"):
        earlier = _ruled(decisions, TOLD_BEFORE, slot="weekly")
        found.append(Telling(weekly(told, earlier, silenced, setting), told))
    told = _due(decisions, "daily")
    if told or over:
        found.append(Telling(daily(told, silenced, over, setting), told))
    return found


def _due(decisions: Sequence[Decision], slot: str) -> list[News]:
    return told_by(one for one in decisions if (one.what, one.slot) == (TELL, slot))


def _ruled(decisions: Sequence[Decision], *rules: str, slot: str = "") -> int:
    return sum(
        one.rule in rules and (not slot or one.slot == slot) for one in decisions
    )
