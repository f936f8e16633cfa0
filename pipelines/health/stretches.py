"""Joins judged hours into stretches in which a source was silent or thin. Pure.

A stretch counts once it is too unlikely to be chance: one silent hour where always
hundreds of lines came, more hours where there were few. It ends with the first hour
that is as it should be. Hours in which nothing was expected neither begin nor end
one: what fell silent on Friday evening is silent until Monday.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from pipelines.health.expecting import PLACE
from pipelines.health.kinds import EVERYWHERE
from pipelines.health.trouble import Trouble

SURE = 5.0
"""A silence is told when chance makes one in so many powers of ten."""

THIN_HOURS = 3


def stretches(judged: pl.DataFrame) -> list[Trouble]:
    """Every silence and every thin stretch; one that lasts has no end.

    What a whole source lacks is not told again for each building: those hours count
    for no building.

    Args:
        judged: From `judged_hours`.
    """
    is_whole = pl.col("building") == EVERYWHERE
    whole = _both(judged.filter(is_whole))
    return [*whole, *_both(_without(judged.filter(~is_whole), whole))]


def _both(judged: pl.DataFrame) -> list[Trouble]:
    silent = list(_joined(judged, "silent"))
    return [*silent, *_joined(_without(judged, silent), "thin")]


def _without(judged: pl.DataFrame, told: Sequence[Trouble]) -> pl.DataFrame:
    """The hours that no stretch which was told covers."""
    for one in told:
        is_place = (pl.col("source") == one.source) & (
            pl.col("building").is_in([one.building])
            if one.building
            else pl.lit(value=True)
        )
        is_in = pl.col("hour_start") >= one.start
        if one.end is not None:
            is_in &= pl.col("hour_start") < one.end
        judged = judged.filter(~(is_place & is_in))
    return judged


def _joined(judged: pl.DataFrame, state: str) -> Iterator[Trouble]:
    bad = ["silent"] if state == "silent" else ["silent", "thin"]
    marked = judged.with_columns(is_bad=pl.col("state").is_in(bad)).with_columns(
        run=(pl.struct(*PLACE, "is_bad").rle_id())
    )
    runs = marked.group_by("run", *PLACE, "is_bad", maintain_order=True).agg(
        start=pl.col("hour_start").min(),
        hours=pl.len(),
        surprise=pl.col("surprise").sum(),
        usual=pl.col("usual").sum(),
        lines=pl.col("line_count").sum(),
    )
    runs = runs.with_columns(end=pl.col("start").shift(-1).over(PLACE))
    sure = pl.col("surprise") >= SURE if state == "silent" else _is_long_and_thin()
    for row in runs.filter(pl.col("is_bad") & sure).iter_rows(named=True):
        yield Trouble(
            source=row["source"],
            building=row["building"],
            kind="silent" if state == "silent" else "thin",
            start=row["start"],
            end=row["end"],
            detail=_detail(state, row["hours"], row["lines"], round(row["usual"])),
        )


def _is_long_and_thin() -> pl.Expr:
    """Enough hours, and some lines: without any it is a silence."""
    return (pl.col("hours") >= THIN_HOURS) & (pl.col("lines") > 0)


def _detail(state: str, hours: int, lines: int, usual: int) -> str:
    noun = "hour" if hours == 1 else "hours"
    if state == "silent":
        return f"{hours} {noun} without a line, where about {usual:,} come"
    return f"{lines:,} lines in {hours} {noun}, where about {usual:,} come"
