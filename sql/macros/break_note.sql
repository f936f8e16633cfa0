-- Explains why a duty-free break accounts for none of a day's use of sites, one row per
-- device and site; null if nothing can show it, and duty hours may have been a break.
create or replace temporary macro break_note(is_district_device, is_break_known) as
case
    when bool_and(coalesce(is_break_known, false))
        then 'the breaks of the day are not counted as time on duty'
    when bool_and(coalesce(is_district_device, false))
        then 'a break does not matter: the policy covers district devices at any hour'
end;
