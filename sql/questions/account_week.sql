-- Use of sites by an account in a week, by day and site.
select
    event_date,
    site,
    string_agg(distinct device, ', ' order by device) as devices,
    string_agg(distinct verdict, ', ' order by verdict) as verdict,
    min(start_time) as first_time,
    max(end_time) as last_time,
    sum(total_seconds) / 60 as minutes,
    sum(on_duty_seconds) / 60 as on_duty_minutes,
    sum(request_count)::bigint as request_count
from core.site_use
where
    account = $account
    and event_date between $monday and $sunday
group by event_date, site
order by event_date, minutes desc, site
