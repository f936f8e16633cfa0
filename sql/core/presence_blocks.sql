/* ---
summary: >
  Stretches in which a person used a device: engaged requests with short pauses, spread
  over minutes and several sites, or many requests to one site over five minutes, so
  that a burst of restored tabs is none. The time from the first to the last request
  counts, wherever the full five minutes of the clock fall. For durations and off-hours
  use, never as proof of sharing. A block belongs to the local day on which it starts.
grain: [account, device, start_time]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  zone: {type: varchar}
  pause_seconds:
    type: int
    default: 600
    min: 60
    max: 3600
    unit: seconds
    why: a longer pause is shown as two stretches
  tail_seconds:
    type: int
    default: 240
    min: 0
    max: 1800
    unit: seconds
    why: common limit after which an idle tunnel is closed
  one_site_requests:
    type: int
    default: 10
    min: 3
    max: 200
    why: a single site may be a tab that was left open, so it takes more
  one_site_seconds:
    type: int
    default: 300
    min: 60
    max: 7200
    unit: seconds
    why: the same; as long as off-duty use must last
  least_seconds:
    type: int
    default: 150
    min: 20
    max: 3600
    unit: seconds
    why: restored tabs load within seconds, and a glance ends within minutes
by_account: [core.engaged_requests]
columns:
  account: varchar
  person_id: varchar
  is_staff: boolean
  attribution_grade: {type: varchar, is: the weakest grade of the requests}
  device: varchar
  device_class: varchar
  device_owner: varchar
  is_district_device: boolean
  building: varchar
  net_kind: varchar
  start_time: {type: timestamptz, is: first request}
  end_time: {type: timestamptz, is: 20 s after the last}
  active_seconds: {type: double, is: 'each request until the next, the tail at most'}
  request_count: {type: bigint, is: engaged requests}
  site_count: {type: bigint, is: registrable domains}
  live_share:
    type: double
    is: share of requests with a live keyboard, or while the account used stock
  is_given:
    type: boolean
    is: the account's password was given there, and no other person holds the device
  is_live_known: {type: boolean, is: the device writes logons}
  session_events: {type: 'bigint[]', is: logons that make it live}
  bindings: {type: 'bigint[]', is: leases that identify the device}
  is_device_assumed: {type: boolean, is: 'from outside, no log identifies the device'}
  is_clock_checked: {type: boolean, is: the host's clock is known}
  has_ambiguous_time: {type: boolean, is: touches a repeated hour}
  evidence: {type: 'bigint[]', is: the requests}
  event_date: {type: date, is: local day on which it starts}
--- */
with

requests as (
    select *
    from core.engaged_requests
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
),

-- what began within the hour before midnight may still go on; what goes on is followed
-- through the night
ended as (
    select
        *,
        least(epoch(time), epoch(start_time) + $tail_seconds) as believed_end
    from requests
    where
        event_date = $event_date::date
        or start_time
        between timezone($zone, $event_date::timestamp) - interval 1 hour
        and timezone($zone, $event_date::timestamp + interval 1 day) + interval 8 hour
),

marked as (
    select
        *,
        coalesce(
            epoch(start_time) - max(believed_end) over earlier > $pause_seconds,
            true
        ) as starts_block
    from ended
    window
        earlier as (
            partition by account, device
            order by start_time, event_id
            rows between unbounded preceding and 1 preceding
        )
),

numbered as (
    select
        *,
        count_if(starts_block) over in_order as block_number,
        -- the last request of a block has no next one
        least(
            coalesce(
                if(
                    lead(starts_block) over in_order,
                    null,
                    epoch(lead(start_time) over in_order) - epoch(start_time)
                ),
                20
            ),
            $tail_seconds
        ) as seconds
    from marked
    window in_order as (partition by account, device order by start_time, event_id)
)

select
    account,
    max(person_id) as person_id,
    bool_or(is_staff) as is_staff,
    max(attribution_grade) as attribution_grade,
    device,
    max(device_class) as device_class,
    max(device_owner) as device_owner,
    bool_or(is_district_device) as is_district_device,
    min(building) as building,
    min(net_kind) as net_kind,
    min(start_time) as start_time,
    max(start_time) + interval 20 second as end_time,
    sum(seconds)::double as active_seconds,
    count(*) as request_count,
    count(distinct site) as site_count,
    avg(case when is_used then 1.0 else 0.0 end) as live_share,
    coalesce(
        bool_and(is_given and not coalesce(is_user_unknown, false)), false
    ) as is_given,
    bool_or(is_live_known) as is_live_known,
    sorted_values(session_event_id) as session_events,
    sorted_values(binding_event_id) as bindings,
    bool_or(
        coalesce(device_basis in ('tunnel', 'keyboard', 'contradicted'), false)
    ) as is_device_assumed,
    bool_or(is_clock_checked) as is_clock_checked,
    bool_or(is_ambiguous_time) as has_ambiguous_time,
    list_sort(list(event_id)) as evidence,
    min(event_date) as event_date
from numbered
group by account, device, block_number
having
    min(event_date) = $event_date::date
    and count(*) >= 4
    and (
        count(distinct site) >= 2
        -- an evening on one site; a tab that refreshes is timed by a machine
        or (
            count(*) >= $one_site_requests
            and epoch(max(start_time)) - epoch(min(start_time)) >= $one_site_seconds
        )
    )
    and epoch(max(start_time)) - epoch(min(start_time)) >= $least_seconds
