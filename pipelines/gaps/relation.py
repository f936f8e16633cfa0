"""One gap: what some rules could not judge, the reason, and its sentence for operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pipelines.errors import capital
from pipelines.gaps.families import FAMILIES
from pipelines.warehouse.sentences import listed

Reason = Literal[
    "model",
    "field",
    "hours",
    "share",
    "loss",
    "rows",
    "log",
    "all_lost",
    "networks",
    "keyboards",
    "events",
    "fixed",
    "explanation",
    "open",
    "fetch",
]
DATED: tuple[Reason, ...] = ("field", "model")
"""Reasons of rules that did not run on some days."""
LIMITING: tuple[Reason, ...] = ("share", "loss", "networks", "keyboards", "events", "fetch")
"""Reasons why rules judge less than the logs could let them: a run and `check` show these."""
IDLE: tuple[Reason, ...] = ("rows", "log", "all_lost")
"""Reasons of rules that judged nothing."""
WHY: Mapping[Reason, str] = {
    "model": "{what} could not be built",
    "field": "{source} no longer gives {what}",
    "hours": "{source} sent no lines",
    "loss": "{share} of requests {filter}",
    "rows": "no rows in {what}",
    "log": "no needed log arrives",
    "all_lost": "events {filter}",
    "networks": "{lost} of {total} networks have no building",
}
"""The reason in words, on every surface; a report translates them."""
JUDGED_NOTHING = "{rules} judged nothing{where}: {why} ({titles})"
REMEDIED = "{Remedy} would let {rules} judge {lost} {unit} per week{where}{which}"
LINES: Mapping[Reason, str] = {
    "model": "{why}{when}{unjudged}",
    "field": "{why}{when}{unjudged}",
    "hours": "{why}",
    "share": "only {judged} of {total} staff requests with a name can be judged by rules on sites "
    "({first} to {last})",
    "loss": "{Rules} cannot judge {lost} {unit} per week{where}{which}",
    "rows": JUDGED_NOTHING,
    "log": JUDGED_NOTHING,
    "all_lost": JUDGED_NOTHING,
    "networks": "{why}: {family} are off. Write it into subnets.csv, or list buildings in "
    "buildings.csv with the names that the networks have: the next run matches them",
    "keyboards": "no log shows the user of {lost} {unit}; {remedy} would ({detail})",
    "fetch": "{what}",
    "events": "{Family} cannot be judged: no {what} arrive{of_rules}",
    "fixed": "use at two keyboards cannot be judged at {schools}: devices.csv has no desktop or "
    "lab computer there, and portable devices may be next to each other",
    "explanation": "{rule}: {lost} of {total} candidates of the week, leads included, could not "
    'be tested for "{what}"{test}',
    "open": "{lost} of {total} open findings, leads included, could be decided with {remedy}, "
    "and no other explanation is untested",
}
"""The sentence of a reason for operators."""
ABSENT: Mapping[str, str] = {
    "approved_sites.csv": "there is no list of approved sites",
    "subnets.csv": "no networks are listed",
}
"""Registry files without rows, as a report that names no file calls it."""

NO_ACCOUNT = "no account"
CONTRADICTED, NO_HOURS = "two logs name different people", "no duty hours on file"
ONE_FACT, NO_OWNER = "one fact names the account", "the device has no owner on file"
NO_ONE_SEEN = "no log shows who is at the device"
NO_LOGONS = "the device writes no logons"
NO_DEVICE = "no device"
SHARED_ADDRESS = "address that many share"
NOT_STATED = "no line shows if it was allowed"
FILTERS: Mapping[str, str] = {
    NO_ACCOUNT: "have no account",
    CONTRADICTED: "have logs that name different people",
    "account unknown to the registry": "have an account that is not in the registry",
    NO_DEVICE: "come from an address whose device is not known",
    SHARED_ADDRESS: "come from an address that many devices share",
    "no host": "have no host",
    NOT_STATED: "come from logs that do not show if a request was allowed",
    "no line closes its session": "belong to sessions whose line with bytes and end did not arrive",
    "neither size nor content type": "have neither a size nor a content type",
    "network unknown to the registry": "come from a network that is not in the registry",
    NO_OWNER: "come from devices whose owner is not on file",
    ONE_FACT: "have only one fact that shows the account",
    "device unknown to the registry": "come from devices that are not in the registry",
    NO_HOURS: "belong to people whose duty hours are not on file",
    NO_ONE_SEEN: "come from devices whose user no log shows",
    NO_LOGONS: "come from devices that do not log logons",
    "no login to the VPN": "come through a tunnel whose login does not arrive",
    "neither host nor address": "have neither host nor address",
    "no size": "have no size",
}
"""Filter of `marts.rule_coverage` -> what its events lack."""

ELSEWHERE = "elsewhere"
MAX_DAYS = 7
"""Days of a gap that are listed by their dates."""
MAX_TITLES = 3
"""Titles of rules that a sentence contains."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something that rules could not judge.

    Attributes:
        rules: Codes of the rules; empty if no rule or a whole family waits for it.
        titles: Titles of the same rules, where a sentence names them.
        family: The family of rules that lost the events.
        source: The log that lacks a field or hours.
        what: The missing model, field, file or log; the filter; the explanation.
        buildings: Where; empty for everywhere.
        devices: The classes of devices that it is limited to.
        days: Oldest first; empty if it does not depend on days.
        start: First instant of missing hours.
        end: Their end.
        lost: Number of events, devices, networks, hours or candidates that were not judged.
        total: Number of those that came to the rules.
        unit: Name of what is counted.
        remedy: The log or list that would help; empty where none would.
        detail: More for the operator. It may contain a value of a log line, which no report,
            alert or snapshot shows.
        withheld: Models that are not built because of it.
    """

    reason: Reason
    rules: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    family: str = ""
    source: str = ""
    what: str = ""
    buildings: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    lost: int = 0
    total: int = 0
    unit: str = "requests"
    remedy: str = ""
    detail: str = ""
    withheld: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """The reason in words, as in "no rows in leave.csv"."""
        return WHY[self.reason].format(
            what=self.what,
            source=self.source,
            filter=FILTERS.get(self.what, ""),
            lost=self.lost,
            total=self.total,
            share=percent(self.share),
        )

    @property
    def share(self) -> float:
        """The lost part of the total; 0 of nothing."""
        return self.lost / self.total if self.total else 0.0

    @property
    def line(self) -> str:
        """The sentence of an operator, without the detail."""
        named = [f"“{title}”" for title in self.titles[:MAX_TITLES]]
        if (more := len(self.titles) - MAX_TITLES) > 0:
            named.append(f"and {more} more")
        shape = REMEDIED if self.reason == "loss" and self.remedy else LINES[self.reason]
        return shape.format(
            why=self.why if self.reason in WHY else "",
            rules=rules_counted(len(self.rules)),
            Rules=capital(rules_counted(len(self.rules))),
            of_rules=f" ({rules_counted(len(self.rules))})" if self.rules else "",
            titles="; ".join(named),
            unjudged=_part("; not judged there: {}", ", ".join(self.rules)),
            when=_part(" for {}", _dates(self.days)),
            first=min(self.days, default=""),
            last=max(self.days, default=""),
            where=_part(" {}", _places(self.buildings)),
            schools=", ".join(self.buildings),
            Family=capital(FAMILIES.get(self.family, "")),
            family=FAMILIES.get(self.family, ""),
            what=self.what,
            which=_part(", which {}", FILTERS.get(self.what, "")),
            lost=f"{self.lost:,}",
            total=f"{self.total:,}",
            judged=percent(1 - self.share),
            unit=self.unit,
            rule=", ".join(self.rules),
            remedy=self.remedy,
            Remedy=capital(self.remedy) if self.remedy else "",
            test=_part("; {} would test it", self.remedy),
            detail=self.detail,
        )

    def __str__(self) -> str:
        return f"{self.line} ({self.detail})" if self.reason in DATED else self.line


def _part(shape: str, words: str) -> str:
    return shape.format(words) if words else ""


def _dates(days: Sequence[date]) -> str:
    dates = ", ".join(day.isoformat() for day in days[:MAX_DAYS])
    more = len(days) - MAX_DAYS
    return f"{dates} and {more} more days" if more > 0 else dates


def rules_counted(number: int) -> str:
    """Return text such as "1 rule" and "12 rules"."""
    return "1 rule" if number == 1 else f"{number} rules"


def percent(part: float) -> str:
    """Return a share in whole percent; neither 0 nor 100 for what is a little of either."""
    exact = 100 * part
    return f"{min(max(exact, 1), 99):.0f}%" if 0 < exact < 100 else f"{exact:.0f}%"


def _places(buildings: Sequence[str]) -> str:
    """Return where, as in "at HS and MS, and outside the buildings"."""
    schools = [building for building in buildings if building != ELSEWHERE]
    at = f"at {listed(schools)}" if schools else ""
    if ELSEWHERE not in buildings:
        return at
    return f"{at}{', and ' if at else ''}outside the buildings"
