/* ---
summary: >
  When each person was on duty: contract and extra duty of the registry, widened
  on both sides, less approved leave. A day belongs to the day on which the
  duty starts.
grain: [person_id, start_time, end_time, kind]
window: {days_before: 1, days_after: 1}
params:
  event_date: {type: date}
  margin_minutes:
    type: int
    default: 45
    min: 0
    max: 180
    unit: minutes
    why: staff are on site before and after; the policy names no minute
columns:
  person_id: {type: varchar, pii: indirect, is: person}
  start_time: {type: timestamptz, is: 'from this instant, margin included'}
  end_time: {type: timestamptz, is: 'to this instant, margin included'}
  kind: {type: varchar, is: contract or extra}
  building: {type: varchar, is: building}
  event_date: {type: date, is: local day on which the duty starts}
--- */
with

duty as (
    select
        person_id,
        start_time,
        end_time,
        kind,
        building,
        event_date
    from registry.duty_windows
    where event_date = $event_date::date
),

leave as (
    select
        person_id,
        start_time,
        end_time
    from registry.leave_windows
    where event_date = $event_date::date and status = 'approved'
),

-- contract duty gives way to leave; extra duty was asked for and stays
away as (
    select
        person_id,
        min(start_time) as leave_start,
        max(end_time) as leave_end
    from leave
    group by person_id
),

cut as (
    select
        duty.*,
        case
            when duty.kind <> 'contract' or away.person_id is null
                then duty.start_time
            when away.leave_start <= duty.start_time
                then greatest(duty.start_time, away.leave_end)
            else duty.start_time
        end as first_time,
        case
            when duty.kind <> 'contract' or away.person_id is null
                then duty.end_time
            when away.leave_start > duty.start_time
                then least(duty.end_time, away.leave_start)
            else duty.end_time
        end as last_time
    from duty
    left join away on duty.person_id = away.person_id
)

select
    person_id,
    first_time - interval 1 minute * $margin_minutes as start_time,
    last_time + interval 1 minute * $margin_minutes as end_time,
    kind,
    min(building) as building,
    event_date
from cut
where last_time > first_time
group by person_id, first_time, last_time, kind, event_date
