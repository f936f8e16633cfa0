-- One list alone, on one day, for less than half an hour: it may be a mistake. Use that
-- goes on does not show that the list is right; lists that agree do. The list of
-- well-known sites was made name by name, so a mistake of a bulk list is ruled out.
create or replace temporary macro is_on_one_list(
    list_count, is_well_known, days, seconds
) as
case
    when list_count >= 2 or is_well_known then false
    when days < 2 and seconds < 1800 then true
end;
