-- Usual first and last minute of work of all staff, and of each job.
with marked as (
    select
        requests.person_id,
        requests.event_date,
        requests.job_title as job,
        date_diff(
            'minute', requests.event_date::timestamp,
            timezone($zone, requests.start_time)
        ) as minute
    from core.engaged_requests as requests
    where
        requests.is_staff
        and requests.has_location
        and requests.is_district_device
        and requests.event_date in (
            select date from registry.calendar_days
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
where not exists (select 1 from registry.duty_windows where not is_usual)
group by grouping sets ((), (job))
having count(*) >= $fewest and (is_all or job is not null)
order by is_all desc, job
