"""Takes lines of one source file back out of the lake.

Nothing in the lake is edited: files that hold such lines are written anew
without them, and one ledger commit puts the new ones in their place.
"""

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from pipelines.ingest.files import REJECTS, by_day, sync_folders, write, writing_to
from pipelines.ingest.soundness import read_sound
from pipelines.ingest.tally import day_count
from pipelines.state import home_mark, ledger
from pipelines.state.database import Store
from pipelines.state.days import SourceDay
from pipelines.state.ledger import Change, FileRecord, LakeFile


@dataclass
class Rewriting:
    """Lake files written anew, until they are committed together."""

    store: Store
    folder: Path
    source: str
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    written: list[LakeFile] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    days: list[SourceDay] = field(default_factory=list)
    dirty: set[date] = field(default_factory=set)

    def add(self, event_class: str, frame: pl.DataFrame) -> None:
        """Write rows, of any days, as new files."""
        for part in by_day(frame):
            if not self.written:
                ledger.begin_run(self.store, self.run_id)
            name = f"{self.run_id}-{len(self.written):05d}"
            self.written.append(
                write(self.folder, name, self.source, event_class, part)
            )
            if event_class != REJECTS:
                self.dirty.add(part["event_date"][0])

    def replace(self, old: LakeFile, kept: pl.DataFrame, gone: pl.DataFrame) -> None:
        """Put `kept` in the place of a file, which `gone` leaves."""
        self.superseded.append(old.path)
        if kept.height:
            self.add(old.event_class, kept)
        if old.event_class != REJECTS:
            self.dirty.add(date.fromisoformat(old.event_date))
            now = datetime.now(UTC)
            self.days.append(
                day_count(self.source, old.event_class, gone, now, sign=-1)
            )

    def commit(self, files: list[FileRecord]) -> None:
        """List the new files and the counts of the source files."""
        with writing_to(self.folder):
            sync_folders(self.folder, self.written)
            change = Change(
                files=files,
                lake_files=self.written,
                dirty=self.dirty,
                superseded=self.superseded,
                days=self.days,
            )
            home_mark.note(self.folder, ledger.commit(self.store, change))


def take_back(
    store: Store,
    folder: Path,
    record: FileRecord,
    remaining: Callable[[Counter[str]], FileRecord],
    *,
    first_line: int = 1,
) -> FileRecord:
    """Take the lines of a file from `first_line` on out of the lake.

    Args:
        store: The ledger.
        folder: The lake's folder.
        record: The file.
        remaining: Given how many `events` and `rejects` were taken out, the row
            that the file is left with.
        first_line: The first line to take out.

    Returns:
        The row, committed.
    """
    rewriting = Rewriting(store, folder, record.source)
    taken: Counter[str] = Counter()
    doomed = (pl.col("file_id") == record.file_id) & (pl.col("line_no") >= first_line)
    with writing_to(folder):
        for old in ledger.lake_files(store, source=record.source):
            if not old.first_file_id <= record.file_id <= old.last_file_id:
                continue
            frame = read_sound(folder, old)
            gone = frame.filter(doomed)
            if gone.height:
                rewriting.replace(old, frame.filter(~doomed), gone)
                kind = "rejects" if old.event_class == REJECTS else "events"
                taken[kind] += gone.height
    left = remaining(taken)
    rewriting.commit([left])
    return left
