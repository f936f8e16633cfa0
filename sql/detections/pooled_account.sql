/* ---
title: A shared account that nobody approved
summary: >
  An account that belongs to a role, not to a person, and that the district has not
  approved for sharing, was logged on at the keyboards of devices of several people
  within a week. The account is the subject; nobody is named.
code: SA-5
kind: shared_account
severity: medium
stage: trial
grain: [subject, event_date]
window: {days_before: 6}
params:
  event_date: {type: date}
  people:
    type: int
    default: 3
    min: 2
    max: 50
    why: two people may be a hand-over
columns:
  subject: {type: varchar, pii: direct, is: account}
  start_time: {type: timestamptz, is: first cited event}
  end_time: {type: timestamptz, is: last cited event}
  measure: {type: double, is: people whose devices it was used on}
  observables: {type: 'varchar[]', pii: indirect, is: devices and sites}
  evidence: {type: 'bigint[]', is: cited events}
  details: {type: varchar, is: facts for the alternatives as JSON}
  event_date: {type: date, is: local day}
false_positives:
  - The account is approved and the registry does not say so.
response: >
  Approve the account for its purpose in the registry, or close it.
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
    select account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'role_shared'
        and not approved_shared
),

devices as (
    select
        device,
        assigned_to
    from identity.devices
    -- what several people share is no single person's, even if one signed for it
    where event_date = $event_date::date and assigned_to is not null and pool is null
),

used as (
    select distinct
        seats.account,
        seats.device,
        seats.start_time,
        seats.event_id,
        seats.is_clock_checked,
        seats.event_date,
        devices.assigned_to
    from seats
    inner join accounts on seats.account = accounts.account
    inner join devices on seats.device = devices.device
),

today as (
    select distinct account
    from seats
    where event_date = $event_date::date
),

-- told once, on the day that makes it so, not again while it goes on
earlier as (
    select
        account,
        count(distinct assigned_to) as person_count
    from used
    where event_date < $event_date::date
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
inner join today on used.account = today.account
left join earlier on used.account = earlier.account
where coalesce(earlier.person_count, 0) < $people
group by used.account
having count(distinct used.assigned_to) >= $people
