"""A source of deliveries, how to ingest them, and what became of each."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.engines import Engine, open_engine
from pipelines.landing.compression import NO_CHECKSUM
from pipelines.landing.delivery import Delivery, LeftOut, Listing, deliveries
from pipelines.landing.remote import is_remote, remote_deliveries
from pipelines.state.connections import Store
from pipelines.state.ledger import FAILED, GROWING, FileRecord

SETTLE_SECONDS = 600.0
"""A plain file without a change for this long is finished."""


MIN_FREE_BYTES = 64 << 20
"""Minimum free space: one batch and the ledger may need more than less."""


LATER = "later"
"""The kind of a delivery that was put off."""

Watch = Callable[[Delivery, int, int], None]
"""Called while reading: the delivery, bytes and lines since the last call."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place that logs are delivered to, as the settings describe it.

    Attributes:
        folder: Where its files land: a path, or a URL such as `sftp://host/logs`.
        format: A format's name, or None to identify each file.
        zone: IANA zone of its local stamps.
        options: The format's own settings.
        hard_links: Files with several names on the disk are read too.
    """

    name: str
    folder: Path | str
    format: str | None = None
    zone: str
    options: Mapping[str, str] = field(default_factory=dict)
    hard_links: bool = False

    def listing(self, *, opens: bool = True) -> Listing:
        """Return its folder's content, oldest first.

        Args:
            opens: False to leave the archives of a local folder closed.

        Raises:
            SourceError: A remote folder cannot be listed.
        """
        if is_remote(self.folder):
            return remote_deliveries(str(self.folder), self.name)
        return deliveries(Path(self.folder), self.name, hard_links=self.hard_links, opens=opens)


@dataclass(frozen=True)
class Outcome:
    """Result of one delivery in this run.

    Attributes:
        record: Its row of the ledger; a separate one if it got none.
        kind: See `Recognition`; `gone`, `failed`, `refused` or `waiting` if it
            has none; `later` if it was postponed.
        waits: Why lines of it are not read yet, and until when; empty if none are.
    """

    record: FileRecord
    kind: str
    waits: str = ""

    @property
    def is_new(self) -> bool:
        """Something was read that was not read before."""
        return self.kind not in ("unchanged", "refused", "waiting", LATER)

    @property
    def is_told(self) -> bool:
        """Something is wrong with it, which is not of old and beyond help."""
        message = self.record.message
        return bool(message) and (self.is_new or message != NO_CHECKSUM)


def left_out(source: str, listing: Listing) -> list[Outcome]:
    """Return what is in the folder and not read; it gets no row."""
    refused = [_left_out(source, item, FAILED, "refused") for item in listing.refused]
    waiting = [_left_out(source, item, GROWING, "waiting") for item in listing.waiting]
    return [*refused, *waiting]


def _left_out(source: str, item: LeftOut, state: str, kind: str) -> Outcome:
    record = FileRecord(file_id=0, source=source, path=item.path, state=state, message=item.reason)
    return Outcome(record, kind)


def waits(record: FileRecord, zone: str, settle_seconds: float) -> str:
    """Return why lines of a file are not read yet, and until when; empty if none are.

    Args:
        record: Its row.
        zone: The zone of the time in the text.
        settle_seconds: A file without a change for this long is finished.
    """
    if record.state != GROWING or not record.pending_lines:
        return ""
    from pipelines.ingest.parser import readers  # they take long to import

    fmt = readers().get(record.format or "")
    settled = datetime.fromtimestamp(record.raw_mtime_ns / 1e9 + settle_seconds, ZoneInfo(zone))
    then = (
        f"by the first run after {settled:%Y-%m-%d %H:%M}, "
        f"{settle_seconds / 60:g} minutes after its last change"
    )
    if fmt is not None and fmt.framing == "lines":
        return f"its last line has no end yet; it is read with its end, or {then}"
    return f"{record.pending_lines:,} records wait until the file is whole; they are read {then}"


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """Settings for ingesting deliveries.

    Attributes:
        store: The ledger.
        lake: The lake's folder.
        zone: The district's zone, which decides local days.
        settle_seconds: See `SETTLE_SECONDS`; 0 treats every file as finished.
        least_free_bytes: Free space below which nothing is begun.
        budget_seconds: After this long, a delivery is postponed, so that it delays no
            other: an archive between two members, a file of lines between two blocks.
        watch: Called with progress.
        taking_ids: Held while the files of a source get ids, so that sources
            that are read at the same time have theirs in the same order each time.
        engine: Where lines are parsed.
    """

    store: Store
    lake: Path
    zone: str
    settle_seconds: float = SETTLE_SECONDS
    least_free_bytes: int = MIN_FREE_BYTES
    budget_seconds: float = float("inf")
    watch: Watch = lambda _delivery, _bytes, _lines: None
    taking_ids: Callable[[], AbstractContextManager[None]] = nullcontext
    engine: Engine = field(default_factory=partial(open_engine, "local"))

    def settled_ns(self) -> int:
        """Return the instant before which an unchanged file is finished."""
        return time.time_ns() - int(self.settle_seconds * 1e9)
