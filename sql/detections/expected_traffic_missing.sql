/* ---
title: Traffic that was expected did not come
summary: >
  The registry names traffic that must exist: a copy that leaves every night, a request
  that the filter must refuse. The traffic was missing, was far too small, or was let
  through, while the log itself was complete. Gaps in a log are reported by source
  health instead.
code: AN-12
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.13e, cl.5]
requires_fields: [outside_flow]
requires_registry: [expected_traffic.csv]
grain: [subject, event_date]
lookback: 27
params:
  event_date: {type: date}
  log_hours:
    type: int
    default: 20
    min: 1
    max: 24
    unit: hours
    why: a firewall writes in every hour; with fewer the copy's hour may be missing
  canary_log_hours:
    type: int
    default: 4
    min: 1
    max: 24
    unit: hours
    why: a filter is silent outside school hours, a canary asks by day
columns:
  subject: {type: varchar, pii: direct, is: 'device; otherwise the destination'}
  start_time: {type: timestamptz, is: first line of that log on the day}
  end_time: {type: timestamptz, is: its last line}
  measure: {type: double, is: megabytes that came}
claim:
  - when: [what = let through]
    says: >-
      A request to {destinations:names} that the filter has to refuse was let through
      {let_through:count time}.
  - when: [what = too small]
    says: >-
      {account} sent {megabytes} MB to {destinations:names}, where at least
      {least_megabytes} MB are expected.
  - when: [kind = canary]
    says: >-
      The request to {destinations:names} that the filter has to refuse is in no line of
      the log.
  - says: >-
      No line that could be read shows {account} sending to {destinations:names}, where
      a backup is expected.
details:
  expected: varchar[]
  kind: varchar
  what: varchar
  destinations: varchar[]
  megabytes: double
  least_megabytes: double
  let_through: int
  log_hours: int
  days_since: int
  is_seen: boolean
  is_never_seen: boolean
  has_gap: boolean
explanations:
  - name: A wrong entry in the list of expected traffic
    test: is_never_seen
    fits: the listed traffic was never seen in four weeks
    ruled_out: >-
      the same traffic came [{is_seen?}that day][{!is_seen?}{days_since:count day}
      before]
  - name: A log with a gap
    test: has_gap
    ruled_out: the log has lines of {log_hours:count hour} of that day
    not_testable: it is not known whether the log was there
refuted_by:
  - another entry in the list of expected traffic
  - a line that is late
false_positives:
  - A planned pause, a new target, another device that took over.
  - An entry in the list that names the wrong device or destination.
triage: >
  Look at the job on that device, or at the filter's policy. If the plan has changed,
  correct the list of expected traffic.
--- */
with

expected as (
    select
        expected_id,
        kind,
        log,
        device,
        destination,
        coalesce(every_days, 1) as every_days,
        coalesce(least_megabytes, 0) as least_megabytes
    from registry.expected_traffic
    where
        $event_date::date between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31')
),

logged as (
    select *
    from core.expected_logs
    where event_date = $event_date::date
),

-- only rows whose log was there; else nothing is known
judged as (
    select
        expected.*,
        logged.hour_count,
        logged.start_time,
        logged.end_time,
        logged.evidence
    from expected
    inner join logged
        on expected.kind = logged.kind and expected.log = logged.source
    where
        -- addresses alone do not show whether a host was contacted
        (logged.has_names or is_bare_address(expected.destination))
        and logged.hour_count
        >= case when expected.kind = 'backup' then $log_hours else $canary_log_hours end
),

came as (
    select *
    from core.expected_traffic
    where
        event_date between $event_date::date - interval 27 day and $event_date::date
),

sums as (
    select
        judged.expected_id,
        count(came.event_id) filter (
            where came.event_date > $event_date::date - judged.every_days::integer
        ) as count_now,
        sum(came.bytes_out) filter (
            where came.event_date > $event_date::date - judged.every_days::integer
        ) / 1000000.0 as megabytes_now,
        count(came.event_id) filter (
            where came.event_date = $event_date::date and came.is_let_through
        ) as let_through,
        max(came.event_date) filter (
            where came.event_date < $event_date::date
        ) as last_date,
        list_slice(
            list_reverse(list_sort(list(came.event_id))), 1, 10
        ) as evidence
    from judged
    left join came on judged.expected_id = came.expected_id
    group by judged.expected_id
),

missed as (
    select
        judged.*,
        sums.count_now,
        sums.megabytes_now,
        sums.let_through,
        sums.last_date,
        sums.evidence as seen,
        case
            when sums.let_through > 0 then 'let through'
            when sums.count_now = 0 then 'missing'
            when sums.megabytes_now < judged.least_megabytes then 'too small'
        end as what
    from judged
    inner join sums on judged.expected_id = sums.expected_id
)

select
    coalesce(device, destination) as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    coalesce(sum(megabytes_now), 0)::double as measure,
    sorted_set(
        list('device:' || device) filter (where device is not null)
        || list('site:' || destination)
    ) as observables,
    sorted_set(flatten(list(evidence)) || flatten(list(seen))) as evidence,
    struct_pack(
        expected := sorted_values(expected_id),
        kind := min(kind),
        what := min(what),
        destinations := sorted_values(destination),
        megabytes := round(sum(megabytes_now), 1),
        least_megabytes := max(least_megabytes),
        let_through := max(let_through),
        log_hours := min(hour_count),
        days_since := date_diff('day', max(last_date), $event_date::date),
        is_seen := min(what) <> 'missing',
        is_never_seen := min(what) = 'missing' and max(last_date) is null,
        has_gap := ruled_out_if(min(hour_count) > 0)
    ) as details,
    $event_date::date as event_date
from missed
where what is not null
group by coalesce(device, destination)
