"""Tells new content from what was read before, by content alone.

Names, inodes and first lines lie: files are renamed, rotated, compressed and
sent again. A delivery is recognised by the hash of the bytes already consumed:
if its decompressed stream begins with them, it is the same file, wherever it
lies now, and reading goes on behind them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines.sources.delivery import Delivery
from pipelines.sources.streams import DamageError, Reads, opened, read_up_to
from pipelines.state.ledger import FAILED, GROWING, FileRecord

HEAD = 1_024
STEP = 1 << 20

Kind = Literal["new", "unchanged", "resumed", "moved", "copy"]


@dataclass(frozen=True)
class Recognition:
    """What a delivery is.

    Attributes:
        kind: `new` content; `unchanged` since it was read; `resumed`, more of
            the same; `moved`, the same under another name; `copy`, the same
            while the first still lies there.
        record: The ledger's row of the content, unless it is new.
    """

    delivery: Delivery
    kind: Kind
    record: FileRecord | None = None


def looks_unchanged(delivery: Delivery, record: FileRecord, settled_ns: int) -> bool:
    """Same size and stamp as when it was last read, and nothing is owed."""
    same = (
        record.raw_bytes == delivery.raw_bytes
        and record.raw_mtime_ns == delivery.raw_mtime_ns
    )
    owed = record.state == FAILED or (
        record.state == GROWING and delivery.raw_mtime_ns <= settled_ns
    )
    return same and not owed


def recognise(
    listed: Iterable[Delivery], records: Iterable[FileRecord], settled_ns: int
) -> list[Recognition]:
    """What each delivery of a source is, in the order given.

    Args:
        listed: What lies in the folder now.
        records: The ledger's rows of the source.
        settled_ns: Files last changed before this instant are finished.
    """
    known = [record for record in records if record.consumed_bytes or record.lines]
    by_path = {record.path: record for record in known}
    index = _by_head(known)
    found: list[Recognition] = []
    claimed: dict[int, str] = {}
    waiting: list[Delivery] = []
    order = list(listed)
    for delivery in order:
        record = by_path.get(delivery.path)
        if record is None:
            waiting.append(delivery)
        elif looks_unchanged(delivery, record, settled_ns):
            found.append(Recognition(delivery, "unchanged", record))
            claimed[record.duplicate_of or record.file_id] = delivery.path
        elif _holds(delivery, record):
            found.append(Recognition(delivery, "resumed", record))
            claimed[record.file_id] = delivery.path
        else:
            waiting.append(delivery)
    for delivery in waiting:
        match = _longest_match(delivery, index)
        if match is None:
            found.append(Recognition(delivery, "new"))
        elif match.file_id in claimed:
            found.append(Recognition(delivery, "copy", match))
        else:
            found.append(Recognition(delivery, "moved", match))
            claimed[match.file_id] = delivery.path
    place = {delivery.path: number for number, delivery in enumerate(order)}
    return sorted(found, key=lambda one: place[one.delivery.path])


Index = Mapping[int, Mapping[str, list[FileRecord]]]


def _by_head(records: Iterable[FileRecord]) -> Index:
    """Rows that were read as content, by length and hash of their head."""
    index: dict[int, dict[str, list[FileRecord]]] = {}
    for record in records:
        if record.head_bytes and record.duplicate_of is None:
            heads = index.setdefault(record.head_bytes, {})
            heads.setdefault(record.head_sha256, []).append(record)
    return index


def _holds(delivery: Delivery, record: FileRecord) -> bool:
    """The stream still begins with all that was consumed."""
    if not record.consumed_bytes:
        return False
    return _longest(delivery, [record]) is not None


def _longest_match(delivery: Delivery, index: Index) -> FileRecord | None:
    if not index:
        return None
    try:
        with opened(delivery) as stream:
            head = read_up_to(stream, HEAD)
    except DamageError:
        return None
    candidates = [
        record
        for size, heads in index.items()
        if size <= len(head)
        for record in heads.get(hashlib.sha256(head[:size]).hexdigest(), [])
    ]
    return _longest(delivery, candidates)


def _longest(
    delivery: Delivery, candidates: Iterable[FileRecord]
) -> FileRecord | None:
    """The candidate with the most bytes that the stream begins with."""
    digest = hashlib.sha256()
    position = 0
    match = None
    try:
        with opened(delivery) as stream:
            for record in sorted(candidates, key=lambda one: one.consumed_bytes):
                position += _feed(digest, stream, record.consumed_bytes - position)
                if position < record.consumed_bytes:
                    break
                if digest.hexdigest() == record.consumed_sha256:
                    match = record
    except DamageError:
        pass  # reading it will say what is wrong
    return match


def _feed(digest: "hashlib._Hash", stream: Reads, size: int) -> int:
    done = 0
    while done < size and (data := stream.read(min(STEP, size - done))):
        digest.update(data)
        done += len(data)
    return done

