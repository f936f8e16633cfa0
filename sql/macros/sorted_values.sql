-- The values of a group's column in order, each once; nulls are dropped.
create or replace temporary macro sorted_values(element) as
list_sort(list_distinct(list(element)));
