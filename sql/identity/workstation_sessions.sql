/* ---
summary: >
  An account's hold on a device's keyboard, with the host's clock put right:
  *live* from a logon or unlock to the next lock or logoff, for at most a few
  hours; *locked* from a lock to what comes next. A logon that is locked within
  seconds is the machine signing itself on after a restart: nobody was there.
grain: [account, device, start_time, state, event_date]
window: {days_before: 1, days_after: 1}
params:
  event_date: {type: date}
  live_hours:
    type: int
    default: 6
    min: 1
    max: 12
    unit: hours
    why: a missing log-off must not keep somebody at the keyboard all day
  automatic_seconds:
    type: int
    default: 10
    min: 1
    max: 60
    unit: seconds
    why: after a restart Windows signs on and locks at once
columns:
  account: {type: varchar, pii: direct, is: account at the keyboard}
  device: {type: varchar, pii: indirect, is: device}
  state: {type: varchar, is: live or locked}
  start_time: {type: timestamptz, is: 'from this instant, clock corrected'}
  end_time: {type: timestamptz, is: to this instant}
  logon_kind: {type: varchar, is: 'interactive, cached or remote, for a live seat'}
  is_clock_checked: {type: boolean, is: another clock agrees with the host's}
  offset_seconds: {type: double, is: what was added to the host's stamps}
  event_id: {type: bigint, is: the logon event that opens it}
  event_date: {type: date, is: local day that the row serves}
--- */
with

logons as (
    select
        event_id,
        host,
        src_hostname,
        user_name,
        time,
        activity,
        logon_kind,
        event_date
    from raw.logons
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and host is not null
        and user_name is not null
        and not coalesce(is_machine, false)
        and reported_by = host
        and (
            activity in ('lock', 'unlock')
            or (
                logon_kind in ('interactive', 'cached', 'remote')
                and activity in ('logon', 'logoff')
                and coalesce(is_success, true)
            )
        )
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

clocks as (
    select
        host,
        offset_seconds,
        spread_seconds
    from identity.host_clocks
    where event_date = $event_date::date
),

devices as (
    select
        name,
        device,
        device_class
    from identity.device_names
    where event_date = $event_date::date
),

-- a tunnel that opens within minutes of a logon is a second clock for a host that
-- no domain controller saw
tunnels as (
    select
        names.account,
        logons.time
    from raw.logons
    inner join names on logons.user_name = names.user_name
    where
        logons.event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and logons.logon_kind = 'vpn'
        and logons.activity = 'logon'
        and coalesce(logons.is_success, true)
),

placed as (
    select
        names.account,
        -- a Chromebook has the directory's id beside the name that it was given
        coalesce(named.device, known.device, logons.host) as device,
        logons.event_id,
        logons.activity,
        logons.logon_kind,
        logons.time
        + to_microseconds((1000000 * coalesce(clocks.offset_seconds, 0))::bigint)
            as time,
        clocks.offset_seconds,
        coalesce(clocks.spread_seconds <= 60, false)
        -- ChromeOS sets its clock over the network, and nobody else does
        or coalesce(named.device_class, known.device_class, '') = 'chromebook'
        or exists (
            select 1
            from tunnels
            where
                tunnels.account = names.account
                and tunnels.time between logons.time - interval 10 minute
                and logons.time + interval 10 minute
        ) as is_clock_checked
    from logons
    inner join names on logons.user_name = names.user_name
    left join clocks on logons.host = clocks.host
    left join devices as named on logons.host = named.name
    left join devices as known
        on logons.src_hostname = known.name and logons.logon_kind = 'interactive'
),

stepped as (
    select
        *,
        lead(time) over at_the_seat as next_time,
        lead(activity) over at_the_seat as next_activity
    from placed
    window at_the_seat as (partition by account, device order by time, event_id)
),

held as (
    select
        account,
        device,
        case when activity = 'lock' then 'locked' else 'live' end as state,
        time as start_time,
        case
            when activity = 'lock'
                then coalesce(next_time, time + interval 24 hour)
            else
                least(
                    coalesce(next_time, timestamptz '9999-12-31 00:00:00+00'),
                    time + interval 1 hour * $live_hours
                )
        end as end_time,
        case when activity <> 'lock' then logon_kind end as logon_kind,
        is_clock_checked,
        offset_seconds,
        event_id
    from stepped
    where
        activity <> 'logoff'
        and not (
            activity = 'logon'
            and coalesce(next_activity = 'lock', false)
            and epoch(next_time) - epoch(time) <= $automatic_seconds
        )
)

select
    account,
    device,
    state,
    start_time,
    end_time,
    logon_kind,
    is_clock_checked,
    offset_seconds,
    event_id,
    $event_date::date as event_date
from held
where end_time > start_time
qualify
    row_number() over (
        partition by account, device, start_time, state
        order by event_id
    ) = 1
