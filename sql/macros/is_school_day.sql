-- Students are in the building, for the whole of the day or a part of it.
create or replace temporary macro is_school_day(day_type) as
day_type in ('school', 'early_out', 'late_start');
