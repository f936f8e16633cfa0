/* ---
title: An account that the registry does not know was used at a keyboard
summary: >
  An account that is missing from the registry was logged on at the keyboard of a
  district device; reported once a week at most. New people without a row yet, and names
  in another form, are kept apart. If the registry has few of the accounts that are in
  use, the registry is incomplete, and nothing is reported.
code: AN-10
kind: anomaly
severity: low
stage: trial
base_confidence: C2
clauses: [cl.17, cl.6]
requires_fields: [account_in_use]
requires_registry: [users.csv|accounts.csv]
grain: [subject, event_date]
lookback: 27
params:
  event_date: {type: date}
  known_share:
    type: double
    default: 0.8
    min: 0.1
    max: 1
    why: of the accounts in use; below it the registry is not complete
  new_days:
    type: int
    default: 14
    min: 1
    max: 27
    unit: days
    why: a new person's row may take two weeks to arrive
columns:
  start_time: {type: timestamptz, is: first use of the day}
  end_time: {type: timestamptz, is: last use of the day}
  measure: {type: double, is: logons at a keyboard}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account}, which the registry does not know, was logged on
  {logons:count time} at {devices:count device}.
details:
  logons: int
  devices: int
  days: int
  known_days: int
  is_new: boolean
  has_namesake: boolean
explanations:
  - name: A new person whom the registry does not have yet
    test: is_new
    says: it is in the logs for {known_days:count day}
    not_testable: it is not known since when it is used
  - name: A name that the registry has in another form
    test: has_namesake
    fits: the registry has an account of that name in another domain
    ruled_out: the registry has no account of that name in any domain
    not_testable: the registry was not searched for the name
  - name: A task, a service or the device itself
    by_design: only logons and unlocks by a person are counted
refuted_by:
  - a row of the registry for the account
false_positives:
  - A new person, a student teacher, or a visitor who is not in the registry yet.
  - A local account that was delivered with the device.
triage: >
  Enter the account in the registry, or close it.
--- */
with

days as (
    select *
    from core.account_days
    where
        event_date between $event_date::date - interval 27 day and $event_date::date
        and keyboard_count > 0
),

shares as (
    select avg(case when is_known then 1.0 else 0.0 end) as known_share
    from (
        select distinct
            account,
            is_known
        from days
    ) as accounts
),

unknown as (
    select *
    from days
    where event_date = $event_date::date and not is_known
),

earlier as (
    select
        unknown.account,
        min(days.event_date) as first_date,
        count(*) as day_count,
        count(*) filter (
            where
            days.event_date < $event_date::date
            and date_trunc('week', days.event_date)
            = date_trunc('week', $event_date::date)
        ) as week_count
    from unknown
    inner join days on unknown.account = days.account
    group by unknown.account
),

registered as (
    select device
    from identity.devices
    where
        event_date = $event_date::date
        and coalesce(device_class <> 'phone_byod', true)
),

placed as (
    select
        unknown.account,
        list_sort(list(registered.device)) as devices
    from (
        select
            account,
            unnest(devices) as device
        from unknown
    ) as unknown
    inner join registered on unknown.device = registered.device
    group by unknown.account
),

-- the same name in front of another domain, or behind it
names as (
    select
        unknown.account,
        bool_or(known.account is not null) as has_namesake
    from unknown
    left join registry.accounts as known
        on
            split_part(split_part(unknown.account, '@', 1), '\', -1)
            = split_part(split_part(known.account, '@', 1), '\', -1)
    group by unknown.account
)

select
    unknown.account as subject,
    unknown.first_time as start_time,
    unknown.last_time as end_time,
    unknown.keyboard_count::double as measure,
    placed.devices as observables,
    unknown.evidence,
    struct_pack(
        logons := unknown.keyboard_count,
        devices := len(placed.devices),
        days := earlier.day_count,
        known_days := date_diff(
            'day', earlier.first_date, $event_date::date
        ),
        is_new := date_diff(
            'day', earlier.first_date, $event_date::date
        ) < $new_days,
        has_namesake := names.has_namesake
    ) as details,
    $event_date::date as event_date
from unknown
cross join shares
inner join placed on unknown.account = placed.account
inner join earlier on unknown.account = earlier.account
inner join names on unknown.account = names.account
where
    shares.known_share >= $known_share
    and earlier.week_count = 0
    -- a new account, or a name of another domain, is reported once and not each week
    and (
        earlier.day_count = 1
        or (
            date_diff('day', earlier.first_date, $event_date::date) >= $new_days
            and not names.has_namesake
        )
    )
