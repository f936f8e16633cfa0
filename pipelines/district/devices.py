"""The district's devices, each named by its host name, else by its MAC."""

import polars as pl

from pipelines.district.frames import conform
from pipelines.district.reading import LINE, Rows, tell
from pipelines.district.sites import canonical_host

FILE = "devices.csv"


def devices(rows: Rows) -> Rows:
    """Frame `devices`; a name or MAC that stands twice is kept once."""
    frame = rows.frame.with_columns(pl.col("hostname").str.to_lowercase())
    named = frame.with_columns(
        device=pl.coalesce("hostname", "mac"),
        static_ip=pl.col("static_ip").map_elements(
            canonical_host, return_dtype=pl.String
        ),
    )
    nameless = named.filter(pl.col("device").is_null())
    whole = named.drop_nulls("device")
    again = ~pl.col("device").is_first_distinct() | (
        pl.col("mac").is_not_null() & ~pl.col("mac").is_first_distinct()
    )
    problems = [
        *tell(
            FILE,
            "hostname",
            nameless.select(LINE, pl.lit(None, pl.String).alias("value")),
            what="is empty, and so is mac",
            allowed="a host name, a MAC or both",
        ),
        *tell(
            FILE,
            "hostname",
            whole.filter(again).select(LINE, pl.col("device").alias("value")),
            what="or its mac stands in an earlier row too",
            allowed="each device once",
        ),
    ]
    frame = conform("devices", whole.filter(~again))
    return Rows(frame, (*rows.problems, *problems))
