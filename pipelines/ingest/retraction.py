"""Takes lines of one source file back out of the lake.

Nothing in the lake is edited: files that hold such lines are written again
without them, and one ledger commit puts the new ones in their place.
"""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from pipelines.ingest.counts import day_count
from pipelines.ingest.lake import (
    REJECTS,
    by_day,
    read_sound,
    sync_folders,
    write,
    writing_to,
)
from pipelines.state import home_mark, ledger
from pipelines.state.connections import Store
from pipelines.state.ledger import Change, FileRecord, LakeFile
from pipelines.state.source_records import SourceDay


@dataclass
class Rewriting:
    """Lake files written again, until they are committed together.

    Attributes:
        gone: How many `events` and `rejects` the files that are replaced lose.
    """

    store: Store
    folder: Path
    source: str
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    written: list[LakeFile] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    days: list[SourceDay] = field(default_factory=list)
    dirty: set[date] = field(default_factory=set)
    gone: Counter[str] = field(default_factory=Counter)

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
        """Put `kept` in place of a file, which `gone` leaves."""
        self.superseded.append(old.path)
        self.gone["rejects" if old.event_class == REJECTS else "events"] += gone.height
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


def retract(
    store: Store, folder: Path, record: FileRecord, *, first_line: int = 1
) -> Rewriting:
    """Write lake files again without a source file's lines from `first_line` on.

    Nothing counts until the new files are committed, with the row that the source
    file is left with.

    Args:
        store: The ledger.
        folder: The lake's folder.
        record: The source file.
        first_line: The first line to take out.
    """
    rewriting = Rewriting(store, folder, record.source)
    doomed = (pl.col("file_id") == record.file_id) & (pl.col("line_no") >= first_line)
    with writing_to(folder):
        for old in ledger.lake_files(store, source=record.source):
            if not old.first_file_id <= record.file_id <= old.last_file_id:
                continue
            frame = read_sound(folder, old)
            gone = frame.filter(doomed)
            if gone.height:
                rewriting.replace(old, frame.filter(~doomed), gone)
    return rewriting
