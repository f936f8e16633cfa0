/* ---
summary: >
  Events of each source in each hour of a local day, by the building of the address
  that they are about, so that a building that fell silent shows.
grain: [source, building, hour_start, event_date]
params:
  event_date: {type: date}
  zone: {type: varchar}
columns:
  source: {type: varchar, is: name of the source}
  building: varchar
  hour_start: {type: timestamptz, is: beginning of the hour}
  event_date: {type: date, is: local day}
  hour: {type: bigint, is: local hour}
  line_count: {type: bigint, is: events whose address identifies a building}
--- */
with

events as (
    select source, time, src_ip as ip
    from raw.http_requests
    where event_date = $event_date::date
    union all
    select source, time, src_ip as ip
    from raw.connections
    where event_date = $event_date::date
    union all
    select source, time, src_ip as ip
    from raw.logons
    where event_date = $event_date::date
    union all
    select source, time, ip
    from raw.leases
    where event_date = $event_date::date
),

places as (
    select
        ip,
        building
    from identity.places
    where has_location
),

-- by address first: a join for each line would cost far more
hours as (
    select
        source,
        ip,
        local_hour(time, $zone, $event_date::date) as hour_start,
        count(*) as line_count
    from events
    where time is not null
    group by source, ip, local_hour(time, $zone, $event_date::date)
)

select
    hours.source,
    places.building,
    hours.hour_start,
    $event_date::date as event_date,
    hour(timezone($zone, hours.hour_start)) as hour,
    sum(hours.line_count)::bigint as line_count
from hours
inner join places on hours.ip = places.ip
group by hours.source, places.building, hours.hour_start
