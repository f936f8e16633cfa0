-- Why a duty-free break explains nothing of a day's use of sites, one row a device and
-- site; null where nothing can tell, and duty hours may have been a break.
create or replace temporary macro break_note(is_district_device, is_break_known) as
case
    when bool_and(coalesce(is_break_known, false))
        then 'the breaks of the day are not counted as time on duty'
    when bool_and(coalesce(is_district_device, false))
        then
            'the device is the district''s, whose use is bound at any hour; whether '
            || 'it was in a break is not known'
end;
