/* ---
summary: >
  How far the clocks of two sources are apart, measured where both tell of the same:
  an address that met a host (a request, a flow, a DNS query) or an account that
  logged on, once that day in each source and so beyond doubt. The median of the
  differences says how far; without many pairs, or where they scatter, nothing is
  known.
grain: [source, other_source, event_date]
params:
  event_date: {type: date}
  pair_minutes:
    type: int
    default: 840
    min: 60
    max: 1440
    unit: minutes
    why: >
      a source that is set to the wrong zone is off by up to fourteen hours; what is
      told once a day needs no narrow window to be the same
columns:
  source: {type: varchar, is: source}
  other_source: {type: varchar, is: 'another, behind it in the alphabet'}
  offset_seconds: {type: double, is: to be added to the stamps of source}
  spread_seconds: {type: double, is: median absolute deviation of the pairs}
  pair_count: {type: bigint, is: number of pairs}
  event_date: {type: date, is: local day}
--- */
with

meetings as (
    select
        source,
        src_ip as who,
        url_hostname as what,
        coalesce(start_time, time) as time
    from raw.http_requests
    where event_date = $event_date::date
    union all
    select
        source,
        src_ip as who,
        dst_hostname as what,
        coalesce(start_time, time) as time
    from raw.connections
    where event_date = $event_date::date
    union all
    select
        source,
        src_ip as who,
        query_name as what,
        time
    from raw.dns_queries
    where event_date = $event_date::date
    union all
    select
        source,
        lower(user_name) as who,
        '' as what,
        time
    from raw.logons
    where
        event_date = $event_date::date
        and activity = 'logon'
        and is_success
        and not coalesce(is_machine, false)
),

told_once as (
    select
        source,
        who,
        what,
        min(time) as time
    from meetings
    where who is not null and what is not null
    group by source, who, what
    having count(*) = 1
),

paired as (
    select
        one.source,
        other.source as other_source,
        epoch(other.time) - epoch(one.time) as difference
    from told_once as one
    inner join told_once as other
        on
            one.who = other.who
            and one.what = other.what
            and one.source < other.source
            and other.time between one.time - interval 1 minute * $pair_minutes
            and one.time + interval 1 minute * $pair_minutes
)

select
    source,
    other_source,
    median(difference) as offset_seconds,
    mad(difference) as spread_seconds,
    count(*) as pair_count,
    $event_date::date as event_date
from paired
group by source, other_source
