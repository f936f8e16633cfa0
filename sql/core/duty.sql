/* ---
summary: >
  When each person was on duty, or may have been: contract and extra duty of the
  registry, and the possible duty of a day whose row may be missing, widened on both
  sides, minus approved leave. Duty past midnight, and duty that starts at midnight,
  extend into a neighboring day, so each day includes those of its neighbors too. Breaks
  are separate rows: a person on a break is neither on duty nor done with the day's
  work.
grain: [person_id, start_time, end_time, kind, event_date]
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
  kind: {type: varchar, is: 'contract, extra or possible'}
  breaks:
    type: 'struct(began double, ended double, lasting double)[]'
    is: >-
      breaks that lie somewhere in these spans, in seconds since 1970, and how many
      seconds each takes; null where none is known
  building: varchar
  is_usual:
    type: boolean
    is: usual hours of the settings; no row states the person's own
  event_date: {type: date, is: local day that the row serves}
--- */
with

duty as (
    select
        person_id,
        start_time,
        end_time,
        kind,
        building,
        is_usual,
        event_date,
        minutes
    from registry.duty_windows
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
),

breaks as (
    select
        person_id,
        event_date,
        list_sort(
            list(
                struct_pack(
                    began := epoch(start_time),
                    ended := epoch(end_time),
                    lasting := coalesce(
                        60.0 * minutes, epoch(end_time) - epoch(start_time)
                    )
                )
            )
        ) as breaks
    from duty
    where kind not in ('contract', 'extra', 'possible')
    group by person_id, event_date
),

leave as (
    select
        person_id,
        start_time,
        end_time,
        event_date
    from registry.leave_windows
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and status = 'approved'
),

-- contract duty gives way to leave; extra duty was asked for and stays
away as (
    select
        person_id,
        event_date,
        min(start_time) as leave_start,
        max(end_time) as leave_end
    from leave
    group by person_id, event_date
),

cut as (
    select
        duty.* exclude (minutes),
        breaks.breaks,
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
    left join away
        on duty.person_id = away.person_id and duty.event_date = away.event_date
    left join breaks
        on duty.person_id = breaks.person_id and duty.event_date = breaks.event_date
    where duty.kind in ('contract', 'extra', 'possible')
)

select
    person_id,
    first_time - interval 1 minute * $margin_minutes as start_time,
    last_time + interval 1 minute * $margin_minutes as end_time,
    kind,
    min(breaks) as breaks,
    min(building) as building,
    bool_and(coalesce(is_usual, false)) as is_usual,
    $event_date::date as event_date
from cut
where last_time > first_time
group by person_id, first_time, last_time, kind
