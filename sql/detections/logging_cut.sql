/* ---
title: A log was cleared, or less is logged
summary: >
  A system reported that its security log was cleared, or that its logging was
  reduced. The system is the subject. The person who investigates should not be the one
  who maintains it.
code: AN-13
kind: anomaly
about: device
severity: high
stage: trial
base_confidence: C3
clauses: [cl.13b, cl.13c]
requires_fields: [system_events.kind, system_events.message]
data_sources:
  system_events: [
    entra_signin, fortigate, paloalto, paloalto_json, windows_security_csv,
    windows_security_evtx, windows_security_json, windows_security_powershell,
    windows_security_xml
  ]
open_day: one line of the system shows it
grain: [subject, event_date]
params:
  event_date: {type: date}
columns:
  subject: {type: varchar, pii: direct, is: system that reported it}
  measure: {type: double, is: times}
  observables: {type: 'varchar[]', pii: indirect, is: the system}
claim: >-
  {account} reported [{cleared?}{cleared:count time} that its log was
  cleared][{is_both?} and ][{reduced?}{reduced:count time} that less is logged].
details:
  cleared: int
  reduced: int
  is_both: boolean
explanations:
  - planned
  - name: A log that was full and made room by itself
    by_design: overwriting old lines is another event, and is not counted
refuted_by:
  - a note of a planned change on that day
false_positives:
  - A machine was set up again, or taken out of service.
  - A new policy for all machines moved what is logged elsewhere.
triage: >
  Have a person who does not maintain the system ask for the change ticket. Compare
  the logs of other systems in the hours before.
--- */
select
    system as subject,
    min(time) as start_time,
    max(time) as end_time,
    count(*)::double as measure,
    [system] as observables,
    sorted_values(event_id) as evidence,
    struct_pack(
        cleared := count(*) filter (where act = 'log cleared'),
        reduced := count(*) filter (where act = 'logging reduced'),
        is_both := bool_or(act = 'log cleared') and bool_or(act = 'logging reduced')
    ) as details,
    $event_date::date as event_date
from core.admin_acts
where
    event_date = $event_date::date
    and act in ('log cleared', 'logging reduced')
group by system
