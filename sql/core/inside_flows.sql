/* ---
summary: >
  Answered connections that concern the district's own devices: allowed connections
  from outside, and requests in protocols that send a
  password in plain text. Summed by both ends, port and hour. Inside is an inside zone,
  a private address, or a network of the registry.
grain: [kind, device, other, dst_port, start_time]
params:
  event_date: {type: date}
  zone: {type: varchar}
columns:
  kind: {type: varchar, is: inbound or clear text}
  device: {type: varchar, pii: indirect, is: 'inside device; otherwise its address'}
  device_class: {type: varchar, is: class of the device}
  other: {type: varchar, pii: indirect, is: the address at the other end}
  dst_port: {type: integer, is: port asked for}
  start_time: {type: timestamptz, is: first of this hour}
  end_time: {type: timestamptz, is: the last began}
  answered_count: {type: bigint, is: 'let through, and the other end answered'}
  evidence: {type: 'bigint[]', is: the first three of them}
  event_date: {type: date, is: local day}
audits:
  - holds: kind in ('inbound', 'clear text')
    severity: fail
--- */
with

answered as (
    select
        event_id,
        coalesce(start_time, time) as start_time,
        src_ip,
        dst_ip,
        dst_port,
        protocol,
        direction,
        is_private_address(src_ip)
        or src_ip in (select ip from identity.places) as is_from_inside,
        is_private_address(dst_ip)
        or dst_ip in (select ip from identity.places) as is_to_inside
    from raw.connections
    where
        event_date = $event_date::date
        and src_ip is not null
        and dst_ip is not null
        and dst_port is not null
        and coalesce(start_time, time) is not null
        and disposition is distinct from 'blocked'
        and (
            (bytes_in > 0 and bytes_out > 0)
            -- an ASA counts both ways together, and by TCP none flow before an answer
            or (
                bytes_in is null and bytes_out is null and protocol = 'tcp'
                and try_cast(extras ->> '$.bytes' as bigint) > 0
            )
        )
),

lines as (
    select
        *,
        case
            when
                direction = 'inbound'
                or (direction is null and not is_from_inside and is_to_inside)
                then 'inbound'
            -- telnet, rlogin, rsh, file transfer, mail: the password is sent in plain
            -- text; if both ends are outside, no device of the district is involved
            when
                dst_port in (21, 23, 110, 143, 512, 513, 514) and protocol = 'tcp'
                and (is_from_inside or direction in ('outbound', 'lateral'))
                then 'clear text'
        end as kind
    from answered
),

ends as (
    select
        *,
        if(kind = 'inbound', dst_ip, src_ip) as own_ip,
        if(kind = 'inbound', src_ip, dst_ip) as other
    from lines
    where kind is not null
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
    ends.kind,
    coalesce(holders.device, ends.own_ip) as device,
    min(devices.device_class) as device_class,
    ends.other,
    ends.dst_port,
    min(ends.start_time) as start_time,
    max(ends.start_time) as end_time,
    count(*) as answered_count,
    list_slice(list_sort(list(ends.event_id)), 1, 3) as evidence,
    $event_date::date as event_date
from ends
left join holders
    on
        ends.own_ip = holders.ip
        and ends.start_time >= holders.start_time
        and ends.start_time < holders.end_time
left join devices on holders.device = devices.device
group by
    ends.kind,
    coalesce(holders.device, ends.own_ip),
    ends.other,
    ends.dst_port,
    local_hour(ends.start_time, $zone, $event_date::date)
