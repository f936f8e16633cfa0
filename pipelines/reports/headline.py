"""The headline numbers of a week, and what they are compared with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median, quantiles
from typing import NamedTuple

import polars as pl

from pipelines.errors import capital
from pipelines.findings.cases import SITE_USE, Case
from pipelines.findings.work_list import WorkItem, work_items
from pipelines.health.issues import KINDS as ISSUE_KINDS
from pipelines.health.rule_coverage import (
    ASKED_OF,
    CLASS,
    CLASSES,
    COUNTS,
    FAMILIES,
    FILTERED,
    KEYBOARDS,
    PLACELESS_SHARE,
    REASONS,
    Blind,
    CoverageRow,
    coverage_rows,
    gaps_of,
)
from pipelines.reports.language import marked, plural, term, text
from pipelines.reports.report_rows import Number, PublishedRecord, WeekNumbers
from pipelines.reports.view import NO_BUILDING, View, once, same_week_last_year
from pipelines.reports.words import count, listed, number, share, span
from pipelines.state.rows import Facts, FindingRow, number_in, texts_in

IS_RULE = pl.col("rule") != ""
FAILED = pl.col("model").fill_null("") != ""

TO_DECIDE = (
    "external", "no_list", "leisure", "lapsed", "approved_other_role",
    "undecidable",
)  # fmt: skip

WITHOUT_LIST = ("no_list", "leisure")
"""Verdicts of a district that has no list of approved sites."""
SITES_ASKED: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "site": pl.String,
    "categories": pl.List(pl.String),
    "accounts": pl.Int64,
    "minutes": pl.Float64,
    "days": pl.List(pl.Date),
    "cases": pl.Int64,
}
WHOLE_ENOUGH = 0.95  # below this a week is called partial (A3)
ONE_HOUR = timedelta(hours=1)
MAX_SAID = 2
OUTSIDE = marked("outside the buildings")
NOT_ALL = marked("We can't check all use")
NOT_YET = marked("We can't check this yet:")
ABSENT = {
    "approved_sites.csv": marked("there is no list of approved sites"),
    "subnets.csv": marked("no networks are listed"),
}
"""Registry files without rows, in words."""
NUMBERS: Mapping[Number, str] = {
    "needs_review": "Cases to decide",
    "shared_accounts": "Shared accounts",
    "new_sites": "New sites",
    "off_hours_accounts": "Accounts outside hours",
}
OFF_HOURS = "off_hours_external"
KINDS: Mapping[Number, str] = {
    "shared_accounts": "shared_account",
    "new_sites": "non_approved_site",
    "off_hours_accounts": OFF_HOURS,
}
WEEKS_DRAWN = 12
WEEKS_COMPARED = 8
FEWEST = 4  # below this, "usual" would be a big word


def unjudged(view: View) -> pl.DataFrame:
    """Return the week's rules and days that are not judged, and tables without a day."""
    return view.of_week(view.inputs.unjudged)


def is_unknown(view: View, kind: str) -> bool:
    """Return whether a rule of this kind could judge none of the days with lines."""
    came = view.of_week(view.inputs.source_days).filter(pl.col("events") > 0)
    days = set(came["event_date"])
    codes = {rule["code"] for rule in view.inputs.rules if rule.get("kind") == kind}
    held = unjudged(view).filter(pl.col("kind") == kind)
    left_out = {(rule, day) for rule, day in held.select("rule", "event_date").rows()}
    return bool(days) and any(all((code, day) in left_out for day in days) for code in codes)


def lacking_files(view: View, kind: str) -> tuple[str, ...]:
    """Return the registry files whose rows every rule of a kind waits for; empty if one judges."""
    rules = [rule for rule in view.inputs.rules if rule.get("kind") == kind]
    lacks = [set(rule.get("lacks") or ()) for rule in rules]
    if not (lacks and all(lacks)):
        return ()
    return tuple(sorted(set.intersection(*lacks) or set.union(*lacks)))


def not_yet(view: View, kind: str) -> str:
    """Return why no rule of a kind can judge yet; empty if one can."""
    files = lacking_files(view, kind)
    if not files:
        return ""
    why = [
        term(ABSENT[one]) if one in ABSENT else text("{file} has no rows", file=one)
        for one in files
    ]
    return f"{term(NOT_YET)} {listed(why, most=2)}"


def say_unjudged(view: View) -> list[str]:
    """Return what the week's numbers leave out, a sentence for each reason.

    As in "4 rules could not run on 3 days: proxy no longer gives user_name."
    """
    rows = unjudged(view)
    return [
        one
        for one in (
            _say_missing(rows.filter(~FAILED)),
            _say_failed(rows.filter(FAILED, IS_RULE)),
            _say_uncounted(rows.filter(FAILED, ~IS_RULE)),
        )
        if one
    ]


def _say_missing(rows: pl.DataFrame) -> str:
    pairs = rows.select("source", "field").unique().sort("source", "field")
    why = listed(
        [
            text("{source} no longer gives {name}", source=source, name=name)
            for source, name in pairs.rows()
        ]
    )
    return _say_nothing(rows, why)


def _say_failed(rows: pl.DataFrame) -> str:
    names = rows["cause"].unique().sort().to_list()
    return _say_nothing(rows, text("{names} could not be built", names=listed(names)))


def _say_nothing(rows: pl.DataFrame, why: str) -> str:
    if rows.is_empty():
        return ""
    rules, days = rows["rule"].n_unique(), rows["event_date"].n_unique()
    return text(
        "{rules} could not run on {days}: {why}.",
        rules=plural("{rules} rule", "{rules} rules", rules, rules=number(rules)),
        days=_days(days),
        why=why,
    )


def _days(days: int) -> str:
    return plural("{days} day", "{days} days", days, days=number(days))


def _say_uncounted(rows: pl.DataFrame) -> str:
    """Return the tables of the report that lack days, by the names of their counts."""
    if rows.is_empty():
        return ""
    names = rows["model"].str.split(".").list.last().str.replace_all("_", " ")
    days = rows["event_date"].n_unique()
    said = listed(sorted({text(name) for name in names}))
    return text("{days} could not be counted: {names}.", days=_days(days), names=said)


@once
def judged(view: View) -> list[CoverageRow]:
    """Return what each filter left out in the week, for all days and sources together."""
    rows = view.of_week(view.inputs.rule_coverage)
    summed = rows.group_by(*FILTERED, CLASS, maintain_order=True).agg(pl.col(COUNTS).sum())
    return coverage_rows(summed.iter_rows(named=True))


def not_judged_at(view: View, kind: str, *, is_brief: bool = False) -> str:
    """Return where the rules of a kind judged less than nine tenths of the week.

    As in "We can't check all use at MS on Chromebooks: 48% of requests carry an account
    that the registry lacks." Empty where they could judge. A building is named once,
    with what its rules lose most.

    Args:
        is_brief: Name the reason with the most requests; only count the others.
    """
    lacking, total = view.inputs.placeless_networks
    if kind == KINDS["shared_accounts"] and lacking > PLACELESS_SHARE * total:
        networks = text(
            "{lacking} of {total} networks have no building",
            lacking=number(lacking),
            total=number(total),
        )
        return f"{term(NOT_YET)} {networks}."
    worst: dict[str, Blind] = {}
    for family in ASKED_OF[kind]:
        for one in gaps_of(judged(view), family):
            worst.setdefault(one.building, one)
    said: dict[str, int] = {}
    keys = {(one.family == KEYBOARDS, one.filter, on_devices(one)) for one in worst.values()}
    for is_of_keyboards, reason, devices in sorted(keys):
        same = [
            one
            for one in worst.values()
            if (one.family == KEYBOARDS, one.filter, on_devices(one))
            == (is_of_keyboards, reason, devices)
        ]
        dropped = sum(one.dropped_count for one in same)
        part = share(dropped, sum(one.event_count for one in same))
        rules = text(" with {rules}", rules=term(FAMILIES[KEYBOARDS])) if is_of_keyboards else ""
        where = f"{_where(sorted(one.building for one in same))}{devices}{rules}"
        why = text("{share} of requests {reason}", share=part, reason=term(REASONS[reason]))
        said[f"{where}: {why}"] = dropped
    outside = f"{term(OUTSIDE)}: "
    if len(said) == 1 and (only := next(iter(said))).startswith(f"{outside}100%"):
        # the registry lacks what every rule of this kind needs
        return f"{term(NOT_YET)} {only.removeprefix(outside)}."
    if not said:
        return ""
    if not is_brief or len(said) == 1:
        return f"{term(NOT_ALL)} {'; '.join(said)}."
    more = count(len(said) - 1, "more gap")
    return f"{NOT_ALL} {max(said, key=lambda one: said[one])}. {more}: see Data quality."


def _where(buildings: Sequence[str]) -> str:
    """Return where that is, as in "at MS"; events may be of no known building."""
    known = [one for one in buildings if one != NO_BUILDING]
    places = [text("at {place}", place=listed(known))] if known else []
    if len(known) < len(buildings):
        places.append(term(OUTSIDE))
    return listed(places)


def on_devices(blind: Blind) -> str:
    """Return words such as " on Chromebooks and laptops"; empty for all devices."""
    names = [term(CLASSES.get(one, one)) for one in blind.devices]
    return text(" on {devices}", devices=listed(names, most=len(CLASSES))) if names else ""


def has_list(view: View) -> bool:
    """Return whether the district has a list of approved sites."""
    verdicts = view.of_week(view.inputs.site_use)["verdict"]
    return verdicts.is_empty() or bool((~verdicts.is_in(WITHOUT_LIST)).any())


@once
def open_sites(view: View) -> pl.DataFrame:
    """Return one row per site that is not approved: its week in totals, new ones first."""
    used = view.of_week(view.inputs.site_use).filter(pl.col("verdict").is_in(TO_DECIDE))
    sites = used.group_by("site").agg(
        pl.col("verdict").sort_by("event_date").last(),
        pl.col("category").sort_by("event_date").last().str.replace_all("_", " "),
        pl.col("category_source_count").max(),
        most_accounts=pl.col("account_count").max(),
        day_count=pl.col("event_date").n_unique(),
        minutes=pl.col("minutes").sum(),
        request_count=pl.col("request_count").sum(),
        first_seen_date=pl.col("first_seen_date").min(),
    )
    is_new = pl.col("first_seen_date").is_between(view.start, view.end)
    return sites.with_columns(is_new=is_new.fill_null(value=False)).sort(
        ["is_new", "minutes", "site"], descending=[True, True, False]
    )


def new_sites(view: View) -> pl.DataFrame:
    """Return those first seen in the week."""
    return open_sites(view).filter("is_new")


def sites_asked_about(view: View) -> pl.DataFrame:
    """Return one row per site that a first use or a lead asks about.

    A case of several sites shares its minutes among them. A site that only leads are
    about has no case.
    """
    uses = [use for case in view.sites for row in case.counted for use in _uses_of(case, row)]
    asked = [*view.waiting, *view.sites]
    of_cases = {
        use.site
        for case in view.cases
        if case in asked or view.is_new(case)
        for row in case.counted
        if row["kind"] == SITE_USE
        for use in _uses_of(case, row)
    }
    for row in view.site_leads.iter_rows(named=True):
        record: PublishedRecord = json.loads(row["record"] or "{}")
        details = {"sites": record.get("sites"), **(record.get("measures") or {})}
        leads = _uses(details, None, row["subject"], row["event_date"])
        uses += [use for use in leads if use.site not in of_cases]
    if not uses:
        return pl.DataFrame(schema=dict(SITES_ASKED))
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "categories": pl.List(pl.String),
        "case": pl.String,
    }
    frame = pl.DataFrame(uses, schema_overrides=schema, infer_schema_length=None)
    return (
        frame.group_by("site")
        .agg(
            categories=pl.col("categories").explode().drop_nulls().unique().sort(),
            accounts=pl.col("subject").n_unique().cast(pl.Int64),
            minutes=pl.col("minutes").sum(),
            days=pl.col("day").unique().sort(),
            cases=pl.col("case").drop_nulls().n_unique().cast(pl.Int64),
        )
        .sort("minutes", "site", descending=[True, False])
    )


class SiteUse(NamedTuple):
    """The use of a site by a finding's account; without a case, a lead asks about it."""

    site: str
    case: str | None
    subject: str
    day: date
    minutes: float
    categories: list[str]


def _uses_of(case: Case, row: FindingRow) -> list[SiteUse]:
    day = date.fromisoformat(str(row["event_date"]))
    return _uses(row["record"]["details"], case.case_id, row["subject"], day)


def _uses(details: Facts, case: str | None, subject: str, day: date) -> list[SiteUse]:
    """Return the use of each site of a finding."""
    sites, categories = texts_in(details, "sites"), texts_in(details, "categories")
    minutes = number_in(details, "total_seconds") / 60
    return [SiteUse(site, case, subject, day, minutes / len(sites), categories) for site in sites]


def unjudged_minutes(view: View) -> float:
    """Return the week's time on sites of kinds that no rule judges."""
    return float(view.of_week(view.inputs.site_use)["unjudged_minutes"].sum() or 0)


@dataclass(frozen=True)
class Gap:
    """Hours in a row in which an expected source sent nothing."""

    source: str
    start: datetime
    end: datetime
    hour_count: int


@dataclass(frozen=True)
class Coverage:
    """The part of the expected data that has arrived.

    Attributes:
        expected: Source-hours in which lines were expected.
        missing: Those without a line.
        heard: Source-hours with a line, expected or not.
        sources: Names of the sources with an expected hour.
        gaps: The missing hours, in runs.
    """

    expected: int
    missing: int
    heard: int
    sources: tuple[str, ...]
    gaps: tuple[Gap, ...]

    @property
    def has_data(self) -> bool:
        """Whether anything arrived; in a first week nothing is expected yet."""
        return self.heard > 0

    @property
    def is_partial(self) -> bool:
        """Whether too much is missing to call a change a change."""
        return self.expected - self.missing < WHOLE_ENOUGH * max(self.expected, 1)


@once
def coverage(view: View) -> Coverage:
    """Judge the week's source-hours; hours not yet due are not expected."""
    hours = view.of_week(view.inputs.source_hours)
    due = hours.filter(pl.col("is_expected"), pl.col("hour_start") < view.inputs.generated_time)
    absent = missing_hours(view)
    return Coverage(
        expected=due.height,
        missing=absent.height,
        heard=hours.filter(pl.col("line_count") > 0).height,
        sources=tuple(due["source"].unique().sort()),
        gaps=tuple(runs(absent)),
    )


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
    """Join hours that follow each other."""
    found: list[Gap] = []
    for source, start in absent.select("source", "hour_start").iter_rows():
        last = found[-1] if found else None
        if last and last.source == source and last.end == start:
            found[-1] = Gap(source, last.start, start + ONE_HOUR, last.hour_count + 1)
        else:
            found.append(Gap(source, start, start + ONE_HOUR, 1))
    return found


def say_gap(gap: Gap, view: View) -> str:
    """Return text such as "proxy, Wed 18 Nov, 2 am to 5 am"."""
    return f"{gap.source}, {span(gap.start, gap.end, view.zone)}"


@once
def week_issues(view: View) -> pl.DataFrame:
    """Return the week's problems of sources, except missing hours, which are counted."""
    midnight = datetime.combine(view.start, datetime.min.time(), view.zone)
    first = midnight.astimezone(UTC)
    last = (midnight + timedelta(days=7)).astimezone(UTC)
    return view.inputs.source_issues.filter(
        pl.col("kind") != "silent",
        pl.col("start_time") < last,
        pl.col("end_time").is_null() | (pl.col("end_time") >= first),
    ).sort("source", "kind", "building", "start_time")


def issue_kinds(view: View) -> list[tuple[str, str]]:
    """Return kind and source of the week's problems, each once."""
    rows = week_issues(view).select("kind", "source").unique(maintain_order=True)
    return [(str(kind), str(source)) for kind, source in rows.iter_rows()]


def source_issues(view: View) -> list[str]:
    """Return the week's problems of sources, a sentence for each source.

    As in "Firewall: the log records less than usual (44% of lines have no account,
    0% in the weeks before)".
    """
    said = []
    groups = week_issues(view).group_by("source", "kind", maintain_order=True)
    for (source, kind), some in groups:
        places = [one for one in some["building"].unique().sort() if one]
        where = f" at {listed(places)}" if places else ""
        text = ISSUE_KINDS.get(some["kind"][0]) or str(kind).replace("_", " ")
        at = f"{some['building'][0]}: " if len(places) > 1 else ""
        detail = f"{at}{some['detail'][0]}"
        said.append(capital(f"{source}{where}: {text} ({detail})."))
    if len(said) > MAX_SAID:
        more = count(len(said) - MAX_SAID, "more issue")
        said = [*said[:MAX_SAID], f"{more} with the sources."]
    return said


@once
def work(view: View) -> list[WorkItem]:
    """Return the list of work: the waiting cases, with like cases as one item."""
    return work_items(view.waiting, view.start)


@once
def this_week(view: View) -> WeekNumbers:
    """Return the week's own numbers; null where nothing arrived to count."""
    arrived = coverage(view)
    if not arrived.has_data:
        numbers = WeekNumbers(coverage=0.0)
        for key in NUMBERS:
            numbers[key] = None
        return numbers
    numbers = {
        "week_start": view.start,
        "needs_review": len(view.waiting),
        "shared_accounts": view.seen("shared_account")["subject"].n_unique(),
        "new_sites": new_sites(view).height,
        "off_hours_accounts": view.seen("off_hours_external")["subject"].n_unique(),
        "coverage": 1 - arrived.missing / max(arrived.expected, 1),
        "school_days": view.school_day_count,
    }
    # what was found counts; nothing found means nothing where no rule looked
    for key, kind in KINDS.items():
        if numbers[key]:
            continue
        if is_unknown(view, kind) or (key != "new_sites" and lacking_files(view, kind)):
            numbers[key] = None
    return numbers


def dated(view: View) -> WeekNumbers:
    """Return the week's own numbers with its Monday, which a week without lines lacks."""
    return {**this_week(view), "week_start": view.start}


def history(view: View) -> list[WeekNumbers]:
    """Return the preceding weeks that are drawn next to this one."""
    return view.earlier[-WEEKS_DRAWN:]


def comparable(view: View, key: Number) -> list[int]:
    """Return one number over the earlier weeks that arrived whole."""
    whole = (week.get(key) for week in history(view) if is_whole(week))
    return [number for number in whole if number is not None]


def is_whole(week: WeekNumbers) -> bool:
    """Return whether enough of a week arrived to compare with it."""
    return (week.get("coverage") or 0) >= WHOLE_ENOUGH


def usual(values: Sequence[int | None]) -> tuple[int, int] | None:
    """Return median plus and minus the quartile range of up to eight weeks."""
    known = [value for value in values if value is not None][-WEEKS_COMPARED:]
    if len(known) < FEWEST:
        return None
    low, _, high = quantiles(known, n=4, method="inclusive")
    middle, spread = median(known), high - low
    return max(round(middle - spread), 0), round(middle + spread)


def compare(view: View, key: Number) -> str:
    """Return one short comparison, honest about weeks that are missing or not whole."""
    if not view.earlier:
        return "No earlier week to compare with."
    last = view.last_week
    if last is None or (before := last.get(key)) is None:
        return "Last week is not known."
    said = f"Last week {number(before)}{in_days(view, last)}"
    if coverage(view).is_partial or not view.is_over:
        return f"{said}."
    band = usual(comparable(view, key))
    if band:
        said += f"; usually {number(band[0])} to {number(band[1])}"
    year = same_week_last_year(view)
    if year and (then := year.get(key)) is not None:
        said += f"; last year {number(then)}"
    return f"{said}."


def in_days(view: View, last: WeekNumbers) -> str:
    """Return names the school days where the two weeks differ in them."""
    days = last.get("school_days")
    if days is None or days == view.school_day_count:
        return ""
    return f" in {count(days, 'school day')}"
