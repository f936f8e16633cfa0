-- Accounts that used a site, by their first use of it.
select
    account,
    min(start_time) as first_time,
    arg_min(device, start_time) as device,
    arg_min(building, start_time) as building,
    arg_min(verdict, start_time) as verdict,
    count(distinct event_date) as day_count,
    sum(total_seconds) / 60 as minutes,
    sum(request_count)::bigint as request_count
from core.site_use
where site = $site
group by account
order by first_time, account
