"""Which hours of a source should hold lines, and how many. Pure.

An hour is compared with the same local hour of *other* days of the same kind (a
school day with school days, a snow day with closures), never with itself. With
fewer than three such days, a closed one is compared with every closed day, and any
other with every open and every closed day, of which the lesser counts. So a source
is judged by its own past alone, and a kind of day that was never seen raises no
alarm that both its neighbours would not raise.
"""

from datetime import date

import polars as pl

from pipelines.health.kinds import CLOSED, EVERYWHERE, OPEN

LEAST_DAYS = 3
SPOKEN_SHARE = 0.75
"""Share of the other days on which the source spoke in that hour."""

THIN_SHARE = 0.3
"""Below this share of the usual an hour is thin."""

THIN_LEAST = 20
"""Lines that an hour usually has before it can be thin."""

MOST_SURPRISE = 6.0
LINES_A_POWER = 10
"""Lines that always came: ten more make silence ten times less likely. Lines come
in bursts, so that this is far more careful than a count of independent ones."""

HOURS = pl.DataFrame({"hour": list(range(24))}, schema={"hour": pl.Int64})
PLACE = ["source", "building"]
SEEN = pl.col("seen")
STATS = ["days", "times", "usual", "low"]
MANY_DAYS = 10
"""From so many on, the lowest tenth may be what went wrong before."""


def judged_hours(
    hours: pl.DataFrame,
    kinds: pl.DataFrame,
    closed: pl.DataFrame,
    zone: str,
    since: date = date.min,
) -> pl.DataFrame:
    """Every hour of every source and building, with what was to be expected.

    Args:
        hours: `source`, `building`, `event_date`, `hour` (local), `hour_start` and
            `line_count`; the building is `EVERYWHERE` for a whole source.
        kinds: From `day_kinds`.
        closed: `source` and `closed_time`: what is older has arrived, if it ever
            will. Later hours are expected of nobody; null leaves all open.
        zone: The district's zone.
        since: The first day to judge; earlier ones are only learnt from.

    Returns:
        One row an hour that was expected or that holds lines: the columns of
        `hours`, `usual` (lines), `surprise` (how unlikely silence is, as the
        negative power of ten), `is_expected` and `state` (fine, thin, silent).
    """
    grid = _grid(hours, kinds, closed, zone)
    judged = grid.filter(pl.col("event_date") >= since)
    own = _with_others(judged, grid, "own", ["kind"])
    opened = _with_others(own, grid.filter(pl.col("pool") == OPEN), "open", [])
    learnt = _with_others(opened, grid.filter(pl.col("pool") == CLOSED), "shut", [])
    return (
        _states(_chosen(learnt))
        .filter(pl.col("is_expected") | (pl.col("line_count") > 0))
        .select(
            *PLACE, "event_date", "hour", "hour_start", "line_count", "usual",
            "surprise", "is_expected", "state",
        )
        .sort(*PLACE, "hour_start")
    )  # fmt: skip


def _grid(
    hours: pl.DataFrame, kinds: pl.DataFrame, closed: pl.DataFrame, zone: str
) -> pl.DataFrame:
    """Every place, day and hour since the place first spoke; `seen` is what counts.

    Days after its newest line are no days to learn from: a lasting silence must not
    become what is usual.
    """
    counts = hours.group_by(*PLACE, "event_date", "hour").agg(
        pl.col("line_count").sum(), pl.col("hour_start").min()
    )
    spans = counts.group_by(PLACE).agg(
        first=pl.col("event_date").min(), newest=pl.col("event_date").max()
    )
    days = _kinds_of_places(spans, kinds)
    begun = pl.coalesce("hour_start", _beginning(zone))
    is_closed = begun + pl.duration(hours=1) <= pl.col("closed_time")
    return (
        days.join(HOURS, how="cross")
        .join(counts, on=[*PLACE, "event_date", "hour"], how="left")
        .join(closed, on="source", how="left")
        .with_columns(hour_start=begun, is_closed=is_closed.fill_null(value=False))
        .drop_nulls("hour_start")
        .with_columns(pl.col("line_count").fill_null(0))
        .with_columns(
            seen=pl.when(
                pl.col("is_closed") & (pl.col("event_date") <= pl.col("newest"))
            ).then("line_count")
        )
    )


def _kinds_of_places(spans: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Days of each place; where the calendar has no such building, of the district."""
    everywhere = kinds.filter(pl.col("building") == EVERYWHERE)
    own = kinds.select("event_date", "building", own_kind="kind", own_pool="pool")
    return (
        spans.join(everywhere.drop("building"), how="cross")
        .filter(pl.col("event_date") >= pl.col("first"))
        .join(own, on=["event_date", "building"], how="left")
        .with_columns(
            kind=pl.coalesce("own_kind", "kind"), pool=pl.coalesce("own_pool", "pool")
        )
        .drop("own_kind", "own_pool")
    )


def _beginning(zone: str) -> pl.Expr:
    """When a local hour of a local day began; null for one that the clocks skip."""
    local = pl.col("event_date").cast(pl.Datetime("us")) + pl.duration(hours="hour")
    return local.dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    ).dt.convert_time_zone("UTC")


def _with_others(
    rows: pl.DataFrame, learnt: pl.DataFrame, name: str, more: list[str]
) -> pl.DataFrame:
    """Add what an hour was like on other days, as `name_days` and so on.

    The row's own day is taken out of the counts of days if it is among them.
    """
    by = [*PLACE, "hour", *more]
    stats = learnt.group_by(by).agg(
        days=SEEN.count(),
        times=(SEEN > 0).sum(),
        usual=SEEN.median(),
        tenth=SEEN.quantile(0.1),
        least=SEEN.min(),
        second=SEEN.bottom_k(2).max(),
    )
    named = stats.rename({one: f"{name}_{one}" for one in STATS if one != "low"})
    is_in = {"own": pl.lit(value=True), "open": pl.col("pool") == OPEN}.get(
        name, pl.col("pool") == CLOSED
    )
    itself = (is_in & SEEN.is_not_null()).cast(pl.Int64)
    spoke = (is_in & (SEEN > 0).fill_null(value=False)).cast(pl.Int64)
    low = (
        pl.when(pl.col(f"{name}_days") >= MANY_DAYS)
        .then("tenth")
        .when(is_in & (pl.col("least") == SEEN))
        .then("second")
        .otherwise("least")
    )
    joined = rows.join(named, on=by, how="left").with_columns(
        pl.col(f"{name}_days").fill_null(0).cast(pl.Int64) - itself,
        pl.col(f"{name}_times").fill_null(0).cast(pl.Int64) - spoke,
        low.alias(f"{name}_low"),
    )
    return joined.drop("tenth", "least", "second")


def _chosen(rows: pl.DataFrame) -> pl.DataFrame:
    """Days of the same kind; too few of them, the closed ones, else the lesser."""
    is_known = pl.col("own_days") >= LEAST_DAYS
    is_shut = pl.col("pool") == CLOSED
    return rows.with_columns(
        pl.when(is_known)
        .then(f"own_{one}")
        .when(is_shut)
        .then(f"shut_{one}")
        .otherwise(pl.min_horizontal(f"open_{one}", f"shut_{one}"))
        .alias(one)
        for one in STATS
    )


def _states(rows: pl.DataFrame) -> pl.DataFrame:
    days, times = pl.col("days"), pl.col("times")
    share = days.cast(pl.Float64) + 1
    rare = (share / (days - times + 0.5).clip(0.5)).log10()
    many = (pl.col("low") / LINES_A_POWER).clip(0, MOST_SURPRISE)
    expected = (
        pl.col("is_closed") & (days >= LEAST_DAYS) & (times >= SPOKEN_SHARE * days)
    )
    is_thin = (pl.col("usual") >= THIN_LEAST) & (
        pl.col("line_count") < THIN_SHARE * pl.col("usual")
    )
    return rows.with_columns(
        is_expected=expected.fill_null(value=False),
        surprise=pl.max_horizontal(rare, many).fill_null(0.0),
        usual=pl.col("usual").fill_null(0.0),
    ).with_columns(
        state=pl.when(~pl.col("is_expected"))
        .then(pl.lit("fine"))
        .when(pl.col("line_count") == 0)
        .then(pl.lit("silent"))
        .when(is_thin)
        .then(pl.lit("thin"))
        .otherwise(pl.lit("fine"))
    )
