/* ---
summary: >
  An account's visits to a site on one device and day, told apart by pauses as for
  the use of a site. The time is given twice: as far as open tunnels may reach, and
  from the first request to the last, which an idle tunnel does not lengthen.
grain: [account, device, site, start_time]
params:
  event_date: {type: date}
  span_seconds:
    type: int
    default: 300
    min: 30
    max: 1800
    unit: seconds
    why: nobody is shown to read longer than this after the last request
  joined_seconds:
    type: int
    default: 180
    min: 10
    max: 1800
    unit: seconds
    why: the pause after which commercial reporters begin a new visit
columns:
  account: {type: varchar, pii: direct, is: account}
  device: {type: varchar, pii: indirect, is: device}
  site: {type: varchar, is: registrable domain}
  start_time: {type: timestamptz, is: first request}
  end_time: {type: timestamptz, is: end of the last span}
  seconds: {type: double, is: with open tunnels}
  active_seconds: {type: double, is: first request to 20 s past the last}
  request_count: {type: bigint, is: engaged requests}
  largest_bytes: {type: bigint, is: the largest single response}
  evidence: {type: 'bigint[]', is: the requests}
  event_date: {type: date, is: local day}
--- */
with

requests as (
    select
        event_id,
        account,
        device,
        site,
        start_time,
        time,
        bytes_in
    from core.engaged_requests
    where event_date = $event_date::date and site is not null
),

ended as (
    select
        *,
        greatest(
            epoch(least(time, start_time + to_seconds($span_seconds))),
            epoch(start_time) + 20
        ) as span_end
    from requests
),

marked as (
    select
        *,
        coalesce(
            epoch(start_time) - max(span_end) over earlier > $joined_seconds,
            true
        ) as starts_visit
    from ended
    window
        earlier as (
            partition by account, device, site
            order by start_time, event_id
            rows between unbounded preceding and 1 preceding
        )
),

numbered as (
    select
        *,
        count_if(starts_visit) over in_order as visit_number
    from marked
    window
        in_order as (
            partition by account, device, site
            order by start_time, event_id
        )
)

select
    account,
    device,
    site,
    min(start_time) as start_time,
    to_timestamp(max(span_end)) as end_time,
    max(span_end) - min(epoch(start_time)) as seconds,
    max(epoch(start_time)) - min(epoch(start_time)) + 20 as active_seconds,
    count(*) as request_count,
    max(bytes_in) as largest_bytes,
    list_sort(list(event_id)) as evidence,
    $event_date::date as event_date
from numbered
group by account, device, site, visit_number
