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

_HOURS = """
with marked as (
    select
        person_id,
        building,
        event_date,
        date_diff('day', date '2000-01-03', event_date) % 7 as weekday,
        timezone($zone, start_time) as local_time
    from built.core.engaged_requests
    where is_staff and has_location and building is not null and is_district_device
),

days as (
    select
        building,
        person_id,
        event_date,
        date_diff('minute', event_date::timestamp, min(local_time)) as first_minute,
        date_diff('minute', event_date::timestamp, max(local_time)) as last_minute
    from marked
    where weekday < 5
    group by building, person_id, event_date
)

select
    building,
    quantile_disc(first_minute, 0.25) as first_minute,
    quantile_disc(last_minute, 0.75) as last_minute,
    count(*) as person_days,
    min(event_date) as first_day,
    max(event_date) as last_day
from days
group by building
having count(*) >= $fewest
order by building
"""

_WITHOUT = """
select distinct people.person_id, people.building
from built.registry.people as people
left join built.registry.duty_windows as duty
    on people.person_id = duty.person_id and not duty.is_usual
where
    people.is_staff and people.building is not null and duty.person_id is null
    -- where no one has hours, those of all staff come first: `usual_hours`
    and exists (select 1 from built.registry.duty_windows where not is_usual)
order by people.building, people.person_id
"""
MIN_ALIKE = 3
"""People of one job in a building: one person's habit is not the job's duty."""
OTHER_MINUTES = 90
"""Minutes by which a job's day must differ to get its own hours."""

_USUAL = """
with marked as (
    select
        requests.person_id,
        requests.event_date,
        lower(requests.job_title) as job,
        date_diff(
            'minute', requests.event_date::timestamp,
            timezone($zone, requests.start_time)
        ) as minute
    from built.core.engaged_requests as requests
    where
        requests.is_staff
        and requests.has_location
        and requests.is_district_device
        and requests.event_date in (
            select date from built.registry.calendar_days
            where day_type in ('school', 'pd_day')
        )
),

days as (
    select
        person_id,
        event_date,
        min(job) as job,
        min(minute) as first_minute,
        max(minute) as last_minute
    from marked
    group by person_id, event_date
)

select
    job,
    grouping(job) = 1 as is_all,
    quantile_disc(first_minute, 0.25) as first_minute,
    quantile_disc(last_minute, 0.75) as last_minute,
    count(*) as person_days,
    count(distinct person_id) as people
from days
where not exists (select 1 from built.registry.duty_windows where not is_usual)
group by grouping sets ((), (job))
having count(*) >= $fewest and (is_all or job is not null)
order by is_all desc, job
"""
USUAL_DUTY = "usual_duty"
BEYOND_MINUTES = 60
BEYOND_SHARE = 0.6

_BEYOND = """
with used as (
    select
        requests.person_id,
        requests.event_date,
        date_diff(
            'minute', requests.event_date::timestamp,
            max(timezone($zone, requests.start_time))
        ) as last_minute
    from built.core.engaged_requests as requests
    where is_staff and has_location and is_district_device
    group by requests.person_id, requests.event_date
),

duty as (
    select
        person_id,
        event_date,
        min(building) as building,
        date_diff(
            'minute', event_date::timestamp, max(timezone($zone, end_time))
        ) as duty_end
    from built.registry.duty_windows
    where kind in ('contract', 'extra')
    group by person_id, event_date
),

jobs as (
    select person_id, min(job_title) as job_title
    from built.registry.people
    where is_staff and job_title is not null
    group by person_id
)

select
    jobs.job_title,
    duty.building,
    count(distinct used.person_id) as people,
    count(*) as days,
    avg((used.last_minute > duty.duty_end + $beyond)::int) as share,
    quantile_disc(used.last_minute, 0.75) as last_minute,
    quantile_disc(duty.duty_end, 0.5) as duty_end,
    min(used.event_date) as first_day,
    max(used.event_date) as last_day,
    list(distinct used.person_id order by used.person_id) as persons
from used
inner join duty
    on used.person_id = duty.person_id and used.event_date = duty.event_date
inner join jobs on used.person_id = jobs.person_id
group by jobs.job_title, duty.building
having count(distinct used.person_id) >= $fewest and share >= $share
order by jobs.job_title, duty.building
"""


def hours(evidence: Evidence) -> list[Proposal]:
    """Return the hours of their building, Monday to Friday, for staff without any."""
    known = {
        row["building"]: row
        for row in evidence.frame(_HOURS, zone=evidence.zone, fewest=MIN_PERSON_DAYS).iter_rows(
            named=True
        )
    }
    found = []
    for person in evidence.frame(_WITHOUT).iter_rows(named=True):
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
    rows = evidence.frame(_USUAL, zone=evidence.zone, fewest=MIN_PERSON_DAYS)
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
    found = evidence.frame(
        _BEYOND,
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
