"""Hours in which a source should have lines, those that arrived, and their numbers. Pure.

The type of day decides what is usual, for each building and for the district.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from pipelines.day_kinds import WORKING
from pipelines.health.issues import EVERYWHERE, Issue
from pipelines.registry.calendar import SATURDAY

OPEN, CLOSED = "open", "closed"

MIN_DAYS = 3
SPOKEN_SHARE = 0.75
"""Share of the other days on which the source spoke in that hour."""
THIN_SHARE = 0.3
"""Below this share of the usual an hour is thin."""
THIN_LEAST = 20
"""Lines that an hour usually has before it can be thin."""
HARDLY_ANY = 0.1
"""Below this share of the smallest count so far, a single hour is reported."""
MAX_SURPRISE = 6.0
LINES_PER_POWER = 10
"""Lines that always came: ten more make silence ten times less likely. Lines come
in bursts, so that this is far more careful than a count of independent ones."""
HOURS = pl.DataFrame({"hour": list(range(24))}, schema={"hour": pl.Int64})
PLACE = ["source", "building"]
SEEN = pl.col("seen")
STATS = ["days", "times", "usual", "low"]
MANY_DAYS = 10
"""Number of days from which the lowest tenth may be earlier failures."""
UNLIKELY = 0.7
"""Surprise of a busy hour that is missing: it had lines on four of five such days."""
NEVER_FEWER = 5
"""An hour with at least this many lines on every such day is missing without any."""
SURE = 5.0
"""A silence is reported if its chance is below this power of ten."""
THIN_HOURS = 3


def day_kinds(days: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Return one row per day and building, with `EVERYWHERE`.

    A day without a calendar entry is a weekday or a weekend. For `EVERYWHERE`, a day
    is of the type that it has in most buildings.

    Args:
        days: `event_date`, `building` and `day_type`, as `marts.school_days`.
        first: First day; `last` is included too.

    Returns:
        `event_date`, `building`, `kind` and `pool`, which is open or closed.
    """
    every = pl.date_range(first, last, eager=True).alias("event_date").to_frame()
    known = days.drop_nulls(["building", "day_type"]).select("event_date", "building", "day_type")
    most = known.group_by("event_date").agg(pl.col("day_type").mode().sort().first())
    named = pl.concat([known, most.with_columns(building=pl.lit(EVERYWHERE))], how="diagonal")
    places = pl.concat(
        [known.select("building").unique(), pl.DataFrame({"building": [EVERYWHERE]})]
    )
    weekend = pl.col("event_date").dt.weekday() >= SATURDAY
    unlisted = pl.when(weekend).then(pl.lit("weekend")).otherwise(pl.lit("weekday"))
    kind = pl.coalesce("day_type", unlisted)
    return (
        every.join(places, how="cross")
        .join(named, on=["event_date", "building"], how="left")
        .select(
            "event_date",
            "building",
            kind=kind,
            pool=pl.when(kind.is_in([*WORKING, "weekday"]))
            .then(pl.lit(OPEN))
            .otherwise(pl.lit(CLOSED)),
        )
    )


def judged_hours(
    hours: pl.DataFrame,
    kinds: pl.DataFrame,
    closed: pl.DataFrame,
    zone: str,
    since: date = date.min,
) -> pl.DataFrame:
    """Return every hour of every source and building, with its expectation.

    Args:
        hours: `source`, `building`, `event_date`, `hour` (local), `hour_start` and
            `line_count`; the building is `EVERYWHERE` for a whole source.
        kinds: From `day_kinds`.
        closed: `source` and `closed_time`: older lines have arrived, if they ever
            will. Later hours are not expected; null leaves all open.
        zone: The district's zone.
        since: The first day to judge; earlier ones are only learned from.

    Returns:
        One row per hour that was expected or that has lines: the columns of
        `hours`, `usual` and `low` (lines), `surprise` (how unlikely silence is, as the
        negative power of ten), `lack` (the same if hardly any arrived; otherwise 0),
        `is_expected` and `state` (fine, thin, silent).
    """
    grid = _grid(hours, kinds, closed, zone)
    judged = grid.filter(pl.col("event_date") >= since)
    own = _with_others(judged, grid, "own", ["kind"])
    opened = _with_others(own, grid.filter(pl.col("pool") == OPEN), "open", [])
    learned = _with_others(opened, grid.filter(pl.col("pool") == CLOSED), "shut", [])
    return (
        _states(_chosen(learned))
        .filter(pl.col("is_expected") | (pl.col("line_count") > 0))
        .select(
            *PLACE,
            "event_date",
            "hour",
            "hour_start",
            "line_count",
            "usual",
            "low",
            "surprise",
            "lack",
            "is_expected",
            "state",
        )
        .sort(*PLACE, "hour_start")
    )


def _grid(
    hours: pl.DataFrame, kinds: pl.DataFrame, closed: pl.DataFrame, zone: str
) -> pl.DataFrame:
    """Return every place, day and hour since the place's first line; `seen` is what counts.

    Days after its newest line are not used for learning: a lasting silence must not
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
            seen=pl.when(pl.col("is_closed") & (pl.col("event_date") <= pl.col("newest"))).then(
                "line_count"
            )
        )
    )


def _kinds_of_places(spans: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Return days of each place; where the calendar has no such building, of the district."""
    everywhere = kinds.filter(pl.col("building") == EVERYWHERE)
    own = kinds.select("event_date", "building", own_kind="kind", own_pool="pool")
    return (
        spans.join(everywhere.drop("building"), how="cross")
        .filter(pl.col("event_date") >= pl.col("first"))
        .join(own, on=["event_date", "building"], how="left")
        .with_columns(kind=pl.coalesce("own_kind", "kind"), pool=pl.coalesce("own_pool", "pool"))
        .drop("own_kind", "own_pool")
    )


def _beginning(zone: str) -> pl.Expr:
    """Return when a local hour of a local day began; null for one that a clock change skips."""
    local = pl.col("event_date").cast(pl.Datetime("us")) + pl.duration(hours="hour")
    return local.dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    ).dt.convert_time_zone("UTC")


def _with_others(
    rows: pl.DataFrame, learned: pl.DataFrame, name: str, more: list[str]
) -> pl.DataFrame:
    """Add what an hour was like on other days, as `name_days` and so on.

    The row's own day is taken out of the counts of days if it is among them.
    """
    by = [*PLACE, "hour", *more]
    stats = learned.group_by(by).agg(
        days=SEEN.count(),
        times=(SEEN > 0).sum(),
        usual=SEEN.median(),
        tenth=SEEN.quantile(0.1),
        least=SEEN.min(),
        second=SEEN.bottom_k(2).max(),
    )
    named = stats.rename({stat: f"{name}_{stat}" for stat in STATS if stat != "low"})
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
    """Return days of the same type; if they are too few, of similar ones."""
    is_known = pl.col("own_days") >= MIN_DAYS
    is_shut = pl.col("pool") == CLOSED
    return rows.with_columns(
        pl.when(is_known)
        .then(f"own_{stat}")
        .when(is_shut)
        .then(f"shut_{stat}")
        .otherwise(pl.min_horizontal(f"open_{stat}", f"shut_{stat}"))
        .alias(stat)
        for stat in STATS
    )


def _states(rows: pl.DataFrame) -> pl.DataFrame:
    days, times = pl.col("days"), pl.col("times")
    share = days.cast(pl.Float64) + 1
    rare = (share / (days - times + 0.5).clip(0.5)).log10()
    many = (pl.col("low") / LINES_PER_POWER).clip(0, MAX_SURPRISE)
    expected = pl.col("is_closed") & (days >= MIN_DAYS) & (times >= SPOKEN_SHARE * days)
    is_thin = (pl.col("usual") >= THIN_LEAST) & (
        pl.col("line_count") < THIN_SHARE * pl.col("usual")
    )
    is_hardly = pl.col("line_count") < HARDLY_ANY * pl.col("low")
    return rows.with_columns(
        is_expected=expected.fill_null(value=False),
        surprise=pl.max_horizontal(rare, many).fill_null(0.0),
        lack=pl.when(is_hardly).then(many).otherwise(0.0).fill_null(0.0),
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


def expected_hours(
    hours: pl.DataFrame, days: pl.DataFrame, closed: pl.DataFrame, zone: str
) -> pl.DataFrame:
    """Return source-hours with and without lines, judged as alerts judge them.

    A silent hour that is usually quiet, as in the evening or on a Sunday, is not
    missing: chance leaves it out too.

    Args:
        hours: Rows of `marts.source_hours`.
        days: Rows of `marts.school_days`.
        closed: See `judged_hours`.
        zone: The district's zone.
    """
    everywhere = hours.with_columns(building=pl.lit(EVERYWHERE))
    first, last = hours["event_date"].min(), hours["event_date"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        return hours.with_columns(is_expected=pl.lit(value=False))
    kinds = day_kinds(days, first, last)
    judged = judged_hours(everywhere, kinds, closed, zone).drop("building")
    return _without_quiet_hours(judged)


def _without_quiet_hours(judged: pl.DataFrame) -> pl.DataFrame:
    """Expect no silent hour that chance explains, alone and with those next to it."""
    is_silent = pl.col("state") == "silent"
    run = pl.struct("source", "state").rle_id()
    is_busy = (pl.col("usual") >= THIN_LEAST) & (pl.col("surprise") >= UNLIKELY)
    is_steady = (pl.col("low") >= NEVER_FEWER).fill_null(value=False)
    is_sure = pl.col("surprise").sum().over(run) >= SURE
    is_missing = is_busy | is_steady | is_sure
    return judged.with_columns(is_expected=pl.col("is_expected") & (~is_silent | is_missing)).drop(
        "low"
    )


def closed_times(
    lags: Mapping[str, timedelta | None],
    as_of: datetime,
    fetched: Mapping[str, datetime] | None = None,
    *,
    is_history_closed: bool,
) -> pl.DataFrame:
    """Return up to when each source's hours have arrived, if they ever will.

    Args:
        lags: Usual delay of its lines; None for history alone.
        fetched: The time up to which a fetched source is complete; later lines may still arrive.
        is_history_closed: Whether hours of history may be missing: yes in a report,
            which sends no alert.
    """
    now = as_of if is_history_closed else None
    usual = {name: now if lag is None else as_of - lag for name, lag in lags.items()}
    limits = fetched or {}
    times = [
        min(time, limits.get(name, time)) if time is not None else None
        for name, time in usual.items()
    ]
    frame = pl.DataFrame({"source": list(lags), "closed_time": times})
    return frame.with_columns(
        pl.col("source").cast(pl.String), pl.col("closed_time").cast(pl.Datetime("us", "UTC"))
    )


def intervals(judged: pl.DataFrame) -> list[Issue]:
    """Return every silence and every thin interval; a current one has no end.

    Hours that a whole source lacks are not repeated for each building.

    Args:
        judged: From `judged_hours`.
    """
    is_whole = pl.col("building") == EVERYWHERE
    whole = _both(judged.filter(is_whole))
    return [*whole, *_both(_without(judged.filter(~is_whole), whole))]


def _both(judged: pl.DataFrame) -> list[Issue]:
    silent = list(_joined(judged, "silent"))
    return [*silent, *_joined(_without(judged, silent), "thin")]


def _without(judged: pl.DataFrame, known_issues: Sequence[Issue]) -> pl.DataFrame:
    """Return the hours that no announced interval covers."""
    for issue in known_issues:
        is_place = (pl.col("source") == issue.source) & (
            pl.col("building").is_in([issue.building]) if issue.building else pl.lit(value=True)
        )
        is_in = pl.col("hour_start") >= issue.start
        if issue.end is not None:
            is_in &= pl.col("hour_start") < issue.end
        judged = judged.filter(~(is_place & is_in))
    return judged


def _joined(judged: pl.DataFrame, state: str) -> Iterator[Issue]:
    bad = ["silent"] if state == "silent" else ["silent", "thin"]
    marked = judged.with_columns(is_bad=pl.col("state").is_in(bad)).with_columns(
        run=(pl.struct(*PLACE, "is_bad").rle_id())
    )
    runs = marked.group_by("run", *PLACE, "is_bad", maintain_order=True).agg(
        start=pl.col("hour_start").min(),
        hours=pl.len(),
        surprise=pl.col("surprise").sum(),
        lack=pl.col("lack").sum(),
        usual=pl.col("usual").sum(),
        lines=pl.col("line_count").sum(),
    )
    runs = runs.with_columns(end=pl.col("start").shift(-1).over(PLACE))
    sure = pl.col("surprise") >= SURE if state == "silent" else _is_long_and_thin()
    for row in runs.filter(pl.col("is_bad") & sure).iter_rows(named=True):
        yield Issue(
            source=row["source"],
            building=row["building"],
            kind="silent" if state == "silent" else "thin",
            start=row["start"],
            end=row["end"],
            detail=_detail(state, row["hours"], row["lines"], round(row["usual"])),
        )


def _is_long_and_thin() -> pl.Expr:
    """Match enough hours, or hardly any line, but some: without any it is a silence."""
    is_told = (pl.col("hours") >= THIN_HOURS) | (pl.col("lack") >= SURE)
    return is_told & (pl.col("lines") > 0)


def _detail(state: str, hours: int, lines: int, usual: int) -> str:
    noun = "hour" if hours == 1 else "hours"
    if state == "silent":
        return f"{hours} {noun} without a line; about {usual:,} lines are usual"
    return f"{lines:,} lines in {hours} {noun}; about {usual:,} are usual"
