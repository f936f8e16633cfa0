-- Nobody works in the building; null where the calendar does not know the day.
create or replace temporary macro is_closed_day(day_type) as
day_type in ('weekend', 'holiday', 'closure');
