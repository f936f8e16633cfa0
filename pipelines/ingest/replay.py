"""Reads rejected lines again, after a format learned to read them.

What reads well now becomes events, what does not stays a reject with the reason
of today. New files take the place of the old ones and the counts of the source
files change with them, in one commit: the books balance before and after.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipelines import clock
from pipelines.formats import PLACE, Context, Format, Parsed
from pipelines.ingest import parser
from pipelines.ingest.counts import day_count, placed
from pipelines.ingest.lake import REJECTS, read_sound, writing_to
from pipelines.ingest.retraction import Rewriting
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.ledger import FileRecord, LakeFile

NOT_THE_LINE = (parser.TOO_LONG,)
"""Reasons of rejects that keep a description in place of the line."""


@dataclass(frozen=True)
class Replayed:
    """What became of the rejects that were read again."""

    lines: int = 0
    events: int = 0
    blanks: int = 0

    @property
    def rejects(self) -> int:
        """How many stay rejects."""
        return self.lines - self.events - self.blanks


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How to read rejects again.

    Attributes:
        lake: The lake's folder.
        zone: The district's zone, which decides local days.
        source: The source's name.
        source_zone: IANA zone of the source's local stamps.
        options: The source's own settings for the format.
    """

    store: Store
    lake: Path
    zone: str
    source: str
    source_zone: str
    options: Mapping[str, str] = field(default_factory=dict)

    def rejects_of(self, fmt: Format) -> Replayed:
        """Read the source's rejects of a format again, a lake file at a time.

        Only while no other run writes: the caller holds the home's lock.
        """
        done = Replayed()
        for listed in ledger.lake_files(self.store, REJECTS, source=self.source):
            with writing_to(self.lake):
                rejects = read_sound(self.lake, listed)
                again = rejects.filter(
                    (pl.col("format") == fmt.name)
                    & ~pl.col("reason").is_in(NOT_THE_LINE)
                )
                if again.height:
                    part = self._file(fmt, listed, rejects, again)
                    done = Replayed(
                        done.lines + part.lines,
                        done.events + part.events,
                        done.blanks + part.blanks,
                    )
        return done

    def _file(
        self, fmt: Format, listed: LakeFile, rejects: pl.DataFrame, again: pl.DataFrame
    ) -> Replayed:
        records = {
            record.file_id: record
            for record in ledger.source_files(self.store, self.source)
        }
        rewriting = Rewriting(self.store, self.lake, self.source)
        still = [rejects.join(again.select(PLACE), on=PLACE, how="anti")]
        changed: list[FileRecord] = []
        total: Counter[str] = Counter()
        for (file_id,), lines in again.partition_by(
            "file_id", as_dict=True, maintain_order=True
        ).items():
            record = records[int(file_id)]
            parsed = parser.parse(
                fmt, lines.select(*PLACE, "line"), self._context(record)
            )
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
        return Replayed(total["lines"], total["events"], total["blanks"])

    def _context(self, record: FileRecord) -> Context:
        anchor = clock.anchor(record.path, record.raw_mtime_ns)
        return Context(
            reading=clock.Reading(zone=self.source_zone, anchor=anchor),
            options=dict(self.options),
            header=record.header,
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
    """Rejects of today under the day that they had."""
    kept = before.select(*PLACE, "source", "format", "event_date")
    return rejects.join(kept, on=PLACE, how="left", maintain_order="left").select(
        before.columns
    )
