"""One week of a report's inputs, or several: the rows that a section may show.

Leads (C1) are dropped here, so that no section can show one by mistake; only a question
about a site remains of them. The
findings about students' accounts are dropped too; they have a separate view. People
decide a case; a finding is its basis.
"""

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, wraps
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.day_kinds import ON_SITE, SCHOOL
from pipelines.errors import ModelError
from pipelines.findings.cases import LEAD, LOW, SITE_USE, Case, Standing
from pipelines.findings.cases import week_of as iso_week
from pipelines.reports.language import marked, text
from pipelines.reports.report_inputs import ReportInputs, week_of
from pipelines.reports.report_rows import WeekNumbers
from pipelines.state.rows import FindingRow
from pipelines.warehouse.models import subject_kind

ONE_WEEK = timedelta(days=7)

Found = TypeVar("Found")
NO_BUILDING = marked("no known building")
"""Label of events with an unknown building, in tables by building."""
NO_PLACE = (NO_BUILDING, marked("building not known"))


def place_name(place: str) -> str:
    """Return the name of a building, or that it is not known, in the reader's language."""
    return text(place) if place in NO_PLACE else place


def at_place(place: str) -> str:
    """Return where that is, as in "at MS" and "outside the known buildings"."""
    if place == NO_BUILDING:
        return text("outside the known buildings")
    return text("at {place}", place=place_name(place))


YEAR_BEGINS = 8  # August
TO_THURSDAY = timedelta(days=3)


@dataclass(frozen=True)
class View:
    """A week and what is known of it, or the weeks of a month or a semester.

    Attributes:
        inputs: Everything the report was given.
        start: The Monday that the week begins with.
        is_of_students: The findings are those about students' accounts, and only those.
        weeks: How many weeks in a row it is; what is to be decided knows one.
    """

    inputs: ReportInputs
    start: date
    is_of_students: bool = False
    weeks: int = 1

    def __post_init__(self) -> None:
        if self.start.weekday() != 0:
            message = f"a report week begins on a Monday, {self.start} is not one"
            raise ValueError(message)

    @property
    def end(self) -> date:
        """The last Sunday."""
        return self.start + self.weeks * ONE_WEEK - timedelta(days=1)

    def back(self, steps: int) -> "View":
        """Return the view of the same number of weeks, a number of such steps before."""
        return replace(self, start=self.start - steps * self.weeks * ONE_WEEK)

    @property
    def label(self) -> str:
        """ISO year and week, as in "2026-W47"."""
        return week_label(self.start)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The district's time zone."""
        return ZoneInfo(self.inputs.zone)

    @cached_property
    def of_students(self) -> "View":
        """The same week with the findings about students' accounts."""
        return replace(self, is_of_students=True)

    def of_week(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows whose local day is in the week."""
        return frame.filter(pl.col("event_date").is_between(self.start, self.end))

    @cached_property
    def known(self) -> pl.DataFrame:
        """Findings up to the week's end, leads left out, in a fixed order."""
        return self._whole.filter(pl.col("event_date") <= self.end)

    @cached_property
    def _whole(self) -> pl.DataFrame:
        # a case is a student's if one of its accounts is; one without a case represents itself, as
        # in a snapshot of an earlier version
        case = pl.coalesce("case_id", "finding_id")
        of_students = pl.col("is_student").fill_null(value=False).any().over(case)
        findings = self.inputs.findings.filter(
            pl.col("confidence").is_in(["C2", "C3"]),
            of_students == self.is_of_students,
        )
        return findings.with_columns(case_id=case).sort("event_date", "start_time", "finding_id")

    @cached_property
    def spans(self) -> Mapping[str, tuple[datetime, datetime]]:
        """Beginning and end of each of them."""
        times = self.known.select("finding_id", "start_time", "end_time")
        return {finding: (start, end) for finding, start, end in times.rows()}

    @cached_property
    def named_sites(self) -> Mapping[str, frozenset[str]]:
        """The sites that each of them names; none for most."""
        records = self.known.select("finding_id", "record").rows()
        return {one: frozenset(_sites_of(record)) for one, record in records}

    @cached_property
    def devices_meant(self) -> Mapping[str, str]:
        """The device that each of them is about; none for a finding about an account."""
        rows = self.known.select("finding_id", "rule", "subject").rows()
        return {one: subject for one, rule, subject in rows if subject_kind(rule) == "device"}

    @cached_property
    def standing(self) -> pl.DataFrame:
        """The known findings that were not withdrawn."""
        return self.known.filter(pl.col("status") != "withdrawn")

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases of the known findings, highest weight first, then the oldest."""
        return _cases(self.known)

    @cached_property
    def all_cases(self) -> tuple[Case, ...]:
        """The cases of later weeks too, for pages of months and semesters."""
        return _cases(self._whole)

    def standing_as(self, *wanted: Standing) -> list[Case]:
        """Return the cases that ask one of these of people, highest weight first."""
        return [case for case in self.cases if case.standing(self.start) in wanted]

    @cached_property
    def waiting(self) -> list[Case]:
        """Undecided cases, with carried ones."""
        return self.standing_as("waiting")

    @cached_property
    def sites(self) -> list[Case]:
        """Cases that ask about a site and that wait, carried ones included."""
        return self.standing_as("site")

    @cached_property
    def site_leads(self) -> pl.DataFrame:
        """The week's leads about the use of a site: questions about the site alone.

        Their accounts are counted and never shown.
        """
        return self.of_week(self.inputs.findings).filter(
            pl.col("confidence") == LEAD,
            pl.col("kind") == SITE_USE,
            pl.col("status").is_in(["open", "expired"]),
            ~pl.col("is_student").fill_null(value=False),
        )

    @cached_property
    def decided(self) -> list[Case]:
        """Return cases decided since the week began."""
        midnight = datetime.combine(self.start, datetime.min.time(), self.zone)
        begin = midnight.astimezone(UTC)
        return [
            case
            for case in self.standing_as("confirmed", "explained", "withdrawn")
            if max(self._decided[row["finding_id"]] for row in case.counted) >= begin
        ]

    @cached_property
    def _decided(self) -> Mapping[str, datetime]:
        """Time at which each finding was last decided, or made."""
        when = pl.coalesce("decided_time", "created_time")
        return dict(self.known.select("finding_id", when).iter_rows())

    def is_new(self, case: Case) -> bool:
        """Return whether a case is of this week; one of an earlier week is carried over."""
        return case.week == self.label

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Number of each case for readers, by id."""
        return {case.case_id: case.label for case in self.cases}

    @cached_property
    def paged(self) -> tuple[Case, ...]:
        """The cases with a page in this week."""
        shown = {case.case_id for case in (*self.waiting, *self.decided)}
        return tuple(
            case
            for case in self.cases
            if case.case_id in shown or (self.is_new(case) and case not in self.sites)
        )

    def short_place(self, column: str = "building") -> pl.Expr:
        """Return buildings by their code, where they have one: a lane has no room for more."""
        return pl.col(column).replace(dict(self.inputs.building_codes))

    @cached_property
    def kept_weeks(self) -> Mapping[str, str]:
        """The weeks before that are still in the archive: label and name."""
        kept = [week_of(one) for one in self.earlier if not one.get("is_removed")]
        return {week_label(one): f"week {one.isocalendar().week}" for one in kept}

    def seen(self, kind: str) -> pl.DataFrame:
        """Return the week's current findings of a kind, if they need a decision.

        Findings of low weight from a rule on trial need none; the report's counts leave
        them out.
        """
        is_asked = (pl.col("stage").fill_null("live") != "trial") | ~pl.col("severity").is_in(LOW)
        return self.of_week(self.standing).filter(pl.col("kind") == kind, is_asked)

    def evidence_of(self, findings: Collection[str]) -> Mapping[str, list[dict[str, object]]]:
        """Return the log lines of each of some findings, in the order of the argument."""
        cited = self.inputs.evidence.filter(pl.col("finding_id").is_in(list(findings)))
        lines: dict[str, list[dict[str, object]]] = {one: [] for one in findings}
        for row in cited.sort("position", "time").rows(named=True):
            lines[row["finding_id"]].append(row)
        return lines

    @cached_property
    def school_dates(self) -> list[date]:
        """Days on which at least one building had school."""
        days = self.of_week(self.inputs.school_days)
        school = days.filter(pl.col("day_type").is_in(SCHOOL))
        return school["event_date"].unique().sort().to_list()

    @cached_property
    def on_site_dates(self) -> list[date]:
        """School days but those of learning from home: the network is then empty."""
        days = self.of_week(self.inputs.school_days)
        on_site = days.filter(pl.col("day_type").is_in(ON_SITE))
        return on_site["event_date"].unique().sort().to_list()

    @property
    def school_day_count(self) -> int:
        """The number of days with school."""
        return len(self.school_dates)

    @cached_property
    def earlier(self) -> list[WeekNumbers]:
        """Headline numbers of the weeks before, oldest first."""
        return [week for week in self.inputs.previous if week_of(week) < self.start]

    @cached_property
    def last_week(self) -> WeekNumbers | None:
        """Headline numbers of the week before; None where it was not published."""
        wanted = self.start - ONE_WEEK
        return next((w for w in self.earlier if week_of(w) == wanted), None)

    @cached_property
    def is_over(self) -> bool:
        """Whether the report was made after the week's last minute."""
        after = datetime.combine(self.end + timedelta(days=1), datetime.min.time())
        return self.inputs.generated_time >= after.replace(tzinfo=self.zone)


def once(made: Callable[[View], Found]) -> Callable[[View], Found]:
    """Store a function's result with its view: neither changes."""
    name = f"{made.__module__}.{made.__name__}"

    @wraps(made)
    def kept(view: View) -> Found:
        if name not in view.__dict__:
            view.__dict__[name] = made(view)
        found: Found = view.__dict__[name]
        return found

    return kept


def _cases(findings: pl.DataFrame) -> tuple[Case, ...]:
    found = [
        Case(
            case_id=case_id,
            person="",
            clause=str(own["clause"][0]),
            week=iso_week(own["event_date"][0]),
            findings=tuple(map(_as_stored, own.iter_rows(named=True))),
            number=own["case_number"][0] or "",
        )
        for (case_id,), own in findings.group_by("case_id", maintain_order=True)
    ]
    return tuple(sorted(found, key=lambda case: (case.weight, case.case_id)))


def _as_stored(row: Mapping[str, Any]) -> FindingRow:
    """Return a finding of the snapshot as cases know those of the state."""
    try:
        record = json.loads(row["record"] or "{}")
        details = dict(record.get("measures") or {})
    except (ValueError, AttributeError, TypeError) as error:
        raise ModelError(
            f"the record of finding {row['finding_id']} is not a JSON object",
            where="reports.inputs.findings.record",
            remedy="Rebuild the findings of that day; the report is not published.",
        ) from error
    spans = {name: row[name].isoformat() for name in ("start_time", "end_time")}
    record = {"details": details, "stage": row["stage"], **spans}
    return cast("FindingRow", {**row, "record": record})


def _sites_of(record: str | None) -> list[str]:
    with suppress(json.JSONDecodeError):
        found = json.loads(record or "{}")
        return list(found.get("sites") or ()) if isinstance(found, dict) else []
    return []


def week_label(start: date) -> str:
    """Return ISO year and week of a date, as in "2026-W47"."""
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02d}"


def same_week_last_year(view: View) -> WeekNumbers | None:
    """Return headline numbers of the same instructional week a year before, if known."""
    wanted = counterpart(view, view.start)
    return next((one for one in view.earlier if week_of(one) == wanted), None)


def counterpart(view: View, monday: date) -> date | None:
    """Return the Monday of the same instructional week a year before; None if not known."""
    mine = school_weeks(view).get(_year(monday), [])
    before = school_weeks(view).get(_year(monday) - 1, [])
    if monday not in mine or mine.index(monday) >= len(before):
        return None
    return before[mine.index(monday)]


@once
def school_weeks(view: View) -> dict[int, list[date]]:
    """Return Mondays of the weeks with school, by the year in which the school year began."""
    days = view.inputs.school_days.filter(pl.col("day_type").is_in(SCHOOL))
    mondays = days.select(pl.col("event_date").dt.truncate("1w").unique().sort())
    found: dict[int, list[date]] = {}
    for monday in mondays["event_date"]:
        found.setdefault(_year(monday), []).append(monday)
    return found


def _year(monday: date) -> int:
    """Return the school year of a week: that of its Thursday."""
    middle = monday + TO_THURSDAY
    return middle.year if middle.month >= YEAR_BEGINS else middle.year - 1
