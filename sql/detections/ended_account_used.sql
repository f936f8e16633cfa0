/* ---
title: An account was used after its last day
summary: >
  An account whose last day in the registry has passed, or whose owner has left
  according to the roster, signed in at a keyboard, through a tunnel, to a cloud
  service or to the network, or made requests with its login. The account is at risk;
  the finding does not state who used it.
code: AN-5
kind: anomaly
severity: high
stage: trial
base_confidence: C3
clauses: [cl.7, cl.17]
requires_fields: [account_in_use]
requires_registry: [users.csv|accounts.csv]
open_day: later use adds to it, and no later line undoes the first use
grain: [subject, event_date]
params:
  event_date: {type: date}
  requests:
    type: int
    default: 5
    min: 1
    max: 1000
    why: without a logon, a few requests may come from a browser that stayed open
columns:
  start_time: {type: timestamptz, is: first use of the day}
  end_time: {type: timestamptz, is: last use of the day}
  measure: {type: double, is: days since the last day of the account}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim:
  - when: [is_account_ended]
    says: >-
      Account {account} was used {days:count day} after its last day on the account
      list.
  - says: >-
      Account {account} was used {days:count day} after its owner's last day in the
      roster.
details:
  last_day: date
  days: int
  is_account_ended: boolean
  is_owner_gone: boolean
  do_records_agree: boolean
  logons: int
  requests: int
  devices: int
  sources: int
  is_left_running: boolean
  is_log_mistake: boolean
explanations:
  - name: A last day in the registry that is out of date
    by_design: >-
      the rule relies on the registry: check its last day,
      {last_day}[{do_records_agree?}; the account's row and the roster both end by then]
  - name: A device that was left logged on and goes on by itself
    test: is_left_running
    ruled_out: '{logons:count logon} by a person, not by a task'
    not_testable: no log of that day shows a person at a device
  - one_log
refuted_by:
  - a later last day of the account or of its owner
false_positives:
  - The registry or the roster was not brought up to date.
  - A device that was left logged on and goes on by itself.
triage: >
  Close the account in the directory, or correct the registry.
--- */
with

used as (
    select *
    from core.account_days
    where
        event_date = $event_date::date
        and (keyboard_count > 0 or network_count > 0 or request_count >= $requests)
),

accounts as (
    select
        account,
        min(owner_person_id) as person_id,
        max(coalesce(valid_to, date '9999-12-31')) as last_date
    from registry.accounts
    group by account
    -- what several people may use is judged by its own rule
    having
        count(distinct owner_person_id) <= 1
        and not bool_or(coalesce(approved_shared, false))
),

people as (
    select
        person_id,
        max(coalesce(valid_to, date '9999-12-31')) as last_date
    from registry.people
    group by person_id
),

ended as (
    select
        accounts.account,
        accounts.last_date < $event_date::date as is_account_ended,
        coalesce(people.last_date < $event_date::date, false) as is_owner_gone,
        coalesce(accounts.last_date <> people.last_date, false) as are_two_records,
        least(
            accounts.last_date, coalesce(people.last_date, date '9999-12-31')
        ) as last_date
    from accounts
    left join people on accounts.person_id = people.person_id
)

select
    used.account as subject,
    used.first_time as start_time,
    used.last_time as end_time,
    date_diff('day', ended.last_date, $event_date::date)::double as measure,
    used.devices as observables,
    used.evidence,
    struct_pack(
        last_day := ended.last_date,
        days := date_diff('day', ended.last_date, $event_date::date),
        is_account_ended := ended.is_account_ended,
        is_owner_gone := ended.is_owner_gone,
        do_records_agree := ended.is_account_ended
        and ended.is_owner_gone
        and ended.are_two_records,
        logons := used.keyboard_count + used.network_count,
        requests := used.request_count,
        devices := len(used.devices),
        sources := used.source_count,
        is_left_running := ruled_out_if(used.keyboard_count + used.woken_count > 0),
        is_log_mistake := ruled_out_if(used.source_count >= 2)
    ) as details,
    $event_date::date as event_date
from used
inner join ended on used.account = ended.account
where ended.last_date < $event_date::date
