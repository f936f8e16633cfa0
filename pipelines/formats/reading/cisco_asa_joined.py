"""The end of an ASA connection takes from its beginning what only that one says.

`Built` says who opened a connection, what its ends wore and whose they were;
`Teardown` says how long it lasted and how much it carried, and no more. Both carry
the number of the connection, which the device gives again after a restart: a
beginning belongs to an end only where both name the same ends and the same instant.
"""

import polars as pl

from pipelines.formats.reading.cisco_asa import said
from pipelines.formats.reading.cisco_asa_ends import IS_BUILT, IS_ENDED

HOURS = r"^([0-9]{1,5}):([0-9]{2}):([0-9]{2})$"
CONNECTION = ["file_id", "reported_by", "said_uid"]
ENDS = ["said_a", "said_a_port", "said_b", "said_b_port"]
TAKEN = [
    "said_a_worn", "said_a_worn_port", "said_b_worn", "said_b_worn_port",
    "said_a_user", "said_b_user", "said_user",
]  # fmt: skip
ROUNDED = pl.duration(seconds=2, time_unit="us")
"""Stamps and durations are whole seconds, each cut by itself."""


def lasted() -> pl.Expr:
    """How long a connection lasted; null for what is no end."""
    parts = said("lasted").str.extract_groups(HOURS).struct
    hours, minutes, seconds = (
        parts.field(at).cast(pl.Int64, strict=False) for at in "123"
    )
    return pl.duration(hours=hours, minutes=minutes, seconds=seconds, time_unit="us")


def joined(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Fill `b_opened` and the `said_` columns of an end from its beginning.

    Only from one that stands above it among the lines read together; an end without
    one stays as it is.
    """
    is_begin = IS_BUILT & said("uid").is_not_null()
    place = pl.when(is_begin).then(pl.int_range(pl.len(), dtype=pl.UInt32))
    above = pl.col("above")

    def begun(column: str) -> pl.Expr:
        return pl.col(column).gather(above)

    is_same = pl.all_horizontal(begun(end).eq_missing(pl.col(end)) for end in ENDS) & (
        (pl.col("time") - lasted() - begun("time")).abs() <= ROUNDED
    )
    own = pl.when("is_joined")
    return (
        lines.with_columns(above=place)
        .with_columns(above.forward_fill().over(CONNECTION))
        .with_columns(is_joined=IS_ENDED & is_same)
        .with_columns(
            pl.coalesce(own.then(begun("b_opened")), "b_opened").alias("b_opened"),
            *(pl.coalesce(column, own.then(begun(column))) for column in TAKEN),
        )
    )
