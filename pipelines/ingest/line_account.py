"""Account of every line: for each file, and for each source and day.

`system_events` feed no rule. A format that misreads a login as a system event loses it
silently: each line counts as an event. So the content of such lines is counted by type.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from pipelines.ingest.lake_writer import DAYS_AHEAD
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.retention import purged_rows
from pipelines.state.source_records import LAGS, SourceDay, source_days

ARRIVALS = pl.Schema(
    {
        "source": pl.String,
        "event_class": pl.String,
        "event_date": pl.Date,
        "lag": pl.String,
        "events": pl.Int64,
    }
)
PERSON = (
    r"(?i)(?:\b(?:user|username|user_name|account|accountname|login|upn|suser|duser"
    r"|targetusername|email|principal|device_user)\b[\"']?[ \t]*[=:][ \t]*[\"']?"
    r"|\buser[ \t]+[\"'<])"
    r"([a-z][a-z0-9._@\\-]+)"
)
NOBODY = r"(?i)^(?:n/?a|none|null|unknown|unset|system|root|localhost|true|false|id)$"
CARD = r"(?:^|[^0-9A-Fa-f:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?:$|[^0-9A-Fa-f:-])"
MAX_KINDS = 5
FEWEST = 1


@dataclass(frozen=True, kw_only=True)
class DayAccount:
    """Delivery of one source for one local day.

    Attributes:
        events: Number by event class.
        duplicates: Repeated events.
    """

    source: str
    event_date: date
    events: Mapping[str, int]
    duplicates: int


def days(store: Store, source: str | None = None) -> list[DayAccount]:
    """Return each source and local day, oldest first."""
    found: dict[tuple[str, date], list[SourceDay]] = {}
    for source_day in source_days(store, source):
        found.setdefault((source_day.source, source_day.event_date), []).append(source_day)
    return [
        DayAccount(
            source=name,
            event_date=day,
            events={day.event_class: day.events for day in parts if day.events},
            duplicates=sum(day.duplicates for day in parts),
        )
        for (name, day), parts in sorted(found.items())
    ]


def unbalanced(store: Store, lake: Path) -> list[str]:
    """Return every disagreement between the ledger's counts and its lists; none is correct.

    Args:
        store: The ledger.
        lake: The lake's folder; a listed file that is missing is named too.
    """
    records = ledger.source_files(store)
    wrong = [
        f"{record.source}/{record.path}: its lines do not add up"
        for record in records
        if not record.balances
    ]
    booked: Counter[tuple[str, str]] = Counter()
    for record in records:
        booked[record.source, "events"] += record.events
        booked[record.source, "rejects"] += record.rejects
    listed = purged_rows(store)
    for file in ledger.lake_files(store):
        kind = "rejects" if file.event_class == "rejects" else "events"
        listed[file.source, kind] += file.row_count
        if not (lake / file.path).is_file():
            wrong.append(f"{file.path}: is listed, and is not there")
    for source, kind in sorted(booked.keys() | listed.keys()):
        if booked[source, kind] != listed[source, kind]:
            wrong.append(
                f"{source}: {booked[source, kind]} {kind} are booked, "
                f"{listed[source, kind]} are in the lake or were deleted in time"
            )
    return wrong


def arrival_lags(store: Store) -> pl.DataFrame:
    """Return events by source, class, local day and class of lag, as `LAGS` names it.

    Returns:
        `source`, `event_class`, `event_date`, `lag`, `events`; no row without any.
    """
    rows = [
        (day.source, day.event_class, day.event_date, name, day.lags[name])
        for day in source_days(store)
        for name in LAGS
        if day.lags.get(name, 0) > 0
    ]
    return pl.DataFrame(rows, ARRIVALS, orient="row")


def days_ahead(store: Store, now: datetime) -> list[DayAccount]:
    """Return days further ahead than a clock may be off: kept, but built by no model."""
    latest = now.date() + timedelta(days=DAYS_AHEAD)
    return [day for day in days(store) if day.event_date > latest and day.events]


@dataclass(frozen=True)
class Unused:
    """Talk of one kind, by what it holds.

    Attributes:
        lines: How many there are.
        accounts: How many name what looks like an account.
        cards: How many name what looks like a network card.
    """

    kind: str
    lines: int
    accounts: int
    cards: int


def unused(talk: pl.DataFrame) -> list[Unused]:
    """Return the kinds of system events that name most, most first.

    Args:
        talk: System events with their `kind` and `message`.
    """
    if "message" not in talk.columns:
        return []
    kind = pl.col("kind") if "kind" in talk.columns else pl.lit(None, pl.String)
    person = pl.col("message").str.extract(PERSON, 1)
    found = (
        talk.select(
            kind.fill_null("-").alias("kind"),
            has_person=person.is_not_null() & ~person.str.contains(NOBODY),
            has_card=pl.col("message").str.contains(CARD),
        )
        .group_by("kind")
        .agg(
            pl.len().alias("lines"),
            pl.col("has_person").sum().alias("accounts"),
            pl.col("has_card").sum().alias("cards"),
        )
        .filter(pl.col("accounts") + pl.col("cards") >= FEWEST)
        .sort(pl.col("accounts") + pl.col("cards"), "kind", descending=[True, False])
        .head(MAX_KINDS)
    )
    return [Unused(**row) for row in found.iter_rows(named=True)]
