/* ---
summary: >
  How even the calls of a device to one outside host are: their gaps and their amounts,
  of each pair with calls enough over hours enough of a day. Programs call that way;
  what it means is a rule's matter. Calls that a firewall or a proxy refused are a
  separate series: a connection that is tried again within seconds is one attempt,
  and time and name servers, which the system itself asks, are left out.
grain: [device, destination, seen_by, event_date]
params:
  event_date: {type: date}
  calls:
    type: int
    default: 10
    min: 2
    max: 10
    why: the least that a rule may ask for; fewer have no rhythm
  hours:
    type: int
    default: 4
    min: 1
    max: 4
    unit: hours
    why: the least that a rule may ask for
  devices:
    type: int
    default: 20
    min: 20
    max: 1000
    why: the most that a rule may allow; what more devices call that day is known
  retry_seconds:
    type: int
    default: 30
    min: 0
    max: 120
    unit: seconds
    why: an unanswered connection is tried again after 1, 3, 7 and 15 seconds
columns:
  device: core.outside_flows
  destination: {type: varchar, is: host or address}
  site: core.outside_flows
  seen_by:
    type: varchar
    is: 'firewall, proxy, resolver for look-ups of names, or refused'
  site_devices:
    type: bigint
    is: devices that asked for the site that day, refused or not
  first_time: {type: timestamptz, is: the first of the calls}
  last_time: {type: timestamptz, is: the last of them}
  binding_event_id: {type: bigint, is: a lease that identifies the device}
  call_count: {type: bigint, is: calls with a gap before them and one more}
  gap_seconds: {type: double, is: the middle gap}
  gap_score: {type: double, is: '1 is even, 0 is not'}
  size_score:
    type: double
    is: the same of the amounts; 1 where look-ups have none
  evidence: {type: 'bigint[]', is: the first twenty calls and the last}
  event_date: {type: date, is: local day}
--- */
with

flows as (
    select *
    from core.outside_flows
    where event_date = $event_date::date
),

hosts as (
    select
        url_hostname,
        site,
        background_kind
    from identity.hosts
),

-- refused attempts at outside hosts, by address
refused_lines as (
    select
        src_ip,
        null as device,
        coalesce(dst_hostname, dst_ip) as destination,
        coalesce(start_time, time) as start_time
    from raw.connections
    where
        event_date = $event_date::date
        and disposition = 'blocked'
        and coalesce(direction not in ('inbound', 'lateral'), true)
        and dst_port not in (53, 123)
        and not coalesce(is_private_address(dst_ip), false)
        and coalesce(dst_hostname, dst_ip) is not null
    union all
    select
        src_ip,
        device,
        url_hostname as destination,
        start_time
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'blocked'
        and device is not null
        and url_hostname is not null
),

known as (
    select
        site,
        sum(device_count)::bigint as device_count
    from (
        select
            site,
            count(distinct device) as device_count
        from flows
        group by site
        union all
        select
            coalesce(hosts.site, refused_lines.destination) as site,
            count(distinct coalesce(refused_lines.device, refused_lines.src_ip))
                as device_count
        from refused_lines
        left join hosts on refused_lines.destination = hosts.url_hostname
        group by coalesce(hosts.site, refused_lines.destination)
    ) as of_each
    group by site
),

refused_at as (
    select
        src_ip,
        device,
        destination,
        min(start_time) as first_time,
        max(start_time) as last_time
    from refused_lines
    group by src_ip, device, destination
    having
        count(*) >= $calls
        and epoch(max(start_time)) - epoch(min(start_time)) >= 3600 * $hours
),

refused as (
    select distinct
        coalesce(refused_at.device, holders.device) as device,
        refused_at.destination
    from refused_at
    left join identity.address_devices as holders
        on
            refused_at.src_ip = holders.ip
            and refused_at.first_time < holders.end_time
            and refused_at.last_time >= holders.start_time
            and holders.event_date = $event_date::date
),

refused_pairs as (
    select
        refused.device,
        refused.destination,
        coalesce(hosts.site, refused.destination) as site
    from refused
    inner join identity.devices as devices
        on refused.device = devices.device and devices.event_date = $event_date::date
    left join hosts on refused.destination = hosts.url_hostname
    left join core.approved_hosts as entries
        on
            refused.destination = entries.host
            or ends_with(refused.destination, '.' || entries.host)
    where
        devices.device_class
        in ('desktop', 'laptop', 'chromebook', 'podium', 'lab_pc')
        and hosts.background_kind is null
        and entries.host is null
),

passed_pairs as (
    select
        flows.device,
        flows.destination,
        min(flows.site) as site
    from flows
    where
        flows.is_registered
        and coalesce(
            flows.device_class
            in ('desktop', 'laptop', 'chromebook', 'podium', 'lab_pc'),
            false
        )
        and flows.background_kind is null
        and not flows.is_listed
    group by flows.device, flows.destination
    having
        sum(flows.flow_count) >= $calls
        and epoch(max(flows.last_time)) - epoch(min(flows.first_time))
        >= 3600 * $hours
),

pairs as (
    select
        every_pair.*,
        known.device_count as site_devices
    from (
        select * from passed_pairs
        union
        select * from refused_pairs
    ) as every_pair
    inner join known on every_pair.site = known.site
    where known.device_count <= $devices
),

holders as (
    select
        ip,
        device,
        start_time,
        end_time,
        lease_event_id
    from identity.address_holders
    where
        event_date = $event_date::date
        and device in (select pairs.device from pairs)
),

lines as (
    select
        event_id,
        src_ip,
        coalesce(dst_hostname, dst_ip) as destination,
        coalesce(start_time, time) as start_time,
        coalesce(bytes_out, bytes_in, 0) as bytes,
        if(disposition = 'blocked', 'refused', 'firewall') as seen_by
    from raw.connections
    where
        event_date = $event_date::date
        and coalesce(dst_hostname, dst_ip) in (select pairs.destination from pairs)
),

calls as (
    select distinct
        holders.device,
        lines.destination,
        lines.seen_by,
        lines.event_id,
        lines.start_time,
        lines.bytes,
        holders.lease_event_id
    from lines
    inner join holders
        on
            lines.src_ip = holders.ip
            and lines.start_time >= holders.start_time
            and lines.start_time < holders.end_time
    union all
    select
        device,
        url_hostname as destination,
        case
            when disposition = 'blocked' then 'refused'
            when method = 'LOOKUP' then 'resolver'
            else 'proxy'
        end as seen_by,
        event_id,
        start_time,
        -- the answer to a refused call is the proxy's own page
        if(disposition = 'blocked', 0, coalesce(bytes_out, bytes_in, 0)) as bytes,
        binding_event_id as lease_event_id
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition in ('allowed', 'blocked')
        and url_hostname in (select pairs.destination from pairs)
        and device in (select pairs.device from pairs)
),

-- a connection that is not answered is tried again immediately
attempts as (
    select calls.*
    from calls
    qualify
        calls.seen_by <> 'refused'
        or coalesce(
            epoch(calls.start_time)
            - epoch(
                lag(calls.start_time) over (
                    partition by calls.device, calls.destination, calls.seen_by
                    order by calls.start_time, calls.event_id
                )
            ) > $retry_seconds,
            true
        )
),

spaced as (
    select
        calls.*,
        epoch(calls.start_time)
        - epoch(lag(calls.start_time) over in_order) as gap
    from attempts as calls
    inner join pairs
        on calls.device = pairs.device and calls.destination = pairs.destination
    window
        in_order as (
            partition by calls.device, calls.destination, calls.seen_by
            order by calls.start_time, calls.event_id
        )
),

values_of as (
    select
        device,
        destination,
        seen_by,
        'gap' as what,
        gap as value
    from spaced
    where gap > 0
    union all
    select
        device,
        destination,
        seen_by,
        'size' as what,
        bytes as value
    from spaced
),

quartiles as (
    select
        device,
        destination,
        seen_by,
        what,
        count(*) as n,
        quantile_disc(value, 0.25) as lower_value,
        median(value) as middle_value,
        quantile_disc(value, 0.75) as upper_value,
        mad(value) as deviation
    from values_of
    group by device, destination, seen_by, what
),

-- how evenly the values lie around the median, and how close to it
scored as (
    select
        device,
        destination,
        seen_by,
        what,
        n,
        middle_value,
        -- the worse of the two decides: a mean would let one excuse the other
        least(
            case
                when upper_value - lower_value <= 0.02 * middle_value then 1
                else
                    1 - abs(upper_value + lower_value - 2 * middle_value)
                    / (upper_value - lower_value)
            end,
            case
                when middle_value = 0 then 1
                else greatest(0, 1 - deviation / middle_value)
            end
        ) as score
    from quartiles
),

numbered as (
    select
        device,
        destination,
        seen_by,
        event_id,
        start_time,
        lease_event_id,
        row_number() over in_order as place,
        count(*) over (partition by device, destination, seen_by) as n
    from spaced
    window
        in_order as (
            partition by device, destination, seen_by
            order by start_time, event_id
        )
),

cited as (
    select
        device,
        destination,
        seen_by,
        min(start_time) as first_time,
        max(start_time) as last_time,
        min(lease_event_id) as lease_event_id,
        list_sort(list(event_id)) as evidence
    from numbered
    where place <= 20 or place > n - 20
    group by device, destination, seen_by
)

select
    gaps.device,
    gaps.destination,
    pairs.site,
    gaps.seen_by,
    pairs.site_devices,
    cited.first_time,
    cited.last_time,
    cited.lease_event_id as binding_event_id,
    gaps.n + 1 as call_count,
    gaps.middle_value as gap_seconds,
    gaps.score as gap_score,
    sizes.score as size_score,
    cited.evidence,
    $event_date::date as event_date
from scored as gaps
inner join scored as sizes
    on
        gaps.device = sizes.device
        and gaps.destination = sizes.destination
        and gaps.seen_by = sizes.seen_by
inner join pairs
    on gaps.device = pairs.device and gaps.destination = pairs.destination
inner join cited
    on
        gaps.device = cited.device
        and gaps.destination = cited.destination
        and gaps.seen_by = cited.seen_by
where gaps.what = 'gap' and sizes.what = 'size' and gaps.n + 1 >= $calls
