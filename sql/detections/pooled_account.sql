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

accounts as (
    select account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'role_shared'
        and not approved_shared
),

used as (
    select
        logons.account,
        logons.device,
        logons.assigned_to,
        logons.start_time,
        logons.event_id,
        logons.is_clock_checked,
        logons.event_date = $event_date::date as is_today
    from core.keyboard_logons as logons
    inner join accounts on logons.account = accounts.account
    where
        logons.event_date
        between $event_date::date - interval 6 day and $event_date::date
        and logons.assigned_to is not null
)

select
    account as subject,
    min(start_time) as start_time,
    max(start_time) as end_time,
    count(distinct assigned_to)::double as measure,
    list_sort(list_distinct(list(device))) as observables,
    list_sort(list_distinct(list(event_id))) as evidence,
    to_json(
        struct_pack(
            people := count(distinct assigned_to),
            devices := count(distinct device),
            is_live_known := true,
            are_clocks_checked := bool_and(is_clock_checked)
        )
    )::varchar as details,
    $event_date::date as event_date
from used
group by account
-- told once, on the day that makes it so
having
    count(distinct assigned_to) >= $people
    and count(distinct assigned_to) filter (where not is_today) < $people
