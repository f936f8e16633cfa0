-- Whether values spread around their median by more than a share of it.
create or replace temporary macro is_uneven(amounts, share) as
list_median(
    list_transform(
        amounts, lambda amount: abs(amount - list_median(amounts))
    )
)
>= share * list_median(amounts);
