/* ---
title: An account was used after a long silence
summary: >
  An account that no source saw for weeks of school signed in at a keyboard,
  through a tunnel or to a cloud service. Holidays do not count as silence. Nor do
  weeks whose logs are missing or have far fewer accounts than now, nor new accounts.
code: AN-8
kind: anomaly
severity: medium
stage: trial
base_confidence: C3
clauses: [cl.7, cl.17]
requires_fields: [account_in_use]
requires_registry: [users.csv|accounts.csv]
grain: [subject, event_date]
lookback: 120
params:
  event_date: {type: date}
  idle_days:
    type: int
    default: 45
    min: 14
    max: 110
    unit: days
    why: longer than a school break, shorter than a term
  school_days:
    type: int
    default: 25
    min: 5
    max: 80
    unit: days
    why: a summer is not silence; most of six weeks of school is
  account_share:
    type: double
    default: 0.5
    min: 0
    max: 1
    why: a log that saw half the accounts of now leaves out whom it leaves out
columns:
  start_time: {type: timestamptz, is: first use of the day}
  end_time: {type: timestamptz, is: last use of the day}
  measure: {type: double, is: days of silence}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} was used after at least {idle_days:count day} in which no source saw
  it, {school_days:count day} of school among them.
details:
  idle_days: int
  last_seen: date
  school_days: int
  leave_days: int
  logons: int
  requests: int
  devices: int
  sources: int
  is_leave: boolean
explanations:
  - name: A leave or a break
    test: is_leave
    says: '{leave_days:count day} of approved leave in {school_days:count school day}'
  - name: Weeks whose logs are missing
    by_design: days of school count only where the logs saw as many accounts
  - name: Work that comes once a season
    not_testable: the logs do not reach back a year
refuted_by:
  - a leave record that covers the weeks
  - logs that were missing
false_positives:
  - The owner comes back from a long leave that the registry does not hold.
  - An account for work that comes once a season.
triage: >
  Find out whether anyone needs the account; close it if no one does.
--- */
with

days as (
    select *
    from core.account_days
    where
        event_date between $event_date::date - interval 120 day and $event_date::date
),

school as (
    select distinct calendar_days.date
    from registry.calendar_days
    where
        calendar_days.date >= $event_date::date - to_days($idle_days)
        and calendar_days.date < $event_date::date
        and is_school_day(calendar_days.day_type)
),

counts as (
    select
        event_date,
        count(*) as account_count
    from days
    group by event_date
),

-- a log that came lately sees accounts that others never saw
now as (
    select max(account_count) as account_count
    from counts
    where event_date > $event_date::date - interval 14 day
),

-- days of school on which the logs saw about as many accounts as they do now
heard as (
    select count(distinct school.date) as day_count
    from school
    inner join counts on school.date = counts.event_date
    cross join now
    where counts.account_count >= $account_share * now.account_count
),

-- before the first day of the logs, silence cannot be shown
logs as (
    select min(event_date) as first_date
    from days
),

accounts as (
    select
        account,
        min(owner_person_id) as person_id,
        min(coalesce(valid_from, date '9999-12-31')) as first_date
    from registry.accounts
    where account_type in ('person', 'role_shared')
    group by account
),

before as (
    select
        account,
        max(event_date) as last_date
    from days
    where event_date < $event_date::date
    group by account
),

leave as (
    select
        person_id,
        count(distinct event_date) as day_count
    from registry.leave_windows
    where
        event_date >= $event_date::date - to_days($idle_days)
        and event_date < $event_date::date
        and status = 'approved'
    group by person_id
),

silent as (
    select
        days.*,
        heard.day_count as heard_count,
        coalesce(leave.day_count, 0) as leave_count,
        before.last_date,
        least(
            date_diff(
                'day',
                coalesce(
                    before.last_date,
                    greatest(accounts.first_date, logs.first_date)
                ),
                days.event_date
            ),
            120
        ) as idle
    from days
    inner join accounts on days.account = accounts.account
    cross join heard
    cross join logs
    left join before on days.account = before.account
    left join leave on accounts.person_id = leave.person_id
    where
        days.event_date = $event_date::date
        and days.keyboard_count > 0
        and heard.day_count >= $school_days
)

select
    account as subject,
    first_time as start_time,
    last_time as end_time,
    idle::double as measure,
    devices as observables,
    evidence,
    struct_pack(
        idle_days := idle,
        last_seen := last_date,
        school_days := heard_count,
        leave_days := leave_count,
        logons := keyboard_count,
        requests := request_count,
        devices := len(devices),
        sources := source_count,
        is_leave := 2 * leave_count >= heard_count
    ) as details,
    $event_date::date as event_date
from silent
where idle >= $idle_days
