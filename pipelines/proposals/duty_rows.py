"""Proposes hours of duty: usual hours, hours of a building, later hours of a job."""

from collections.abc import Iterator
from datetime import date

from pipelines.proposals.offers import SETTINGS, Evidence, Proposal
from pipelines.settings.model import EVERY_JOB
from pipelines.settings.toml_text import toml
from pipelines.weeks import school_year

MIN_PERSON_DAYS = 20
"""Minimum person days of a building to derive its hours."""
QUARTER = 15


MIN_ALIKE = 3
"""People of one job in a building: one person's habit is not the job's duty."""
OTHER_MINUTES = 90
"""Minutes by which a job's day must differ to get its own hours."""

USUAL_DUTY = "usual_duty"
BEYOND_MINUTES = 60
BEYOND_SHARE = 0.6


def hours(evidence: Evidence) -> list[Proposal]:
    """Return the hours of their building, Monday to Friday, for staff without any."""
    known = {
        row["building"]: row
        for row in evidence.query(
            "building_hours", zone=evidence.zone, fewest=MIN_PERSON_DAYS
        ).iter_rows(named=True)
    }
    found = []
    for person in evidence.query("people_without_hours").iter_rows(named=True):
        row = known.get(person["building"])
        if row is None:
            continue
        first = row["first_minute"] // QUARTER * QUARTER
        last = -(-row["last_minute"] // QUARTER) * QUARTER
        reason = (
            f"most staff of {row['building']} work from {_clock(first)} to {_clock(last)}, based "
            f"on {row['person_days']} days of work"
        )
        cells = {
            "person_id": person["person_id"],
            "date_from": row["first_day"].isoformat(),
            "date_to": _year_end(row["last_day"]).isoformat(),
            "start_local": _clock(first),
            "end_local": _clock(last),
            "building": row["building"],
            "kind": "contract",
        }
        found += [
            Proposal(
                "staff_duty.csv",
                cells | {"weekday": str(day)},
                reason,
                group=f"hours {row['building']}",
            )
            for day in range(5)
        ]
    return found


def usual_hours(evidence: Evidence) -> Iterator[Proposal]:
    """Yield the usual hours of all staff, and of jobs with other hours, as one setting."""
    if evidence.has_usual_duty:
        return
    rows = evidence.query("usual_hours", zone=evidence.zone, fewest=MIN_PERSON_DAYS)
    hours: dict[str, str] = {}
    usual: tuple[int, int] | None = None
    for row in rows.iter_rows(named=True):
        first = row["first_minute"] // QUARTER * QUARTER
        last = -(-row["last_minute"] // QUARTER) * QUARTER
        text = f"{_clock(first)}-{_clock(last)}"
        if row["is_all"]:
            usual, hours[EVERY_JOB] = (first, last), text
            said = f"{row['people']} of staff on {row['person_days']} days of work"
        elif (
            usual is not None
            and row["people"] >= MIN_ALIKE
            and max(abs(first - usual[0]), abs(last - usual[1])) >= OTHER_MINUTES
        ):
            hours[row["job"]] = text
    if usual is not None:
        words = ", ".join(f"{job} {text}" for job, text in hours.items())
        yield Proposal(
            SETTINGS,
            {USUAL_DUTY: toml(hours)},
            f"most staff use the district's devices from {words}, by {said}",
        )


def _year_end(day: date) -> date:
    """Return the last day of its school year."""
    return date(school_year(day) + 1, 6, 30)


def _clock(minutes: int) -> str:
    minutes = min(max(minutes, 0), 24 * 60 - 1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def later_hours(evidence: Evidence) -> list[Proposal]:
    """Return evening hours of a job whose people mostly work past the registry's hours."""
    found = evidence.query(
        "later_hours",
        zone=evidence.zone,
        beyond=BEYOND_MINUTES,
        fewest=MIN_ALIKE,
        share=BEYOND_SHARE,
    )
    return [
        Proposal(
            "staff_duty.csv",
            {
                "person_id": person,
                "date_from": row["first_day"].isoformat(),
                "date_to": _year_end(row["last_day"]).isoformat(),
                "weekday": str(day),
                "start_local": _clock(row["duty_end"]),
                "end_local": _clock(-(-row["last_minute"] // QUARTER) * QUARTER),
                "building": row["building"] or "",
                "kind": "extra",
            },
            f"{row['people']} of {row['job_title']} at {row['building']} worked more than "
            f"{BEYOND_MINUTES} minutes after {_clock(row['duty_end'])} on {row['share']:.0%} "
            f"of {row['days']} days; only if they are paid for it",
            group=f"later {row['job_title']} {row['building']}",
        )
        for row in found.iter_rows(named=True)
        for person in row["persons"]
        for day in range(5)
    ]
