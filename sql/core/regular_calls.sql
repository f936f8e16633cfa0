/* ---
summary: >
  How even the calls of a device to one outside host are: their gaps and their amounts,
  of each pair with calls enough over hours enough of a day. Programs call that way;
  what it means is a rule's matter.
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
columns:
  device: core.outside_flows
  destination: {type: varchar, is: host or address}
  seen_by: varchar
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

known as (
    select
        site,
        count(distinct device) as device_count
    from flows
    group by site
),

pairs as (
    select
        flows.device,
        flows.destination
    from flows
    inner join known on flows.site = known.site
    where
        flows.is_registered
        and coalesce(
            flows.device_class
            in ('desktop', 'laptop', 'chromebook', 'podium', 'lab_pc'),
            false
        )
        and flows.background_kind is null
        and not flows.is_listed
        and known.device_count <= $devices
    group by flows.device, flows.destination
    having
        sum(flows.flow_count) >= $calls
        and epoch(max(flows.last_time)) - epoch(min(flows.first_time))
        >= 3600 * $hours
),

holders as (
    select
        ip,
        device,
        start_time,
        end_time
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
        coalesce(bytes_out, bytes_in, 0) as bytes
    from raw.connections
    where
        event_date = $event_date::date
        and disposition is distinct from 'blocked'
        and coalesce(dst_hostname, dst_ip) in (select pairs.destination from pairs)
),

calls as (
    select distinct
        holders.device,
        lines.destination,
        'firewall' as seen_by,
        lines.event_id,
        lines.start_time,
        lines.bytes
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
        if(method = 'LOOKUP', 'resolver', 'proxy') as seen_by,
        event_id,
        start_time,
        coalesce(bytes_out, bytes_in, 0) as bytes
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'allowed'
        and url_hostname in (select pairs.destination from pairs)
        and device in (select pairs.device from pairs)
),

spaced as (
    select
        calls.*,
        epoch(calls.start_time)
        - epoch(lag(calls.start_time) over in_order) as gap
    from calls
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
        list_sort(list(event_id)) as evidence
    from numbered
    where place <= 20 or place > n - 20
    group by device, destination, seen_by
)

select
    gaps.device,
    gaps.destination,
    gaps.seen_by,
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
inner join cited
    on
        gaps.device = cited.device
        and gaps.destination = cited.destination
        and gaps.seen_by = cited.seen_by
where gaps.what = 'gap' and sizes.what = 'size' and gaps.n + 1 >= $calls
