"""Takes out of staged frames what a source delivered before, and counts it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from pipelines.ingest import overlap
from pipelines.ingest.files import REJECTS
from pipelines.ingest.rejected import rejects_again
from pipelines.ingest.stretches import covered
from pipelines.ingest.tally import duplicate_counts
from pipelines.state.database import Store, now_text
from pipelines.state.days import SourceDay
from pipelines.state.ledger import DUPLICATE, FINISHED, FileRecord, LakeFile


@dataclass
class Again:
    """What came again in this run, by file.

    Attributes:
        folder: The lake's folder.
    """

    store: Store
    folder: Path
    source: str
    _fewer: dict[str, Counter[int]] = field(default_factory=dict)
    _times: dict[int, tuple[str, str]] = field(default_factory=dict)

    def settled(self, record: FileRecord) -> FileRecord:
        """The record, less what turned out to have been delivered before."""
        key = record.file_id
        fewer = {name: counts[key] for name, counts in self._fewer.items()}
        rejects = fewer.pop(REJECTS, 0)
        events = sum(fewer.values())
        first, last = self._times.get(key, (record.first_time, record.last_time))
        settled = replace(
            record,
            events=record.events - events,
            rejects=record.rejects - rejects,
            duplicates=record.duplicates + events + rejects,
            first_time=min(filter(None, (record.first_time, first)), default=None),
            last_time=max(filter(None, (record.last_time, last)), default=None),
        )
        if record.state == FINISHED and _says_nothing_new(settled):
            return replace(settled, state=DUPLICATE)
        return settled

    def forget(self, file_id: int) -> None:
        """Drop all that was found out about a file."""
        self._times.pop(file_id, None)
        for counts in self._fewer.values():
            counts.pop(file_id, None)

    def taken_out(
        self,
        frames: dict[str, pl.DataFrame],
        known: Mapping[int, FileRecord],
        staged: Mapping[int, FileRecord],
        unlisted: Sequence[LakeFile] = (),
    ) -> list[SourceDay]:
        """Leave in the frames what did not come before; counts of the rest by day.

        Args:
            frames: By event class; changed in place.
            known: The rows of all files of the source, as the ledger has them.
            staged: The rows that the frames bring files to.
            unlisted: Parts of them that were written and do not count yet.
        """
        counts: list[SourceDay] = []
        for name, frame in frames.items():
            if name != REJECTS:
                self._note_times(frame)
        files = self._files(known, staged)
        pairs: dict[int, frozenset[int]] = {}
        for name, frame in frames.items():
            if name == REJECTS or not frame.height:
                continue
            earlier = overlap.Earlier(
                store=self.store,
                folder=self.folder,
                source=self.source,
                event_class=name,
                unlisted=unlisted,
            )
            found = overlap.find(frame, earlier, files)
            for later, others in found.pairs.items():
                pairs[later] = pairs.get(later, frozenset()) | others
            frames[name] = self._without(name, frame, found.mask)
            again = frame.filter(found.mask)
            counts += duplicate_counts(self.source, name, again)
        if REJECTS in frames:
            frame = frames[REJECTS]
            mask = rejects_again(
                frame, self.store, self.folder, self.source, files.roots, pairs
            )
            frames[REJECTS] = self._without(REJECTS, frame, mask)
        return counts

    def _without(self, name: str, frame: pl.DataFrame, mask: pl.Series) -> pl.DataFrame:
        if not mask.any():
            return frame
        gone = frame.filter(mask).group_by("file_id").len()
        self._fewer.setdefault(name, Counter()).update(dict(gone.iter_rows()))
        return frame.filter(~mask)

    def _note_times(self, frame: pl.DataFrame) -> None:
        for file_id, first, last in covered(frame).iter_rows():
            told = now_text(first), now_text(last)
            known = self._times.get(file_id, told)
            self._times[file_id] = min(known[0], told[0]), max(known[1], told[1])

    def _files(
        self, known: Mapping[int, FileRecord], staged: Mapping[int, FileRecord]
    ) -> overlap.Files:
        records = {**known, **staged}
        roots = {
            key: one.duplicate_of
            for key, one in records.items()
            if one.duplicate_of is not None
        }
        settled = {key: self.settled(one) for key, one in staged.items()}
        ranges = overlap.file_ranges({**known, **settled}.values())
        return overlap.Files(roots=roots, ranges=ranges)


def _says_nothing_new(record: FileRecord) -> bool:
    return (
        record.duplicate_of is not None
        and record.duplicates > 0
        and record.events + record.rejects == 0
    )
