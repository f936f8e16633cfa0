-- Returns how much of a span (seconds since 1970) may have been in breaks: each break
-- lies somewhere in a window.
create or replace temporary macro break_seconds(first_start, last_end, breaks) as
coalesce(
    list_sum(
        list_transform(
            breaks,
            lambda b: least(
                greatest(least(last_end, b.ended) - greatest(first_start, b.began), 0),
                b.lasting
            )
        )
    ),
    0
);
