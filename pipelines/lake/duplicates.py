"""Takes out of staged frames what a source delivered before, and counts it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from pipelines.lake import overlap, same_content
from pipelines.lake.counts import duplicate_counts
from pipelines.lake.files import REJECTS, WrittenPart
from pipelines.lake.same_content import covered
from pipelines.state import ledger
from pipelines.state.connections import Store, now_text
from pipelines.state.ledger import DUPLICATE, FINISHED, FileRecord, LakeFile
from pipelines.state.source_records import SourceDay

PLACE_KEYS = ["line_no", "byte_offset", "line"]


def rejects_again(
    frame: pl.DataFrame,
    store: Store,
    folder: Path,
    source: str,
    roots: Mapping[int, int],
    pairs: Mapping[int, frozenset[int]],
) -> pl.Series:
    """Return which rejects are repeats.

    They have no time, so only what was proved of their files counts: a copy's
    line at the same place, or the same text in a file that overlaps with theirs.
    """
    family = {*roots, *roots.values()}
    copies = [key for key in frame["file_id"].unique() if key in family]
    numbered = frame.with_row_index("_row")
    if not copies and not pairs:
        return pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
    known = _known(frame, store, folder, source)
    found = [pl.Series("_row", [], pl.UInt32)]
    if copies:
        found.append(_by_place(numbered, known, roots))
    for later, others in pairs.items():
        mine = numbered.filter(pl.col("file_id") == later)
        theirs = known.filter(pl.col("file_id").is_in(list(others)))
        found.append(_by_text(mine, theirs))
    return numbered["_row"].is_in(pl.concat(found).unique().implode())


def _known(frame: pl.DataFrame, store: Store, folder: Path, source: str) -> pl.DataFrame:
    """Return rejects of the lake, and those of the frame itself."""
    columns = ["file_id", *PLACE_KEYS]
    staged = pl.lit(value=True).alias("_staged")
    listed = ledger.lake_files(store, REJECTS, source=source)
    lines = frame["line"].unique().implode()
    parts = [frame.select(*columns, staged)]
    if listed:
        rows = pl.scan_parquet([folder / file.path for file in listed])
        held = rows.filter(pl.col("line").is_in(lines)).select(*columns, ~staged)
        parts.append(held.collect())
    return pl.concat(parts)


def _by_place(numbered: pl.DataFrame, known: pl.DataFrame, roots: Mapping[int, int]) -> pl.Series:
    root = pl.col("file_id").replace(dict(roots))
    on = ["_root", *PLACE_KEYS]
    twins = numbered.with_columns(_root=root).join(
        known.with_columns(_root=root), on=on, suffix="_known"
    )
    other = pl.col("file_id_known") != pl.col("file_id")
    before = ~pl.col("_staged") | (pl.col("file_id_known") < pl.col("file_id"))
    return twins.filter(other & before)["_row"]


def _by_text(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.Series:
    counted = theirs.group_by("line").agg(n=pl.len())
    numbered = mine.with_columns(_ordinal=pl.col("_row").cum_count().over("line"))
    there = numbered.join(counted, on="line")
    return there.filter(pl.col("_ordinal") <= pl.col("n"))["_row"]


@dataclass
class Duplicates:
    """Repeated deliveries of a source in this run, by file.

    Attributes:
        folder: The lake's folder.
    """

    store: Store
    folder: Path
    source: str
    _fewer: dict[str, Counter[int]] = field(default_factory=dict)
    _times: dict[int, tuple[str, str]] = field(default_factory=dict)

    def counted(self, record: FileRecord) -> FileRecord:
        """Return the record, less what turned out to have been delivered before."""
        key = record.file_id
        fewer = {name: counts[key] for name, counts in self._fewer.items()}
        rejects = fewer.pop(REJECTS, 0)
        events = sum(fewer.values())
        first, last = self._times.get(key, (record.first_time, record.last_time))
        counted = replace(
            record,
            events=record.events - events,
            rejects=record.rejects - rejects,
            duplicates=record.duplicates + events + rejects,
            first_time=min(filter(None, (record.first_time, first)), default=None),
            last_time=max(filter(None, (record.last_time, last)), default=None),
        )
        if record.state == FINISHED and (
            counted.duplicate_of is not None
            and counted.duplicates > 0
            and counted.events + counted.rejects == 0
        ):
            return replace(counted, state=DUPLICATE)
        return counted

    def note_times(self, files: Iterable[LakeFile]) -> None:
        """Record the times that lake files cover, each of one delivered file."""
        for file in files:
            assert file.first_time is not None
            assert file.last_time is not None
            self._note(file.first_file_id, file.first_time, file.last_time)

    def may_have_come(
        self,
        parts: Sequence[WrittenPart],
        known: Mapping[int, FileRecord],
        staged: Mapping[int, FileRecord],
    ) -> bool:
        """Return whether an event of these files may have come before; they must be read then.

        None has where no event has an id or repeats the line before it, none of the files is
        or has a copy, and none covers a time that another does: see `overlap`.

        Args:
            parts: Files of one event class that were written and do not count yet.
            known: The rows of all files of the source, as the ledger has them.
            staged: The rows that the files bring them to.
        """
        if any(part.has_ids or part.has_repeats for part in parts):
            return True
        files = self._files(known, staged)
        family = {*files.roots, *files.roots.values()}
        if any(part.file.first_file_id in family for part in parts):
            return True
        mine = same_content.ranges(
            (part.file.first_file_id, part.file.first_time, part.file.last_time) for part in parts
        )
        return same_content.any_shared(mine, files.ranges)

    def forget(self, file_id: int) -> None:
        """Drop all that was found out about a file."""
        self._times.pop(file_id, None)
        for counts in self._fewer.values():
            counts.pop(file_id, None)

    def take_out(
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
        classes = [name for name in frames if name != REJECTS]
        for name in classes:
            self._note_times(frames[name])
        files = self._files(known, staged)
        pairs: dict[int, frozenset[int]] = {}
        for name in classes:
            frame = frames[name]
            earlier = overlap.EarlierFiles(
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
            mask = rejects_again(frame, self.store, self.folder, self.source, files.roots, pairs)
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
            self._note(file_id, now_text(first), now_text(last))

    def _note(self, file_id: int, first: str, last: str) -> None:
        known = self._times.get(file_id, (first, last))
        self._times[file_id] = min(known[0], first), max(known[1], last)

    def _files(
        self, known: Mapping[int, FileRecord], staged: Mapping[int, FileRecord]
    ) -> overlap.Files:
        records = {**known, **staged}
        roots = {
            key: record.duplicate_of
            for key, record in records.items()
            if record.duplicate_of is not None
        }
        counted = {key: self.counted(record) for key, record in staged.items()}
        ranges = overlap.file_ranges({**known, **counted}.values())
        return overlap.Files(roots=roots, ranges=ranges)
