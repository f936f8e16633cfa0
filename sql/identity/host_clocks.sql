/* ---
summary: >
  How far each Windows host's clock is off, measured against the directory: the
  median difference between a logon in the host's own log and the domain
  controller's record of the same account from that host. Without a pair
  the clock is unknown, which a rule must say.
grain: [host, event_date]
window: {days_before: 6}
params:
  event_date: {type: date}
  pair_minutes:
    type: int
    default: 30
    min: 1
    max: 120
    unit: minutes
    why: clocks further off than this break Kerberos before they mislead anybody
columns:
  host: {type: varchar, pii: indirect, is: host name}
  offset_seconds: {type: double, is: to be added to the host's stamps}
  spread_seconds: {type: double, is: median absolute deviation of the pairs}
  pair_count: {type: bigint, is: number of pairs}
  event_date: {type: date, is: local day}
--- */
with

logons as (
    select
        event_id,
        host,
        reported_by,
        user_name,
        time,
        logon_kind
    from raw.logons
    where
        event_date between $event_date::date - interval 6 day and $event_date::date
        and activity = 'logon'
        and is_success
        and host is not null
        and user_name is not null
        and not coalesce(is_machine, false)
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

at_host as (
    select
        logons.event_id,
        logons.host,
        names.account,
        logons.time
    from logons
    inner join names on logons.user_name = names.user_name
    where logons.reported_by = logons.host and logons.logon_kind = 'interactive'
),

at_directory as (
    select
        logons.host,
        names.account,
        logons.time
    from logons
    inner join names on logons.user_name = names.user_name
    where logons.reported_by <> logons.host and logons.logon_kind = 'network'
),

paired as (
    select
        at_host.host,
        at_host.event_id,
        epoch(at_directory.time) - epoch(at_host.time) as difference
    from at_host
    inner join at_directory
        on
            at_host.host = at_directory.host
            and at_host.account = at_directory.account
            and at_directory.time between at_host.time
            - interval 1 minute * $pair_minutes
            and at_host.time + interval 1 minute * $pair_minutes
    -- the nearest record is the one of this logon
    qualify
        row_number() over (
            partition by at_host.event_id
            order by abs(epoch(at_directory.time) - epoch(at_host.time))
        ) = 1
),

centered as (
    select
        host,
        difference,
        median(difference) over (partition by host) as middle
    from paired
)

select
    host,
    max(middle) as offset_seconds,
    median(abs(difference - middle)) as spread_seconds,
    count(*) as pair_count,
    $event_date::date as event_date
from centered
group by host
