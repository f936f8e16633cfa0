/* ---
summary: >
  When a log that had lines before and after was silent: its pauses of ten minutes or
  more that began on a day, and the longest pause of the day in any case, so that each
  day with lines has a row. Source health reports a silence that has not ended.
grain: [source, start_time, event_date]
lookahead: 1
params:
  event_date: {type: date}
  least_minutes:
    type: int
    default: 10
    min: 5
    max: 60
    unit: minutes
    why: every log has shorter pauses, and no one asks about them
columns:
  source: {type: varchar, is: the log}
  start_time: {type: timestamptz, is: last line before it}
  end_time: {type: timestamptz, is: first line after it}
  seconds: {type: double, is: between the two}
  evidence: {type: 'bigint[]', is: the two lines}
  event_date: {type: date, is: local day}
--- */
with

events as not materialized (
    select source, event_date, time, event_id from raw.http_requests
    where event_date between $event_date::date and $event_date::date + interval 1 day
    union all
    select source, event_date, time, event_id from raw.connections
    where event_date between $event_date::date and $event_date::date + interval 1 day
    union all
    select source, event_date, time, event_id from raw.logons
    where event_date between $event_date::date and $event_date::date + interval 1 day
    union all
    select source, event_date, time, event_id from raw.leases
    where event_date between $event_date::date and $event_date::date + interval 1 day
    union all
    select source, event_date, time, event_id from raw.dns_queries
    where event_date between $event_date::date and $event_date::date + interval 1 day
    union all
    select source, event_date, time, event_id from raw.system_events
    where event_date between $event_date::date and $event_date::date + interval 1 day
),

-- one row per minute shows all pauses, and is a hundredth of the lines
minutes as (
    select
        source,
        event_date,
        min(time) as first_time,
        max(time) as last_time
    from events
    where time is not null
    group by source, event_date, time_bucket(interval 1 minute, time)
),

pauses as (
    select
        source,
        event_date,
        last_time as start_time,
        lead(first_time) over (partition by source order by first_time) as end_time
    from minutes
),

kept as (
    select *
    from pauses
    where event_date = $event_date::date and end_time is not null
    qualify
        end_time >= start_time + interval 1 minute * $least_minutes
        or row_number() over (
            partition by source
            order by end_time - start_time desc, start_time
        ) = 1
),

moments as (
    select
        source,
        start_time as moment
    from kept
    union
    select
        source,
        end_time as moment
    from kept
),

cited as (
    select
        moments.source,
        moments.moment,
        min(events.event_id) as first_id,
        max(events.event_id) as last_id
    from events
    inner join moments
        on events.source = moments.source and events.time = moments.moment
    group by moments.source, moments.moment
)

select
    kept.source,
    kept.start_time,
    kept.end_time,
    epoch(kept.end_time) - epoch(kept.start_time) as seconds,
    [before.last_id, after.first_id] as evidence,
    kept.event_date
from kept
inner join cited as before
    on kept.source = before.source and kept.start_time = before.moment
inner join cited as after
    on kept.source = after.source and kept.end_time = after.moment
