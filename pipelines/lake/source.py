"""A source of deliveries, and how to take them in: what the settings say."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.sources.delivery import Delivery, Listing, Refused, deliveries
from pipelines.sources.remote import is_remote, remote_deliveries
from pipelines.state.ledger import FAILED, FileRecord
from pipelines.state.store import Store

SETTLE_SECONDS = 600.0
"""A plain file that has not changed for so long is finished."""


LEAST_FREE_BYTES = 64 << 20
"""Less than one batch may need, with the ledger's own."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place that logs are delivered to, as the settings describe it.

    Attributes:
        folder: Where its files land: a path, or a URL such as `sftp://host/logs`.
        format: A format's name, or None to identify each file.
        zone: IANA zone of its local stamps.
        options: The format's own settings.
    """

    name: str
    folder: Path | str
    format: str | None = None
    zone: str
    options: Mapping[str, str] = field(default_factory=dict)

    def listing(self) -> Listing:
        """What lies in its folder, oldest first.

        Raises:
            SourceError: A remote folder can not be listed.
        """
        if is_remote(self.folder):
            return remote_deliveries(str(self.folder), self.name)
        return deliveries(Path(self.folder), self.name)


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery in this run.

    Attributes:
        record: Its row of the ledger; one of its own where it got none.
        kind: See `Recognition`; `gone`, `failed` or `refused` where it has none.
    """

    record: FileRecord
    kind: str

    @property
    def is_new(self) -> bool:
        """Something was read that was not read before."""
        return self.kind not in ("unchanged", "refused")


def refused(source: str, one: Refused) -> Outcome:
    """What lies there and is not taken in; it gets no row."""
    record = FileRecord(
        file_id=0, source=source, path=one.path, state=FAILED, message=one.reason
    )
    return Outcome(record, "refused")


Watch = Callable[[Delivery, int, int], None]
"""Told while reading: the delivery, bytes and lines since the last call."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How deliveries are taken in.

    Attributes:
        store: The ledger.
        lake: The lake's folder.
        zone: The district's zone, which decides local days.
        settle_seconds: See `SETTLE_SECONDS`; 0 takes every file as finished.
        least_free_bytes: Free space below which nothing is begun.
        watch: Told of progress.
    """

    store: Store
    lake: Path
    zone: str
    settle_seconds: float = SETTLE_SECONDS
    least_free_bytes: int = LEAST_FREE_BYTES
    watch: Watch = lambda _delivery, _bytes, _lines: None

    def settled_ns(self) -> int:
        """Files last changed before this instant are finished."""
        return time.time_ns() - int(self.settle_seconds * 1e9)
