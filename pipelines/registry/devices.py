"""The district's devices, each named by its host name, else by its MAC.

A device that was given to one person after another has a row for each, with days.
What two rows of the same days say differently is not believed: neither person has
the device then, and a card that two devices claim, as a shared dock's, is no
evidence for either.
"""

from datetime import date

import polars as pl

from pipelines.registry.frames import conform
from pipelines.registry.reading import LINE, Rows, tell
from pipelines.registry.sites import canonical_host
from pipelines.settings.problems import Problem

FILE = "devices.csv"
_SAID = ("assigned_to", "pool", "mac", "static_ip")
"""What a device's rows of the same days must agree on."""


def devices(rows: Rows) -> Rows:
    """Frame `devices`: at most one row a device and day, a card of one device."""
    name = pl.col("hostname").str.to_lowercase()
    named = rows.frame.with_columns(
        hostname=name,
        device=pl.coalesce(name, "mac"),
        static_ip=pl.col("static_ip").map_elements(
            canonical_host, return_dtype=pl.String
        ),
    )
    whole = named.drop_nulls("device")
    again = whole.filter(_overlaps(whole, "device"))
    once = _agreed(whole.join(again.select(LINE), on=LINE, how="anti"), again)
    carded = once.drop_nulls("mac")
    doubtful = carded.filter(_overlaps(carded, "mac"))
    cards = doubtful["mac"].unique().to_list()
    problems = (*rows.problems, *_nameless(named), *_twice(again), *_shared(doubtful))
    is_doubtful = pl.col("mac").is_in(cards).fill_null(value=False)
    sure = once.with_columns(mac=pl.when(~is_doubtful).then("mac"))
    return Rows(conform("devices", sure), problems)


def _overlaps(rows: pl.DataFrame, key: str) -> pl.Series:
    """Rows whose days an earlier row of the same key has too; days open at ends."""
    places = rows.with_row_index("_place").sort(
        key, pl.col("valid_from").fill_null(date.min), LINE
    )
    reached = pl.col("valid_to").fill_null(date.max).cum_max().shift(1).over(key)
    begins = pl.col("valid_from").fill_null(date.min)
    found = places.with_columns(_again=(begins <= reached).fill_null(value=False))
    return found.sort("_place")["_again"]


def _agreed(once: pl.DataFrame, again: pl.DataFrame) -> pl.DataFrame:
    """The first rows, less what a later row of the same device says differently."""
    every = pl.concat([once, again]).filter(
        pl.col("device").is_in(again["device"].unique().to_list())
    )
    differing = {
        name: every.group_by("device")
        .agg(pl.col(name).n_unique())
        .filter(pl.col(name) > 1)["device"]
        .to_list()
        for name in _SAID
    }
    return once.with_columns(
        pl.when(~pl.col("device").is_in(listed)).then(name).alias(name)
        for name, listed in differing.items()
    )


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
        what="stands in an earlier row of the same days; where they differ, "
        "neither counts",
        allowed="each device once, or one row after another by valid_from",
    )


def _shared(doubtful: pl.DataFrame) -> list[Problem]:
    return tell(
        FILE,
        "mac",
        doubtful.select(LINE, pl.col("mac").alias("value")),
        what="is another device's too; it tells neither from then on",
        allowed="a card of one device; leave out that of a shared dock or adapter",
    )
