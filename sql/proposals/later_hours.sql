-- Jobs whose people mostly work past the hours that the registry states.
with used as (
    select
        requests.person_id,
        requests.event_date,
        date_diff(
            'minute', requests.event_date::timestamp,
            max(timezone($zone, requests.start_time))
        ) as last_minute
    from core.engaged_requests as requests
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
    from registry.duty_windows
    where kind in ('contract', 'extra')
    group by person_id, event_date
),

jobs as (
    select person_id, min(job_title) as job_title
    from registry.people
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
