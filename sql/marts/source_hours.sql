/* ---
summary: >
  Events of each source in each hour of a local day, so that silence shows.
grain: [source, hour_start, event_date]
params:
  event_date: {type: date}
  zone: {type: varchar}
columns:
  source: {type: varchar, is: name of the source}
  hour_start: {type: timestamptz, is: beginning of the hour}
  event_date: {type: date, is: local day}
  hour: {type: bigint, is: local hour}
  line_count: {type: bigint, is: events}
--- */
with

events as (
    select source, time from raw.http_requests where event_date = $event_date::date
    union all
    select source, time from raw.connections where event_date = $event_date::date
    union all
    select source, time from raw.logons where event_date = $event_date::date
    union all
    select source, time from raw.leases where event_date = $event_date::date
    union all
    select source, time from raw.dns_queries where event_date = $event_date::date
    union all
    select source, time from raw.system_events where event_date = $event_date::date
),

hours as (
    select
        source,
        local_hour(time, $zone, $event_date::date) as hour_start,
        count(*) as line_count
    from events
    where time is not null
    group by source, local_hour(time, $zone, $event_date::date)
)

select
    source,
    hour_start,
    $event_date::date as event_date,
    hour(timezone($zone, hour_start)) as hour,
    line_count
from hours
