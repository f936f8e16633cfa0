/* ---
title: An account became an administrator
summary: >
  A system reported that an account was put into a group that rules it, or was given
  such a role. The system is the subject; who did it, and to whom, is in the cited
  lines.
code: AN-14
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C3
clauses: [cl.13b, cl.13c]
requires_fields: [system_events.kind, system_events.message]
data_sources:
  system_events: [
    entra_signin, fortigate, google_workspace, paloalto, paloalto_json,
    windows_security_csv, windows_security_evtx, windows_security_json,
    windows_security_powershell, windows_security_xml
  ]
open_day: one line of the system shows it
grain: [subject, event_date]
params:
  event_date: {type: date}
columns:
  subject: {type: varchar, pii: direct, is: system that reported it}
  measure: {type: double, is: times}
  observables: {type: 'varchar[]', pii: indirect, is: the system}
claim: '{account} reported {times:count time} that an account became an administrator.'
details:
  times: int
explanations:
  - planned
  - name: A group that rules nothing
    by_design: only groups and roles that rule the system are counted
refuted_by:
  - a note of a planned change on that day
false_positives:
  - A new person in the technology office, or a machine that was set up.
triage: >
  Compare with the list of administrators that the superintendent approved. Ask for the
  change ticket.
--- */
select
    system as subject,
    min(time) as start_time,
    max(time) as end_time,
    count(*)::double as measure,
    [system] as observables,
    sorted_values(event_id) as evidence,
    struct_pack(times := count(*)) as details,
    $event_date::date as event_date
from core.admin_acts
where event_date = $event_date::date and act = 'administrator added'
group by system
