/* ---
summary: Requests and bytes by building and hour of seven days from a day.
grain: [event_date, hour, building]
params:
  first: {type: date}
columns:
  event_date: {type: date, is: local day}
  hour: {type: bigint, is: hour of the local day}
  building: {type: varchar, is: building}
  request_count: {type: bigint, is: requests}
  account_count: {type: bigint, is: accounts that made them}
  megabytes_in: {type: double, is: received}
  megabytes_out: {type: double, is: sent}
--- */
with
requests as (
    select
        event_date,
        building,
        account,
        bytes_in,
        bytes_out,
        date_part('hour', timezone(about.zone, time)) as hour
    from core.http_requests, marts.about as about
    where event_date between $first::date and $first::date + interval 6 day
)

select
    event_date,
    hour,
    building,
    count(*) as request_count,
    count(distinct account) as account_count,
    round(coalesce(sum(bytes_in), 0) / 1e6, 1) as megabytes_in,
    round(coalesce(sum(bytes_out), 0) / 1e6, 1) as megabytes_out
from requests
group by event_date, hour, building
order by event_date, hour, building
