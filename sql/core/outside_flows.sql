/* ---
summary: >
  Traffic of each device with the outside world in an hour, destination by destination,
  as a firewall and as a proxy saw it, and the look-ups of an agent, without bytes. The
  logs may see the same bytes: never add them. A
  device without a lease is listed by its address. Traffic inside the district, refused
  traffic and traffic from outside are left out. A connection that is logged at its
  start and again at its end counts once. Where two firewalls or sensors see a device's
  traffic to one destination in one hour, each amount is the largest that one log has.
grain: [seen_by, device, destination, dst_port, protocol, hour]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  zone: {type: varchar}
split_by: {seen: device}
columns:
  seen_by: {type: varchar, is: 'firewall, proxy, or resolver for look-ups of names'}
  device: {type: varchar, pii: indirect, is: 'device; otherwise its address'}
  is_registered: {type: boolean, is: the registry has the device}
  device_class: core.http_requests
  net_kind: varchar
  building: core.http_requests
  destination: {type: varchar, is: 'requested host, or the address that answered'}
  site: {type: varchar, is: 'registrable domain; otherwise the address'}
  is_bare_address: {type: boolean, is: no name is known}
  background_kind: {type: varchar, is: kind of background service}
  is_listed: {type: boolean, is: the list of sites approves it for at least one role}
  dst_port: {type: integer, is: port asked for; null where a proxy saw it}
  protocol: {type: varchar, is: protocol; null where a proxy saw it}
  hour: {type: timestamptz, is: full hour in which it began}
  flow_count: {type: bigint, is: flows or requests}
  two_way_count: {type: bigint, is: of them with bytes in both directions}
  bytes_in: {type: bigint, is: bytes to the device}
  bytes_out: {type: bigint, is: bytes from the device; null if no log has them}
  longest_seconds: {type: double, is: the longest of them}
  first_time: {type: timestamptz, is: the first began}
  last_time: {type: timestamptz, is: the last began}
  evidence: {type: 'bigint[]', is: 'the first five and the largest of them'}
  binding_event_id: {type: bigint, is: a lease that identifies the device}
  event_date: {type: date, is: local day}
--- */
with

told as (
    select
        event_id,
        source,
        coalesce(start_time, time) as start_time,
        time,
        src_ip,
        dst_ip,
        dst_hostname,
        connection_uid,
        dst_port,
        protocol,
        bytes_in,
        bytes_out
    from raw.connections
    where
        event_date = $event_date::date
        and src_ip is not null
        and coalesce(dst_hostname, dst_ip) is not null
        and disposition is distinct from 'blocked'
        and coalesce(direction not in ('inbound', 'lateral'), true)
    -- a device may log one connection at its start, in between and at its end: the last
    -- line has the most. Numbers are reused, so the start must be the same too, except
    -- that stamps and durations are cut to seconds
    window
        of_connection as (
            partition by source, connection_uid, src_ip, dst_ip, dst_port
            order by time, event_id
        )
    qualify
        connection_uid is null
        or coalesce(
            abs(
                epoch(lead(coalesce(start_time, time)) over of_connection)
                - epoch(coalesce(start_time, time))
            ) > 2,
            true
        )
),

-- parts in intermediate lines are included in the total of a last line
passed as (
    select
        event_id,
        source,
        start_time,
        time,
        src_ip,
        dst_ip,
        dst_hostname,
        connection_uid,
        dst_port,
        protocol,
        case
            when
                start_time <= min(start_time) over before + interval 2 second
                and bytes_in >= sum(bytes_in) over before
                then (bytes_in - sum(bytes_in) over before)::bigint
            else bytes_in
        end as bytes_in,
        case
            when
                start_time <= min(start_time) over before + interval 2 second
                and bytes_out >= sum(bytes_out) over before
                then (bytes_out - sum(bytes_out) over before)::bigint
            else bytes_out
        end as bytes_out
    from told
    window
        before as (
            partition by
                source,
                coalesce(connection_uid, event_id::varchar),
                src_ip,
                dst_ip,
                dst_port
            order by time, event_id
            rows between unbounded preceding and 1 preceding
        )
),

-- a firewall may log the host of a session in a separate line
asked as (
    select distinct
        src_ip,
        session_number(extras) as connection_uid,
        url_hostname,
        coalesce(start_time, time) as start_time
    from raw.http_requests
    where event_date = $event_date::date and url_hostname is not null
),

named as (
    select
        passed.event_id,
        min_by(asked.url_hostname, asked.start_time) as url_hostname
    from passed
    inner join asked
        on
            passed.connection_uid = asked.connection_uid
            and passed.src_ip = asked.src_ip
            and in_one_session(asked.start_time, passed.start_time, passed.time)
    where passed.dst_hostname is null and asked.connection_uid is not null
    group by passed.event_id
),

connections as (
    select
        passed.* exclude (dst_hostname, connection_uid),
        coalesce(passed.dst_hostname, named.url_hostname, passed.dst_ip)
            as destination,
        coalesce(passed.dst_hostname, named.url_hostname) is null as is_bare_address
    from passed
    left join named on passed.event_id = named.event_id
),

requests as (
    select
        event_id,
        source,
        start_time,
        time,
        src_ip,
        device,
        binding_event_id,
        net_kind,
        building,
        if(method = 'LOOKUP', 'resolver', 'proxy') as seen_by,
        url_hostname as destination,
        bytes_in,
        bytes_out
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'allowed'
        and url_hostname is not null
        and coalesce(device, src_ip) is not null
),

holders as (
    select
        ip,
        device,
        start_time,
        end_time,
        lease_event_id
    from identity.address_devices
    where event_date = $event_date::date
),

devices as (
    select
        device,
        device_class
    from identity.devices
    where event_date = $event_date::date
),

places as (
    select
        ip,
        net_kind,
        building
    from identity.places
),

hosts as (
    select
        url_hostname,
        site,
        background_kind
    from identity.hosts
),

networks as (
    select
        first_address,
        last_address
    from registry.subnets
    union all
    select
        first_address,
        last_address
    from registry.egress
),

-- an IPv4 address in the form that sorts; IPv6 stays null
answered as (
    select
        dst_ip,
        case
            when regexp_full_match(dst_ip, '[0-9]{1,3}([.][0-9]{1,3}){3}')
                then
                    '00000000000000000000ffff'
                    || lower(lpad(hex(split_part(dst_ip, '.', 1)::bigint), 2, '0'))
                    || lower(lpad(hex(split_part(dst_ip, '.', 2)::bigint), 2, '0'))
                    || lower(lpad(hex(split_part(dst_ip, '.', 3)::bigint), 2, '0'))
                    || lower(lpad(hex(split_part(dst_ip, '.', 4)::bigint), 2, '0'))
        end as address
    from connections
    where dst_ip is not null
    group by dst_ip
),

inside as (
    select answered.dst_ip
    from answered
    inner join networks
        on answered.address between networks.first_address and networks.last_address
    union
    -- private, link-local, multicast
    select answered.dst_ip
    from answered
    where is_private_address(answered.dst_ip)
),

-- days with one firewall and one proxy have no copies to look for
sensors as (
    select count(distinct source) as source_count
    from raw.connections
    where event_date = $event_date::date
),

logs as (
    select count(distinct source) as source_count
    from core.http_requests
    where event_date = $event_date::date
),

-- another sensor may know only the address of what a firewall names
named_elsewhere as (
    select distinct
        source,
        src_ip,
        dst_ip,
        dst_port,
        local_hour(start_time, $zone, $event_date::date) as hour
    from connections
    where
        not is_bare_address
        and bytes_in + bytes_out > 0
        and (select sensors.source_count from sensors) > 1
),

outward as (
    select connections.*
    from connections
    left join inside on connections.dst_ip = inside.dst_ip
    where
        inside.dst_ip is null
        and (
            not connections.is_bare_address
            or not exists (
                from named_elsewhere
                where
                    named_elsewhere.source <> connections.source
                    and named_elsewhere.src_ip = connections.src_ip
                    and named_elsewhere.dst_ip = connections.dst_ip
                    and named_elsewhere.dst_port
                    is not distinct from connections.dst_port
                    and named_elsewhere.hour
                    = local_hour(connections.start_time, $zone, $event_date::date)
            )
        )
),

seen as (
    select
        'firewall' as seen_by,
        coalesce(holders.device, outward.src_ip) as device,
        places.net_kind,
        places.building,
        case when sensors.source_count > 1 then outward.source end as source,
        outward.destination,
        outward.is_bare_address,
        outward.dst_port,
        outward.protocol,
        outward.start_time,
        outward.time,
        outward.bytes_in,
        outward.bytes_out,
        outward.event_id,
        holders.lease_event_id as binding_event_id
    from outward
    cross join sensors
    left join holders
        on
            outward.src_ip = holders.ip
            and outward.start_time >= holders.start_time
            and outward.start_time < holders.end_time
    left join places on outward.src_ip = places.ip
    union all
    select
        requests.seen_by,
        coalesce(requests.device, requests.src_ip) as device,
        requests.net_kind,
        requests.building,
        case when logs.source_count > 1 then requests.source end as source,
        requests.destination,
        false as is_bare_address,
        null as dst_port,
        null as protocol,
        requests.start_time,
        requests.time,
        requests.bytes_in,
        requests.bytes_out,
        requests.event_id,
        requests.binding_event_id
    from requests
    cross join logs
),

by_log as (
    select
        source,
        seen_by,
        device,
        min(net_kind) as net_kind,
        min(building) as building,
        destination,
        bool_and(is_bare_address) as is_bare_address,
        dst_port,
        protocol,
        local_hour(start_time, $zone, $event_date::date) as hour,
        count(*) as flow_count,
        count(*) filter (where bytes_in > 0 and bytes_out > 0) as two_way_count,
        sum(bytes_in)::bigint as bytes_in,
        sum(bytes_out)::bigint as bytes_out,
        max(epoch(time) - epoch(start_time)) as longest_seconds,
        min(start_time) as first_time,
        max(start_time) as last_time,
        min(event_id, 5) as first_events,
        -- the largest, then the last: one number is compared faster than a pair
        max_by(
            event_id,
            (coalesce(bytes_out, 0) + coalesce(bytes_in, 0))::hugeint
            * 10000000000000000000
            + event_id
        ) as largest_event,
        min(binding_event_id) as binding_event_id
    from seen
    group by
        source, seen_by, device, destination, dst_port, protocol,
        local_hour(start_time, $zone, $event_date::date)
),

twice as (
    select
        seen_by,
        device,
        destination
    from by_log
    where source is not null
    group by seen_by, device, destination
    having min(source) < max(source)
),

-- copies of one traffic never add up, and a log may lack one of the amounts
hours as (
    select by_log.* exclude (source)
    from by_log
    anti join twice
        on
            by_log.seen_by = twice.seen_by
            and by_log.device = twice.device
            and by_log.destination = twice.destination
    union all by name
    select
        seen_by,
        device,
        min(net_kind) as net_kind,
        min(building) as building,
        destination,
        bool_and(is_bare_address) as is_bare_address,
        dst_port,
        protocol,
        hour,
        max(flow_count) as flow_count,
        max(two_way_count) as two_way_count,
        max(bytes_in) as bytes_in,
        max(bytes_out) as bytes_out,
        max(longest_seconds) as longest_seconds,
        min(first_time) as first_time,
        max(last_time) as last_time,
        list_sort(
            list_distinct(flatten(list(first_events || [largest_event])))
        ) as first_events,
        max_by(
            largest_event,
            (coalesce(bytes_out, 0) + coalesce(bytes_in, 0), largest_event)
        ) as largest_event,
        min(binding_event_id) as binding_event_id
    from by_log
    semi join twice
        on
            by_log.seen_by = twice.seen_by
            and by_log.device = twice.device
            and by_log.destination = twice.destination
    group by seen_by, device, destination, dst_port, protocol, hour
),

listed as (
    select distinct sites.destination
    from (
        select distinct
            hours.destination,
            coalesce(own.site, hours.destination) as site
        from hours
        left join hosts as own on hours.destination = own.url_hostname
    ) as sites
    inner join hosts on sites.site = hosts.site
    inner join core.approved_hosts as entries
        on hosts.url_hostname = entries.host
    where
        sites.destination = entries.host
        or ends_with(sites.destination, '.' || entries.host)
)

select
    hours.seen_by,
    hours.device,
    devices.device is not null as is_registered,
    devices.device_class,
    hours.net_kind,
    hours.building,
    hours.destination,
    coalesce(hosts.site, hours.destination) as site,
    hours.is_bare_address,
    hosts.background_kind,
    listed.destination is not null as is_listed,
    hours.dst_port,
    hours.protocol,
    hours.hour,
    hours.flow_count,
    hours.two_way_count,
    hours.bytes_in,
    hours.bytes_out,
    hours.longest_seconds,
    hours.first_time,
    hours.last_time,
    -- in order: what is not among the first five comes after them
    case
        when list_contains(hours.first_events, hours.largest_event)
            then hours.first_events
        else list_append(hours.first_events, hours.largest_event)
    end as evidence,
    hours.binding_event_id,
    $event_date::date as event_date
from hours
left join devices on hours.device = devices.device
left join hosts on hours.destination = hosts.url_hostname
left join listed on hours.destination = listed.destination
