/* ---
title: An account signed in from a country that it was not seen in
summary: >
  A person's account signed in from a country in which neither it nor several of its
  colleagues signed in for a month, and the account is no newcomer to such sign-ins. A
  journey and a stolen password write the same lines, so it is a lead and names
  nobody in a report; where the account was at school at about that time, SA-7 tells it.
code: AN-22
kind: anomaly
severity: low
stage: trial
clauses: [cl.13d, cl.7]
needs: [sign_in_place]
stands_on: [users.csv|accounts.csv, ip_geo.csv]
grain: [subject, event_date]
window: {days_before: 30}
params:
  event_date: {type: date}
  colleagues:
    type: int
    default: 3
    min: 1
    max: 100
    why: a country that several sign in from is next door, a trip or a course
  learning_days:
    type: int
    default: 14
    min: 1
    max: 30
    unit: days
    why: what is usual for an account must be seen first
  learning_signins:
    type: int
    default: 10
    min: 1
    max: 100
    why: or so many sign-ins, whichever comes first
columns:
  start_time: {type: timestamptz, is: first sign-in from there}
  end_time: {type: timestamptz, is: last sign-in of the day from there}
  measure: {type: double, is: sign-ins of the day from there}
  observables: {type: 'varchar[]', pii: indirect, is: none; it is outside}
claim: >-
  Account {account} signed in {signins:count time} from {countries:names}, where it was
  not seen in the month before.
details:
  signins: int
  countries: varchar[]
  colleagues: int
  is_place_wrong: boolean
explanations:
  - name: A journey
    not_testable: no record of journeys is on file
  - name: A list that has an address in the wrong place
    test: is_place_wrong
    ruled_out: the list gives the place or how exact it is
    not_testable: the list does not say how exact a place is
  - name: The district's own way out, or a service that stands for many
    by_design: addresses that the registry or a list names so are left out
would_change:
  - another place for the address
  - an entry for the address among those that stand for many
false_positives:
  - A journey, or a phone that is used across a border.
response: >
  Ask the owner by telephone whether it was a journey. If not, change the password and
  end all sessions.
--- */
with

signins as (
    select
        event_id,
        account,
        time,
        country,
        accuracy_km is not null or place_source = 'ip_geo.csv' as is_place_sure,
        event_date
    from core.outside_signins
    where
        event_date between $event_date::date - interval 30 day and $event_date::date
        and coalesce(network_kind not in ('relay', 'satellite', 'egress'), true)
),

-- whom the logs know well enough before the day
known as (
    select account
    from signins
    where event_date < $event_date::date
    group by account
    having
        min(event_date) <= $event_date::date - to_days($learning_days)
        or count(*) >= $learning_signins
),

countries as (
    select
        country,
        count(distinct account) as account_count
    from signins
    group by country
),

earlier as (
    select distinct
        account,
        country
    from signins
    where event_date < $event_date::date and country is not null
),

placed as (
    select distinct account
    from earlier
),

new as (
    select
        signins.*,
        countries.account_count
    from signins
    inner join known on signins.account = known.account
    -- where the places of earlier sign-ins are not known, none is new
    inner join placed on signins.account = placed.account
    inner join countries on signins.country = countries.country
    left join earlier
        on
            signins.account = earlier.account
            and signins.country = earlier.country
    where
        signins.event_date = $event_date::date
        and earlier.account is null
        -- the account itself is one of those counted
        and countries.account_count <= $colleagues
)

select
    account as subject,
    min(time) as start_time,
    max(time) as end_time,
    count(*)::double as measure,
    []::varchar[] as observables,
    list_slice(list_sort(list(event_id)), 1, 20) as evidence,
    struct_pack(
        signins := count(*),
        countries := sorted_values(country),
        colleagues := max(account_count) - 1,
        is_place_wrong := ruled_out_if(bool_and(is_place_sure))
    ) as details,
    $event_date::date as event_date
from new
group by account
