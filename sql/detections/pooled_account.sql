/* ---
title: A role account in use without approval for sharing
summary: >
  An account that belongs to a role, not to a person, and that the district has not
  approved for sharing, was logged on at the keyboards of devices of several people
  within a week, or joined the network with them (802.1X). The account is the subject;
  no person is named.
code: SA-5
kind: shared_account
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.23, cl.17, cl.13a]
requires_fields: [presence]
requires_registry: [users.csv|accounts.csv, devices.csv]
session_policy: {keyboard: finding, network: finding, stock: nothing, nothing: nothing}
grain: [subject, event_date]
lookback: 6
params:
  event_date: {type: date}
  people:
    type: int
    default: 3
    min: 2
    max: 50
    why: two people may be a hand-over
columns:
  measure: {type: double, is: people whose devices it was used on}
claim: >-
  Account {account} was signed in on {devices} devices of {people} people within a week;
  it is not approved for sharing.
details:
  people: int
  devices: int
  is_clock_wrong: boolean
explanations:
  - name: An account that the district lets several people use
    by_design: 'the registry was looked up: it is not approved for sharing'
  - clock
refuted_by:
  - an approval of the account for several people
false_positives:
  - The account is approved and the registry does not say so.
triage: >
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
    from core.presences as logons
    inner join accounts on logons.account = accounts.account
    where
        logons.event_date
        between $event_date::date - interval 6 day and $event_date::date
        and logons.logon_kind = 'interactive'
        and logons.is_of_day
        and logons.assigned_to is not null
    union
    -- a network login: saved on several people's devices it is shared as well
    select
        joins.account,
        joins.device,
        coalesce(devices.assigned_to, devices.usual_user) as assigned_to,
        joins.start_time,
        joins.event_id,
        true as is_clock_checked,
        joins.event_date = $event_date::date as is_today
    from identity.presences as joins
    inner join accounts on joins.account = accounts.account
    inner join identity.devices as devices
        on joins.device = devices.device and joins.event_date = devices.event_date
    where
        joins.event_date
        between $event_date::date - interval 6 day and $event_date::date
        and joins.presence = 'wifi'
        and joins.logon_date = joins.event_date
        and devices.pool is null
        and coalesce(devices.assigned_to, devices.usual_user) is not null
)

select
    account as subject,
    min(start_time) filter (where is_today) as start_time,
    max(start_time) filter (where is_today) as end_time,
    count(distinct assigned_to)::double as measure,
    sorted_values(device) as observables,
    sorted_values(event_id) as evidence,
    struct_pack(
        people := count(distinct assigned_to),
        devices := count(distinct device),
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked))
    ) as details,
    $event_date::date as event_date
from used
group by account
-- on each day on which it is used
having
    count(distinct assigned_to) >= $people
    and count(distinct assigned_to) filter (where is_today) > 0
