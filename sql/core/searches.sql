/* ---
summary: >
  Ten minutes in which a device contacted twenty or more inside addresses on one port,
  or twenty or more ports of one inside address, and how many of them did not answer:
  blocked, or without bytes in return. A connection that was allowed in a log without
  byte counts may have been answered, and counts as answered.
grain: [device, asked, start_time]
params:
  event_date: {type: date}
  least_targets:
    type: int
    default: 20
    min: 5
    max: 1000
    why: fewer are ordinary work, and are not kept
columns:
  device: {type: varchar, pii: indirect, is: 'device; otherwise its address'}
  device_class: {type: varchar, is: class of the device}
  asked: {type: varchar, pii: indirect, is: 'the one port or address, of many'}
  targets: {type: bigint, is: addresses or ports}
  silent_share: {type: double, is: share of them that did not answer}
  start_time: {type: timestamptz, is: first connection}
  end_time: {type: timestamptz, is: last connection}
  evidence: {type: 'bigint[]', is: the first twenty lines}
  event_date: {type: date, is: local day}
--- */
with

lines as (
    select
        event_id,
        coalesce(start_time, time) as start_time,
        src_ip,
        dst_ip,
        dst_port,
        coalesce(disposition <> 'blocked', true)
        and coalesce(
            coalesce(bytes_in, try_cast(extras ->> '$.bytes' as bigint)) > 0, true
        ) as is_answered
    from raw.connections
    where
        event_date = $event_date::date
        and src_ip is not null
        and dst_ip is not null
        and dst_port is not null
        and coalesce(start_time, time) is not null
        and direction is distinct from 'inbound'
        and is_private_address(src_ip)
        and is_private_address(dst_ip)
),

tries as (
    select
        src_ip,
        dst_ip,
        dst_port,
        floor(epoch(start_time) / 600)::bigint as slot,
        bool_or(is_answered) as is_answered,
        min(start_time) as start_time,
        max(start_time) as end_time,
        min(event_id) as event_id
    from lines
    group by src_ip, dst_ip, dst_port, floor(epoch(start_time) / 600)
),

many as (
    select
        src_ip,
        'port ' || dst_port as asked,
        count(*) as targets,
        avg((not is_answered)::int) as silent_share,
        min(start_time) as start_time,
        max(end_time) as end_time,
        list_slice(list_sort(list(event_id)), 1, 20) as evidence
    from tries
    group by src_ip, dst_port, slot
    having count(*) >= $least_targets
    union all
    select
        src_ip,
        dst_ip as asked,
        count(*) as targets,
        avg((not is_answered)::int) as silent_share,
        min(start_time) as start_time,
        max(end_time) as end_time,
        list_slice(list_sort(list(event_id)), 1, 20) as evidence
    from tries
    group by src_ip, dst_ip, slot
    having count(*) >= $least_targets
),

holders as (
    select
        ip,
        device,
        start_time,
        end_time
    from identity.address_devices
    where event_date = $event_date::date
),

devices as (
    select
        device,
        device_class
    from identity.devices
    where event_date = $event_date::date
)

select
    coalesce(holders.device, many.src_ip) as device,
    devices.device_class,
    many.asked,
    many.targets,
    many.silent_share,
    many.start_time,
    many.end_time,
    many.evidence,
    $event_date::date as event_date
from many
left join holders
    on
        many.src_ip = holders.ip
        and many.start_time >= holders.start_time
        and many.start_time < holders.end_time
left join devices on holders.device = devices.device
