"""The ledger rows that a run writes of a file without reading its lines anew. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipelines.ingest.compression import NO_CHECKSUM
from pipelines.ingest.delivery import Delivery
from pipelines.state.ledger import (
    DUPLICATE,
    FAILED,
    FINISHED,
    GONE,
    GROWING,
    FileRecord,
)

TAKEN_AWAY = "it was taken away before its last lines were read"
UNREAD = "it was taken away before it could be read"


def as_copy(row: FileRecord, original: FileRecord) -> FileRecord:
    """The row of a second copy: what the first consumed are duplicates here."""
    consumed = original.lines - original.pending_lines
    return replace(
        row,
        format=original.format,
        state=DUPLICATE,
        consumed_bytes=original.consumed_bytes,
        consumed_sha256=original.consumed_sha256,
        head_bytes=original.head_bytes,
        head_sha256=original.head_sha256,
        prefix_hashes=original.prefix_hashes,
        lines=consumed,
        duplicates=consumed,
        header=original.header,
    )


def empty(row: FileRecord, delivery: Delivery, *, is_settled: bool) -> FileRecord:
    """The row of a file in which there is nothing: no fault, and no format yet."""
    return replace(
        row,
        state=FINISHED if is_settled else GROWING,
        lines=0,
        pending_lines=0,
        message=None,
        raw_bytes=delivery.raw_bytes,
        raw_mtime_ns=delivery.raw_mtime_ns,
        raw_ctime_ns=delivery.raw_ctime_ns,
    )


def stamped(row: FileRecord, delivery: Delivery, *, is_settled: bool) -> FileRecord:
    """Nothing is new but the file's stamps, or that it is finished."""
    if row.state == GROWING and is_settled:
        row = replace(row, state=FINISHED)
    is_well = row.state in (FINISHED, DUPLICATE) and row.message != NO_CHECKSUM
    return replace(
        row,
        message=None if is_well else row.message,
        raw_bytes=delivery.raw_bytes,
        raw_mtime_ns=delivery.raw_mtime_ns,
        raw_ctime_ns=delivery.raw_ctime_ns,
    )


def owed(row: FileRecord, delivery: Delivery, pending: int, why: str) -> FileRecord:
    """The row of a file that could not be read: all lines not yet read are pending."""
    settled = row.lines - row.pending_lines
    return replace(
        row,
        state=FAILED,
        lines=settled + pending,
        pending_lines=pending,
        raw_bytes=delivery.raw_bytes,
        raw_mtime_ns=delivery.raw_mtime_ns,
        raw_ctime_ns=delivery.raw_ctime_ns,
        message=why,
    )


def not_needed(row: FileRecord) -> FileRecord:
    """A row under which a file failed before, now that it goes by another."""
    return replace(row, lines=0, pending_lines=0, message=None, state=FINISHED)


def unread(records: Iterable[FileRecord]) -> Iterator[FileRecord]:
    """Rows of which nothing was ever taken: they can be used again."""
    for one in records:
        if not one.consumed_bytes and one.lines == one.pending_lines:
            yield one


def used_again(
    waiting: Iterable[Delivery], there: set[str], records: Iterable[FileRecord]
) -> Mapping[str, int]:
    """Ids of unread rows for deliveries at their place, or moved from it.

    Args:
        waiting: Deliveries that may be new.
        there: Paths of all deliveries.
        records: All rows of the source.
    """
    rows = list(unread(records))
    by_path = {one.path: one.file_id for one in rows}
    moved = {
        (one.raw_bytes, one.raw_mtime_ns): one.file_id
        for one in rows
        if one.path not in there
    }
    found: dict[str, int] = {}
    for one in waiting:
        stamp = (one.raw_bytes, one.raw_mtime_ns)
        known = by_path.get(one.path) or moved.pop(stamp, None)
        if known is not None:
            found[one.path] = known
    return found


def closed(row: FileRecord, *, is_archive: bool) -> FileRecord | None:
    """A row whose file is no longer there: nothing more can come of it.

    Args:
        row: The row.
        is_archive: What lies there now is an archive that could not be opened before.
    """
    if is_archive and not row.consumed_bytes:
        return not_needed(row)
    if row.state not in (GROWING, FAILED):
        return None
    if row.pending_lines:
        return replace(row, state=GONE, message=TAKEN_AWAY)
    if row.consumed_bytes:
        return replace(row, state=FINISHED)
    return replace(row, state=GONE, message=UNREAD) if row.state == FAILED else None
