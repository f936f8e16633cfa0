"""The district's devices, each named by its host name, else by its MAC."""

import polars as pl

from pipelines.district.frames import conform
from pipelines.district.problems import Problem
from pipelines.district.reading import LINE, Rows, tell
from pipelines.district.sites import canonical_host

FILE = "devices.csv"


def devices(rows: Rows) -> Rows:
    """Frame `devices`; a name or MAC that stands twice is kept once."""
    name = pl.col("hostname").str.to_lowercase()
    named = rows.frame.with_columns(
        hostname=name,
        device=pl.coalesce(name, "mac"),
        static_ip=pl.col("static_ip").map_elements(
            canonical_host, return_dtype=pl.String
        ),
    )
    whole = named.drop_nulls("device")
    is_again = ~pl.col("device").is_first_distinct() | (
        pl.col("mac").is_not_null() & ~pl.col("mac").is_first_distinct()
    )
    problems = (*rows.problems, *_nameless(named), *_twice(whole.filter(is_again)))
    return Rows(conform("devices", whole.filter(~is_again)), problems)


def _nameless(named: pl.DataFrame) -> list[Problem]:
    rows = named.filter(pl.col("device").is_null())
    return tell(
        FILE,
        "hostname",
        rows.select(LINE, pl.lit(None, pl.String).alias("value")),
        what="is empty, and so is mac",
        allowed="a host name, a MAC or both",
    )


def _twice(again: pl.DataFrame) -> list[Problem]:
    return tell(
        FILE,
        "hostname",
        again.select(LINE, pl.col("device").alias("value")),
        what="or its mac stands in an earlier row too",
        allowed="each device once",
    )
