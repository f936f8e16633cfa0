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
from pipelines.gaps.relation import Gap
from pipelines.health.issues import KINDS as ISSUE_KINDS
from pipelines.reports.gaps import awaited_files, is_unknown, missing_hours, runs
from pipelines.reports.report_rows import Number, PublishedRecord, WeekNumbers
from pipelines.reports.view import View, once, same_week_last_year
from pipelines.reports.words import count, listed, number
from pipelines.state.rows import Facts, FindingRow, number_in, texts_in

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
MAX_SAID = 2
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
        if is_unknown(view, kind) or (key != "new_sites" and awaited_files(view, kind)):
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
