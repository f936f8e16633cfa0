-- Usual first and last minute of work in each building.
with marked as (
    select
        person_id,
        building,
        event_date,
        date_diff('day', date '2000-01-03', event_date) % 7 as weekday,
        timezone($zone, start_time) as local_time
    from core.engaged_requests
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
