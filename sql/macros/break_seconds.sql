-- Of a span of seconds since 1970, what may have been in breaks: each lies somewhere in
-- a span of its own.
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
