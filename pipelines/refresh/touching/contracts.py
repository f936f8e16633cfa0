"""From when to when staff are judged by the clock, before and after a change."""

from datetime import timedelta

import polars as pl


def contracts_moved(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """From where a contract began or ended to where it does now, as spans.

    Between its first and its last day a person is judged by the clock, duty or not.
    """
    ends = [
        frame.filter(kind="contract")
        .group_by("person_id")
        .agg(
            first=pl.col("event_date").min(),
            # the weekend after the last Friday belongs to it
            last=pl.col("event_date").max() + timedelta(days=2),
        )
        for frame in (was, now)
    ]
    both = ends[0].join(ends[1], on="person_id", how="full", coalesce=True)
    old_first, new_first, old_last, new_last = both.select(
        "first", "first_right", "last", "last_right"
    )
    is_new = old_first.is_null() | new_first.is_null()
    whole = both.filter(is_new).select(
        first=pl.coalesce("first", "first_right"),
        last=pl.coalesce("last", "last_right"),
    )
    moved = [
        both.filter(before.ne_missing(after) & ~is_new).select(
            first=pl.min_horizontal(before.name, after.name),
            last=pl.max_horizontal(before.name, after.name),
        )
        for before, after in ((old_first, new_first), (old_last, new_last))
    ]
    return pl.concat([whole, *moved])
