-- The values of a list in order, each once; nulls are dropped.
create or replace temporary macro sorted_set(elements) as
list_sort(list_distinct(elements));
