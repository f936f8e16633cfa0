/* ---
summary: >
  Second factors of a person's account that were enrolled or reset, as an identity
  provider logged it, and whether the owner did it. Backup and bypass codes count as
  factors. Read from Okta, Entra's audit, Google's admin log and Duo's administrators.
grain: [event_id]
params:
  event_date: {type: date}
columns:
  event_id: {type: bigint, is: the log line}
  account: {type: varchar, pii: direct, is: account whose factor it is}
  source: {type: varchar, is: source of the line}
  time: {type: timestamptz, is: when}
  change: {type: varchar, is: enrolled or reset}
  is_by_owner: {type: boolean, is: the account itself did it}
  ip: {type: varchar, pii: indirect, is: 'address of who did it, if logged'}
  event_date: {type: date, is: local day}
audits:
  - holds: change in ('enrolled', 'reset')
    severity: fail
--- */
with

logged as (
    select
        event_id,
        source,
        time,
        extras ->> '$.factor' as change,
        extras ->> '$.user' as user_name,
        extras ->> '$.by' as by_name,
        extras ->> '$.ip' as ip
    from raw.system_events
    where
        event_date = $event_date::date
        and contains(extras, '"factor"')
        and time_quality not in ('ambiguous', 'shifted')
),

people as (
    select account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and not approved_shared
),

names as (
    select
        user_name,
        account
    from identity.account_names
)

select
    logged.event_id,
    people.account,
    logged.source,
    logged.time,
    logged.change,
    logged.by_name = logged.user_name
    or coalesce(by_names.account = people.account, false) as is_by_owner,
    logged.ip,
    $event_date::date as event_date
from logged
inner join names on logged.user_name = names.user_name
inner join people on names.account = people.account
left join names as by_names on logged.by_name = by_names.user_name
where logged.change in ('enrolled', 'reset')
