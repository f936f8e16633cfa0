/* ---
title: A log fell silent right after an administrator signed in
summary: >
  An administrator signed in to a system, and within minutes that system's log fell
  silent, for far longer than at that hour on other days of the kind. The system is the
  subject. A restart does the same, so it is a lead. A firewall logs who signs in as an
  administrator; on a Windows host it is an account that the registry keeps for
  administration, so there it requires such rows of accounts.csv.
code: AN-16
kind: anomaly
about: device
severity: medium
stage: trial
clauses: [cl.13b, cl.5]
requires_fields: [system_events.kind, system_events.message]
data_sources:
  system_events: [fortigate, paloalto, paloalto_json]
  logons: [
    windows_security_csv, windows_security_evtx, windows_security_json,
    windows_security_powershell, windows_security_xml
  ]
data_sources_require: {logons: 'accounts.csv:is_admin'}
grain: [subject, event_date]
lookback: 13
lookahead: 1
params:
  event_date: {type: date}
  within_minutes:
    type: int
    default: 15
    min: 1
    max: 120
    unit: minutes
    why: a person who switches a log off does it while signed in
  least_minutes:
    type: int
    default: 20
    min: 10
    max: 1440
    unit: minutes
    why: a restart with new firmware takes less
  times_usual:
    type: double
    default: 3
    min: 1.5
    max: 100
    why: a quiet hour doubles a pause by chance, and does not make three of it
  kept_minutes:
    type: int
    default: 10
    min: 5
    max: 60
    unit: minutes
    why: shorter pauses are not kept, so they cannot be judged
  least_days:
    type: int
    default: 4
    min: 2
    max: 13
    unit: days
    why: fewer days do not show what is usual
columns:
  subject: {type: varchar, pii: direct, is: system that fell silent}
  measure: {type: double, is: minutes of silence}
  observables: {type: 'varchar[]', pii: indirect, is: the system}
claim: >-
  The log of {account} fell silent for {silent_seconds:duration},
  {gap_seconds:duration} after an administrator signed in; at that hour
  {days:count other day} had no pause longer than {usual_seconds:duration}.
details:
  silent_seconds: double
  gap_seconds: double
  usual_seconds: double
  days: int
explanations:
  - planned
  - name: A restart, or new firmware
    not_testable: the log has no lines for that time
  - name: A pause that the log often has at that hour
    by_design: the pause is compared with other days of the kind, weekday or weekend
refuted_by:
  - a note of a planned change on that day
false_positives:
  - Maintenance that took longer than twenty minutes.
triage: >
  Compare the logs of other systems in that time. Have a person who does not maintain
  the system ask for the change ticket.
--- */
with

sign_ins as (
    select
        event_id,
        source,
        system,
        time
    from core.admin_acts
    where event_date = $event_date::date and act = 'administrator signed in'
),

pauses as (
    select *
    from core.log_pauses
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and source in (select sign_ins.source from sign_ins)
),

silent as (
    select
        sign_ins.system,
        pauses.source,
        pauses.start_time,
        pauses.end_time,
        pauses.seconds,
        pauses.evidence,
        max(sign_ins.time) as sign_in_time,
        arg_max(sign_ins.event_id, sign_ins.time) as sign_in_id
    from pauses
    inner join sign_ins
        on
            pauses.source = sign_ins.source
            and pauses.start_time >= sign_ins.time
            and pauses.start_time
            <= sign_ins.time + interval 1 minute * $within_minutes
    where
        pauses.event_date = $event_date::date
        and pauses.seconds >= 60 * $least_minutes
    group by all
),

-- the same hours of other days: weekdays with weekdays, weekends with weekends
usual as (
    select
        silent.system,
        silent.start_time,
        count(distinct pauses.event_date) as day_count,
        max(
            case
                when
                    epoch(pauses.start_time)
                    + 86400 * ($event_date::date - pauses.event_date)
                    < epoch(silent.end_time)
                    and epoch(pauses.end_time)
                    + 86400 * ($event_date::date - pauses.event_date)
                    > epoch(silent.start_time)
                    then pauses.seconds
                else 0
            end
        ) as longest_seconds
    from silent
    inner join pauses
        on
            silent.source = pauses.source
            and pauses.event_date < $event_date::date
            and (isodow(pauses.event_date) > 5) = (isodow($event_date::date) > 5)
    group by silent.system, silent.start_time
)

select
    silent.system as subject,
    min(silent.sign_in_time) as start_time,
    max(silent.end_time) as end_time,
    max(silent.seconds) / 60 as measure,
    [silent.system] as observables,
    sorted_set(flatten(list([silent.sign_in_id] || silent.evidence))) as evidence,
    struct_pack(
        silent_seconds := max(silent.seconds),
        gap_seconds := arg_max(
            epoch(silent.start_time) - epoch(silent.sign_in_time), silent.seconds
        ),
        usual_seconds := greatest(
            max(usual.longest_seconds), (60 * $kept_minutes)::double
        ),
        days := min(usual.day_count)
    ) as details,
    $event_date::date as event_date
from silent
inner join usual
    on silent.system = usual.system and silent.start_time = usual.start_time
where
    usual.day_count >= $least_days
    and silent.seconds >= $times_usual * usual.longest_seconds
group by silent.system
