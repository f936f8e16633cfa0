/* ---
summary: >
  How many lines of a day lack a host or account, by source and building. What
  encryption, relays and removed agents hide shows as a share that grows. Networks of
  guests, servers and private devices are left out: their lines never name an account.
  So are lines to hosts that programs call at even intervals: no account is signed in.
grain: [event_date, source, building]
params:
  event_date: {type: date}
  even_score:
    type: double
    default: 0.9
    min: 0.5
    max: 1
    why: gaps of people vary by far more; a program that starts must not look like lost accounts
columns:
  event_date: {type: date, is: local day}
  source: {type: varchar, is: name of the source}
  building: {type: varchar, is: building of the network; elsewhere without one}
  line_count: {type: bigint, is: requests and connections to the outside}
  without_host_count: {type: bigint, is: 'of these, lines that name no host'}
  without_account_count: {type: bigint, is: 'of these, lines that name no account'}
  byte_count: {type: bigint, is: bytes in both directions}
  without_host_bytes: {type: bigint, is: 'of these, bytes of lines that name no host'}
--- */
with

requests as (
    select
        source,
        src_ip as ip,
        url_hostname as host,
        user_name,
        coalesce(bytes_in, 0) + coalesce(bytes_out, 0) as byte_count
    from raw.http_requests
    where event_date = $event_date::date and disposition = 'allowed'
),

flows as (
    select
        source,
        src_ip as ip,
        dst_hostname as host,
        user_name,
        coalesce(bytes_in, 0) + coalesce(bytes_out, 0) as byte_count
    from raw.connections
    where
        event_date = $event_date::date
        -- many firewalls log what they let through without saying so
        and coalesce(disposition, 'allowed') = 'allowed'
        -- web, QUIC and encrypted DNS: traffic for which a host could be known
        and dst_port in (80, 443, 853, 8080, 8443)
),

places as (
    select
        ip,
        net_kind,
        building,
        has_location
    from identity.places
),

lines as (
    select * from requests
    union all
    select * from flows
),

programs as (
    select distinct destination
    from core.regular_calls
    where event_date = $event_date::date and gap_score >= $even_score
),

named as (
    select
        source,
        ip,
        byte_count,
        user_name is null as is_without_account,
        -- an address in place of a name identifies no host either
        host is null
        or contains(host, ':')
        or (host <> '' and trim(host, '0123456789.') = '') as is_without_host
    from lines
    where host is null or host not in (select programs.destination from programs)
),

-- by address first: a join for each line would cost far more
by_address as (
    select
        source,
        ip,
        count(*) as line_count,
        count_if(is_without_host) as without_host_count,
        count_if(is_without_account) as without_account_count,
        sum(byte_count) as byte_count,
        coalesce(sum(byte_count) filter (is_without_host), 0) as without_host_bytes
    from named
    group by source, ip
),

placed as (
    select
        by_address.*,
        case when places.has_location then places.building else 'elsewhere' end
            as building
    from by_address
    left join places on by_address.ip = places.ip
    where coalesce(places.net_kind not in ('guest', 'server', 'byod', 'nat'), true)
)

select
    $event_date::date as event_date,
    source,
    building,
    sum(line_count)::bigint as line_count,
    sum(without_host_count)::bigint as without_host_count,
    sum(without_account_count)::bigint as without_account_count,
    sum(byte_count)::bigint as byte_count,
    sum(without_host_bytes)::bigint as without_host_bytes
from placed
group by source, building
