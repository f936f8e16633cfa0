"""Reads rejected lines again, or takes lines of one source file back out of the lake.

After a format learned to read them, what reads well now becomes events, what does not
stays a reject with the reason of today. Nothing in the lake is edited: new files take
the place of the old ones and the counts of the source files change with them, in one
commit: the books balance before and after.
"""

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from pipelines import clock
from pipelines.formats import PLACE, Context, Format, Parsed
from pipelines.ingest import parser
from pipelines.ingest.progress import latest_time
from pipelines.lake.counts import day_count, placed
from pipelines.lake.files import REJECTS, by_day, read_sound, sync_folders, write, writing_to
from pipelines.state import home_mark, ledger
from pipelines.state.connections import Store
from pipelines.state.ledger import Change, FileRecord, LakeFile
from pipelines.state.source_records import SourceDay

NOT_THE_LINE = (parser.TOO_LONG,)
"""Reasons of rejects that keep a description in place of the line."""


@dataclass
class Rewriting:
    """Lake files in rewriting, until they are committed together.

    Attributes:
        gone: How many `events` and `rejects` the replaced files lose.
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
            self.written.append(write(self.folder, name, self.source, event_class, part))
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
            self.days.append(day_count(self.source, old.event_class, gone, now, sign=-1))

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


def retract(store: Store, folder: Path, record: FileRecord, *, first_line: int = 1) -> Rewriting:
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


@dataclass(frozen=True)
class ReplayResult:
    """Result of rereading rejects."""

    lines: int = 0
    events: int = 0
    blanks: int = 0

    @property
    def rejects(self) -> int:
        """The number of lines that are still rejected."""
        return self.lines - self.events - self.blanks


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Settings for rereading rejects.

    Attributes:
        lake: The lake's folder.
        zone: The district's zone, which decides local days.
        source: The source's name.
        source_zone: IANA zone of the source's local timestamps.
        options: The source's own settings for the format.
    """

    store: Store
    lake: Path
    zone: str
    source: str
    source_zone: str
    options: Mapping[str, str] = field(default_factory=dict)

    def rejects_of(self, fmt: Format) -> ReplayResult:
        """Read the source's rejects of a format again, a lake file at a time.

        Only while no other run writes: the caller holds the home's lock.
        """
        done = ReplayResult()
        for listed in ledger.lake_files(self.store, REJECTS, source=self.source):
            with writing_to(self.lake):
                rejects = read_sound(self.lake, listed)
                again = rejects.filter(
                    (pl.col("format") == fmt.name) & ~pl.col("reason").is_in(NOT_THE_LINE)
                )
                if again.height:
                    part = self._file(fmt, listed, rejects, again)
                    done = ReplayResult(
                        done.lines + part.lines,
                        done.events + part.events,
                        done.blanks + part.blanks,
                    )
        return done

    def _file(
        self, fmt: Format, listed: LakeFile, rejects: pl.DataFrame, again: pl.DataFrame
    ) -> ReplayResult:
        records = {
            record.file_id: record for record in ledger.source_files(self.store, self.source)
        }
        rewriting = Rewriting(self.store, self.lake, self.source)
        still = [rejects.join(again.select(PLACE), on=PLACE, how="anti")]
        changed: list[FileRecord] = []
        total: Counter[str] = Counter()
        for (file_id,), lines in again.partition_by(
            "file_id", as_dict=True, maintain_order=True
        ).items():
            record = records[int(file_id)]
            parsed = parser.parse(fmt, lines.select(*PLACE, "line"), self._context(record))
            self._add_events(rewriting, fmt, parsed)
            still.append(_placed_rejects(parsed.rejects, lines))
            gone = lines.height - parsed.rejects.height
            changed.append(
                replace(
                    record,
                    rejects=record.rejects - gone,
                    events=record.events + gone - parsed.blanks,
                    blanks=record.blanks + parsed.blanks,
                )
            )
            total.update(lines=lines.height, blanks=parsed.blanks)
            total.update(events=gone - parsed.blanks)
        if total["events"] + total["blanks"]:
            rewriting.replace(listed, pl.concat(still), again)
            rewriting.commit(changed)
        return ReplayResult(total["lines"], total["events"], total["blanks"])

    def _context(self, record: FileRecord) -> Context:
        anchor = clock.anchor(record.path, record.raw_mtime_ns)
        return Context(
            reading=clock.Reading(zone=self.source_zone, anchor=anchor),
            options=dict(self.options),
            header=record.header,
            latest=latest_time(record.raw_mtime_ns),
        )

    def _add_events(self, rewriting: Rewriting, fmt: Format, parsed: Parsed) -> None:
        for event_class, frame in parsed.events.items():
            events = placed(frame, self.source, fmt.name, self.zone)
            rewriting.add(event_class, events)
            rewriting.days += [
                day_count(self.source, event_class, part, datetime.now(UTC))
                for part in events.partition_by("event_date")
            ]


def _placed_rejects(rejects: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return current rejects under the day that they had."""
    kept = before.select(*PLACE, "source", "format", "event_date")
    return rejects.join(kept, on=PLACE, how="left", maintain_order="left").select(before.columns)
