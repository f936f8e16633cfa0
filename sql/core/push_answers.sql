/* ---
summary: >
  Answers to the pushes of an identity provider, as logged: at the phone a person
  accepted it, denied it, or did not answer. One push that a product writes twice, as
  denied and as an attempt that failed, is one answer. A cancel at the login page is
  not an answer.
grain: [event_id]
params:
  event_date: {type: date}
columns:
  event_id: {type: bigint, is: the answer; of two lines the first}
  account: {type: varchar, pii: direct, is: account that was asked}
  source: {type: varchar, is: source of the line}
  ip: {type: varchar, pii: indirect, is: address that asked for the sign-in}
  time: {type: timestamptz, is: when}
  answer: {type: varchar, is: 'accepted, denied or unanswered'}
  event_date: {type: date, is: local day}
audits:
  - holds: answer in ('accepted', 'denied', 'unanswered')
    severity: fail
--- */
with

logged as (
    select
        event_id,
        source,
        time,
        user_name,
        src_ip as ip,
        extras ->> '$.push' as answer,
        time_quality
    from raw.logons
    where event_date = $event_date::date and contains(extras, '"push"')
    union all
    select
        event_id,
        source,
        time,
        extras ->> '$.user' as user_name,
        extras ->> '$.ip' as ip,
        extras ->> '$.push' as answer,
        time_quality
    from raw.system_events
    where event_date = $event_date::date and contains(extras, '"push"')
),

people as (
    select account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and not approved_shared
),

named as (
    select
        logged.*,
        names.account,
        logged.answer = 'accepted' as is_accepted
    from logged
    inner join identity.account_names as names on logged.user_name = names.user_name
    inner join people on names.account = people.account
    where
        logged.answer in ('accepted', 'denied', 'unanswered')
        and logged.time_quality not in ('ambiguous', 'shifted')
),

-- no one is asked and answers twice within five seconds
stepped as (
    select
        *,
        coalesce(
            time - lag(time) over of_one_push > interval 5 second, true
        ) as is_first
    from named
    window
        of_one_push as (
            partition by account, source, ip, is_accepted
            order by time, event_id
        )
),

numbered as (
    select
        *,
        count(*) filter (where is_first) over (
            partition by account, source, ip, is_accepted
            order by time, event_id
            rows unbounded preceding
        ) as number
    from stepped
)

select
    arg_min(event_id, (time, event_id)) as event_id,
    account,
    source,
    ip,
    min(time) as time,
    min(answer) as answer,
    $event_date::date as event_date
from numbered
group by account, source, ip, is_accepted, number
