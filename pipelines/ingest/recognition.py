"""Recognition of new and known content, by content alone.

Names, inodes and first lines are unreliable: files are renamed, rotated, compressed and
sent again. A delivery is recognized by the hash of the bytes already consumed:
if its decompressed stream begins with them, it is the same file, at any
place, and reading continues after them.

Below are the ledger rows that a run writes for a file without rereading its lines.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.formats import formats
from pipelines.landing import streams
from pipelines.landing.compression import NO_CHECKSUM, Reads
from pipelines.landing.delivery import Delivery
from pipelines.landing.streams import HEAD, DamageError, Digest, opened
from pipelines.state.ledger import DUPLICATE, FAILED, FINISHED, GONE, GROWING, FileRecord

STEP = 1 << 20

Kind = Literal["new", "unchanged", "resumed", "moved", "copy", "prefix"]

TAKEN_AWAY = "it was taken away before its last lines were read"
UNREAD = "it was taken away before it could be read"


@dataclass(frozen=True)
class Recognition:
    """Relation of a delivery to the files that were read before.

    Attributes:
        kind: `new` content; `unchanged` since it was read; `resumed`, more of
            the same; `moved`, the same under another name; `copy`, the same
            while the first still exists; `prefix`, probably a part of what
            was read: each line is compared.
        record: The ledger's row of the content, unless it is new.
        is_all: The stream contains nothing beyond what was consumed.
    """

    delivery: Delivery
    kind: Kind
    record: FileRecord | None = None
    is_all: bool = False


def same_stamp(delivery: Delivery, record: FileRecord) -> bool:
    """Return whether size and times are those of the last reading."""
    return (
        record.raw_bytes == delivery.raw_bytes
        and record.raw_mtime_ns == delivery.raw_mtime_ns
        and record.raw_ctime_ns == delivery.raw_ctime_ns
    )


def looks_unchanged(delivery: Delivery, record: FileRecord, settled_ns: int) -> bool:
    """Return whether size and stamps are unchanged since the last reading, with nothing pending."""
    owed = record.state in (FAILED, GONE) or (
        record.state == GROWING and delivery.raw_mtime_ns <= settled_ns
    )
    return same_stamp(delivery, record) and not owed


class FileIndex:
    """The files of a source as the ledger knows them, found by their content.

    Args:
        records: The ledger's rows.
        settled_ns: Files last changed before this instant are finished.
    """

    def __init__(self, records: Iterable[FileRecord], settled_ns: int) -> None:
        self._settled_ns = settled_ns
        self._by_path: dict[str, FileRecord] = {}
        self._by_head: dict[tuple[int, str], dict[int, FileRecord]] = {}
        self._by_rung: dict[tuple[int, str], dict[int, FileRecord]] = {}
        self._sizes: dict[str, set[int]] = {}
        self._claimed: set[int] = set()
        for record in records:
            self.add(record)

    def add(self, record: FileRecord) -> None:
        """Add or update a row."""
        self._by_path[record.path] = record
        if record.duplicate_of is None and record.head_bytes:
            head = (record.head_bytes, record.head_sha256)
            self._by_head.setdefault(head, {})[record.file_id] = record
            rungs = streams.rungs(record.prefix_hashes)
            start = rungs.get(streams.FIRST_RUNG, "")
            self._sizes.setdefault(start, set()).add(record.head_bytes)
            for rung in rungs.items():
                self._by_rung.setdefault(rung, {})[record.file_id] = record

    def forget(self, record: FileRecord) -> None:
        """Forget a row's content, because nothing was read from it."""
        for index in (self._by_head, self._by_rung):
            for rows in index.values():
                rows.pop(record.file_id, None)

    def lies_there(self, record: FileRecord) -> None:
        """Add a row whose file was just read: the same content elsewhere is a copy."""
        self.add(record)
        self._claimed.add(record.duplicate_of or record.file_id)

    def by_path(self, path: str) -> FileRecord | None:
        """Return the row of what was last read under a name."""
        return self._by_path.get(path)

    def at_its_place(self, delivery: Delivery) -> Recognition | None:
        """Return what is at a place that the ledger knows; None for other content."""
        record = self._by_path.get(delivery.path)
        if record is None:
            return None
        if looks_unchanged(delivery, record, self._settled_ns) or (
            delivery.fault and _was_read(delivery, record)
        ):
            self._claimed.add(record.duplicate_of or record.file_id)
            return Recognition(delivery, "unchanged", record, is_all=True)
        if not record.consumed_bytes:
            return None
        found = _longest(delivery, [record])
        if found is None:
            return None
        self._claimed.add(record.file_id)
        if _is_whole(record) and not found.is_all:
            return Recognition(delivery, "prefix", record)
        return Recognition(delivery, "resumed", record, found.is_all)

    def elsewhere(self, delivery: Delivery) -> Recognition:
        """Return what a delivery is at a place with no or other content before."""
        found = self._match(delivery)
        if found is None:
            return Recognition(delivery, "new")
        record = found.record
        assert record is not None
        if found.kind == "prefix" or (_is_whole(record) and not found.is_all):
            return Recognition(delivery, "prefix", record)
        if record.file_id not in self._claimed:
            self._claimed.add(record.file_id)
            return Recognition(delivery, "moved", record, found.is_all)
        if not found.is_all and not record.events + record.rejects:
            return Recognition(delivery, "new")  # only a header in common
        return Recognition(delivery, "copy", record, found.is_all)

    def _match(self, delivery: Delivery) -> Recognition | None:
        candidates = [
            record
            for size, text in self._heads(delivery)
            for record in self._by_head.get((size, text), {}).values()
        ]
        return _longest(delivery, candidates) or self._shorter(delivery)

    def _heads(self, delivery: Delivery) -> list[tuple[int, str]]:
        """Return hashes of the stream's first bytes, for each length that may be known.

        Only rows that begin with the same few bytes are worth the hashing, and
        those that are shorter than these.
        """
        head = b""
        try:
            with opened(delivery) as stream:
                while len(head) < HEAD and (data := stream.read(HEAD - len(head))):
                    head += data
        except DamageError:
            pass
        start = hashlib.sha256(head[: streams.FIRST_RUNG]).hexdigest()[: streams.SHORT]
        sizes = self._sizes.get(start, set()) | self._sizes.get("", set())
        return [
            (size, hashlib.sha256(head[:size]).hexdigest()) for size in sizes if size <= len(head)
        ]

    def _shorter(self, delivery: Delivery) -> Recognition | None:
        """Return a longer file that begins like this one, judged by its rungs."""
        digest = Digest()
        try:
            with opened(delivery) as stream:
                while _feed(digest, stream, STEP):
                    if not any(rung in self._by_rung for rung in digest.rungs.items()):
                        break
        except DamageError:
            pass
        if not digest.rungs:
            return None
        last = max(digest.rungs.items())
        longer = [
            record
            for record in self._by_rung.get(last, {}).values()
            if record.consumed_bytes >= digest.length
        ]
        return Recognition(delivery, "prefix", longer[0]) if longer else None


def _was_read(delivery: Delivery, record: FileRecord) -> bool:
    """Return whether only its entry changed since: a backup may have given it a second name."""
    size, changed = delivery.raw_bytes, delivery.raw_mtime_ns
    return record.state in (FINISHED, DUPLICATE) and (size, changed) == (
        record.raw_bytes,
        record.raw_mtime_ns,
    )


def _is_whole(record: FileRecord) -> bool:
    """Return whether its format reads files whole, without continuing in the middle."""
    fmt = formats().get(record.format or "")
    return fmt is not None and fmt.framing != "lines"


def _longest(delivery: Delivery, candidates: Iterable[FileRecord]) -> Recognition | None:
    """Return the candidate with the most bytes that the stream begins with."""
    digest = Digest()
    match = None
    is_all = False
    try:
        with opened(delivery) as stream:
            for record in sorted(candidates, key=lambda one: one.consumed_bytes):
                _feed(digest, stream, record.consumed_bytes - digest.length)
                if digest.length < record.consumed_bytes:
                    break
                if digest.whole == record.consumed_sha256:
                    match = record
                    is_all = False
            if match and digest.length == match.consumed_bytes:
                is_all = not stream.read(1)
    except DamageError:
        pass  # reading it will say what is wrong
    return Recognition(delivery, "moved", match, is_all) if match else None


def _feed(digest: Digest, stream: Reads, size: int) -> int:
    done = 0
    while done < size and (data := stream.read(min(STEP, size - done))):
        digest.update(data)
        done += len(data)
    return done


def copy_row(row: FileRecord, original: FileRecord) -> FileRecord:
    """Return the row of a second copy: what the first consumed are duplicates here."""
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


def empty_row(row: FileRecord, delivery: Delivery, *, is_settled: bool) -> FileRecord:
    """Return the row of a file in which there is nothing: no fault, and no format yet."""
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


def stamped_row(row: FileRecord, delivery: Delivery, *, is_settled: bool) -> FileRecord:
    """Return the row with the file's new stamps, or as finished."""
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


def failed_row(row: FileRecord, delivery: Delivery, pending: int, why: str) -> FileRecord:
    """Return the row of a file that could not be read: all lines not yet read are pending."""
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


def unneeded_row(row: FileRecord) -> FileRecord:
    """Return a row under which a file failed before, now that it goes by another."""
    return replace(row, lines=0, pending_lines=0, message=None, state=FINISHED)


def unread_rows(records: Iterable[FileRecord]) -> Iterator[FileRecord]:
    """Yield rows without any content, which can be reused."""
    for record in records:
        if not record.consumed_bytes and record.lines == record.pending_lines:
            yield record


def reused_ids(
    waiting: Iterable[Delivery], there: set[str], records: Iterable[FileRecord]
) -> Mapping[str, int]:
    """Return ids of unread rows for deliveries at their place, or moved from it.

    Args:
        waiting: Deliveries that may be new.
        there: Paths of all deliveries.
        records: All rows of the source.
    """
    rows = list(unread_rows(records))
    by_path = {record.path: record.file_id for record in rows}
    moved = {
        (record.raw_bytes, record.raw_mtime_ns): record.file_id
        for record in rows
        if record.path not in there
    }
    found: dict[str, int] = {}
    for delivery in waiting:
        stamp = (delivery.raw_bytes, delivery.raw_mtime_ns)
        known = by_path.get(delivery.path) or moved.pop(stamp, None)
        if known is not None:
            found[delivery.path] = known
    return found


def closed_row(row: FileRecord, *, is_archive: bool) -> FileRecord | None:
    """Return a row whose file is missing, closed: nothing more can arrive from it.

    Args:
        row: The row.
        is_archive: The file is now an archive that could not be opened before.
    """
    if is_archive and not row.consumed_bytes:
        return unneeded_row(row)
    if row.state not in (GROWING, FAILED):
        return None
    if row.pending_lines:
        return replace(row, state=GONE, message=TAKEN_AWAY)
    if row.consumed_bytes:
        return replace(row, state=FINISHED)
    return replace(row, state=GONE, message=UNREAD) if row.state == FAILED else None
