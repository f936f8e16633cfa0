/* ---
summary: >
  When people used the web, by local hour and building, over all accounts. A count,
  not a finding; no account is named.
grain: [event_date, hour, building]
params:
  event_date: {type: date}
  zone: {type: varchar}
columns:
  event_date: date
  hour: {type: bigint, is: local hour}
  building: {type: varchar, is: building of the network; elsewhere without one}
  account_count: {type: bigint, is: accounts}
  minutes: {type: double, is: five-minute bins with a request times five}
--- */
with

binned as (
    select distinct
        account,
        coalesce(building, 'elsewhere') as building,
        hour(timezone($zone, start_time)) as hour,
        floor(epoch(start_time) / 300) as bin
    from core.engaged_requests
    where event_date = $event_date::date
)

select
    $event_date::date as event_date,
    hour,
    building,
    count(distinct account) as account_count,
    count(*) * 5.0::double as minutes
from binned
group by hour, building
