"""A quick check whether anything in a source's folder is new, without the readers.

A run that finds nothing is the most frequent: it need not import the readers.
"""

from pathlib import Path

from pipelines.ingest.recognition import closed_row, looks_unchanged
from pipelines.ingest.source import IngestOptions, Outcome, Source, left_out, waits
from pipelines.landing.delivery import Listing
from pipelines.landing.remote import is_remote
from pipelines.state import ledger
from pipelines.state.ledger import FileRecord


def unchanged(options: IngestOptions, source: Source, listing: Listing) -> list[Outcome] | None:
    """Return the outcomes of a folder whose every file matches the ledger.

    None if anything may be new, or missing before it was read to its end; and for a
    remote folder.

    Args:
        listing: The folder's content.
    """
    if is_remote(source.folder) or not Path(source.folder).is_dir():
        return None
    records = ledger.source_files(options.store, source.name)
    known = {record.path: record for record in records}
    settled_ns = options.settled_ns()
    found = []
    for delivery in listing.deliveries:
        record = known.get(delivery.path)
        if record is None or not looks_unchanged(delivery, record, settled_ns):
            return None
        pending = waits(record, options.zone, options.settle_seconds)
        found.append(Outcome(record, "unchanged", pending))
    there = {outcome.record.file_id for outcome in found}
    if any(_may_close(record) for record in records if record.file_id not in there):
        return None
    return [*found, *left_out(source.name, listing)]


def _may_close(record: FileRecord) -> bool:
    """Return whether the row of a missing file still needs to be closed."""
    may_be_archive = record.path.lower().endswith(".zip")
    closed = [closed_row(record, is_archive=is_archive) for is_archive in {False, may_be_archive}]
    return any(row is not None and row != record for row in closed)
