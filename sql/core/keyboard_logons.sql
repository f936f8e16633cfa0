/* ---
summary: >
  Each logon at a device's own keyboard, on the day on which it happened, and whose
  device that is. Sessions serve their neighboring days too; whoever counts days or
  devices reads this. What several people share is no single person's, even if one
  signed for it.
grain: [account, device, event_id, event_date]
params:
  event_date: {type: date}
columns:
  account: {type: varchar, pii: direct, is: account at the keyboard}
  device: {type: varchar, pii: indirect, is: device}
  assigned_to: {type: varchar, pii: indirect, is: the one person who was given it}
  event_id: {type: bigint, is: the logon event}
  start_time: {type: timestamptz, is: 'from this instant, clock corrected'}
  is_clock_checked: {type: boolean, is: another clock agrees with the host's}
  event_date: {type: date, is: local day}
--- */
with

sessions as (
    select *
    from identity.workstation_sessions
    where
        event_date = $event_date::date
        and state = 'live'
        and logon_kind = 'interactive'
),

logons as (
    select event_id
    from raw.logons
    where event_date = $event_date::date
),

devices as (
    select
        device,
        assigned_to
    from identity.devices
    where event_date = $event_date::date and assigned_to is not null and pool is null
)

select
    sessions.account,
    sessions.device,
    any_value(devices.assigned_to) as assigned_to,
    sessions.event_id,
    min(sessions.start_time) as start_time,
    bool_and(sessions.is_clock_checked) as is_clock_checked,
    $event_date::date as event_date
from sessions
inner join logons on sessions.event_id = logons.event_id
left join devices on sessions.device = devices.device
group by sessions.account, sessions.device, sessions.event_id
