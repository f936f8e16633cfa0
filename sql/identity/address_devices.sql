/* ---
summary: >
  Which one device an address belongs to, and for how long. While two devices claim an
  address, and in the seconds in which it passes from one to the next, it belongs to
  neither. A column shows who took it over from another device.
grain: [ip, start_time, event_date]
params:
  event_date: {type: date}
  lease_grace_seconds:
    type: int
    default: 5
    min: 0
    max: 60
    unit: seconds
    why: >-
      a first request may leave in the moment the lease is logged; while clocks may
      differ by so much, an address that passes on is neither device's
columns:
  ip: varchar
  device: {type: varchar, pii: indirect, is: the one device that has a claim on it}
  binding: varchar
  lease_event_id: bigint
  start_time: timestamptz
  end_time: {type: timestamptz, is: 'to this instant, exclusive'}
  taken_over_time: {type: timestamptz, is: when it came from another device}
  event_date: date
--- */
with

holders as (
    select
        ip,
        device,
        start_time - to_seconds($lease_grace_seconds) as start_time,
        end_time,
        binding,
        lease_event_id
    from identity.address_holders
    where event_date = $event_date::date
),

-- between two moments nothing changes in who has a claim on an address
moments as (
    select
        ip,
        start_time as moment
    from holders
    union
    select
        ip,
        end_time as moment
    from holders
),

steps as (
    select
        ip,
        moment as start_time,
        lead(moment) over (partition by ip order by moment) as end_time
    from moments
),

claims as (
    select
        steps.ip,
        steps.start_time,
        steps.end_time,
        min(holders.device) as device,
        -- a tunnel is weaker evidence than any other
        min(holders.binding) as binding,
        max(holders.lease_event_id) as lease_event_id
    from steps
    inner join holders
        on
            steps.ip = holders.ip
            and steps.start_time >= holders.start_time
            and steps.start_time < holders.end_time
    group by steps.ip, steps.start_time, steps.end_time
    having min(holders.device) = max(holders.device)
),

compared as (
    select
        *,
        coalesce(
            lag(end_time) over by_address <> start_time
            or lag(device) over by_address <> device
            or lag(binding) over by_address <> binding
            or lag(lease_event_id) over by_address is distinct from lease_event_id,
            true
        )::int as is_first,
        coalesce(lag(device) over by_address <> device, false)::int as is_taken_over
    from claims
    window by_address as (partition by ip order by start_time)
),

counted as (
    select
        *,
        sum(is_first) over (
            partition by ip
            order by start_time
            rows between unbounded preceding and current row
        ) as stretch,
        sum(is_taken_over) over (
            partition by ip
            order by start_time
            rows between unbounded preceding and current row
        ) as holder
    from compared
),

stretches as (
    select
        ip,
        device,
        binding,
        lease_event_id,
        holder,
        min(start_time) as start_time,
        max(end_time) as end_time
    from counted
    group by ip, device, binding, lease_event_id, stretch, holder
)

select
    ip,
    device,
    binding,
    lease_event_id,
    start_time,
    end_time,
    case
        when holder > 0 then min(start_time) over (partition by ip, holder)
    end as taken_over_time,
    $event_date::date as event_date
from stretches
