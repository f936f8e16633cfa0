/* ---
summary: >
  Addresses that two devices claim at the same time: the registry fixes one that a lease
  gave to another, two devices are fixed at one address, or a tunnel's address is
  leased. Neither claim is trusted there. One of the two rows is out of date; the person
  who keeps the registry can decide which.
grain: [ip, device, other_device, binding, other_binding, event_date]
params:
  event_date: {type: date}
  zone: {type: varchar}
columns:
  ip: varchar
  device: {type: varchar, pii: indirect, is: device by the one}
  binding: {type: varchar, is: 'source of the claim: lease, static or tunnel'}
  other_device: {type: varchar, pii: indirect, is: device by the other}
  other_binding: {type: varchar, is: source of the other claim}
  start_time: {type: timestamptz, is: first moment of the day at which both do}
  end_time: {type: timestamptz, is: the last such moment}
  lease_event_id: {type: bigint, is: a lease or tunnel of the claim}
  event_date: {type: date, is: local day}
--- */
with

holders as (
    select
        ip,
        device,
        binding,
        lease_event_id,
        greatest(start_time, timezone($zone, $event_date::timestamp)) as start_time,
        least(
            end_time, timezone($zone, $event_date::timestamp + interval 1 day)
        ) as end_time
    from identity.address_holders
    where event_date = $event_date::date
),

held as (
    select *
    from holders
    where start_time < end_time
),

-- most addresses are one device's, or go from one to the next by leases alone
disputed as (
    select ip
    from held
    group by ip
    having count(distinct device) > 1 and count_if(binding <> 'lease') > 0
),

candidates as (
    select held.*
    from held
    inner join disputed on held.ip = disputed.ip
)

select
    one.ip,
    one.device,
    one.binding,
    other.device as other_device,
    other.binding as other_binding,
    min(greatest(one.start_time, other.start_time)) as start_time,
    max(least(one.end_time, other.end_time)) as end_time,
    max(coalesce(one.lease_event_id, other.lease_event_id)) as lease_event_id,
    $event_date::date as event_date
from candidates as one
inner join candidates as other
    on
        one.ip = other.ip
        and one.device <> other.device
        and (
            one.binding < other.binding
            or (one.binding = other.binding and one.device < other.device)
        )
        and one.start_time < other.end_time
        and other.start_time < one.end_time
group by one.ip, one.device, one.binding, other.device, other.binding
