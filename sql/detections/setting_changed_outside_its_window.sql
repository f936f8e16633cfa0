/* ---
title: A firewall was changed outside its window
summary: >
  A firewall reported that settings were changed at an hour outside its change
  windows. Only systems with a window in the registry are judged. The system is the
  subject; who did it is in the cited lines.
code: AN-15
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C3
clauses: [cl.13b]
requires_fields: [system_events.kind, system_events.message]
data_sources:
  system_events: [fortigate, paloalto, paloalto_json]
requires_registry: [change_windows.csv]
open_day: the time of the change is in its line
grain: [subject, event_date]
params:
  event_date: {type: date}
  zone: {type: varchar}
columns:
  subject: {type: varchar, pii: direct, is: system that reported it}
  measure: {type: double, is: changes}
  observables: {type: 'varchar[]', pii: indirect, is: the system}
claim: >-
  {account} reported {times:count change} of its settings outside its change windows.
details:
  times: int
  windows: int
explanations:
  - name: Work that could not wait
    not_testable: no ticket is on file; a window of that day would say so
  - name: The system changing its own settings
    not_testable: the line has a name, and does not show whether a person acted
refuted_by:
  - a change window for that day and hour
false_positives:
  - An outage that was fixed immediately, vendor support, or an automatic update.
triage: >
  Have a person who does not maintain the system ask for the change ticket. If the
  work was agreed, record its hours as a change window.
--- */
with

windows as (
    select *
    from registry.change_windows
    where
        $event_date::date
        between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31')
),

changes as (
    select
        event_id,
        system,
        time,
        isodow(timezone($zone, time)) - 1 as weekday,
        (
            hour(timezone($zone, time)) * 60 + minute(timezone($zone, time))
        ) as minute_of_day
    from core.admin_acts
    where event_date = $event_date::date and is_setting
),

-- a window that ends before it begins goes on past midnight
judged as (
    select
        changes.event_id,
        changes.system,
        changes.time,
        count(*) as window_count,
        bool_or(
            case
                when windows.start_minute < windows.end_minute
                    then
                        coalesce(windows.weekday = changes.weekday, true)
                        and changes.minute_of_day >= windows.start_minute
                        and changes.minute_of_day < windows.end_minute
                else
                    (
                        coalesce(windows.weekday = changes.weekday, true)
                        and changes.minute_of_day >= windows.start_minute
                    )
                    or (
                        coalesce(
                            windows.weekday = (changes.weekday + 6) % 7, true
                        )
                        and changes.minute_of_day < windows.end_minute
                    )
            end
        ) as is_agreed
    from changes
    inner join windows on short_name(changes.system) = windows.system
    group by changes.event_id, changes.system, changes.time
)

select
    system as subject,
    min(time) as start_time,
    max(time) as end_time,
    count(*)::double as measure,
    [system] as observables,
    sorted_values(event_id) as evidence,
    struct_pack(times := count(*), windows := max(window_count)) as details,
    $event_date::date as event_date
from judged
where not is_agreed
group by system
