"""Writes many events to Dagster's event log within seconds.

Dagster opens, commits and closes its SQLite files several times for each event: some forty
events per second, and a month of days is more than three thousand.
"""

# ruff: noqa: SLF001 - Dagster's interface writes one event at a time

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import dagster as dg

# Dagster has no public way to report many events at a time: dagster-io/dagster#18149 is open,
# #19618 was closed. test_reporting.py fails with each other version, until this was read again.
from dagster._core.storage.event_log import SqliteEventLogStorage

EVENTS_PER_COMMIT = 250
"""Half a second of work: a run of Dagster that writes meanwhile waits no longer."""

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def report_events(instance: dg.DagsterInstance, events: Sequence[Event]) -> None:
    """Write events that belong to no run, many per commit where Dagster's store is SQLite."""
    for start in range(0, len(events), EVENTS_PER_COMMIT):
        with _one_commit(instance.event_log_storage):
            for event in events[start : start + EVENTS_PER_COMMIT]:
                instance.report_runless_asset_event(event)


@contextmanager
def _one_commit(storage: Any) -> Iterator[None]:
    """Let a SQLite event log open each of its files once, and commit at the end.

    An error rolls back. Dagster gives each evaluation of a sensor a separate store, so
    this changes how no one else writes. A Dagster without these attributes writes one
    event at a time.
    """
    is_sqlite = isinstance(storage, SqliteEventLogStorage)
    if not (is_sqlite and hasattr(storage, "_connect") and hasattr(storage, "_db_lock")):
        yield
        return
    connect, lock = storage._connect, storage._db_lock
    connections: dict[str, object] = {}
    with ExitStack() as stack:

        @contextmanager
        def opened_once(shard: str) -> Iterator[object]:
            if shard not in connections:
                connections[shard] = stack.enter_context(connect(shard))
            yield connections[shard]

        try:
            # a connection keeps the lock until it is closed, and there are two
            storage._db_lock = threading.RLock()
            storage._connect = opened_once
            # it opens the file again for each event
            storage.has_table = cache(storage.has_table)
            yield
        finally:
            del storage.has_table
            storage._connect = connect
            storage._db_lock = lock
