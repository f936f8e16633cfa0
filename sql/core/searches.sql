/* ---
summary: >
  Ten minutes in which a device contacted twenty or more inside addresses on one port,
  twenty or more ports of one inside address, or many ports of twenty or more addresses,
  and how many of them did not answer:
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
  step_minutes:
    type: int
    default: 2
    min: 1
    max: 10
    unit: minutes
    why: ten minutes begin this often, so that no full hour cuts a search in two
columns:
  device: {type: varchar, pii: indirect, is: 'device; otherwise its address'}
  device_class: {type: varchar, is: class of the device}
  asked:
    type: varchar
    pii: indirect
    is: 'the one port or address, of many; or ''many ports'' of many addresses'
  targets: {type: bigint, is: 'addresses, ports, or pairs of them'}
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

-- most devices ask few, and need no windows
busy as (
    select src_ip
    from lines
    group by src_ip
    having count(distinct dst_ip || ' ' || dst_port) >= $least_targets
),

steps as (
    select
        lines.src_ip,
        lines.dst_ip,
        lines.dst_port,
        floor(epoch(lines.start_time) / (60 * $step_minutes))::bigint as step,
        bool_or(lines.is_answered) as is_answered,
        min(lines.start_time) as start_time,
        max(lines.start_time) as end_time,
        min(lines.event_id) as event_id
    from lines
    semi join busy on lines.src_ip = busy.src_ip
    group by all
),

-- ten minutes slide: a connection is in each window that reaches it
tries as (
    select
        steps.src_ip,
        steps.dst_ip,
        steps.dst_port,
        steps.step - earlier.steps as slot,
        bool_or(steps.is_answered) as is_answered,
        min(steps.start_time) as start_time,
        max(steps.end_time) as end_time,
        min(steps.event_id) as event_id
    from steps
    cross join (
        select unnest(range((10 // $step_minutes)::bigint)) as steps
    ) as earlier
    group by all
),

-- of one port, of one address, and of both together
asked as (
    select
        *,
        'port ' || dst_port as asked
    from tries
    union all
    select
        *,
        dst_ip as asked
    from tries
    union all
    select
        *,
        'many ports' as asked
    from tries
),

many as (
    select
        src_ip,
        asked,
        count(*) as targets,
        avg((not is_answered)::int) as silent_share,
        min(start_time) as start_time,
        max(end_time) as end_time,
        list_slice(list_sort(list(event_id)), 1, 20) as evidence
    from asked
    group by src_ip, asked, slot
    having
        count(*) >= $least_targets
        and (
            asked <> 'many ports'
            or (
                count(distinct dst_ip) >= $least_targets
                and count(distinct dst_port) >= 2
            )
        )
    qualify
        row_number() over (
            partition by src_ip, asked, min(start_time)
            order by count(*) desc, max(end_time) desc
        ) = 1
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
