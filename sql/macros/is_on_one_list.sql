-- One list alone, on one day, for less than half an hour: it may be a mistake. Use that
-- goes on does not show that the list is right; lists that agree do.
create or replace temporary macro is_on_one_list(list_count, days, seconds) as
case
    when list_count >= 2 then false
    when days < 2 and seconds < 1800 then true
end;
