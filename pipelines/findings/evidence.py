"""Copies of the cited lines from the landing files, made with the finding.

A finding with unreadable lines is void. So the lines are copied
with their hashes and places when the finding is made, before retention or
rotation removes the file.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import polars as pl

from pipelines.errors import SourceError
from pipelines.events import event_id_of, place_of
from pipelines.findings.record import Finding
from pipelines.formats import formats
from pipelines.ingest.source import Source
from pipelines.landing.compression import Reads
from pipelines.landing.delivery import Delivery
from pipelines.landing.streams import opened
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.connections import Store, Transaction
from pipelines.state.findings import Place, Row, copied_lines, evidence_rows, replace_evidence
from pipelines.state.ledger import FileRecord
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database

ONE_DAY = timedelta(days=1)
_ROLES = {
    "request": (
        "select event_id, start_time as time, account, device, building, site,"
        " method as activity, bytes_in, event_date"
        " from core.http_requests inner join main.cited using (event_id)"
    ),
    "logon": (
        "select event_id, time, names.account, host as device, null as building,"
        " null as site, activity, null as bytes_in, logons.event_date"
        " from raw.logons as logons inner join main.cited using (event_id)"
        " left join identity.inner_names as inner_names using (event_id)"
        " left join identity.account_names as names on names.user_name = coalesce("
        "inner_names.user_name, case when logons.is_success is distinct from false"
        " and logons.name_proof in ('outer', 'said', 'guessed') then null"
        " else logons.user_name end)"
    ),
    "lease": (
        "select event_id, time, null as account, hostname as device,"
        " null as building, null as site, action as activity, null as bytes_in,"
        " event_date from raw.leases inner join main.cited using (event_id)"
    ),
}
_CONNECTION = (
    "select event_id, start_time as time, null as account, null as device,"
    " null as building, hosts.site, connections.disposition as activity,"
    " connections.bytes_in, connections.event_date"
    " from raw.connections as connections inner join main.cited using (event_id)"
    " left join identity.hosts as hosts on connections.dst_hostname = hosts.url_hostname"
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A copied line.

    Attributes:
        event_id: The event of the line.
        role: What it shows: request, logon, lease or connection.
        file_sha256: Hash of the file's content that was read.
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
        return sha256_of(self.line)


def sha256_of(line: str) -> str:
    """Hash a line as it was written."""
    return hashlib.sha256(line.encode()).hexdigest()


def copy_lines(
    event_ids: Iterable[int],
    files: Iterable[FileRecord],
    listings: Mapping[str, Mapping[str, Delivery]],
    events: Mapping[int, tuple[str, Mapping[str, object]]],
    held: Mapping[Place, Row] = MappingProxyType({}),
) -> dict[int, Evidence]:
    """Copy the lines of some events; unreadable ones are absent.

    A line that was copied from the same content before is not reread.

    Args:
        event_ids: Events to copy.
        files: The ledger's rows.
        listings: Content of the landing folder of each source, by path.
        events: Role and fields of each event.
        held: Lines that were copied before.
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
        place = (record.source, record.path, record.consumed_sha256)
        rows = [held[*place, one] for one in numbers if (*place, one) in held]
        rows = [row for row in rows if sha256_of(row["line"]) == row["line_sha256"]]
        if left := numbers - {row["line_no"] for row in rows}:
            rows += _lines(delivery, record, left)
        for row in rows:
            event_id = event_id_of(file_id, row["line_no"])
            copied[event_id] = _evidence(event_id, row, record, events)
    return copied


def _lines(delivery: Delivery, record: FileRecord, numbers: set[int]) -> list[Row]:
    """Read some lines of a file; none if it cannot be read to the last of them."""
    fmt = formats().get(record.format or "")
    wanted = pl.col("line_no").is_in(sorted(numbers))
    try:
        with opened(delivery) as stream:
            if fmt is not None and fmt.framing != "lines":
                found = _from_parts(stream, fmt.framing, max(numbers))
            else:
                found = _from_blocks(stream, numbers)
            # as a frame, a line would keep its whole block in memory
            return [row for lines in found for row in lines.filter(wanted).iter_rows(named=True)]
    except SourceError:
        return []


def _from_parts(stream: Reads, framing: str, last: int) -> Iterator[pl.DataFrame]:
    """Yield records of a file without lines; reading stops after the last one needed."""
    from pipelines.ingest.record_cuts import parts

    for part in parts(stream, framing):
        yield part.lines
        if part.lines["line_no"][-1] >= last:
            return


def _from_blocks(stream: Reads, numbers: set[int]) -> Iterator[pl.DataFrame]:
    """Yield the blocks with needed lines; reading stops after the last."""
    from pipelines.ingest.blocks import batch, blocks

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
    events: Mapping[int, tuple[str, Mapping[str, object]]],
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
        event=json.dumps({**fields, "event_id": event_id}, default=_text, sort_keys=True),
    )


def store_copies(
    transaction: Transaction,
    finding_id: str,
    event_ids: Iterable[int],
    lines: Mapping[int, Evidence],
) -> None:
    """Replace the copied lines of a finding.

    A line that cannot be reread, because its file was rotated away, keeps
    its earlier copy.
    """
    rows = evidence_rows(transaction, finding_id)
    had = {json.loads(row["event"]).get("event_id"): row for row in rows}
    kept = [
        _copied(lines[event_id]) if event_id in lines else had[event_id]
        for event_id in event_ids
        if event_id in lines or event_id in had
    ]
    replace_evidence(transaction, finding_id, kept)


def _copied(copy: Evidence) -> dict[str, object]:
    return {
        "role": copy.role,
        "source": copy.source,
        "path": copy.path,
        "file_sha256": copy.file_sha256,
        "line_no": copy.line_no,
        "byte_offset": copy.byte_offset,
        "line": copy.line,
        "line_sha256": copy.line_sha256,
        "event": copy.event,
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def cited_lines(
    database: Database,
    store: Store,
    home: DistrictHome,
    sources: Sequence[Source],
    found: Sequence[Finding],
) -> Mapping[int, Evidence]:
    """Return the lines that findings cite, by event id."""
    wanted = sorted({event_id for finding in found for event_id in finding.evidence})
    if not wanted:
        return {}
    begins = [finding.start_time for finding in found]
    ends = [finding.end_time for finding in found]
    days = (min(begins).date() - ONE_DAY, max(ends).date() + ONE_DAY)
    listings = {
        source.name: {delivery.path: delivery for delivery in source.listing().deliveries}
        for source in sources
    }
    files = ledger.source_files(store)
    cited = {place_of(event_id)[0] for event_id in wanted}
    hashes = {one.consumed_sha256 for one in files if one.file_id in cited}
    return copy_lines(
        wanted,
        files,
        listings,
        _events(database, store, home, wanted, days),
        copied_lines(store, hashes - {""}),
    )


def _events(
    database: Database,
    store: Store,
    home: DistrictHome,
    wanted: Sequence[int],
    of_findings: tuple[date, date],
) -> dict[int, tuple[str, Mapping[str, object]]]:
    """Return role and fields of cited events, from the warehouse and the lake."""
    files = inputs.lake_files(store, home.lake)
    days = files.days()
    inputs.show_raw(database, files, ("logons", "leases"), (days[0], days[-1]))
    database.replace("main.cited", pl.DataFrame({"event_id": list(wanted)}))
    found: dict[int, tuple[str, Mapping[str, object]]] = {}
    for role, query in _ROLES.items():
        for row in database.frame(query).iter_rows(named=True):
            found[row["event_id"]] = (role, row)
    if left := [event_id for event_id in wanted if event_id not in found]:
        # connections are many: only the days of the findings are opened
        inputs.show_raw(database, files, ("connections",), of_findings)
        database.replace("main.cited", pl.DataFrame({"event_id": left}))
        for row in database.frame(_CONNECTION).iter_rows(named=True):
            found[row["event_id"]] = ("connection", row)
    return found
