/* ---
title: A device that calls one rare outside host like clockwork
summary: >
  A computer that people sit at asked one outside host all day and night, at even
  intervals and with even amounts, and hardly any other device of the district knows
  that host. What the district manages is on its list or on many devices. The
  device is the subject; whoever uses it may know nothing of it.
code: AN-3
kind: anomaly
about: device
severity: medium
stage: trial
begins: C2
clauses: [cl.5, cl.19]
needs: [outside_flow]
grain: [subject, event_date]
window: {days_before: 13, days_after: 1}
params:
  event_date: {type: date}
  calls:
    type: int
    default: 40
    min: 10
    max: 10000
    why: fewer say little about a rhythm
  hours:
    type: int
    default: 16
    min: 4
    max: 23
    unit: hours
    why: longer than anybody sits there
  devices:
    type: int
    default: 2
    min: 1
    max: 20
    why: what is managed runs on more than two
  gap_score:
    type: double
    default: 0.85
    min: 0.5
    max: 1
    why: a person's gaps spread by half of their middle, a timer's by a few percent
  size_score:
    type: double
    default: 0.9
    min: 0.5
    max: 1
    why: pages differ in size, calls home hardly do
  pages_read:
    type: int
    default: 3
    min: 1
    max: 100
    unit: requests
    why: so many that somebody made to the host make an open page of it likely
columns:
  subject: {type: varchar, pii: indirect, is: device}
  measure: {type: double, is: calls}
claim: >-
  {account} called {sites:names} {calls:count time} in {hours:count hour}, every
  {gap_seconds:count second} or so, with even amounts; hardly any other device knows
  that site.
details:
  sites: varchar[]
  calls: int
  hours: int
  gap_seconds: int
  gap_score: double
  size_score: double
  devices: int
  days: int
  pages_read: int
  is_page_open: boolean
  is_managed: boolean
explanations:
  - name: A page that somebody left open
    test: is_page_open
    says: '{pages_read:count request} of a person to that host'
  - name: A programme that the district manages on its devices
    test: is_managed
    ruled_out: '{devices:count device} in two weeks asked for any host of the site'
    not_testable: it is not known how many devices know the site
  - name: A service in the background that everybody knows
    by_design: known background hosts and sites of the list are left out
would_change:
  - an entry for the host on the approved list
false_positives:
  - A programme that one person needs for the job, with its licence check.
  - A page that somebody left open, with a clock or a ticker in it.
response: >
  Find the programme on the device that makes the calls. If it belongs there, put
  its host on the list.
--- */
with

flows as (
    select
        device,
        device_class,
        is_registered,
        destination,
        site,
        background_kind,
        is_listed,
        flow_count,
        first_time,
        last_time,
        binding_event_id,
        event_date
    from core.outside_flows
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
),

pairs as (
    select
        device,
        destination,
        min(site) as site,
        min(first_time) as start_time,
        max(last_time) as end_time,
        list_distinct(list(binding_event_id)) as bindings
    from flows
    where
        event_date = $event_date::date
        and is_registered
        and coalesce(
            device_class in ('desktop', 'laptop', 'chromebook', 'podium', 'lab_pc'),
            false
        )
        and background_kind is null
        and not is_listed
    group by device, destination
    having
        sum(flow_count) >= $calls
        and epoch(max(last_time)) - epoch(min(first_time)) >= 3600 * $hours
),

known as (
    select
        site,
        count(distinct device) as device_count,
        count(distinct event_date) as day_count
    from flows
    where site in (select pairs.site from pairs)
    group by site
),

rare as (
    select
        pairs.*,
        known.device_count,
        known.day_count
    from pairs
    inner join known on pairs.site = known.site
    where known.device_count <= $devices
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
        and device in (select rare.device from rare)
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
        and coalesce(dst_hostname, dst_ip) in (select rare.destination from rare)
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
        'proxy' as seen_by,
        event_id,
        start_time,
        coalesce(bytes_out, bytes_in, 0) as bytes
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'allowed'
        and url_hostname in (select rare.destination from rare)
        and device in (select rare.device from rare)
),

spaced as (
    select
        calls.*,
        epoch(calls.start_time)
        - epoch(lag(calls.start_time) over in_order) as gap
    from calls
    inner join rare
        on calls.device = rare.device and calls.destination = rare.destination
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

-- how level the values lie about their middle, and how close to it
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

even as (
    select
        gaps.device,
        gaps.destination,
        gaps.seen_by,
        gaps.n + 1 as call_count,
        gaps.middle_value as gap_seconds,
        sizes.middle_value as bytes,
        gaps.score as gap_score,
        sizes.score as size_score
    from scored as gaps
    inner join scored as sizes
        on
            gaps.device = sizes.device
            and gaps.destination = sizes.destination
            and gaps.seen_by = sizes.seen_by
    where
        gaps.what = 'gap'
        and sizes.what = 'size'
        and gaps.n + 1 >= $calls
        and gaps.score > $gap_score
        and sizes.score > $size_score
    qualify
        row_number() over (
            partition by gaps.device, gaps.destination
            order by gaps.n desc, gaps.seen_by
        ) = 1
),

-- pages that somebody read there
read_there as (
    select
        device,
        url_hostname as destination,
        count(*) as request_count
    from core.engaged_requests
    where event_date = $event_date::date
    group by device, url_hostname
),

numbered as (
    select
        calls.device,
        calls.destination,
        calls.event_id,
        row_number() over in_order as place,
        count(*) over (partition by calls.device, calls.destination) as n
    from calls
    inner join even
        on
            calls.device = even.device
            and calls.destination = even.destination
            and calls.seen_by = even.seen_by
    window
        in_order as (
            partition by calls.device, calls.destination
            order by calls.start_time, calls.event_id
        )
),

cited as (
    select
        device,
        destination,
        list(event_id) as evidence
    from numbered
    where place <= 20 or place > n - 20
    group by device, destination
)

select
    even.device as subject,
    min(rare.start_time) as start_time,
    max(rare.end_time) as end_time,
    max(even.call_count)::double as measure,
    list_sort(
        list_distinct(
            list('device:' || even.device) || list('site:' || rare.site)
        )
    ) as observables,
    list_sort(
        list_filter(
            list_distinct(
                flatten(list(cited.evidence)) || flatten(list(rare.bindings))
            ),
            lambda one: one is not null
        )
    ) as evidence,
    struct_pack(
        sites := list_sort(list_distinct(list(rare.site))),
        calls := max(even.call_count),
        hours := round(
            max(epoch(rare.end_time) - epoch(rare.start_time)) / 3600, 0
        )::bigint,
        gap_seconds := round(min(even.gap_seconds), 0)::bigint,
        gap_score := round(min(even.gap_score), 2),
        size_score := round(min(even.size_score), 2),
        devices := max(rare.device_count),
        days := max(rare.day_count),
        pages_read := coalesce(max(read_there.request_count), 0),
        is_page_open := coalesce(max(read_there.request_count), 0)
        >= $pages_read,
        is_managed := ruled_out_if(max(rare.device_count) > 0)
    ) as details,
    $event_date::date as event_date
from even
inner join rare
    on even.device = rare.device and even.destination = rare.destination
inner join cited
    on even.device = cited.device and even.destination = cited.destination
left join read_there
    on
        even.device = read_there.device
        and even.destination = read_there.destination
group by even.device
