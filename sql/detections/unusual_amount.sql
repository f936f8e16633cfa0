/* ---
title: An hour that differs from what is usual for an account
summary: >
  Once a week, on Sunday: the accounts whose busiest hour differs most from what
  is usual for them, or for their peers while they are new, in that part of the day
  on that kind of day. Each account is one test a week, compared with the peaks of
  all accounts in the weeks before; Benjamini and Hochberg's method controls the
  false-discovery rate, and a budget limits the list. While there are too few weeks
  before, the list is only a ranking and is labeled as one. It is a queue for the
  analyst and never more than a lead.
code: AN-7
kind: anomaly
severity: informational
stage: trial
base_confidence: C1
clauses: [cl.5]
requires_fields: [whose_request]
requires_registry: [users.csv|accounts.csv]
grain: [subject, event_date]
lookback: 140
params:
  event_date: {type: date}
  false_share:
    type: double
    default: 0.05
    min: 0.001
    max: 0.5
    why: one in twenty of the list may be chance
  budget:
    type: int
    default: 5
    min: 1
    max: 100
    why: entries a week for each 600 accounts; no one reads more
  least_departure:
    type: double
    default: 8
    min: 3
    max: 100
    unit: spreads
    why: below this a ranking would fill itself with ordinary weeks
columns:
  start_time: {type: timestamptz, is: the hour}
  end_time: {type: timestamptz, is: its end}
  measure: {type: double, is: spreads between the value and the usual}
  observables: {type: 'varchar[]', pii: indirect, is: none}
claim:
  - when: [basis = own]
    says: >-
      In one hour account {account} reached {value}
      {measured:map requests=requests|sites=sites|megabytes=MB|}; in
      {points:count such hour} before, in that part of a {day_type:words}
      day, {usual} were usual.
  - says: >-
      In one hour account {account} reached {value}
      {measured:map requests=requests|sites=sites|megabytes=MB|}; for
      {accounts:count account} of its role and building, in that part of a
      {day_type:words} day, {usual} were usual.
details:
  measured: varchar
  basis: varchar
  day_type: varchar
  value: double
  usual: double
  spread: double
  departure: double
  points: int
  accounts: int
  is_significant: boolean
  p_value: double
  peaks_compared: int
  weeks: 'struct("week" date, departure double)[]'
  is_chance: boolean
explanations:
  - name: Chance
    test: is_chance
    ruled_out: >-
      {peaks_compared:count peak} of earlier weeks; by chance at most one in twenty of
      the list
    not_testable: >-
      {peaks_compared:count peak} of earlier weeks are too few: ranked, not significant
  - name: A good reason for a busy hour
    not_testable: logs do not know the reason
refuted_by:
  - a known reason for the hour
false_positives:
  - A new class, a test week, a project; there are many good reasons for a busy hour.
triage: >
  Look whether a known reason fits. If no reason fits, look at the hour's requests.
--- */
with

peaks as (
    select *
    from core.weekly_peaks
    where
        event_date between $event_date::date - interval 140 day and $event_date::date
        and date_diff('day', date '2000-01-03', $event_date::date) % 7 = 6
),

judged as (
    select *
    from peaks
    where event_date = $event_date::date
),

-- how many peaks of earlier weeks differ as much or more
ranked as (
    select
        is_staff,
        account,
        event_date,
        departure,
        count(*) filter (where event_date < $event_date::date) over as_much
            as as_much_count
    from peaks
    window
        as_much as (
            partition by is_staff
            order by departure desc
            range between unbounded preceding and current row
        )
),

pools as (
    select
        is_staff,
        count(*) filter (where event_date < $event_date::date) as pool_count,
        count(*) filter (where event_date = $event_date::date) as test_count
    from peaks
    group by is_staff
),

tested as (
    select
        judged.*,
        pools.pool_count,
        pools.test_count,
        (ranked.as_much_count + 1) / (pools.pool_count + 1.0) as p_value,
        pools.pool_count >= pools.test_count / $false_share as is_pool_enough
    from judged
    inner join ranked
        on
            judged.account = ranked.account
            and judged.event_date = ranked.event_date
    inner join pools on judged.is_staff = pools.is_staff
),

-- no p-value falls below one in the number of weeks compared: with too few weeks, the
-- list gives their number and ranks the most unusual first
placed as (
    select
        *,
        row_number() over (
            partition by is_pool_enough
            order by
                case when is_pool_enough then p_value end,
                departure desc,
                account
        ) as place,
        count(*) over (partition by is_pool_enough) as all_tests
    from tested
),

-- Benjamini and Hochberg: the last place whose p-value is within its share
cut as (
    select coalesce(max(place), 0) as last_place
    from placed
    where is_pool_enough and p_value <= $false_share * place / all_tests
),

chosen as (
    select
        placed.*,
        placed.is_pool_enough as is_significant
    from placed
    cross join cut
    where
        placed.departure >= $least_departure
        and placed.place <= greatest(1, round($budget * placed.all_tests / 600.0))
        and (not placed.is_pool_enough or placed.place <= cut.last_place)
),

history as (
    select
        chosen.account,
        list(
            struct_pack(
                week := peaks.event_date,
                departure := round(peaks.departure, 1)
            )
            order by peaks.event_date
        ) as weeks
    from chosen
    inner join peaks on chosen.account = peaks.account
    group by chosen.account
)

select
    chosen.account as subject,
    chosen.hour as start_time,
    chosen.hour + interval 1 hour as end_time,
    round(chosen.departure, 1)::double as measure,
    []::varchar[] as observables,
    chosen.evidence,
    struct_pack(
        measured := chosen.measured,
        basis := chosen.basis,
        day_type := chosen.day_type,
        value := round(chosen.value, 1),
        usual := round(chosen.usual, 1),
        spread := round(chosen.spread, 1),
        departure := round(chosen.departure, 1),
        points := chosen.point_count,
        accounts := chosen.account_count,
        is_significant := chosen.is_significant,
        p_value := round(chosen.p_value, 5),
        peaks_compared := chosen.pool_count,
        weeks := history.weeks,
        is_chance := ruled_out_if(chosen.is_significant)
    ) as details,
    $event_date::date as event_date
from chosen
inner join history on chosen.account = history.account
