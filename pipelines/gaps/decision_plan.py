"""Which missing log, field or list would let people decide most, ranked.

It is computed from the explanations that were not testable (`explanations`) and from what the
rules could not judge (`now`). A log decides either way: it may support a case or clear an account.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipelines.district import District
from pipelines.findings.cases import LEAD, Case
from pipelines.gaps.explanations import lacks
from pipelines.gaps.logs import KEYBOARD_LOGS, arrived, is_without_windows
from pipelines.gaps.losses import KEYBOARD_LOG, MACS_LOG, REMEDIES, SECURITY_LOG
from pipelines.gaps.now import gaps
from pipelines.gaps.relation import Gap, Reason
from pipelines.gaps.remedies import KEYBOARDS, Remedy, facts_of
from pipelines.state.findings import OPEN

COVERAGE: tuple[Reason, ...] = ("loss", "field", "networks", "keyboards", "events", "rows")
"""Reasons of gaps that a log, a field or a list would fill."""
Needs = Sequence[frozenset[str]]
"""The logs and lists that would test a case, for each of its findings; one set is enough."""


@dataclass(frozen=True)
class Step:
    """A log, a field or a list, and what it adds to the steps before.

    Attributes:
        remedies: One, or several that help only together.
        cases: Cases that would have no untested explanation left, with logs of their days.
        leads: Leads that would become cases, if their test rules the explanation out.
        gaps: What rules would judge with it.
        facts: How to get each.
        devices: Devices of these cases that the log is about.
    """

    remedies: tuple[str, ...]
    cases: tuple[Case, ...] = ()
    leads: tuple[Case, ...] = ()
    gaps: tuple[Gap, ...] = ()
    facts: tuple[Remedy, ...] = ()
    devices: int = 0

    @property
    def minutes(self) -> int:
        """Rough amount of work."""
        return sum(one.minutes for one in self.facts)

    @property
    def requests(self) -> int:
        """Requests per week that rules would judge."""
        return sum(gap.lost for gap in self.gaps if gap.reason == "loss" and gap.unit == "requests")

    def rank(self) -> tuple[object, ...]:
        """Order steps: most cases, then most leads, then most requests per minute of work."""
        rules = len({rule for gap in self.gaps for rule in gap.rules})
        per_minute = self.requests / max(self.minutes, 1)
        return -len(self.cases), -len(self.leads), -per_minute, -rules, self.remedies


@dataclass(frozen=True)
class Plan:
    """Every step, the most useful one first.

    Attributes:
        waiting: Cases that need a decision.
        tested: Those with a finding whose explanations could all be tested.
    """

    steps: tuple[Step, ...]
    waiting: int = 0
    tested: int = 0

    @property
    def helped(self) -> int:
        """Cases that a step would let people decide."""
        return sum(len(step.cases) for step in self.steps)


@dataclass(frozen=True)
class Situation:
    """The devices and the logs of a district, by which a general remedy becomes a log.

    Attributes:
        classes: Device -> its class.
        silent: Keyboard logs that do not arrive from any device.
        has_windows: Some computer may write a Windows log.
        base: Rule -> the confidence of its findings if nothing is untested.
    """

    classes: Mapping[str, str | None]
    silent: frozenset[str]
    base: Mapping[str, str]
    has_windows: bool = True

    @classmethod
    def of(cls, district: District) -> "Situation":
        """Return that of a district."""
        frame = district.registry.frames["devices"]
        formats = {name for _, name in arrived(district.store)}
        return cls(
            classes=dict(frame.select("device", "device_class").iter_rows()),
            silent=frozenset(one.log for one in KEYBOARD_LOGS if not formats & one.formats),
            base={code: one.base_confidence for code, one in district.headers.items()},
            has_windows=not is_without_windows(district.store),
        )

    def needs(self, case: Case) -> Needs:
        """Return what each undecided finding of a case lacks, where logs and lists would do."""
        found = []
        for row in case.undecided:
            record = row["record"]
            needed = lacks(row["rule"], record["alternatives"])
            is_lead = row["confidence"] == LEAD
            if needed is None or (is_lead and self.base.get(row["rule"], LEAD) == LEAD):
                continue  # with every log it stays a lead
            found.append(
                frozenset().union(*(self.logs(words, record["devices"]) for words in needed))
            )
        return found

    def logs(self, words: str, devices: Iterable[str]) -> frozenset[str]:
        """Return the logs that are meant by a remedy, by the classes of some devices."""
        if words != KEYBOARDS:
            return frozenset({words})
        logs = {KEYBOARD_LOG.get(self.classes.get(device) or "", "") for device in devices} - {""}
        logs = logs & self.silent or logs
        if not self.has_windows:
            logs = {MACS_LOG if log == SECURITY_LOG else log for log in logs}
        return frozenset(logs or {words})

    def facts(self, words: str, reason: Reason = "open") -> Remedy:
        """Return the facts about a remedy, with the work that it takes here."""
        facts = facts_of(words, reason)
        if facts.first and facts.begins in self.silent:
            minutes, why = facts.first
            return replace(facts, minutes=minutes, why=why)
        return facts

    def devices_of(self, remedies: Iterable[str], cases: Iterable[Case]) -> int:
        """Count the devices of some cases whose own log is missing."""
        names = {
            name for case in cases for row in case.undecided for name in row["record"]["devices"]
        }
        logs = set(remedies)
        return sum(KEYBOARD_LOG.get(self.classes.get(name) or "", "") in logs for name in names)


def plan(district: District, cases: Iterable[Case], week: date) -> Plan:
    """Return the plan of a district.

    Args:
        week: Monday of the week for which cases are counted.
    """
    situation = Situation.of(district)
    waiting: dict[str, Case] = {}
    leads: dict[str, Case] = {}
    for case in cases:
        standing = case.standing(week)
        if standing == "waiting":
            waiting[case.case_id] = case
        elif standing == "lead" and case.status == OPEN:
            leads[case.case_id] = case
    needs = {name: situation.needs(case) for name, case in (waiting | leads).items()}
    steps = [
        Step(
            remedies=remedies,
            cases=tuple(waiting[name] for name in names if name in waiting),
            leads=tuple(leads[name] for name in names if name in leads),
            facts=tuple(map(situation.facts, remedies)),
            devices=situation.devices_of(remedies, [(waiting | leads)[name] for name in names]),
        )
        for remedies, names in greedy(needs, waiting)
    ]
    found = gaps(district.store, district.settings, district.outline, *COVERAGE)
    return Plan(
        steps=tuple(sorted(with_gaps(steps, list(found), situation), key=Step.rank)),
        waiting=len(waiting),
        tested=sum(frozenset() in needs[name] for name in waiting),
    )


def greedy(
    needs: Mapping[str, Needs], first: Collection[str]
) -> list[tuple[tuple[str, ...], list[str]]]:
    """Return remedies, each with the cases that it adds to those before.

    Several are one step only where no single one adds a case.

    Args:
        needs: What each case lacks.
        first: The cases that count before all others.
    """
    left = {name: sets for name, sets in needs.items() if sets and frozenset() not in sets}
    chosen: frozenset[str] = frozenset()
    steps: list[tuple[tuple[str, ...], list[str]]] = []
    while left:
        lacking = {needed - chosen for sets in left.values() for needed in sets}
        fewest = min(map(len, lacking))
        added = {
            step: [name for name, sets in left.items() if any(one <= chosen | step for one in sets)]
            for step in sorted(lacking, key=sorted)
            if len(step) == fewest
        }
        best = max(
            added, key=lambda step: (sum(name in first for name in added[step]), len(added[step]))
        )
        steps.append((tuple(sorted(best)), added[best]))
        chosen |= best
        left = {name: sets for name, sets in left.items() if name not in added[best]}
    return steps


def with_gaps(steps: Sequence[Step], found: Sequence[Gap], situation: Situation) -> list[Step]:
    """Return the steps with what rules would judge, and a step for each further remedy."""
    result = list(steps)
    for gap in found:
        words = words_of(gap)
        if not words:
            continue
        facts = situation.facts(words, gap.reason)
        for place, step in enumerate(result):
            if any(words.startswith(one) for one in step.remedies) or facts in step.facts:
                result[place] = replace(step, gaps=(*step.gaps, gap))
                break
        else:
            is_of_devices = facts.begins in {*KEYBOARD_LOG.values(), MACS_LOG}
            title = facts.begins if is_of_devices else words
            result.append(Step(remedies=(title,), gaps=(gap,), facts=(facts,)))
    return result


def words_of(gap: Gap) -> str:
    """Return the log, field or list that a gap asks for; empty if none would help."""
    if gap.reason == "field":
        return f"{gap.what} in the lines of {gap.source}"
    if gap.reason == "networks":
        return REMEDIES["network unknown to the registry"]
    if gap.reason == "rows":
        return f"rows in {gap.what}"
    return gap.what if gap.reason == "events" else gap.remedy
