"""The time up to which each fetched log is complete, and what prevents more.

Health, gaps, `status`, `doctor` and the report have their words from here.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.settings.fetch_settings import FetchedService
from pipelines.state.connections import Store
from pipelines.state.fetched import fetch_gaps, fetched_streams
from pipelines.state.rows import FetchedStreamRow, FetchGapRow

PATIENCE = timedelta(hours=2)
"""A problem that passes within this is not reported: services have bad minutes."""
RECENT = timedelta(days=7)
"""A service that gave fewer events longer ago than this is no longer reported."""
BEHIND = timedelta(hours=6)
"""A log that is complete only until this long ago is reported at once."""


@dataclass(frozen=True)
class Completeness:
    """A log of a service.

    Attributes:
        until: Everything before was fetched.
        tried: When it was last asked for.
        has_data: Something of it was fetched; without that, its rights may be missing.
        problem: Why it is not complete until now; empty if it is.
        since: When the problem was first seen.
        gaps: Number of windows that were not answered, and are tried again.
        fewer: The events that the service no longer gives.
    """

    name: str
    stream: str
    source: str
    until: datetime
    tried: datetime
    has_data: bool
    problem: str = ""
    since: datetime | None = None
    gaps: int = 0
    fewer: str = ""
    fewer_time: datetime | None = None

    @property
    def label(self) -> str:
        """Its name for people."""
        return label(self.name, self.stream)

    def line(self, zone: str) -> str:
        """Return the time up to which it is complete, and the problem if there is one."""
        until = f"{self.until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        because = f", because {self.problem}" if self.problem else ""
        return f"{self.label} is complete until {until}{because}"

    @property
    def is_reported(self) -> bool:
        """Whether its problem lasts, or keeps it far behind."""
        if not self.problem or self.since is None:
            return False
        return self.tried - self.since >= PATIENCE or self.tried - self.until >= BEHIND


def label(name: str, stream: str) -> str:
    """Return how a log is named for people."""
    return f"{name}/{stream}" if stream else name


def completeness(
    store: Store, configured: Mapping[str, FetchedService] | None = None
) -> list[Completeness]:
    """Return each log of the newest fetch of its service.

    Args:
        configured: Services of the settings; others are left out. None: all.
    """
    rows = fetched_streams(store)
    newest: dict[str, str] = {}
    for row in rows:
        newest[row["name"]] = max(row["tried_time"], newest.get(row["name"], ""))
    starts: dict[tuple[str, str], list[datetime]] = {}
    for gap in fetch_gaps(store):
        starts.setdefault(_key(gap), []).append(_time(gap["start_time"]))
    return [
        Completeness(
            name=row["name"],
            stream=row["stream"],
            source=row["source"],
            until=min([_time(row["complete_until"]), *starts.get(_key(row), ())]),
            tried=_time(row["tried_time"]),
            has_data=row["complete_until"] > row["since_time"],
            problem=row["problem"] or "",
            since=_time(row["problem_time"]) if row["problem_time"] else None,
            gaps=len(starts.get(_key(row), ())),
            fewer=row["fewer"] or "",
            fewer_time=_time(row["fewer_time"]) if row["fewer_time"] else None,
        )
        for row in rows
        if row["tried_time"] == newest[row["name"]] and _is_on(configured, row["name"])
    ]


def complete_until(logs: Collection[Completeness]) -> dict[str, datetime]:
    """Return the time up to which each source is complete; logs without any data do not count."""
    until: dict[str, datetime] = {}
    for log in logs:
        if log.has_data:
            until[log.source] = min(log.until, until.get(log.source, log.until))
    return until


def reported(logs: Collection[Completeness]) -> Iterator[Completeness]:
    """Yield the logs that are not complete, and not for a moment only."""
    return (log for log in logs if log.is_reported)


def _is_on(configured: Mapping[str, FetchedService] | None, name: str) -> bool:
    return configured is None or (name in configured and configured[name].enabled)


def _key(row: FetchedStreamRow | FetchGapRow) -> tuple[str, str]:
    return row["name"], row["stream"]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
