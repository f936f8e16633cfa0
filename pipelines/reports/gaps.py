"""The gaps of a report's week, and their words in its reader's language.

They are the rows of the one relation (`pipelines.gaps`), of the snapshot's days: every page and
section selects from these, and has no reason of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from pipelines.gaps.families import FAMILIES, FAMILIES_OF, KEYBOARDS
from pipelines.gaps.logs import PLACELESS_SHARE
from pipelines.gaps.losses import (
    CLASS,
    COUNTS,
    FILTERED,
    CoverageRow,
    coverage_rows,
    worst_losses,
)
from pipelines.gaps.relation import ABSENT, DATED, FILTERS, WHY, Gap, Reason
from pipelines.registry.device_classes import CLASSES
from pipelines.reports.language import marked, plural, term, text
from pipelines.reports.report_rows import RuleInfo
from pipelines.reports.view import NO_BUILDING, View, once
from pipelines.reports.words import listed, number, share, span

ONE_HOUR = timedelta(hours=1)
SHARED = "shared_account"
OUTSIDE = marked("outside the buildings")
NOT_ALL = marked("We can't check all use")
NOT_YET = marked("We can't check this yet:")


class NotJudged(NamedTuple):
    """The part of a week that the rules of a kind could not judge.

    Attributes:
        is_early: They can judge nothing yet.
        reasons: Why, as the end of a sentence.
    """

    is_early: bool
    reasons: str

    @property
    def title(self) -> str:
        """The sentence without its period."""
        return f"{term(NOT_YET if self.is_early else NOT_ALL)} {self.reasons}"

    @property
    def sentence(self) -> str:
        """The sentence."""
        return f"{self.title}."


def why(gap: Gap) -> str:
    """Return the reason of a gap, as in "proxy no longer gives user_name"."""
    return text(
        WHY[gap.reason],
        what=gap.what,
        source=gap.source,
        filter=term(FILTERS.get(gap.what, "")),
        lost=number(gap.lost),
        total=number(gap.total),
        share=share(gap.lost, gap.total) if gap.total else "",
    )


def days_not_judged(view: View) -> list[Gap]:
    """Return the rules and days of the week that were not judged, a gap for each rule and reason.

    A table of the report that lacks days has no rule.
    """
    days: dict[tuple[Reason, str, str, str, str], list[date]] = {}
    rows = view.of_week(view.inputs.unjudged_days).sort("event_date")
    names = ("rule", "source", "field", "model", "cause", "event_date")
    for rule, source, field, model, cause, day in rows.select(names).iter_rows():
        reason: Reason = "field" if field else "model"
        key = (reason, rule, source or "", field or cause, "" if rule else model or "")
        days.setdefault(key, []).append(day)
    return [
        Gap(
            reason=reason,
            rules=(rule,) if rule else (),
            source=source,
            what=what,
            days=tuple(dict.fromkeys(dates)),
            withheld=(table,) if table else (),
        )
        for (reason, rule, source, what, table), dates in sorted(days.items())
    ]


def say_days(gaps: Sequence[Gap], reasons: Iterable[str] = ()) -> str:
    """Return text such as "4 rules could not judge 3 days: proxy no longer gives user_name."""
    rules = {rule for gap in gaps for rule in gap.rules}
    sentence = text(
        "{rules} could not judge {days}",
        rules=plural("{rules} rule", "{rules} rules", len(rules), rules=number(len(rules))),
        days=_days(gaps),
    )
    listing = listed(sorted(set(reasons)))
    return f"{sentence}: {listing}." if listing else f"{sentence}."


def _days(gaps: Sequence[Gap]) -> str:
    days = len({day for gap in gaps for day in gap.days})
    return plural("{days} day", "{days} days", days, days=number(days))


def of_rules(gaps: Iterable[Gap]) -> list[Gap]:
    """Return the gaps of rules, without those of the report's tables."""
    return [gap for gap in gaps if gap.rules]


def unjudged_days(view: View) -> list[str]:
    """Return what the week's numbers leave out, a sentence for each reason."""
    gaps = days_not_judged(view)
    by_reason = [[gap for gap in of_rules(gaps) if gap.reason == reason] for reason in DATED]
    sentences = [say_days(some, map(why, some)) for some in by_reason if some]
    if tables := [gap for gap in gaps if not gap.rules]:
        names = {gap.withheld[0].split(".")[-1].replace("_", " ") for gap in tables}
        tables_listed = listed(sorted(map(text, names)))
        sentences.append(
            text("{days} could not be counted: {names}.", days=_days(tables), names=tables_listed)
        )
    return sentences


def is_unknown(view: View, kind: str) -> bool:
    """Return whether a rule of this kind could judge none of the days with lines."""
    days = set(view.of_week(view.inputs.source_days).filter(pl.col("events") > 0)["event_date"])
    left_out = {(gap.rules, day) for gap in days_not_judged(view) for day in gap.days}
    return bool(days) and any(
        all(((rule["code"],), day) in left_out for day in days) for rule in rules_of(view, kind)
    )


def rules_of(view: View, kind: str) -> list[RuleInfo]:
    """Return the rules of a kind."""
    return [rule for rule in view.inputs.rules if rule.get("kind") == kind]


def awaited_files(view: View, kind: str) -> tuple[str, ...]:
    """Return the registry files whose rows every rule of a kind waits for; empty if one judges."""
    lacks = [set(rule.get("lacks") or ()) for rule in rules_of(view, kind)]
    if not (lacks and all(lacks)):
        return ()
    return tuple(sorted(set.intersection(*lacks) or set.union(*lacks)))


def not_yet(view: View, kind: str) -> NotJudged | None:
    """Return why no rule of a kind can judge yet; None if one can."""
    files = awaited_files(view, kind)
    reasons = [
        term(ABSENT[file]) if file in ABSENT else why(Gap(reason="rows", what=file))
        for file in files
    ]
    return NotJudged(is_early=True, reasons=listed(reasons, most=2)) if files else None


@once
def week_coverage(view: View) -> list[CoverageRow]:
    """Return what each filter left out in the week, for all days and sources together."""
    rows = view.of_week(view.inputs.rule_coverage)
    summed = rows.group_by(*FILTERED, CLASS, maintain_order=True).agg(pl.col(COUNTS).sum())
    return coverage_rows(summed.iter_rows(named=True))


def not_judged_at(view: View, kind: str, *, is_brief: bool = False) -> NotJudged | None:
    """Return where the rules of a kind judged less than nine tenths of the week.

    As in "We can't check all use at MS on Chromebooks: 48% of requests have an account
    that is not in the registry." None where they could judge. A building is named once,
    with what its rules lose most.

    Args:
        is_brief: Name the reason with the most requests; only count the others.
    """
    lacking, total = view.inputs.placeless_networks
    if kind == SHARED and lacking > PLACELESS_SHARE * total:
        networks = Gap(reason="networks", lost=lacking, total=total)
        return NotJudged(is_early=True, reasons=why(networks))
    worst: dict[tuple[str, ...], Gap] = {}
    for family in FAMILIES_OF[kind]:
        for gap in worst_losses(week_coverage(view), family):
            worst.setdefault(gap.buildings, gap)
    if not worst:
        return None
    reasons = _by_reason(worst.values())
    largest = max(reasons, key=lambda reason: reasons[reason])
    outside = f"{term(OUTSIDE)}: "
    if len(reasons) == 1 and largest.startswith(f"{outside}100%"):
        # the registry lacks what every rule of this kind needs
        return NotJudged(is_early=True, reasons=largest.removeprefix(outside))
    if not is_brief or len(reasons) == 1:
        return NotJudged(is_early=False, reasons="; ".join(reasons))
    others = len(reasons) - 1
    more = plural(
        "{n} more gap: see Data quality",
        "{n} more gaps: see Data quality",
        others,
        n=number(others),
    )
    return NotJudged(is_early=False, reasons=f"{largest}. {more}")


def _by_reason(losses: Iterable[Gap]) -> dict[str, int]:
    """Return where, why and how much was lost; several places with one reason are one."""
    alike: dict[tuple[bool, str, str], list[Gap]] = {}
    for gap in losses:
        key = (gap.family == KEYBOARDS, gap.what, on_devices(gap))
        alike.setdefault(key, []).append(gap)
    reasons = {}
    for (is_of_keyboards, name, devices), gaps in sorted(alike.items()):
        lost, total = sum(gap.lost for gap in gaps), sum(gap.total for gap in gaps)
        where = _where(sorted(gap.buildings[0] for gap in gaps))
        rules = text(" with {rules}", rules=term(FAMILIES[KEYBOARDS])) if is_of_keyboards else ""
        reason = why(Gap(reason="loss", what=name, lost=lost, total=total))
        reasons[f"{where}{devices}{rules}: {reason}"] = lost
    return reasons


def _where(buildings: Sequence[str]) -> str:
    """Return where that is, as in "at MS"; events may be of no known building."""
    named = [building for building in buildings if building != NO_BUILDING]
    places = [text("at {place}", place=listed(named))] if named else []
    if len(named) < len(buildings):
        places.append(term(OUTSIDE))
    return listed(places)


def on_devices(gap: Gap) -> str:
    """Return words such as " on Chromebooks and laptops"; empty for all devices."""
    names = [term(CLASSES[name].plural if name in CLASSES else name) for name in gap.devices]
    return text(" on {devices}", devices=listed(names, most=len(CLASSES))) if names else ""


@once
def missing_hours(view: View) -> pl.DataFrame:
    """Return the week's expected hours without a line, by source and time."""
    return view.of_week(all_missing_hours(view))


@once
def all_missing_hours(view: View) -> pl.DataFrame:
    """Return the same of every week."""
    hours = view.inputs.source_hours.filter(
        pl.col("is_expected"),
        pl.col("line_count").fill_null(0) == 0,
        pl.col("hour_start") < view.inputs.generated_time,
    )
    return hours.sort("source", "hour_start")


def runs(absent: pl.DataFrame) -> list[Gap]:
    """Join missing hours that follow each other."""
    gaps: list[Gap] = []
    for source, hour in absent.select("source", "hour_start").iter_rows():
        end = hour + ONE_HOUR
        if gaps and (gaps[-1].source, gaps[-1].end) == (source, hour):
            gaps[-1] = replace(gaps[-1], end=end, lost=gaps[-1].lost + 1)
        else:
            gaps.append(Gap(reason="hours", source=source, start=hour, end=end, lost=1))
    return gaps


def say_hours(gap: Gap, view: View) -> str:
    """Return text such as "proxy, Wed 18 Nov, 2 am to 5 am"."""
    assert gap.start is not None
    assert gap.end is not None
    return f"{gap.source}, {span(gap.start, gap.end, view.zone)}"
