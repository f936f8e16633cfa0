/* ---
summary: >
  In how many hours of a day a log had lines in which expected traffic would be.
  Without the log, nothing is known about the traffic.
grain: [kind, source, event_date]
params:
  event_date: {type: date}
columns:
  kind: {type: varchar, is: 'backup in connections, canary in requests'}
  source: {type: varchar, is: the log}
  hour_count: {type: bigint, is: hours with lines}
  has_names: {type: boolean, is: it contains host names; otherwise only addresses}
  start_time: {type: timestamptz, is: first line}
  end_time: {type: timestamptz, is: last line}
  evidence: {type: 'bigint[]', is: the first and the last line}
  event_date: {type: date, is: local day}
--- */
with

logs as (
    select distinct log
    from registry.expected_traffic
),

-- in the line itself, or in one of the same session
naming as (
    select distinct source
    from raw.connections
    where event_date = $event_date::date and dst_hostname is not null
    union
    select distinct source
    from raw.http_requests
    where event_date = $event_date::date and session_number(extras) is not null
),

lines as (
    select
        'backup' as kind,
        source,
        event_id,
        coalesce(start_time, time) as start_time
    from raw.connections
    where event_date = $event_date::date and disposition is distinct from 'blocked'
    union all
    select
        'canary' as kind,
        source,
        event_id,
        coalesce(start_time, time) as start_time
    from raw.http_requests
    where event_date = $event_date::date
)

select
    lines.kind,
    lines.source,
    count(distinct date_trunc('hour', lines.start_time)) as hour_count,
    lines.kind = 'canary' or bool_or(naming.source is not null) as has_names,
    min(lines.start_time) as start_time,
    max(lines.start_time) as end_time,
    [
        min_by(lines.event_id, lines.start_time),
        max_by(lines.event_id, lines.start_time)
    ] as evidence,
    $event_date::date as event_date
from lines
inner join logs on lines.source = logs.log
left join naming on lines.source = naming.source
group by lines.kind, lines.source
