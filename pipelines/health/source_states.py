"""Health of each source: its newest line, its usual delay, its issues and its files'."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.fetch.completeness import complete_until, completeness
from pipelines.health.arrival import usual_lags
from pipelines.health.issues import EVERYWHERE, in_words
from pipelines.ingest.source import SETTLE_SECONDS, Source, left_out, waits
from pipelines.landing.compression import NO_CHECKSUM
from pipelines.landing.remote import is_remote
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.ledger import DAMAGED, FAILED, FileRecord
from pipelines.state.source_records import (
    LAGS,
    SourceDay,
    newest_arrivals,
    newest_events,
    source_days,
    stored_issues,
)

WELL, LOOK, ACT = 0, 1, 2


HISTORY = "history"
"""The state of a source whose lines all came long after they happened."""

RECENT = timedelta(days=7)
"""A missing checksum of longer ago is beyond help."""
OLD = timedelta(days=1)
"""A file that waits this long because of its name is no longer being copied."""


@dataclass(frozen=True)
class SourceState:
    """One source.

    Attributes:
        newest_event: Time of its newest line, in UTC; None without one.
        newest_arrival: When its newest file was read.
        lag_minutes: How long its lines usually take; None for history alone.
        arrivals: Events by class of lag, all days together.
        state: well, history, never, or what is wrong, joined by commas.
        line: What is wrong, in a sentence; empty if nothing is.
        counts: Files, lines, and where the lines went.
        complete_until: Everything before was fetched; None if it is delivered.
    """

    name: str
    newest_event: datetime | None
    newest_arrival: datetime | None
    lag_minutes: int | None
    arrivals: Mapping[str, int]
    state: str
    grade: int
    line: str
    counts: Mapping[str, int | str]
    complete_until: datetime | None = None

    @property
    def shown(self) -> dict[str, object]:
        """Return plain values for JSON."""
        event, arrival, until = self.newest_event, self.newest_arrival, self.complete_until
        return {
            **self.counts,
            "source": self.name,
            "state": self.state,
            "newest_event": event.isoformat(timespec="seconds") if event else None,
            "newest_arrival": arrival.isoformat(timespec="seconds") if arrival else None,
            "usual_lag_minutes": self.lag_minutes,
            "complete_until": until.isoformat(timespec="seconds") if until else None,
            "arrival_lags": dict(self.arrivals),
        }


def source_states(store: Store, settings: Settings) -> list[SourceState]:
    """Return every source that delivered, and those that the settings name."""
    events, arrivals = newest_events(store), newest_arrivals(store)
    fetched = complete_until(completeness(store, settings.fetch))
    days = source_days(store)
    lags = usual_lags(days)
    counts = {str(row["source"]): row for row in ledger.account(store)}
    wrong: dict[str, list[Mapping[str, object]]] = {}
    for row in stored_issues(store):
        if row["kind"] != "rejecting":  # files in trouble are counted as they are now
            wrong.setdefault(row["source"], []).append(row)
    found = []
    for name in sorted({*counts, *settings.sources, *fetched, *wrong}):
        lag = lags.get(name)
        grade, state, line = _judged(name, wrong.get(name, []), lag, has_come=name in counts)
        found.append(
            SourceState(
                name=name,
                newest_event=events.get(name),
                newest_arrival=arrivals.get(name),
                arrivals=arrivals_of(days, name),
                lag_minutes=None if lag is None else round(lag.total_seconds() / 60),
                state=state,
                grade=grade,
                line=line,
                counts=counts.get(name, {}),
                complete_until=fetched.get(name),
            )
        )
    return found


def arrivals_of(days: Iterable[SourceDay], source: str) -> dict[str, int]:
    """Return how many events of a source took how long; classes in order of length."""
    total: Counter[str] = Counter()
    for day in days:
        if day.source == source:
            total.update(day.lags)
    return {name: total[name] for name in LAGS if total[name] > 0}


def _judged(
    name: str, wrong: Sequence[Mapping[str, Any]], lag: timedelta | None, *, has_come: bool
) -> tuple[int, str, str]:
    """Return how bad, in a word, in a sentence."""
    if not has_come:
        return LOOK, "never", f"{name}: no file has been read"
    if wrong:
        is_silent = any(row["kind"] == "silent" and row["building"] == EVERYWHERE for row in wrong)
        kinds = sorted({row["kind"] for row in wrong})
        words = "; ".join(
            in_words(kind, [row for row in wrong if row["kind"] == kind]) for kind in kinds
        )
        state = ", ".join(kinds).replace("_", " ")
        return ACT if is_silent else LOOK, state, f"{name}: {words}"
    return WELL, "well" if lag is not None else HISTORY, ""


def files_with_issues(files: Iterable[FileRecord], reject_share: float) -> list[Mapping[str, str]]:
    """Return files that need attention: source, path and message of each.

    Args:
        reject_share: From 0 to 1; a file with a larger share of unreadable lines
            is included, even if it was read to its end.
    """
    wrong = ((file, _wrong_with(file, reject_share)) for file in files)
    return [
        {"source": one.source, "path": one.path, "message": message}
        for one, message in wrong
        if message is not None
    ]


def waiting(
    sources: Sequence[Source], zone: str, files: Iterable[FileRecord]
) -> Iterator[Mapping[str, str]]:
    """Yield files with unread lines: source, path, and why and until when.

    Local folders are examined for entries that their names or types exclude.
    """
    for file in files:
        if why := waits(file, zone, SETTLE_SECONDS):
            yield {"source": file.source, "path": file.path, "message": why}
    for source in sources:
        if is_remote(source.folder):
            continue  # that would take a connection
        for outcome in left_out(source.name, source.listing(opens=False)):
            path, message = outcome.record.path, outcome.record.message
            yield {"source": source.name, "path": path, "message": message or ""}


def stuck(
    sources: Sequence[Source], waiting: Iterable[Mapping[str, str]], now: datetime
) -> list[str]:
    """Return names of files that nothing but a person will ever have read."""
    folders = {source.name: source.folder for source in sources}
    return [
        f"{row['source']}/{row['path']}"
        for row in waiting
        if _is_old(Path(folders[row["source"]]) / row["path"], now)
    ]


def _is_old(path: Path, now: datetime) -> bool:
    try:
        return now.timestamp() - path.lstat().st_mtime > OLD.total_seconds()
    except OSError:
        return False


def without_checksum(files: Iterable[FileRecord], now: datetime) -> Mapping[str, int]:
    """Return how many files of each source came without a checksum of late."""
    since = (now - RECENT).isoformat()
    found: dict[str, int] = {}
    for file in files:
        if file.message == NO_CHECKSUM and file.last_read_time >= since:
            found[file.source] = found.get(file.source, 0) + 1
    return found


def _wrong_with(file: FileRecord, reject_share: float) -> str | None:
    if file.state in (FAILED, DAMAGED):
        return file.message or file.state
    # a product, not a quotient: a file without lines has no share
    if file.rejects <= reject_share * file.lines:
        return None
    return (
        f"{file.rejects:,} of {file.lines:,} lines could not be read, more than the share "
        f"{reject_share:g} in [limits] reject_share"
    )
