/* ---
summary: >
  Somebody at a device, as well as logs can tell, for the rules: from when to when, by
  whose word. A keyboard's own log says it best. Where a device writes none, joining
  the network (802.1X) shows that it was woken, if it was silent for a while before and
  asked for pages right after: what is awake talks by itself. Somebody is there until it
  leaves the network or asks for no page for as long. What many devices do at once, as
  after an outage, shows nobody. Where a Chromebook never fell silent, a site that was
  opened on it the moment it joined shows somebody, or several sites one after another,
  until a quarter of an hour after the last.
  What several people share is no single person's, even if one signed for it: a login to
  the network may have been saved there, so that only its keyboard's own log tells who
  is at it.
grain: [event_id, event_date]
window: {days_before: 1, days_after: 1}
params:
  event_date: {type: date}
  silent_minutes:
    type: int
    default: 15
    min: 5
    max: 120
    unit: minutes
    why: >-
      a device that is awake asks for something more often, whoever is there; one that
      nobody uses for so long falls asleep
  answer_minutes:
    type: int
    default: 3
    min: 1
    max: 15
    unit: minutes
    why: >-
      whoever opens a lid asks for something at once; it shows too that the clocks of
      both logs agree
  joined_at_once:
    type: int
    default: 10
    min: 3
    max: 1000
    why: after an outage all devices join within the minute, whoever is there
  opened_sites:
    type: int
    default: 3
    min: 2
    max: 20
    why: programs open one site or two; what is restored after a restart comes at once
  opened_minutes:
    type: int
    default: 3
    min: 1
    max: 60
    unit: minutes
    why: what is restored after a restart comes within a minute or two
  joined_count:
    type: int
    default: 3
    min: 1
    max: 100
    why: >-
      so many devices that joined the network and asked for a page within minutes show
      that the clocks of both logs agree that day
columns:
  account: {type: varchar, pii: direct, is: account}
  device: {type: varchar, pii: indirect, is: device}
  assigned_to: {type: varchar, pii: indirect, is: the one person who was given it}
  presence: {type: varchar, is: 'keyboard, wifi or use'}
  state: {type: varchar, is: live or locked}
  start_time: {type: timestamptz, is: 'from this instant, clock corrected'}
  end_time: {type: timestamptz, is: to this instant}
  logon_kind: {type: varchar, is: kind of the logon; null for a locked screen}
  is_clock_checked: {type: boolean, is: another clock agrees with the log's}
  is_of_day: {type: boolean, is: its event is of this day; else of one beside it}
  event_id: {type: bigint, is: the logon event}
  event_date: {type: date, is: local day that the row serves}
--- */
with

presences as (
    select *
    from identity.presences
    where event_date = $event_date::date and device is not null
),

devices as (
    select
        device,
        device_class,
        pool,
        case when pool is null then assigned_to end as assigned_to
    from identity.devices
    where event_date = $event_date::date
),

writing as (
    select distinct device
    from presences
    where presence = 'keyboard'
),

-- only what sleeps when nobody uses it: a phone joins from a pocket, and a desktop
-- stays on
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

opened as (
    select
        event_id,
        account,
        device,
        site,
        start_time,
        epoch(start_time)::bigint // 60 as minute
    from core.opened_sites
    where event_date = $event_date::date
),

pages as (
    select distinct
        requests.device,
        epoch(requests.start_time)::bigint // 60 as minute
    from core.candidate_requests as requests
    inner join (
        select device from woken
        union
        select device from opened
    ) as joined
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

-- what is awake asks for nothing new the moment it joins again, unless somebody does
opened_for as (
    select
        woken.*,
        max(uses.last_minute) as last_minute
    from woken
    inner join opened
        on
            woken.device = opened.device
            and woken.account = opened.account
            and opened.minute between woken.minute - 1
            and woken.minute + $answer_minutes
    inner join uses
        on
            opened.device = uses.device
            and opened.minute between uses.first_minute and uses.last_minute
    group by all
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
    select *
    from (
        select answered.*
        from answered
        left join awake on answered.event_id = awake.event_id
        where awake.event_id is null
        union all
        select * from opened_for
    ) as told
    qualify row_number() over (partition by event_id order by last_minute desc) = 1
),

-- one account, three sites, minutes apart
browsed as (
    select
        min(opened.account) as account,
        opened.device,
        min(opened.start_time) as start_time,
        least(
            to_timestamp(60 * (max(uses.last_minute) + 1)),
            max(opened.start_time) + interval 1 minute * $silent_minutes
        ) as end_time,
        min_by(opened.event_id, (opened.start_time, opened.event_id)) as event_id
    from opened
    inner join uses
        on
            opened.device = uses.device
            and opened.minute between uses.first_minute and uses.last_minute
    group by opened.device, uses.first_minute
    having
        count(distinct opened.account) = 1
        and count(distinct opened.site) >= $opened_sites
        and epoch(max(opened.start_time)) - epoch(min(opened.start_time))
        >= 60 * $opened_minutes
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
        is_clock_checked,
        logon_date,
        event_id
    from presences
    where presence = 'keyboard'
    union all
    select
        account,
        device,
        presence,
        'live' as state,
        start_time,
        least(stay_end, to_timestamp(60 * (last_minute + 1))) as end_time,
        logon_kind,
        true as is_clock_checked,
        logon_date,
        event_id
    from shown
    union all
    select
        browsed.account,
        browsed.device,
        'use' as presence,
        'live' as state,
        browsed.start_time,
        browsed.end_time,
        null as logon_kind,
        agreeing.is_agreed as is_clock_checked,
        $event_date::date as logon_date,
        browsed.event_id
    from browsed
    cross join agreeing
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
    seen.event_id,
    $event_date::date as event_date
from seen
left join devices on seen.device = devices.device
