"""Working hours of buildings, for staff of whom `staff_duty.csv` says nothing."""

from pipelines.operations.suggestions.proposal import Evidence, Proposal

FEWEST = 20
"""Person days of a building that tell its hours."""
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
left join built.registry.duty_windows as duty on people.person_id = duty.person_id
where people.is_staff and people.building is not null and duty.person_id is null
order by people.building, people.person_id
"""


def hours(evidence: Evidence) -> list[Proposal]:
    """The hours of their building, Monday to Friday, for staff without any."""
    known = {
        row["building"]: row
        for row in evidence.frame(_HOURS, zone=evidence.zone, fewest=FEWEST).iter_rows(
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
            f"most staff of {row['building']} work from {_clock(first)} to "
            f"{_clock(last)}, by {row['person_days']} days of work"
        )
        cells = {
            "person_id": person["person_id"],
            "date_from": row["first_day"].isoformat(),
            "date_to": row["last_day"].isoformat(),
            "start_local": _clock(first),
            "end_local": _clock(last),
            "building": row["building"],
            "kind": "contract",
        }
        found += [
            Proposal("staff_duty.csv", cells | {"weekday": str(day)}, reason)
            for day in range(5)
        ]
    return found


def _clock(minutes: int) -> str:
    minutes = min(max(minutes, 0), 24 * 60 - 1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
