/* ---
summary: Use by weekday and hour over seven days from a day.
grain: [weekday, hour]
params:
  first: {type: date}
columns:
  weekday: {type: bigint, is: 1 Monday to 7 Sunday}
  hour: {type: bigint, is: hour of the local day}
  account_count: {type: bigint, is: accounts in use}
  request_count: {type: bigint, is: engaged requests}
  site_count: {type: bigint, is: sites}
--- */
with
requests as (
    select
        account,
        site,
        isodow(event_date) as weekday,
        date_part('hour', timezone(about.zone, start_time)) as hour
    from core.engaged_requests, marts.about as about
    where event_date between $first::date and $first::date + interval 6 day
)

select
    weekday,
    hour,
    count(distinct account) as account_count,
    count(*) as request_count,
    count(distinct site) as site_count
from requests
group by weekday, hour
order by weekday, hour
