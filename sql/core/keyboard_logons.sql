/* ---
summary: >
  Each logon at a device's own keyboard, on the day on which it happened. Seats
  serve their neighbouring days too; whoever counts days or devices reads this.
grain: [account, device, event_id, event_date]
params:
  event_date: {type: date}
columns:
  account: {type: varchar, pii: direct, is: account at the keyboard}
  device: {type: varchar, pii: indirect, is: device}
  event_id: {type: bigint, is: the logon event}
  start_time: {type: timestamptz, is: 'from this instant, clock corrected'}
  is_clock_checked: {type: boolean, is: another clock agrees with the host's}
  event_date: {type: date, is: local day}
--- */
with

seats as (
    select
        account,
        device,
        event_id,
        start_time,
        is_clock_checked
    from identity.seats
    where
        event_date = $event_date::date
        and state = 'live'
        and logon_kind = 'interactive'
),

logons as (
    select event_id
    from raw.logons
    where event_date = $event_date::date
)

select
    seats.account,
    seats.device,
    seats.event_id,
    min(seats.start_time) as start_time,
    bool_and(seats.is_clock_checked) as is_clock_checked,
    $event_date::date as event_date
from seats
inner join logons on seats.event_id = logons.event_id
group by seats.account, seats.device, seats.event_id
