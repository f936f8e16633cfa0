"""Files that somebody should look at, and files that wait."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.district import District
from pipelines.ingest.compression import NO_CHECKSUM
from pipelines.ingest.remote import is_remote
from pipelines.ingest.source import SETTLE_SECONDS, left_out, waits
from pipelines.state.ledger import DAMAGED, FAILED, FileRecord

RECENT = timedelta(days=7)
"""A missing checksum of longer ago is beyond help."""

OLD = timedelta(days=1)
"""What waits for so long by its name is no longer being copied."""


def files_with_issues(
    files: Iterable[FileRecord], reject_share: float
) -> list[Mapping[str, str]]:
    """Files that somebody should look at: source, path and message of each.

    Args:
        reject_share: From 0 to 1; a file of whose lines a larger share could not
            be read is among them, though it was read to its end.
    """
    wrong = ((file, _wrong_with(file, reject_share)) for file in files)
    return [
        {"source": one.source, "path": one.path, "message": message}
        for one, message in wrong
        if message is not None
    ]


def waiting(
    district: District, files: Iterable[FileRecord]
) -> Iterator[Mapping[str, str]]:
    """Files of which lines are not read yet: source, path, and why and until when.

    Local folders are looked at for what their names or kinds leave out.
    """
    for file in files:
        if why := waits(file, district.zone, SETTLE_SECONDS):
            yield {"source": file.source, "path": file.path, "message": why}
    for source in district.sources():
        if is_remote(source.folder):
            continue  # that would take a connection
        for outcome in left_out(source.name, source.listing(opens=False)):
            path, message = outcome.record.path, outcome.record.message
            yield {"source": source.name, "path": path, "message": message or ""}


def stuck(
    district: District, waiting: Iterable[Mapping[str, str]], now: datetime
) -> list[str]:
    """Names of files that nothing but a person will ever have read."""
    folders = {source.name: source.folder for source in district.sources()}
    return [
        f"{row['source']}/{row['path']}"
        for row in waiting
        if _is_old(Path(folders[row["source"]]) / row["path"], now)
    ]


def _is_old(path: Path, now: datetime) -> bool:
    try:
        return now.timestamp() - path.lstat().st_mtime > OLD.total_seconds()
    except OSError:
        return False


def without_checksum(files: Iterable[FileRecord], now: datetime) -> Mapping[str, int]:
    """How many files of each source came without a checksum of late."""
    since = (now - RECENT).isoformat()
    found: dict[str, int] = {}
    for file in files:
        if file.message == NO_CHECKSUM and file.last_read_time >= since:
            found[file.source] = found.get(file.source, 0) + 1
    return found


def _wrong_with(file: FileRecord, reject_share: float) -> str | None:
    if file.state in (FAILED, DAMAGED):
        return file.message or file.state
    # a product, not a quotient: a file without lines has no share
    if file.rejects <= reject_share * file.lines:
        return None
    return (
        f"{file.rejects:,} of {file.lines:,} lines could not be read, a larger "
        f"share than {reject_share:g}, which is [limits] reject_share"
    )
