/* ---
summary: >
  Intervals of work on district devices wholly outside the duty of the account's owner,
  with a person at the keyboard: presence blocks with a break of half an hour at most,
  each off duty, and a logon or unlock of the same account shortly before or during
  them. Accounts whose owner has no duty on file, or no calendar, are left out.
grain: [account, device, start_time]
params:
  event_date: {type: date}
  break_minutes:
    type: int
    default: 30
    min: 0
    max: 120
    unit: minutes
    why: a cup of coffee does not make one evening two
  keyboard_minutes:
    type: int
    default: 15
    min: 1
    max: 60
    unit: minutes
    why: a logon or unlock shortly before, or during, shows a person
  clock_minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: from outside, requests that begin so soon after a logon show the host's clock
columns:
  account: core.presence_blocks
  person_id: core.presence_blocks
  device: core.presence_blocks
  is_own_device: {type: boolean, is: assigned to the owner of the account}
  is_remote: {type: boolean, is: a part of it came over the district's tunnel}
  is_usual_duty:
    type: boolean
    is: the owner's hours are the usual ones of the settings, not the owner's own
  day_type: {type: varchar, is: kind of day at the account's building}
  start_time: core.presence_blocks
  end_time: core.presence_blocks
  block_count: {type: bigint, is: presence blocks}
  active_seconds: {type: double, is: 'in use, breaks left out'}
  live_share: double
  is_live_known: boolean
  is_clock_checked: core.presence_blocks
  session_event_id: {type: bigint, is: the logon or unlock}
  logon_kind: {type: varchar, is: its kind}
  bindings: {type: 'bigint[]', is: the leases that identify the device}
  is_device_assumed: boolean
  requests: {type: 'bigint[]', is: the requests}
  event_date: {type: date, is: local day on which it starts}
--- */
with

blocks as (
    select *
    from core.presence_blocks
    where
        event_date = $event_date::date
        and is_staff
        and is_district_device
        -- on stock, where the account's password was given
        and (attribution_grade = 'A' or (attribution_grade = 'C' and is_given))
        and not has_ambiguous_time
),

accounts as (
    select
        account,
        home_building
    from identity.accounts
    where event_date = $event_date::date
),

calendar as (
    select
        building,
        day_type
    from registry.calendar_days
    where date = $event_date::date
),

duty as (
    select
        person_id,
        start_time,
        end_time
    from core.duty
    where event_date = $event_date::date
),

leave as (
    select
        person_id,
        start_time,
        end_time
    from registry.leave_windows
    where event_date = $event_date::date and status = 'approved'
),

rostered as (
    select
        person_id,
        is_usual_duty
    from core.rostered_people
    where event_date = $event_date::date
),

sessions as (
    select
        account,
        device,
        start_time,
        event_id,
        logon_kind
    from core.presences
    where event_date = $event_date::date and state in ('live', 'used')
),

off_duty as (
    select
        blocks.*,
        rostered.is_usual_duty,
        calendar.day_type
    from blocks
    inner join accounts on blocks.account = accounts.account
    inner join calendar on accounts.home_building = calendar.building
    inner join rostered on blocks.person_id = rostered.person_id
    left join duty
        on
            blocks.person_id = duty.person_id
            and blocks.start_time < duty.end_time
            and blocks.end_time > duty.start_time
    left join leave
        on
            blocks.person_id = leave.person_id
            and blocks.start_time < leave.end_time
            and blocks.end_time > leave.start_time
            and coalesce(blocks.net_kind, '') <> 'remote'
    where
        duty.person_id is null
        and leave.person_id is null
        and calendar.day_type <> 'elearning'
),

marked as (
    select
        *,
        coalesce(
            start_time > lag(end_time) over in_order
            + interval 1 minute * $break_minutes,
            true
        ) as starts_stretch
    from off_duty
    window in_order as (partition by account, device order by start_time)
),

numbered as (
    select
        *,
        count_if(starts_stretch) over in_order as stretch_number
    from marked
    window in_order as (partition by account, device order by start_time)
),

stretches as (
    select
        account,
        max(person_id) as person_id,
        device,
        bool_and(coalesce(device_owner = person_id, false)) as is_own_device,
        bool_or(coalesce(net_kind = 'remote', false)) as is_remote,
        bool_or(coalesce(is_usual_duty, false)) as is_usual_duty,
        min(day_type) as day_type,
        min(start_time) as start_time,
        max(end_time) as end_time,
        count(*) as block_count,
        sum(active_seconds) as active_seconds,
        sum(live_share * request_count) / sum(request_count) as live_share,
        bool_or(is_live_known) as is_live_known,
        bool_and(coalesce(is_clock_checked, false)) as is_clock_checked,
        sorted_set(flatten(list(bindings))) as bindings,
        bool_or(coalesce(is_device_assumed, false)) as is_device_assumed,
        list_sort(flatten(list(evidence))) as requests
    from numbered
    group by account, device, stretch_number
)

select
    stretches.account,
    stretches.person_id,
    stretches.device,
    stretches.is_own_device,
    stretches.is_remote,
    stretches.is_usual_duty,
    stretches.day_type,
    stretches.start_time,
    stretches.end_time,
    stretches.block_count,
    stretches.active_seconds::double as active_seconds,
    stretches.live_share::double as live_share,
    stretches.is_live_known,
    -- no directory sees a logon at home, but the requests right after it show the same
    -- time by the filter's system clock
    stretches.is_clock_checked
    or (
        stretches.is_device_assumed
        and abs(epoch(stretches.start_time) - epoch(sessions.start_time))
        <= 60 * $clock_minutes
    ) as is_clock_checked,
    sessions.event_id as session_event_id,
    sessions.logon_kind,
    stretches.bindings,
    stretches.is_device_assumed,
    stretches.requests,
    $event_date::date as event_date
from stretches
inner join sessions
    on
        stretches.account = sessions.account
        and stretches.device = sessions.device
        and sessions.start_time between stretches.start_time
        - interval 1 minute * $keyboard_minutes
        and stretches.end_time
qualify
    row_number() over (
        partition by stretches.account, stretches.device, stretches.start_time
        order by sessions.start_time, sessions.event_id
    ) = 1
