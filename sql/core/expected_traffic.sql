/* ---
summary: >
  The traffic that rows of the registry expect, as far as it came: copies of a backup
  that a firewall saw, and requests of a canary that the filter has to refuse.
grain: [expected_id, event_id, event_date]
params:
  event_date: {type: date}
columns:
  expected_id: {type: varchar, is: row of the registry}
  event_id: {type: bigint, is: the log line}
  bytes_out: {type: bigint, is: bytes sent; null for a canary}
  is_let_through: {type: boolean, is: the filter let the canary through}
  event_date: {type: date, is: local day}
--- */
with

expected as (
    select distinct
        expected_id,
        kind,
        log,
        device,
        destination
    from registry.expected_traffic
),

connections as (
    select
        event_id,
        source,
        coalesce(start_time, time) as start_time,
        src_ip,
        dst_ip,
        dst_hostname,
        bytes_out
    from raw.connections
    where
        event_date = $event_date::date
        and disposition is distinct from 'blocked'
        and source in (select expected.log from expected)
),

requests as (
    select
        event_id,
        source,
        url_hostname,
        disposition
    from raw.http_requests
    where
        event_date = $event_date::date
        and disposition is not null
        and source in (select expected.log from expected)
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
        and device in (select expected.device from expected)
)

select distinct
    expected.expected_id,
    connections.event_id,
    connections.bytes_out,
    false as is_let_through,
    $event_date::date as event_date
from expected
inner join connections
    on
        expected.log = connections.source
        and (
            connections.dst_hostname = expected.destination
            or connections.dst_ip = expected.destination
            or ends_with(connections.dst_hostname, '.' || expected.destination)
        )
left join holders
    on
        connections.src_ip = holders.ip
        and expected.device = holders.device
        and connections.start_time >= holders.start_time
        and connections.start_time < holders.end_time
where
    expected.kind = 'backup'
    and (
        expected.device is null
        or expected.device = connections.src_ip
        or holders.device is not null
    )
union all
select
    expected.expected_id,
    requests.event_id,
    null::bigint as bytes_out,
    requests.disposition = 'allowed' as is_let_through,
    $event_date::date as event_date
from expected
inner join requests
    on
        expected.log = requests.source
        and (
            requests.url_hostname = expected.destination
            or ends_with(requests.url_hostname, '.' || expected.destination)
        )
where expected.kind = 'canary'
