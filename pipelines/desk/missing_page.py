"""The page *Missing logs and lists*: what each would let people decide, and how to get it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pipelines.actions.context import ActionContext
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.queue import buildings_of
from pipelines.errors import capital
from pipelines.findings.cases import Case
from pipelines.gaps.decision_plan import Step, plan
from pipelines.gaps.forecast import SHOWN, Outcome, Result, requests_since, results
from pipelines.gaps.remedies import Remedy
from pipelines.registry.registry import building_names
from pipelines.reports.words import day, listed

HOUR, HALF_DAY = 60, 240
Count = Callable[[int], str]


def missing_page(home: OpenHome, context: ActionContext) -> dict[str, object]:
    """Return the plan; a user who may not see cases gets no small count and no place of one."""
    found = plan(context.district, context.cases, home.week(context))
    sees_cases = context.asker.may("findings")
    least = context.district.settings.report.least_count
    names = building_names(context.district.registry)

    def count(number: int) -> str:
        is_shown = sees_cases or not number or number >= least
        return f"{number:,}" if is_shown else f"fewer than {least}"

    def where(cases: Iterable[Case]) -> str:
        codes = {code for case in cases for code in buildings_of(home, case)}
        return listed(sorted(names.get(code, code) for code in codes)) if sees_cases else ""

    zone = ZoneInfo(context.district.zone)

    def shown(step: Step) -> Mapping[str, object]:
        cases = [*step.cases, *step.leads]
        links = [(case.case_id, case.label) for case in cases] if sees_cases else []
        return _shown(step, count) | {"where": where(cases), "links": links}

    return {
        "waiting": count(found.waiting),
        # subtracted from each other, they would show a small count
        "tested": f"{found.tested:,}" if sees_cases else "",
        "rest": f"{found.waiting - found.tested - found.helped:,}" if sees_cases else "",
        "steps": [shown(step) for step in found.steps],
        "results": [
            _happened(one, count, zone) for one in results(context.district, context.cases)
        ],
        "requests": [
            {
                "title": heading(one.remedies),
                "since": _day(one.since, zone),
                "counts": [f"{one.expected:,}", f"{one.lacking:,}"],
            }
            for one in requests_since(context.district.store, found)
        ],
    }


def _shown(step: Step, count: Count) -> dict[str, object]:
    """Return a step in words."""
    return {
        "title": heading(step.remedies),
        "is_of_past": all(one.kind == "list" for one in step.facts),
        "cases": count(len(step.cases)) if step.cases else "",
        "leads": count(len(step.leads)) if step.leads else "",
        "is_one_lead": len(step.leads) == 1,
        "devices": count(step.devices) if step.devices else "",
        "lines": [f"{capital(gap.line)}." for gap in step.gaps],
        "work": f"{work(step.minutes)}: {'; '.join(one.why for one in step.facts)}",
        "ways": [_way(one) for one in step.facts],
    }


def _way(facts: Remedy) -> Mapping[str, object]:
    """Return how to get a log or a list; a list has a way per product."""
    return {
        "steps": [capital(one) for one in facts.steps.split("; or ")],
        "guide": f"docs/how-to/{facts.guide}.md",
        "vendor": facts.vendor,
        "past": facts.past,
    }


def _happened(result: Result, count: Count, zone: ZoneInfo) -> Mapping[str, object]:
    """Return what was expected of a log or list, and what happened."""
    ends: tuple[Outcome, ...] = (*SHOWN, "untested", "without")
    return {
        "title": heading(result.remedies),
        "since": _day(result.since, zone),
        "cases": count(result.cases),
        "leads": count(result.leads),
        "ends": [count(result.outcomes.get(end, 0)) for end in ends],
        "confirmed": count(result.confirmed),
        "explained": count(result.explained),
        "later": f"{count(result.later_tested)} of {count(result.later)}" if result.later else "-",
    }


def _day(time: str, zone: ZoneInfo) -> str:
    return day(datetime.fromisoformat(time).astimezone(zone).date())


def heading(remedies: Iterable[str]) -> str:
    """Return remedies that begin with a capital; the name of a file or a column stays."""
    words = listed(list(remedies))
    return words if "_" in words.split()[0] else capital(words)


def work(minutes: int) -> str:
    """Return an amount of work as a rough class."""
    if minutes < HOUR:
        return f"about {minutes} minutes"
    return "about an hour" if minutes < HALF_DAY else "about half a day or more"
