"""The rows of the ledger: source files, lake files, and what one commit changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipelines.state.days import SourceDay

GROWING = "growing"
FINISHED = "finished"
DUPLICATE = "duplicate"
DAMAGED = "damaged"
FAILED = "failed"
GONE = "gone"
STATES: Mapping[str, str] = {
    GROWING: "read as far as it goes; more may come",
    FINISHED: "read to its end",
    DUPLICATE: "the same content as another file",
    DAMAGED: "cut or corrupt; what can be trusted was read",
    FAILED: "could not be read; all that was not read is pending",
    GONE: "taken away before it was read to its end",
}


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """What the ledger knows of one delivered file.

    Bytes, lines and hashes are those of the decompressed stream.

    Attributes:
        tail_bytes: Bytes of a last line that was taken without its line end.
        prefix_hashes: Hashes of its first 64, 128, 256, … bytes.
        first_time: Earliest event, as `store.now_text` writes it.
    """

    file_id: int
    source: str
    path: str
    format: str | None = None
    state: str = GROWING
    duplicate_of: int | None = None
    consumed_bytes: int = 0
    consumed_sha256: str = ""
    head_bytes: int = 0
    head_sha256: str = ""
    lines: int = 0
    events: int = 0
    rejects: int = 0
    blanks: int = 0
    duplicates: int = 0
    pending_lines: int = 0
    pending_bytes: int = 0
    tail_bytes: int = 0
    prefix_hashes: str = ""
    first_time: str | None = None
    last_time: str | None = None
    header: str | None = None
    raw_bytes: int = 0
    raw_mtime_ns: int = 0
    raw_ctime_ns: int = 0
    message: str | None = None
    first_seen_time: str = ""
    last_read_time: str = ""

    @property
    def balances(self) -> bool:
        """Every line is in exactly one place."""
        places = (
            self.events,
            self.rejects,
            self.blanks,
            self.duplicates,
            self.pending_lines,
        )
        return min(places) >= 0 and self.lines == sum(places)


@dataclass(frozen=True, kw_only=True)
class LakeFile:
    """One Parquet file of the lake; `path` is relative to the lake's folder.

    It holds lines of the source files from `first_file_id` to `last_file_id`, and
    events from `first_time` to `last_time` (null for rejects).
    """

    path: str
    source: str
    event_class: str
    event_date: str
    row_count: int
    bytes: int
    sha256: str
    first_file_id: int = 0
    last_file_id: int = 0
    first_time: str | None = None
    last_time: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one commit writes.

    Attributes:
        files: The positions and counts that source files are brought to.
        lake_files: Parquet files that count from now on.
        dirty: Days whose models are older than their events from now on.
        superseded: Paths of lake files that the new ones take the place of.
        days: What to add to the counts of a source's days.
        consumed: Bytes that each source file had consumed when it was read.
    """

    files: Sequence[FileRecord] = ()
    lake_files: Sequence[LakeFile] = ()
    dirty: Iterable[date] = ()
    superseded: Iterable[str] = ()
    days: Iterable[SourceDay] = ()
    consumed: Mapping[int, int] = field(default_factory=dict)
