-- How far values lie from their median, in the middle.
create or replace temporary macro middle_deviation(amounts) as
list_median(
    list_transform(amounts, lambda amount: abs(amount - list_median(amounts)))
);
