/* ---
summary: >
  How often a day's lines met hosts that the district's lists of bad hosts name, by the
  lists that name them: what was let through, and what was refused. A list that many
  addresses meet on one day may have a wrong entry.
grain: [list_names, event_date]
params:
  event_date: {type: date}
columns:
  list_names: {type: varchar, is: lists that name the host}
  host_count: {type: bigint, is: their hosts and addresses}
  allowed_count: {type: bigint, is: requests and flows that were let through}
  refused_count: {type: bigint, is: requests and flows that were refused}
  address_count: {type: bigint, is: inside addresses that asked}
  event_date: date
--- */
with

bad as (
    select
        host,
        list_names
    from core.listed_bad_hosts
    where event_date = $event_date::date
),

lines as (
    select
        coalesce(url_hostname, dst_ip) as host,
        src_ip,
        disposition
    from raw.http_requests
    where event_date = $event_date::date
    union all
    select
        coalesce(dst_hostname, dst_ip) as host,
        src_ip,
        disposition
    from raw.connections
    where event_date = $event_date::date
)

select
    bad.list_names,
    count(distinct bad.host) as host_count,
    count(*) filter (where lines.disposition = 'allowed') as allowed_count,
    count(*) filter (where lines.disposition = 'blocked') as refused_count,
    count(distinct lines.src_ip) as address_count,
    $event_date::date as event_date
from bad
inner join lines on bad.host = lines.host
group by bad.list_names
