/* ---
summary: >
  Whose duty is on file around a day. A person whose contract duty has not begun,
  has ended or is missing is not judged by the clock; the weekend after its last
  Friday still belongs to it.
grain: [person_id, event_date]
params:
  event_date: {type: date}
columns:
  person_id: {type: varchar, pii: indirect, is: person}
  is_usual_duty:
    type: boolean
    is: its hours are the usual ones of the settings; no row states the person's own
  event_date: {type: date, is: local day}
--- */
with

contracts as (
    select
        person_id,
        min(event_date) as first_date,
        max(event_date) as last_date,
        bool_and(coalesce(is_usual, false)) as is_usual_duty
    from registry.duty_windows
    where kind = 'contract' and person_id is not null
    group by person_id
)

select
    person_id,
    is_usual_duty,
    $event_date::date as event_date
from contracts
where
    first_date <= $event_date::date
    and last_date >= $event_date::date - interval 2 day
