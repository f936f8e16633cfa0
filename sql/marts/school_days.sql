/* ---
summary: The district's calendar as the report shows it, one row per day and building.
grain: [event_date, building]
columns:
  event_date: {type: date, is: local day}
  building: varchar
  day_type: varchar
  duty_start_minutes: {type: integer, is: minutes after local midnight}
  duty_end_minutes: {type: integer, is: minutes after local midnight}
--- */
with

days as (
    select
        date,
        building,
        day_type,
        duty_start,
        duty_end
    from registry.calendar_days
)

select
    date as event_date,
    building,
    min(day_type) as day_type,
    min(duty_start) as duty_start_minutes,
    max(duty_end) as duty_end_minutes
from days
where building is not null
group by date, building
