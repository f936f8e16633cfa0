/* ---
summary: >
  Presence at a device, for the rules: the account, its time range, and the source of
  the evidence. The computer's own log is best (*keyboard*). If a device writes none, a
  network join (802.1X) shows that it was woken, if it was silent before and requested
  pages right after (*wifi*); a device that is awake sends requests without a person.
  Requests at a person's pace show presence as well (*use*): several pages in several
  five-minute intervals, of one account, on the device of one person, from the first
  page to a quarter of an hour after the last. Background traffic, a tab that is left
  open and a tunnel that stays up make too few requests in a row. Activity of many
  devices in the same minute, as after an outage, shows no one. A computer that logs on
  by itself at the same moment of several days shows no one. Shared stock, and a
  desktop, have no presence without a keyboard log, even if one person signed for them:
  a network login may be a saved one, and stays when its user leaves. Where an account's
  password was given there, requests at a person's pace show that the account was
  *used*, by anyone. Names of many sites that an agent looked up within minutes are a
  sign that the account's device was in use, and no more: programs look names up, too. A
  time is checked where two logs agree: a silence that ends with a
  logon, a join or a tunnel.
grain: [event_id, event_date]
lookback: 14
lookahead: 1
params:
  event_date: {type: date}
  silent_minutes:
    type: int
    default: 15
    min: 5
    max: 120
    unit: minutes
    why: >-
      a device that is awake requests something more often, with or without a user; one
      that is unused for longer falls asleep
  answer_minutes:
    type: int
    default: 3
    min: 1
    max: 15
    unit: minutes
    why: >-
      a person who opens a lid requests a page immediately; this also shows that the
      clocks of both logs agree
  joined_at_once:
    type: int
    default: 10
    min: 3
    max: 1000
    why: after an outage all devices join within a minute, with or without a user
  logon_silent_minutes:
    type: int
    default: 5
    min: 1
    max: 60
    unit: minutes
    why: >-
      a silence that ends with a logon shows that both clocks agree; pages that were
      already being requested show nothing about the time of the logon
  run_requests:
    type: int
    default: 6
    min: 3
    max: 200
    why: >-
      programs, restored tabs and tunnels that stay up made at most four page requests
      in a run; people make a dozen or more
  run_bins:
    type: int
    default: 2
    min: 1
    max: 50
    why: a restart or a prefetch makes one burst; use spreads over time
  one_site_requests:
    type: int
    default: 10
    min: 3
    max: 200
    why: a single site may be a tab that refreshes, so it takes more
  one_site_bins:
    type: int
    default: 3
    min: 1
    max: 50
    why: the same
  run_sites:
    type: int
    default: 6
    min: 2
    max: 100
    unit: sites
    why: >-
      programs look the same few names up again; a person who reads looks up names of
      many sites
  joined_count:
    type: int
    default: 3
    min: 1
    max: 100
    why: >-
      this many devices that joined the network and requested a page within minutes show
      that the clocks of both logs agree that day
columns:
  account: identity.presences
  device: identity.presences
  assigned_to: {type: varchar, pii: indirect, is: the one person who was given it}
  presence: {type: varchar, is: 'keyboard, wifi, use or look-ups'}
  state: {type: varchar, is: 'live, locked, used or looked_up'}
  start_time: identity.presences
  end_time: timestamptz
  logon_kind: varchar
  is_clock_checked: {type: boolean, is: another clock agrees with the log's}
  is_of_day: {type: boolean, is: its event is of this day and not a neighboring one}
  evidence_event_id:
    type: bigint
    is: the logon, or the network login or tunnel in which the pages were requested
  event_id: {type: bigint, is: 'the logon event, or the first page'}
  event_date: {type: date, is: local day that the row serves}
--- */
with

-- who unlocks a computer has its screen, though another account stays logged on
presences as (
    select * replace (least(end_time, unlocked_time) as end_time)
    from identity.presences
    where event_date = $event_date::date and device is not null
),

devices as (
    select
        device,
        device_class,
        pool,
        case when pool is null then coalesce(assigned_to, usual_user) end
            as assigned_to
    from identity.devices
    where event_date = $event_date::date
),

-- a computer that signs itself on
automatic as (
    select event_id
    from identity.login_habits
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and habit = 'automatic'
),

writing as (
    select distinct device
    from presences
    where presence = 'keyboard'
),

-- only a device that sleeps when no one uses it: a phone joins from a pocket, and a
-- desktop stays on
joins as (
    select
        presences.*,
        lag(presences.end_time) over of_device as previous_end,
        lag(presences.account) over of_device as previous_account,
        lag(presences.ended_by) over of_device as previous_ended_by,
        count(*) over (
            partition by
                presences.reported_by, date_trunc('minute', presences.start_time)
        ) as joined_count
    from presences
    inner join devices on presences.device = devices.device
    left join writing on presences.device = writing.device
    where
        presences.presence = 'wifi'
        and writing.device is null
        and devices.pool is null
        and devices.device_class in ('chromebook', 'laptop')
    window of_device as (partition by presences.device order by presences.start_time)
),

-- a card that joins again was there all the time, unless it had left
numbered as (
    select
        *,
        count_if(
            coalesce(
                previous_account <> account
                or previous_ended_by = 'logoff'
                or previous_end < start_time,
                true
            )
        ) over (
            partition by device
            order by start_time, event_id
            rows between unbounded preceding and current row
        ) as stay
    from joins
),

woken as (
    select
        *,
        epoch(start_time)::bigint // 60 as minute,
        max(end_time) over (partition by device, stay) as stay_end
    from numbered
    qualify joined_count < $joined_at_once
),

pages as (
    select distinct
        requests.device,
        epoch(requests.start_time)::bigint // 60 as minute
    from core.candidate_requests as requests
    inner join (select distinct device from woken) as joined
        on requests.device = joined.device
    where
        requests.event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and not requests.is_machine_timed
),

marked as (
    select
        *,
        coalesce(minute - lag(minute) over in_order > $silent_minutes, true)
            as starts_use
    from pages
    window in_order as (partition by device order by minute)
),

counted as (
    select
        *,
        count_if(starts_use) over (
            partition by device
            order by minute
            rows between unbounded preceding and current row
        ) as use
    from marked
),

uses as (
    select
        device,
        min(minute) as first_minute,
        max(minute) as last_minute
    from counted
    group by device, use
),

-- in the minute before, the clocks of the two logs may differ
answered as (
    select
        woken.*,
        uses.last_minute
    from woken
    inner join uses
        on
            woken.device = uses.device
            and uses.first_minute between woken.minute - 1
            and woken.minute + $answer_minutes
),

awake as (
    select distinct answered.event_id
    from answered
    inner join core.http_requests as requests
        on
            answered.device = requests.device
            and epoch(requests.start_time)::bigint // 60
            between answered.minute - $silent_minutes and answered.minute - 2
    where
        requests.event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
),

shown as (
    select answered.*
    from answered
    left join awake on answered.event_id = awake.event_id
    where awake.event_id is null
    qualify
        row_number() over (
            partition by answered.event_id
            order by answered.last_minute desc
        ) = 1
),

-- a device that writes logons shows by them when it is in use
writing_lately as (
    select distinct device
    from identity.presences
    where
        event_date between $event_date::date - interval 14 day and $event_date::date
        and presence = 'keyboard'
),

-- no phone, which joins and requests from a pocket, and no server
silent_devices as (
    select
        devices.device,
        devices.pool is null
        and devices.device_class in ('chromebook', 'laptop') as is_personal
    from devices
    left join writing_lately on devices.device = writing_lately.device
    where
        writing_lately.device is null
        and devices.device_class in (
            'chromebook', 'laptop', 'desktop', 'podium', 'lab_pc'
        )
),

page_requests as (
    select
        requests.event_id,
        requests.account,
        requests.device,
        requests.site,
        requests.start_time,
        requests.event_date,
        silent_devices.is_personal
    from core.candidate_requests as requests
    inner join silent_devices on requests.device = silent_devices.device
    where
        requests.event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and requests.is_staff
        and not requests.is_machine_timed
        and (silent_devices.is_personal or requests.is_given)
        -- a tunnel that is only assumed to end at this device
        and requests.device_basis is distinct from 'contradicted'
),

-- names that an agent looked up, outside the buildings, too
names_asked as (
    select
        requests.event_id,
        requests.account,
        requests.device,
        requests.site,
        requests.start_time,
        requests.event_date,
        silent_devices.is_personal
    from core.http_requests as requests
    inner join silent_devices on requests.device = silent_devices.device
    left join identity.hosts as hosts on requests.url_hostname = hosts.url_hostname
    where
        requests.event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and requests.method = 'LOOKUP'
        and requests.disposition = 'allowed'
        and requests.is_staff
        and requests.attribution_grade = 'A'
        and silent_devices.is_personal
        and hosts.background_kind is null
),

signs_of_use as (
    select
        *,
        true as is_page
    from page_requests
    union all
    select
        *,
        false as is_page
    from names_asked
),

run_starts as (
    select
        *,
        coalesce(
            epoch(start_time) - epoch(lag(start_time) over on_device)
            > 60 * $silent_minutes,
            true
        ) as starts_run
    from signs_of_use
    window on_device as (partition by device, is_page order by start_time, event_id)
),

run_numbers as (
    select
        *,
        count_if(starts_run) over (
            partition by device, is_page
            order by start_time, event_id
            rows between unbounded preceding and current row
        ) as run
    from run_starts
),

runs as (
    select
        min(account) as account,
        device,
        min(start_time) as start_time,
        max(start_time) as last_time,
        min_by(event_id, (start_time, event_id)) as event_id,
        bool_and(is_personal) as is_personal,
        is_page,
        min(event_date) as first_date
    from run_numbers
    group by device, is_page, run
    having
        count(distinct account) = 1
        and (is_page or count(distinct site) >= $run_sites)
        and count(*) >= if(
            count(distinct site) = 1, $one_site_requests, $run_requests
        )
        and count(distinct epoch(start_time)::bigint // 300) >= if(
            count(distinct site) = 1, $one_site_bins, $run_bins
        )
        and $event_date::date between min(event_date) and max(event_date)
),

-- the network login or tunnel in which a run falls is evidence of it. Where a run of
-- pages began with it, both logs agree on the time for as long as that session lasts
run_sessions as (
    select
        runs.event_id,
        -- a VPN login without a device name may be of another one
        max_by(
            sessions.event_id,
            (
                coalesce(sessions.device = runs.device, false),
                sessions.start_time,
                sessions.event_id
            )
        ) filter (where sessions.presence in ('wifi', 'tunnel')) as session_event_id,
        bool_or(begun.event_id is not null) as is_checked
    from runs
    inner join identity.presences as sessions
        on
            runs.account = sessions.account
            and coalesce(sessions.device = runs.device, true)
            and runs.start_time
            between sessions.start_time - interval 1 minute * $answer_minutes
            and sessions.end_time
    left join runs as begun
        on
            sessions.account = begun.account
            and coalesce(sessions.device = begun.device, true)
            and abs(epoch(sessions.start_time) - epoch(begun.start_time))
            <= 60 * $answer_minutes
            and runs.is_page = begun.is_page
    where
        sessions.event_date = $event_date::date
        and sessions.presence in ('wifi', 'tunnel', 'sign_in')
    group by runs.event_id
),

-- a logon that ends a silence: the filter's clock agrees with the host's
checked_logons as (
    select distinct presences.event_id
    from presences
    inner join core.candidate_requests as first_page
        on
            presences.account = first_page.account
            and presences.device = first_page.device
            and first_page.start_time
            between presences.start_time - interval 20 second
            and presences.start_time + interval 1 minute * $answer_minutes
    left join core.candidate_requests as page_before
        on
            presences.device = page_before.device
            and page_before.start_time
            between presences.start_time - interval 1 minute * $logon_silent_minutes
            and presences.start_time - interval 21 second
            and page_before.event_date between $event_date::date - interval 1 day
            and $event_date::date + interval 1 day
    where
        presences.presence = 'keyboard'
        and presences.state = 'live'
        and not presences.is_clock_checked
        and first_page.event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and page_before.event_id is null
),

agreeing as (
    select count(distinct device) >= $joined_count as is_agreed
    from answered
),

seen as (
    select
        account,
        device,
        presence,
        state,
        start_time,
        end_time,
        logon_kind,
        event_id as evidence_event_id,
        is_clock_checked
        or event_id in (select checked_logons.event_id from checked_logons)
            as is_clock_checked,
        logon_date,
        event_id
    from presences
    where
        presence = 'keyboard'
        and event_id not in (select automatic.event_id from automatic)
    union all
    select
        account,
        device,
        presence,
        'live' as state,
        start_time,
        least(stay_end, to_timestamp(60 * (last_minute + 1))) as end_time,
        logon_kind,
        event_id as evidence_event_id,
        true as is_clock_checked,
        logon_date,
        event_id
    from shown
    union all
    select
        runs.account,
        runs.device,
        if(runs.is_page, 'use', 'look-ups') as presence,
        case
            when not runs.is_page then 'looked_up'
            when runs.is_personal then 'live'
            else 'used'
        end as state,
        runs.start_time,
        runs.last_time + interval 1 minute * $silent_minutes as end_time,
        null as logon_kind,
        coalesce(run_sessions.session_event_id, runs.event_id) as evidence_event_id,
        agreeing.is_agreed or coalesce(run_sessions.is_checked, false)
            as is_clock_checked,
        runs.first_date as logon_date,
        runs.event_id
    from runs
    cross join agreeing
    left join run_sessions on runs.event_id = run_sessions.event_id
)

select
    seen.account,
    seen.device,
    devices.assigned_to,
    seen.presence,
    seen.state,
    seen.start_time,
    seen.end_time,
    seen.logon_kind,
    seen.is_clock_checked,
    seen.logon_date = $event_date::date as is_of_day,
    seen.evidence_event_id,
    seen.event_id,
    $event_date::date as event_date
from seen
left join devices on seen.device = devices.device
