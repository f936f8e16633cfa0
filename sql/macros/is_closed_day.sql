-- True if no one works in the building; null if the calendar does not have the day.
create or replace temporary macro is_closed_day(day_type) as
day_type in ('weekend', 'holiday', 'closure');
