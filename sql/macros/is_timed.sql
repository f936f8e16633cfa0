-- Whether gaps, in seconds, are a timer's: each is a whole number of the shortest, to
-- within some seconds. A timer that missed a turn leaves a gap of twice its length.
create or replace temporary macro is_timed(gaps, seconds) as
list_bool_and(
    list_transform(
        gaps,
        lambda gap: abs(gap - round(gap / list_min(gaps)) * list_min(gaps))
        <= seconds * round(gap / list_min(gaps))
    )
);
