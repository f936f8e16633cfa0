"""Completeness check of the logs, from the ledger and the warehouse.

The newest hours are judged up to the last look at the landing folders,
minus the usual delay of a source's lines: an hour before the next look
is not missing. In addition to the hours, it examines missing fields, and expected
traffic: no host, no copy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District, home_rules, rules_of
from pipelines.errors import BusyError, ModelError
from pipelines.events import NAME_PROOFS
from pipelines.fetch.completeness import RECENT as FEWER_SHOWN
from pipelines.fetch.completeness import Completeness, complete_until, completeness, reported
from pipelines.fetch.lists import list_problems
from pipelines.health.arrival import delays, off_clocks, usual_lag
from pipelines.health.issues import MODELS_READ, Issue, Kind, keep_issues, uninhibited
from pipelines.health.source_hours import closed_times, day_kinds, intervals, judged_hours
from pipelines.lake.counts import DOUBTFUL
from pipelines.lake.drift import drifts
from pipelines.settings.alert_settings import Expected
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.source_records import SourceDay, last_look, newest_events, source_days
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database
from pipelines.warehouse.detections import blocked_rules
from pipelines.warehouse.models import attached_query, query_text
from pipelines.warehouse.snapshots import attach_warehouse

BLIND = {"host": "without_host_count", "account": "without_account_count"}
WEEKS = 5
"""The newest seven days, and as many weeks before them as make up this."""

MIN_LINES = 500
"""Minimum lines in a week for a share to be reported."""

MIN_WEEKS = 2
ROSE = 0.15
"""Share of all lines: an increase of this much over the weeks before is reported."""

DAYS = 7

CLASSES = ("http_requests", "connections")

LEARNT_DAYS = 180
LEARNT_IN_BUILDINGS_DAYS = 90
"""Fewer days for buildings: fifty of them with ten sources are a million hours."""
JUDGED_DAYS = 45
"""A silence that began earlier is shown as that old; what was kept knows better."""
RECENT = timedelta(days=14)
"""A field that is missing only in older events is not reported."""
OF_LEDGER: tuple[Kind, ...] = (
    "late",
    "skewed",
    "drifting",
    "rejecting",
    "forged",
    "not_fetched",
    "fewer",
)

OF_WAREHOUSE: tuple[Kind, ...] = (
    "silent",
    "thin",
    "blind",
    "off_clock",
    "not_come",
    "let_through",
)
_HAS = """
select 1 from information_schema.tables
where table_catalog = 'built' and table_schema = 'marts' and table_name = $name
"""
_CLOCKS = """
select * from built.marts.source_clocks
where event_date >= least($first, (select max(event_date) from built.marts.source_clocks) - $days)
"""


def weekly_shares(days: pl.DataFrame) -> pl.DataFrame:
    """Return shares by source, building and week, counted back from the newest day.

    Args:
        days: Rows of `marts.blind_share`.

    Returns:
        `source`, `building`, `week` (0 the newest), `first_date`, `line_count`,
        `host_share` and `account_share` (0 to 1), and of each the day with the most
        such lines (`host_day`) and their number on it (`host_on_day`).
    """
    newest = pl.col("event_date").max()
    week = (newest - pl.col("event_date")).dt.total_days() // DAYS
    return (
        days.with_columns(week=week)
        .filter(pl.col("week") < WEEKS)
        .group_by("source", "building", "week")
        .agg(
            pl.col("event_date").min().alias("first_date"),
            pl.col("line_count").sum(),
            *(pl.col(column).sum() for column in BLIND.values()),
            *(
                pl.col("event_date").sort_by(column).last().alias(f"{name}_day")
                for name, column in BLIND.items()
            ),
            *(pl.col(column).max().alias(f"{name}_on_day") for name, column in BLIND.items()),
        )
        .filter(pl.col("line_count") >= MIN_LINES)
        .with_columns(
            (pl.col(column) / pl.col("line_count")).alias(f"{name}_share")
            for name, column in BLIND.items()
        )
        .drop(BLIND.values())
        .sort("source", "building", "week")
    )


def _percent(share: float) -> str:
    """Return a share as the report prints it."""
    if 0 < share < 0.001:
        return "under 0.1%"
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def grown(shares: pl.DataFrame, zone: str = "UTC") -> Iterator[Issue]:
    """Yield issues if the newest week has fewer fields than the weeks before.

    It began on the day with most of these lines, if one day has most of them.

    Args:
        shares: From `weekly_shares`.
        zone: The district's zone, in which a day begins.
    """
    for name in BLIND:
        share = pl.col(f"{name}_share")
        before = (
            shares.filter(pl.col("week") > 0)
            .group_by("source", "building")
            .agg(
                before=share.median(),
                # the share of all their lines, as the report shows it
                said=(share * pl.col("line_count")).sum() / pl.col("line_count").sum(),
                weeks=pl.len(),
            )
        )
        now = shares.filter(pl.col("week") == 0)
        rose = now.join(before, on=["source", "building"]).filter(
            (pl.col("weeks") >= MIN_WEEKS) & (share - pl.col("before") >= ROSE)
        )
        for row in rose.sort("source", "building").iter_rows(named=True):
            now_share, said = row[f"{name}_share"], row["said"]
            is_one_day = row[f"{name}_on_day"] > now_share * row["line_count"] / 2
            first = row[f"{name}_day"] if is_one_day else row["first_date"]
            begun = datetime.combine(first, time(), ZoneInfo(zone)).astimezone(UTC)
            when = f", most of them on {first:%a, %b} {first.day}" if is_one_day else ""
            yield Issue(
                source=row["source"],
                building=row["building"],
                kind="blind",
                what=name,
                start=begun,
                detail=(
                    f"{_percent(now_share)} of lines have no {name}{when}; {_percent(said)} in "
                    "the weeks before"
                ),
            )


@dataclass(frozen=True)
class TrafficEvidence:
    """The lines about one expected traffic.

    Attributes:
        known_since: Oldest examined instant.
        known_until: Newest event of the source; None if it has none.
        last_time: Last time when it was seen as expected.
        bytes: Bytes sent in the newest span of `every_hours`.
        let_through_time: Last time when a request that must be refused was allowed.
    """

    known_since: datetime
    known_until: datetime | None = None
    last_time: datetime | None = None
    bytes: int = 0
    let_through_time: datetime | None = None


def not_kept(
    expected: Mapping[str, Expected], seen: Mapping[str, TrafficEvidence]
) -> Iterator[Issue]:
    """Yield traffic that was missing, too small, or allowed although it must not be."""
    for name, one in sorted(expected.items()):
        found = seen.get(name)
        if found is not None and found.known_until is not None:
            yield from _judged(name, one, found)


def _judged(name: str, expected: Expected, seen: TrafficEvidence) -> Iterator[Issue]:
    assert seen.known_until is not None
    span = timedelta(hours=expected.every_hours)
    through = seen.let_through_time
    if through is not None and (seen.last_time is None or through > seen.last_time):
        yield Issue(
            source=expected.source, kind="let_through", what=name, start=through, detail=name
        )
    since = seen.last_time or seen.known_since
    if seen.known_until - since > span:
        yield Issue(
            source=expected.source,
            kind="not_come",
            what=name,
            start=since + span,
            detail=f"{name}: not seen in {expected.every_hours} hours",
        )
    elif expected.bytes_at_least > seen.bytes and seen.last_time is not None:
        yield Issue(
            source=expected.source,
            kind="not_come",
            what=name,
            start=seen.last_time,
            detail=f"{name}: {seen.bytes:,} bytes in {expected.every_hours} hours, "
            f"expected {expected.bytes_at_least:,}",
        )


def promised(
    database: Database,
    store: Store,
    home: DistrictHome,
    settings: Settings,
    newest: Mapping[str, datetime],
) -> dict[str, TrafficEvidence]:
    """Return the lines about each expected traffic.

    Args:
        database: Where views over the lake may be made.
        newest: Time of the newest event of each source.
    """
    listed = inputs.lake_files(store, home.lake)
    zone = ZoneInfo(settings.district.zone)
    found = {}
    for name, one in settings.alerts.expected.items():
        until = newest.get(one.source)
        since = until - 3 * timedelta(hours=one.every_hours) if until else None
        if until is None or since is None:
            continue
        days = (_day(since, zone), _day(until, zone))
        inputs.show_raw(database, listed, CLASSES, days)
        found[name] = _seen(database, one, since, until)
    return found


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _seen(
    database: Database, expected: Expected, since: datetime, until: datetime
) -> TrafficEvidence:
    values: dict[str, object] = {
        "source": expected.source,
        "to": expected.to.lower(),
        "since": since,
        "until": until,
        "recent": until - timedelta(hours=expected.every_hours),
        "refused": expected.kind == "refused_request",
    }
    query = (
        query_text("lookups/expected_flows")
        if expected.kind == "flow"
        else query_text("lookups/expected_requests")
    )
    used = {key: value for key, value in values.items() if f"${key}" in query}
    row = database.frame(query, used).row(0, named=True)
    return TrafficEvidence(known_since=since, known_until=until, **row)


@dataclass(frozen=True)
class Health:
    """Result of one look.

    Attributes:
        issues: Current and ended ones.
        kinds: Examined kinds; fewer without a warehouse.
        as_of: Later events are unknown.
        lags: Usual delay of each source's lines; None for history alone.
        shares: See `weekly_shares`.
    """

    issues: Sequence[Issue]
    kinds: Sequence[Kind]
    as_of: datetime
    lags: Mapping[str, timedelta | None]
    shares: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def lasting(self) -> list[Issue]:
        """Current issues."""
        return [issue for issue in self.issues if issue.end is None]


def looked_at(district: District, now: datetime) -> Health:
    """Look at every source, and keep what was found."""
    found = health_of(district, now)
    keep_issues(district.store, found.issues, found.kinds, now)
    return found


def health_of(district: District, now: datetime) -> Health:
    """Return every source, judged by its own past; opens the warehouse to read."""
    look = last_look(district.store)
    as_of = min(now, look) if look else now
    days = _days_by_source(district.store, as_of)
    lags = {name: usual_lag(own) for name, own in days.items()}
    found = [
        *_of_ledger(district.store, district.settings, days, as_of),
        *_never(district.store, district.settings, as_of),
        *of_lists(district.store, district.settings),
        *of_fetches(completeness(district.store, district.settings.fetch), now, district.zone),
    ]
    try:
        with attach_warehouse(district.home.warehouse) as database:
            more, shares = _of_warehouse(database, district, lags, as_of)
    except (ModelError, BusyError):
        return Health(uninhibited(found), OF_LEDGER, as_of, lags)
    every = uninhibited([*found, *more])
    return Health(every, (*OF_LEDGER, *OF_WAREHOUSE), as_of, lags, shares)


def _days_by_source(store: Store, as_of: datetime) -> dict[str, list[SourceDay]]:
    found: dict[str, list[SourceDay]] = {}
    for day in source_days(store):
        if day.event_date <= as_of.date() + timedelta(days=1):
            found.setdefault(day.source, []).append(day)
    return found


def _of_ledger(
    store: Store, settings: Settings, days: Mapping[str, Sequence[SourceDay]], as_of: datetime
) -> Iterator[Issue]:
    for one in days.values():
        yield from delays(one)
    of_district = rules_of(home_rules(settings).models)
    for gone in drifts(store):
        newest = max(day.event_date for day in days.get(gone.source, ()))
        if gone.last_date == newest and as_of.date() - newest <= RECENT:
            yield Issue(
                source=gone.source,
                kind="drifting",
                what=f"{gone.event_class}.{gone.field}" + (" words" if gone.words else ""),
                start=datetime.combine(gone.first_date, time(), UTC),
                detail=gone.detail
                + ("; rules that need it do not run" if blocked_rules(gone, of_district) else ""),
            )
    yield from _rejecting(settings, store, as_of)
    for own in days.values():
        yield from forged(own, as_of)


def _rejecting(settings: Settings, store: Store, as_of: datetime) -> Iterator[Issue]:
    share = settings.limits.reject_share
    files = [
        file
        for file in ledger.source_files(store)
        if file.rejects > share * file.lines
        and as_of - datetime.fromisoformat(file.last_read_time) <= RECENT
    ]
    for source in sorted({file.source for file in files}):
        mine = [file for file in files if file.source == source]
        yield Issue(
            source=source,
            kind="rejecting",
            start=datetime.fromisoformat(min(file.last_read_time for file in mine)),
            detail=f"{sum(file.rejects for file in mine):,} lines of {len(mine)} files",
        )


def forged(days: Sequence[SourceDay], as_of: datetime) -> Iterator[Issue]:
    """Yield the recent lines of a source whose name counts for none."""
    found = [
        day for day in days if day.filled.get(DOUBTFUL) and as_of.date() - day.event_date <= RECENT
    ]
    if found:
        count = sum(day.filled[DOUBTFUL] for day in found)
        yield Issue(
            source=found[0].source,
            kind="forged",
            start=datetime.combine(min(day.event_date for day in found), time(), UTC),
            detail=f"{count:,} lines have {NAME_PROOFS['doubtful'].removeprefix('the line has ')}",
        )


def of_fetches(logs: Sequence[Completeness], now: datetime, zone: str) -> Iterator[Issue]:
    """Yield logs that could not be fetched, and services that give fewer events than before."""
    for log in reported(logs):
        assert log.since is not None
        yield Issue(
            source=log.source,
            kind="not_fetched",
            what=log.label,
            start=log.since,
            detail=log.line(zone),
        )
    for log in logs:
        if log.fewer_time is not None and now - log.fewer_time <= FEWER_SHOWN:
            yield Issue(
                source=log.source,
                kind="fewer",
                what=log.label,
                start=log.fewer_time,
                detail=f"{log.label}: {log.fewer}",
            )


def of_lists(store: Store, settings: Settings) -> Iterator[Issue]:
    """Yield lists for the registry whose newest answer does not count."""
    for name, problem, since in list_problems(store, settings):
        detail = f"{name}: the list of the registry is an earlier one, because {problem}"
        yield Issue(source=name, kind="not_fetched", what=name, start=since, detail=detail)


def _never(store: Store, settings: Settings, as_of: datetime) -> Iterator[Issue]:
    """Yield a source that the settings name and that never sent a line."""
    come = {file.source for file in ledger.source_files(store)}
    for name in sorted(settings.sources.keys() - come) if come else ():
        yield Issue(source=name, kind="silent", what="never", start=as_of, detail="no lines yet")


def _of_warehouse(
    database: Database, district: District, lags: Mapping[str, timedelta | None], as_of: datetime
) -> tuple[list[Issue], pl.DataFrame]:
    absent = {name for name in MODELS_READ if not database.rows(_HAS, {"name": name})}
    if absent:
        raise ModelError(f"not built yet: {', '.join(sorted(absent))}")
    today = as_of.date()
    spans = {
        "first": today - timedelta(days=LEARNT_DAYS),
        "first_in_buildings": today - timedelta(days=LEARNT_IN_BUILDINGS_DAYS),
    }
    hours = database.frame(attached_query("lookups/hours_of_sources"), spans)
    days = database.table("built.marts.school_days")
    shares = weekly_shares(database.table("built.marts.blind_share"))
    found = [
        *_volumes(
            hours,
            days,
            closed_times(lags, as_of, fetched_until(district), is_history_closed=False),
            as_of,
            district.zone,
        ),
        *not_kept(
            district.settings.alerts.expected,
            promised(
                database,
                district.store,
                district.home,
                district.settings,
                newest_events(district.store),
            ),
        ),
        *grown(shares, district.zone),
        *off_clocks(
            database.frame(_CLOCKS, {"first": today - RECENT, "days": RECENT.days}),
            {source.name: source.zone for source in district.sources()},
        ),
    ]
    return found, shares


def fetched_until(district: District) -> Mapping[str, datetime]:
    """Return the time up to which each fetched source is complete.

    A source whose service is no longer asked is judged by its usual delay again.
    """
    return complete_until(completeness(district.store, district.settings.fetch))


def _volumes(
    hours: pl.DataFrame,
    days: pl.DataFrame,
    closed: pl.DataFrame,
    as_of: datetime,
    zone: str,
) -> list[Issue]:
    """Return silent and thin intervals of the sources that deliver continuously."""
    first = hours["event_date"].min()
    if not isinstance(first, date):
        return []
    last = as_of.date() + timedelta(days=1)
    kinds = day_kinds(days, min(first, last), last)
    since = last - timedelta(days=JUDGED_DAYS)
    return intervals(judged_hours(hours, kinds, closed, zone, since))
