"""Copies the cited lines out of the landing files, at the time of finding.

A finding whose lines can not be read again is void. So the lines are copied
with their hashes and places when the finding is made, before retention or
rotation takes the file away.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, delete, insert, select

from pipelines.errors import SourceError
from pipelines.events import event_id_of, place_of
from pipelines.formats import formats
from pipelines.ingest.blocks import batch, blocks
from pipelines.ingest.delivery import Delivery
from pipelines.ingest.framing import parts
from pipelines.ingest.streams import Reads, opened
from pipelines.state.ledger import FileRecord
from pipelines.state.schema import EVIDENCE


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A copied line.

    Attributes:
        event_id: The event that the line became.
        role: What it shows: request, logon or lease.
        file_sha256: Of the file's content as far as it was read.
        event: The event's fields as JSON.
    """

    event_id: int
    role: str
    source: str
    path: str
    file_sha256: str
    line_no: int
    byte_offset: int
    line: str
    event: str

    @property
    def line_sha256(self) -> str:
        """Proof that the copy was not changed."""
        return hashlib.sha256(self.line.encode()).hexdigest()


def copy_lines(
    event_ids: Iterable[int],
    files: Iterable[FileRecord],
    listings: Mapping[str, Mapping[str, Delivery]],
    events: Mapping[int, tuple[str, Mapping[str, Any]]],
) -> dict[int, Evidence]:
    """The lines of some events; those that can not be read are absent.

    Args:
        event_ids: Events to copy.
        files: The ledger's rows.
        listings: What lies in the landing folder of each source, by path.
        events: Role and fields of each event.
    """
    by_file: dict[int, set[int]] = {}
    for event_id in event_ids:
        file_id, line_no = place_of(event_id)
        by_file.setdefault(file_id, set()).add(line_no)
    known = {record.file_id: record for record in files}
    copied: dict[int, Evidence] = {}
    for file_id, numbers in sorted(by_file.items()):
        record = known.get(file_id)
        delivery = listings.get(record.source, {}).get(record.path) if record else None
        if record is None or delivery is None:
            continue
        for row in _lines(delivery, record, numbers).iter_rows(named=True):
            event_id = event_id_of(file_id, row["line_no"])
            copied[event_id] = _evidence(event_id, row, record, events)
    return copied


def _lines(delivery: Delivery, record: FileRecord, numbers: set[int]) -> pl.DataFrame:
    fmt = formats().get(record.format or "")
    wanted = pl.col("line_no").is_in(sorted(numbers))
    try:
        with opened(delivery) as stream:
            if fmt is not None and fmt.framing != "lines":
                found = _from_parts(stream, fmt.framing, max(numbers))
            else:
                found = _from_blocks(stream, numbers)
            return pl.concat([batch(b""), *(one.filter(wanted) for one in found)])
    except SourceError:
        return batch(b"")


def _from_parts(stream: Reads, framing: str, last: int) -> Iterator[pl.DataFrame]:
    """Records of a file that is no lines; reading stops behind the last wanted."""
    for part in parts(stream, framing):
        yield part.lines
        if part.lines["line_no"][-1] >= last:
            return


def _from_blocks(stream: Reads, numbers: set[int]) -> Iterator[pl.DataFrame]:
    """The blocks that hold wanted lines; reading stops after the last."""
    line_no = 1
    for block in blocks(stream):
        count = block.data.count(b"\n") + block.is_tail
        if any(line_no <= number < line_no + count for number in numbers):
            yield batch(block.data, first_line=line_no, first_byte=block.first_byte)
        line_no += count
        if line_no > max(numbers):
            return


def _evidence(
    event_id: int,
    row: Mapping[str, Any],
    record: FileRecord,
    events: Mapping[int, tuple[str, Mapping[str, Any]]],
) -> Evidence:
    role, fields = events.get(event_id, ("event", {}))
    return Evidence(
        event_id=event_id,
        role=role,
        source=record.source,
        path=record.path,
        file_sha256=record.consumed_sha256,
        line_no=row["line_no"],
        byte_offset=row["byte_offset"],
        line=row["line"],
        event=json.dumps(
            {**fields, "event_id": event_id}, default=_text, sort_keys=True
        ),
    )


def store_copies(
    connection: Connection,
    finding_id: str,
    event_ids: Iterable[int],
    lines: Mapping[int, Evidence],
) -> None:
    """Put the copied lines of a finding in the place of those it had.

    A line that can not be read again, since its file was rotated away, stays as
    it was copied before.
    """
    mine = EVIDENCE.c.finding_id == finding_id
    rows = connection.execute(select(EVIDENCE).where(mine)).mappings()
    had = {json.loads(row["event"]).get("event_id"): dict(row) for row in rows}
    connection.execute(delete(EVIDENCE).where(mine))
    kept = [
        _copied(lines[one]) if one in lines else had[one]
        for one in event_ids
        if one in lines or one in had
    ]
    if kept:
        connection.execute(
            insert(EVIDENCE),
            [
                row | {"finding_id": finding_id, "position": position}
                for position, row in enumerate(kept, start=1)
            ],
        )


def _copied(one: Evidence) -> dict[str, object]:
    return {
        "role": one.role,
        "source": one.source,
        "path": one.path,
        "file_sha256": one.file_sha256,
        "line_no": one.line_no,
        "byte_offset": one.byte_offset,
        "line": one.line,
        "line_sha256": one.line_sha256,
        "event": one.event,
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
