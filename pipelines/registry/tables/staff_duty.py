"""Duty and leave of staff, as instants.

Hours are local civil time: 07:30 is 07:30 on both sides of a clock change.
Contract hours count only on days whose type, in that building, is a working day;
on a day of unknown type there is no window. A day that a declaration closed has
them until then: a person who came before the snow day was declared, came to work. Extra
duty always counts. A break is not duty: a separate row, or, for a person without one that
day, the usual break of the settings, at some time within a span of the day.
A working day without a row, in a week in which the person has others, may be a day off or a
lost row: the hours of the others are `possible` duty then, which is neither on duty nor off.
Staff without a contract row have the usual hours of the settings, by job or role. Their
rows are marked, because no one stated these hours for the person.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import polars as pl

from pipelines.day_kinds import WORKING
from pipelines.events import Column
from pipelines.registry import canonical
from pipelines.registry.calendar import calendar_sources, closed_late, local_instant
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.table import (
    BUILDING,
    END,
    PERSON,
    PERSON_CELL,
    START,
    Dates,
    Inputs,
    Table,
    conform,
    text,
)
from pipelines.settings.model import EVERY_JOB, Hours, UsualBreak
from pipelines.settings.problems import Problem

KINDS = ("contract", "extra", "break")
POSSIBLE = "possible"
USUAL_BREAK = "usual break"
"""The kind of a span of the day in which a break of some minutes lies somewhere."""

FILE = File(
    "staff_duty.csv",
    {
        "person_id": replace(PERSON_CELL, required=True),
        "date_from": Cell("2026-08-24", "date", required=True),
        "date_to": Cell("2027-05-28", "date", required=True),
        "weekday": Cell(
            "0", "word", required=True, allowed=("0", "1", "2", "3", "4", "5", "6", "date")
        ),
        "start_local": Cell("07:30", "clock", required=True),
        "end_local": Cell("15:45", "clock", required=True),
        "building": Cell("HS", names="building"),
        "kind": Cell("contract", "word", required=True, allowed=KINDS),
    },
    "off-hours use by staff is not judged",
)
COLUMNS = {
    "person_id": PERSON,
    "event_date": Column(pl.Date, "local day on which it starts"),
    "start_time": START,
    "end_time": END,
    "kind": text("contract, extra, possible, break or usual break"),
    "minutes": Column(pl.Int64, "length of a usual break, which lies somewhere in it"),
    "building": BUILDING,
    "is_usual": Column(pl.Boolean, "usual hours of the settings, not the person's own"),
}

DAY_MINUTES = 24 * 60
MAX_DAYS = 800
LONGEST_SHIFT = 14 * 60
"""A night shift is shorter; a longer one is a mistake of its hours."""


def duty_windows(
    rows: RegistryFrame,
    people: pl.DataFrame,
    days: pl.DataFrame,
    closed: pl.DataFrame,
    zone: str,
    usual_break: UsualBreak | None = None,
    usual_duty: Mapping[str, Hours] = MappingProxyType({}),
) -> RegistryFrame:
    """Make frame `duty_windows`.

    Args:
        rows: Of `staff_duty.csv`.
        people: Frame `people`; gives the building of a row without one.
        days: Frame `calendar_days`.
        closed: Working days that a declaration closed, `calendar.closed_late`; their
            hours count until then.
        zone: The district's time zone.
        usual_break: For people without a break on a day.
        usual_duty: Job or role -> hours of its staff who have no contract row.
    """
    sane, problems = _sane(rows.frame)
    dated = _placed(_dated(sane), people).with_columns(is_usual=pl.lit(value=False))
    working = pl.concat([days.filter(pl.col("day_type").is_in(WORKING)), closed], how="diagonal")
    is_extra = pl.col("kind") == "extra"
    usual = _usual(people, dated, working, usual_duty)
    weekly = pl.concat([dated.filter(~is_extra), _possible(dated)], how="diagonal")
    contract = pl.concat([_on_working_days(weekly, working), usual], how="diagonal")
    kept = _declared(pl.concat([contract, dated.filter(is_extra)]), closed)
    kept = with_usual_breaks(kept, usual_break)
    passes_midnight = pl.col("end_local") <= pl.col("start_local")
    end = pl.col("end_local") + pl.when(passes_midnight).then(DAY_MINUTES).otherwise(0)
    windows = kept.with_columns(
        start_time=local_instant(pl.col("event_date"), pl.col("start_local"), zone),
        end_time=local_instant(pl.col("event_date"), end, zone),
    ).pipe(_until_declared)
    frame = conform(COLUMNS, windows).unique(maintain_order=True)
    return RegistryFrame(frame, (*rows.problems, *problems))


def _usual(
    people: pl.DataFrame, dated: pl.DataFrame, working: pl.DataFrame, hours: Mapping[str, Hours]
) -> pl.DataFrame:
    """Make contract rows of the usual hours for staff who have no contract row."""
    table = pl.DataFrame(
        [(canonical.role(job), one.start, one.end) for job, one in hours.items()],
        schema={"_job": pl.String, "start_local": pl.Int32, "end_local": pl.Int32},
        orient="row",
    )
    own = dated.filter(kind="contract").select("person_id")
    jobs = [pl.col("job_title"), pl.col("role")]
    known = table["_job"].to_list()
    staff = (
        people.filter("is_staff")
        .join(own, on="person_id", how="anti")
        .with_columns(
            _job=pl.coalesce(
                *(pl.when(job.is_in(known)).then(job) for job in jobs), pl.lit(EVERY_JOB)
            )
        )
        .join(table, on="_job")
    )
    at = working.select("building", event_date="date").unique()
    somewhere = at.select("event_date").unique()
    is_placed = pl.col("building").is_in(at["building"].drop_nulls().to_list())
    placed = staff.filter(is_placed).join(at, on="building")
    alone = staff.filter(~is_placed.fill_null(value=False)).join(somewhere, how="cross")
    day = pl.col("event_date")
    every = pl.concat([placed, alone], how="diagonal").filter(
        (day >= pl.col("valid_from")).fill_null(value=True),
        (day <= pl.col("valid_to")).fill_null(value=True),
    )
    return every.sort("person_id", "event_date", "building").select(
        "person_id",
        "event_date",
        "start_local",
        "end_local",
        "building",
        kind=pl.lit("contract"),
        is_usual=pl.lit(value=True),
    )


def _declared(rows: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Add `declared_time` to contract rows of days that a declaration closed."""
    contract = rows.filter(kind="contract")
    somewhere = closed.group_by("date").agg(pl.col("declared_time").max())
    alone = contract.filter(pl.col("building").is_null()).join(
        somewhere, left_on="event_date", right_on="date", how="left"
    )
    placed = contract.filter(pl.col("building").is_not_null()).join(
        closed, left_on=["event_date", "building"], right_on=["date", "building"], how="left"
    )
    others = rows.filter(pl.col("kind") != "contract")
    return pl.concat([placed, alone, others], how="diagonal")


def with_usual_breaks(rows: pl.DataFrame, usual: UsualBreak | None) -> pl.DataFrame:
    """Add the usual break to each day with contract duty and without a break."""
    if usual is None:
        return rows.with_columns(minutes=pl.lit(None, pl.Int64))
    own = rows.filter(kind="break").select("person_id", "event_date")
    added = (
        rows.filter(kind="contract")
        .join(own, on=["person_id", "event_date"], how="anti")
        .with_columns(
            kind=pl.lit(USUAL_BREAK),
            start_local=pl.lit(usual.start).cast(rows.schema["start_local"]),
            end_local=pl.lit(usual.end).cast(rows.schema["end_local"]),
            minutes=pl.lit(usual.minutes, pl.Int64),
        )
    )
    return pl.concat([rows, added], how="diagonal")


def _until_declared(windows: pl.DataFrame) -> pl.DataFrame:
    """End windows at the declaration; one that had not begun is dropped."""
    end = pl.min_horizontal("end_time", "declared_time")
    return windows.with_columns(end_time=end).filter(pl.col("end_time") > pl.col("start_time"))


def _sane(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
    too_long = (pl.col("date_to") - pl.col("date_from")).dt.total_days() > MAX_DAYS
    no_time = pl.col("start_local") == pl.col("end_local")
    problems = tell(
        FILE.name,
        "date_to",
        rows.filter(too_long).select(LINE, pl.col("date_to").cast(pl.String).alias("value")),
        what=f"lies more than {MAX_DAYS} days after date_from",
        allowed="rows of one or two school years",
    )
    problems += tell(
        FILE.name,
        "end_local",
        rows.filter(no_time).select(LINE, pl.col("end_local").cast(pl.String).alias("value")),
        what="is start_local",
        allowed="another time; before start_local is the next day",
    )
    problems += tell(
        FILE.name,
        "end_local",
        rows.filter(_minutes() > LONGEST_SHIFT).select(LINE, value=_written(pl.col("end_local"))),
        what=f"is read as the next day: more than {LONGEST_SHIFT // 60} hours of duty",
        allowed="a time after start_local, or the end of a night shift",
        severity="notice",
    )
    return rows.filter(~too_long & ~no_time), problems


def _minutes() -> pl.Expr:
    """Return the length of a row's duty; an end before the start is the next day."""
    minutes = pl.col("end_local") - pl.col("start_local")
    return pl.when(minutes < 0).then(minutes + DAY_MINUTES).otherwise(0)


def _written(minutes: pl.Expr) -> pl.Expr:
    """Return minutes after midnight as a time of day."""
    parts = [(minutes // 60), (minutes % 60)]
    return pl.concat_str((part.cast(pl.String).str.zfill(2) for part in parts), separator=":")


def _dated(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each day on which a duty row falls."""
    spread = rows.with_columns(event_date=pl.date_ranges("date_from", "date_to")).explode(
        "event_date"
    )
    weekday = (pl.col("event_date").dt.weekday() - 1).cast(pl.String)
    falls = (pl.col("weekday") == "date") | (pl.col("weekday") == weekday)
    return spread.filter(falls).drop("weekday", "date_from", "date_to")


def _possible(dated: pl.DataFrame) -> pl.DataFrame:
    """Return the weekdays without a contract row in weeks with one, with the others' hours."""
    monday = pl.col("event_date").dt.truncate("1w")
    contract = dated.filter(
        pl.col("kind") == "contract", pl.col("start_local") < pl.col("end_local")
    )
    weeks = contract.group_by("person_id", monday.alias("_monday"), maintain_order=True).agg(
        pl.col("start_local").min(), pl.col("end_local").max(), pl.col("building").first()
    )
    weekdays = weeks.select(
        "person_id",
        "start_local",
        "end_local",
        "building",
        event_date=pl.date_ranges("_monday", pl.col("_monday") + pl.duration(days=4)),
        kind=pl.lit(POSSIBLE),
        is_usual=pl.lit(value=False),
    ).explode("event_date")
    return weekdays.join(contract, on=["person_id", "event_date"], how="anti")


def _placed(rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Fill in the building in which a person was on that day."""
    lacking = rows.filter(pl.col("building").is_null()).drop("building")
    day = pl.col("event_date")
    was = (day >= pl.col("valid_from")).fill_null(value=True) & (
        day <= pl.col("valid_to")
    ).fill_null(value=True)
    homes = people.select("person_id", "building", "valid_from", "valid_to")
    found = (
        lacking.join(homes, on="person_id").filter(was).unique([LINE, "event_date"], keep="first")
    )
    filled = lacking.join(
        found.select(LINE, "event_date", "building"), on=[LINE, "event_date"], how="left"
    )
    order = rows.columns
    return pl.concat([rows.drop_nulls("building"), filled.select(order)])


def _on_working_days(rows: pl.DataFrame, working: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose building works on that day; without one, any building."""
    somewhere = working.select(event_date="date").unique()
    here = working.select("building", event_date="date").unique()
    is_placed = pl.col("building").is_not_null()
    return pl.concat(
        [
            rows.filter(is_placed).join(here, on=["event_date", "building"], how="semi"),
            rows.filter(~is_placed).join(somewhere, on="event_date", how="semi"),
        ]
    )


def contracts_moved(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Return spans between the old and the new beginning or end of contracts.

    Between its first and its last day a person is judged by the time, on duty or not.
    """
    ends = [
        frame.filter(kind="contract")
        .group_by("person_id")
        .agg(
            first=pl.col("event_date").min(),
            # the weekend after the last Friday belongs to it
            last=pl.col("event_date").max() + timedelta(days=2),
        )
        for frame in (was, now)
    ]
    both = ends[0].join(ends[1], on="person_id", how="full", coalesce=True)
    old_first, new_first, old_last, new_last = both.select(
        "first", "first_right", "last", "last_right"
    )
    is_new = old_first.is_null() | new_first.is_null()
    whole = both.filter(is_new).select(
        first=pl.coalesce("first", "first_right"), last=pl.coalesce("last", "last_right")
    )
    moved = [
        both.filter(before.ne_missing(after) & ~is_new).select(
            first=pl.min_horizontal(before.name, after.name),
            last=pl.max_horizontal(before.name, after.name),
        )
        for before, after in ((old_first, new_first), (old_last, new_last))
    ]
    return pl.concat([whole, *moved])


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `duty_windows`, by the calendar and by who was where."""
    windows = duty_windows(
        inputs.rows[FILE.name],
        inputs.frame("people"),
        inputs.frame("calendar_days"),
        closed_late(*calendar_sources(inputs)),
        inputs.settings.district.zone,
        inputs.settings.district.break_span,
        inputs.settings.district.duty_hours,
    )
    return {"duty_windows": windows}


TABLE = Table(
    name="staff_duty",
    file=FILE,
    frames={"duty_windows": COLUMNS},
    make=make,
    touches=Dates("event_date", "event_date", moved=contracts_moved),
)
