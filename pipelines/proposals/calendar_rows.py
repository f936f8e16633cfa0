"""Proposes rows of `calendar.csv`: days on which hardly anyone worked."""

from pipelines.proposals.offers import Evidence, Proposal

HARDLY, MOSTLY = 0.1, 0.5
"""Shares of the staff of a usual working day: of a closure, and of a working day."""
MIN_STAFF = 10
OPEN_HOURS = 8
"""Minimum hours with lines from seven to five, so that a silent log is not a closed school."""

_WORKED = """
with staff as (
    select event_date, count(distinct person_id) as people
    from built.core.engaged_requests
    where is_staff and has_location and is_district_device
    group by event_date
),

logged as (
    select
        event_date,
        count(distinct hour(timezone($zone, start_time))) filter (
            where hour(timezone($zone, start_time)) between 7 and 16
        ) as hours
    from built.core.http_requests
    group by event_date
),

days as (
    select date as event_date, min(day_type) as day_type
    from built.registry.calendar_days
    group by date
    having count(distinct day_type) = 1
),

counted as (
    select
        days.event_date,
        days.day_type,
        logged.hours,
        coalesce(staff.people, 0) as people,
        days.day_type in ('school', 'early_out', 'late_start', 'pd_day') as is_working
    from days
    inner join logged on days.event_date = logged.event_date
    left join staff on days.event_date = staff.event_date
    -- the newest day may not be complete
    where days.event_date < (select max(event_date) from logged)
),

usual as (
    select median(people) as people
    from counted
    where is_working
)

select counted.*, usual.people::int as usual
from counted
cross join usual
where
    usual.people >= $fewest
    and counted.hours >= $hours
    and (
        (counted.is_working and counted.people <= $hardly * usual.people)
        or (not counted.is_working and counted.people >= $mostly * usual.people)
    )
order by counted.event_date
"""


def days_off(evidence: Evidence) -> list[Proposal]:
    """Return days on which the logs contradict the calendar."""
    found = evidence.frame(
        _WORKED,
        zone=evidence.zone,
        fewest=MIN_STAFF,
        hours=OPEN_HOURS,
        hardly=HARDLY,
        mostly=MOSTLY,
    )
    return [
        Proposal(
            "calendar.csv",
            {
                "date": f"{row['event_date']}",
                "day_type": "closure" if row["is_working"] else "pd_day",
                "declared_at": f"{row['event_date']} 00:00",
                "note": "from the logs",
            },
            f"the calendar lists {row['day_type'].replace('_', ' ')}, and {row['people']} "
            f"staff used a district device on site; {row['usual']} do on a working day",
        )
        for row in found.iter_rows(named=True)
    ]
