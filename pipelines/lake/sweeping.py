"""Deletes what the ledger does not list, and what others took the place of."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from pipelines.state import ledger
from pipelines.state.schema import LAKE_FILES
from pipelines.state.store import Store, now_text

GRACE = timedelta(hours=24)
"""How long a reader may still use a file that others took the place of."""


def sweep(
    store: Store,
    folder: Path,
    *,
    grace: timedelta = GRACE,
    now: datetime | None = None,
) -> int:
    """Delete Parquet files that do not count any more; the number deleted.

    Only while no other run writes: the caller holds the home's lock.
    """
    before = now_text((now or datetime.now(UTC)) - grace)
    old = ledger.superseded_files(store, before)
    for path in old:
        (folder / path).unlink(missing_ok=True)
    if old:
        ledger.forget_lake_files(store, old)
    gone = len(old)
    listed = _listed(store)
    for found in sorted(folder.glob("*/event_date=*/*")):
        if found.relative_to(folder).as_posix() not in listed:
            found.unlink()
            gone += 1
    return gone


def _listed(store: Store) -> set[str]:
    with store.reading() as connection:
        return set(connection.execute(select(LAKE_FILES.c.path)).scalars())
