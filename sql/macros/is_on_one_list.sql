-- One list alone, on one day, for less than half an hour: it may be a mistake.
create or replace temporary macro is_on_one_list(list_count, days, seconds) as
list_count < 2 and days < 2 and seconds < 1800;
