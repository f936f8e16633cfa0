/* ---
summary: >
  Somebody at a device, as well as logs can tell, for the rules: from when to when, by
  whose word. A keyboard's own log says it best. Where a device writes none, joining
  the network (802.1X) shows that it was woken, if it was silent for a while before and
  asked for pages right after: what is awake talks by itself. Somebody is there until it
  leaves the network or asks for no page for as long. What many devices do at once, as
  after an outage, shows nobody. What several people share is no single
  person's, even if one signed for it.
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
columns:
  account: {type: varchar, pii: direct, is: account}
  device: {type: varchar, pii: indirect, is: device}
  assigned_to: {type: varchar, pii: indirect, is: the one person who was given it}
  presence: {type: varchar, is: keyboard or wifi}
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
        answered.account,
        answered.device,
        answered.presence,
        'live' as state,
        answered.start_time,
        least(
            answered.stay_end, to_timestamp(60 * (answered.last_minute + 1))
        ) as end_time,
        answered.logon_kind,
        true as is_clock_checked,
        answered.logon_date,
        answered.event_id
    from answered
    left join awake on answered.event_id = awake.event_id
    where awake.event_id is null
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
