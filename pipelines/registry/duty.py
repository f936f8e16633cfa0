"""When staff were on duty and on leave, as instants.

Hours are local civil time: 07:30 is 07:30 on both sides of a clock change.
Contract hours hold only on days whose kind, in that building, is a working day;
on a day of unknown kind there is no window. A day that a declaration closed held
them until then: who came before the snow day was declared, came to work. Extra
duty holds always.
"""

import polars as pl

from pipelines.clock import Reading, civil_time
from pipelines.registry.calendar import WORKING
from pipelines.registry.frames import conform
from pipelines.registry.reading import LINE, Rows, tell
from pipelines.settings.problems import Problem

DAY_MINUTES = 24 * 60
LONGEST_DAYS = 800
AM_ENDS = 11 * 60
PM_STARTS = 13 * 60
PARTS = {"full": (0, DAY_MINUTES), "am": (0, AM_ENDS), "pm": (PM_STARTS, DAY_MINUTES)}


def duty_windows(
    rows: Rows,
    people: pl.DataFrame,
    days: pl.DataFrame,
    closed: pl.DataFrame,
    zone: str,
) -> Rows:
    """Frame `duty_windows`.

    Args:
        rows: Of `staff_duty.csv`.
        people: Frame `people`; gives the building of a row without one.
        days: Frame `calendar_days`.
        closed: Working days that a declaration closed, `calendar.closed_late`; their
            hours hold until then.
        zone: The district's time zone.
    """
    sane, problems = _sane(rows.frame)
    dated = _placed(_dated(sane), people)
    working = pl.concat(
        [days.filter(pl.col("day_type").is_in(WORKING)), closed], how="diagonal"
    )
    is_extra = pl.col("kind") == "extra"
    contract = _on_working_days(dated.filter(~is_extra), working)
    kept = _declared(pl.concat([contract, dated.filter(is_extra)]), closed)
    passes_midnight = pl.col("end_local") <= pl.col("start_local")
    end = pl.col("end_local") + pl.when(passes_midnight).then(DAY_MINUTES).otherwise(0)
    windows = kept.with_columns(
        start_time=_instant(pl.col("event_date"), pl.col("start_local"), zone),
        end_time=_instant(pl.col("event_date"), end, zone),
    ).pipe(_until_declared)
    strangers = _strangers("staff_duty.csv", rows.frame, people)
    frame = conform("duty_windows", windows).unique(maintain_order=True)
    return Rows(frame, (*rows.problems, *problems, *strangers))


def _declared(rows: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Add `declared_time` to contract rows of days that a declaration closed."""
    contract = rows.filter(kind="contract")
    somewhere = closed.group_by("date").agg(pl.col("declared_time").max())
    alone = contract.filter(pl.col("building").is_null()).join(
        somewhere, left_on="event_date", right_on="date", how="left"
    )
    placed = contract.filter(pl.col("building").is_not_null()).join(
        closed,
        left_on=["event_date", "building"],
        right_on=["date", "building"],
        how="left",
    )
    return pl.concat([placed, alone, rows.filter(kind="extra")], how="diagonal")


def _until_declared(windows: pl.DataFrame) -> pl.DataFrame:
    """End windows at the declaration; one that had not begun is none."""
    end = pl.min_horizontal("end_time", "declared_time")
    return windows.with_columns(end_time=end).filter(
        pl.col("end_time") > pl.col("start_time")
    )


def leave_windows(rows: Rows, people: pl.DataFrame, zone: str) -> Rows:
    """Frame `leave_windows`: full days, mornings, afternoons."""
    part = pl.col("part")
    first = part.replace_strict({key: span[0] for key, span in PARTS.items()})
    last = part.replace_strict({key: span[1] for key, span in PARTS.items()})
    windows = rows.frame.with_columns(
        event_date=pl.col("date"),
        start_time=_instant(pl.col("date"), first, zone),
        end_time=_instant(pl.col("date"), last, zone),
    )
    strangers = _strangers("leave.csv", rows.frame, people)
    frame = conform("leave_windows", windows).unique(maintain_order=True)
    return Rows(frame, (*rows.problems, *strangers))


def _instant(day: pl.Expr, minutes: pl.Expr, zone: str) -> pl.Expr:
    moment = day.cast(pl.Datetime("us")) + pl.duration(minutes=minutes, time_unit="us")
    return civil_time(moment, Reading(zone)).time


def _sane(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
    too_long = (pl.col("date_to") - pl.col("date_from")).dt.total_days() > LONGEST_DAYS
    no_time = pl.col("start_local") == pl.col("end_local")
    problems = tell(
        "staff_duty.csv",
        "date_to",
        rows.filter(too_long).select(
            LINE, pl.col("date_to").cast(pl.String).alias("value")
        ),
        what=f"lies more than {LONGEST_DAYS} days after date_from",
        allowed="rows of one or two school years",
    )
    problems += tell(
        "staff_duty.csv",
        "end_local",
        rows.filter(no_time).select(
            LINE, pl.col("end_local").cast(pl.String).alias("value")
        ),
        what="is start_local",
        allowed="another time; before start_local is the next day",
    )
    return rows.filter(~too_long & ~no_time), problems


def _dated(rows: pl.DataFrame) -> pl.DataFrame:
    """A row for each day on which a duty row falls."""
    spread = rows.with_columns(
        event_date=pl.date_ranges("date_from", "date_to")
    ).explode("event_date")
    weekday = (pl.col("event_date").dt.weekday() - 1).cast(pl.String)
    falls = (pl.col("weekday") == "date") | (pl.col("weekday") == weekday)
    return spread.filter(falls).drop("weekday", "date_from", "date_to")


def _placed(rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Fill in the building in which a person was on that day."""
    lacking = rows.filter(pl.col("building").is_null()).drop("building")
    day = pl.col("event_date")
    was = (day >= pl.col("valid_from")).fill_null(value=True) & (
        day <= pl.col("valid_to")
    ).fill_null(value=True)
    homes = people.select("person_id", "building", "valid_from", "valid_to")
    found = (
        lacking.join(homes, on="person_id")
        .filter(was)
        .unique([LINE, "event_date"], keep="first")
    )
    filled = lacking.join(
        found.select(LINE, "event_date", "building"),
        on=[LINE, "event_date"],
        how="left",
    )
    order = rows.columns
    return pl.concat([rows.drop_nulls("building"), filled.select(order)])


def _on_working_days(rows: pl.DataFrame, working: pl.DataFrame) -> pl.DataFrame:
    """Rows whose building works on that day; without one, any building."""
    somewhere = working.select(event_date="date").unique()
    here = working.select("building", event_date="date").unique()
    is_placed = pl.col("building").is_not_null()
    return pl.concat(
        [
            rows.filter(is_placed).join(
                here, on=["event_date", "building"], how="semi"
            ),
            rows.filter(~is_placed).join(somewhere, on="event_date", how="semi"),
        ]
    )


def _strangers(file: str, rows: pl.DataFrame, people: pl.DataFrame) -> list[Problem]:
    known = people["person_id"].unique().to_list()
    strange = rows.filter(~pl.col("person_id").is_in(known)) if known else rows.clear()
    told = strange.unique("person_id", keep="first", maintain_order=True)
    return tell(
        file,
        "person_id",
        told.select(LINE, pl.col("person_id").alias("value")),
        what="is not in the roster",
        allowed="a sourcedId of users.csv",
        severity="notice",
    )
