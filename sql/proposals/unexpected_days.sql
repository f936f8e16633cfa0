-- Returns days on which the share of the staff working contradicts the calendar.
with staff as (
    select event_date, count(distinct person_id) as people
    from core.engaged_requests
    where is_staff and has_location and is_district_device
    group by event_date
),

logged as (
    select
        event_date,
        count(distinct hour(timezone($zone, start_time))) filter (
            where hour(timezone($zone, start_time)) between 7 and 16
        ) as hours
    from core.http_requests
    group by event_date
),

days as (
    select date as event_date, min(day_type) as day_type
    from registry.calendar_days
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
    -- the newest day may not be over
    where days.event_date < (select max(newest.event_date) from logged as newest)
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
