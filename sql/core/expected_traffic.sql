/* ---
summary: >
  The traffic that registry rows expect and that arrived: backup copies
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

-- a firewall may log the host of a session in a separate line
asked as (
    select distinct
        lines.source,
        lines.src_ip,
        session_number(lines.extras) as connection_uid,
        lines.url_hostname,
        coalesce(lines.start_time, lines.time) as start_time
    from raw.http_requests as lines
    inner join expected
        on
            lines.source = expected.log
            and (
                lines.url_hostname = expected.destination
                or ends_with(lines.url_hostname, '.' || expected.destination)
            )
    where
        lines.event_date = $event_date::date
        and expected.kind = 'backup'
        and session_number(lines.extras) is not null
),

connections as (
    select
        lines.event_id,
        lines.source,
        coalesce(lines.start_time, lines.time) as start_time,
        lines.src_ip,
        lines.dst_ip,
        coalesce(lines.dst_hostname, asked.url_hostname) as dst_hostname,
        lines.bytes_out
    from raw.connections as lines
    left join asked
        on
            lines.source = asked.source
            and lines.connection_uid = asked.connection_uid
            and lines.src_ip = asked.src_ip
            and in_one_session(
                asked.start_time, coalesce(lines.start_time, lines.time), lines.time
            )
    where
        lines.event_date = $event_date::date
        and lines.disposition is distinct from 'blocked'
        and lines.source in (select expected.log from expected)
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
