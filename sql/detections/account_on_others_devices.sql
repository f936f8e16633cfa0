/* ---
title: An account at keyboards that were given to others
summary: >
  Within a week an account was logged on at the keyboards of devices that are assigned
  to several other people. Help among colleagues and support look the same, so it is a
  lead for the analyst and names nobody in a report. Shared stock, such as lab
  computers, carts and podiums, belongs to nobody and does not count.
code: SA-L
kind: shared_account
severity: informational
stage: trial
grain: [subject, event_date]
window: {days_before: 6}
params:
  event_date: {type: date}
  people:
    type: int
    default: 2
    min: 1
    max: 50
    why: one colleague's device in a week is ordinary help
columns:
  subject: {type: varchar, pii: direct, is: account}
  start_time: {type: timestamptz, is: first cited event}
  end_time: {type: timestamptz, is: last cited event}
  measure: {type: double, is: people whose devices it was used on}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
  evidence: {type: 'bigint[]', is: cited events}
  details: {type: varchar, is: facts for the alternatives as JSON}
  event_date: {type: date, is: local day}
false_positives:
  - Somebody of the technology office, or a colleague who helps.
  - Devices that changed hands while the registry still names the former owner.
response: >
  Nothing by itself. Look at it beside other findings on the account.
--- */
with

seats as (
    select
        account,
        device,
        start_time,
        event_id,
        is_clock_checked,
        event_date
    from core.keyboard_logons
    where event_date between $event_date::date - interval 6 day and $event_date::date
),

accounts as (
    select
        account,
        person_id
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and person_id is not null
        and not approved_shared
),

devices as (
    select
        device,
        assigned_to
    from identity.devices
    where event_date = $event_date::date and assigned_to is not null and pool is null
),

used as (
    select distinct
        seats.account,
        seats.device,
        seats.start_time,
        seats.event_id,
        seats.is_clock_checked,
        devices.assigned_to,
        seats.event_date = $event_date::date as is_today
    from seats
    inner join accounts on seats.account = accounts.account
    inner join devices
        on
            seats.device = devices.device
            and accounts.person_id <> devices.assigned_to
),

counted as (
    select
        account,
        count(distinct assigned_to) as person_count,
        count(distinct assigned_to) filter (where not is_today) as earlier_count
    from used
    group by account
)

select
    used.account as subject,
    min(used.start_time) as start_time,
    max(used.start_time) as end_time,
    count(distinct used.assigned_to)::double as measure,
    list_sort(list_distinct(list(used.device))) as observables,
    list_sort(list_distinct(list(used.event_id))) as evidence,
    to_json(
        struct_pack(
            people := count(distinct used.assigned_to),
            devices := count(distinct used.device),
            is_live_known := true,
            are_clocks_checked := bool_and(used.is_clock_checked)
        )
    )::varchar as details,
    $event_date::date as event_date
from used
inner join counted on used.account = counted.account
-- told once, on the day that makes it so
where counted.person_count >= $people and counted.earlier_count < $people
group by used.account
