"""Who is a pupil and nothing else in a stretch of days. Pure.

Pupils' records are confidential and are kept apart from staff's. One who works here
and learns here is staff; an account without an owner, or with one that the roster
does not know, is no pupil's. Of who left, the last that they were counts.
"""

from datetime import date
from typing import NamedTuple

import polars as pl


class Pupils(NamedTuple):
    """The accounts and the persons that are pupils'."""

    accounts: frozenset[str]
    persons: frozenset[str]


def pupils(
    people: pl.DataFrame, accounts: pl.DataFrame, first: date, last: date
) -> Pupils:
    """Pupils from `first` to `last`, both included.

    Args:
        people: The registry's frame of people.
        accounts: The registry's frame of accounts.
    """
    is_pupil = pl.col("is_student").fill_null(value=False)
    persons = _all_of(people, "person_id", is_pupil, first, last)
    is_theirs = (
        (pl.col("account_type") == "person")
        & ~pl.col("approved_shared").fill_null(value=False)
        & pl.col("owner_person_id").is_in(list(persons))
    ).fill_null(value=False)
    return Pupils(_all_of(accounts, "account", is_theirs, first, last), persons)


def _all_of(
    rows: pl.DataFrame, key: str, holds: pl.Expr, first: date, last: date
) -> frozenset[str]:
    """The keys of which every row of those days holds; else the row that ended last."""
    until = pl.col("valid_to").fill_null(date.max)
    since = pl.col("valid_from").fill_null(date.min)
    dated = rows.with_columns(
        holds=holds, until=until, is_of_days=(since <= last) & (until >= first)
    )
    is_last = pl.col("until") == pl.col("until").max().over(key)
    counted = pl.col("is_of_days") | (~pl.col("is_of_days").any().over(key) & is_last)
    kept = dated.filter(counted).group_by(key).agg(pl.col("holds").all())
    return frozenset(kept.filter("holds")[key].to_list())
