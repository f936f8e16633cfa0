"""Joins the many small files of a closed day into one for each source and class.

The new file is written first; one ledger commit puts it in the place of the old
ones, which stay on disk for readers that have them open until they are swept.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.ingest.files import writing_to
from pipelines.ingest.retraction import Rewriting
from pipelines.ingest.soundness import read_sound
from pipelines.state import ledger
from pipelines.state.database import Store
from pipelines.state.ledger import LakeFile

ENOUGH_FILES = 2
MOST_ROWS = 400_000
"""Rows joined at once, some hundred MiB unpacked; a larger day becomes several files,
since whoever takes a line back has to hold its file whole."""


def compact(
    store: Store, folder: Path, *, before: date | None = None, source: str | None = None
) -> int:
    """Join the files of days before `before`; how many files were replaced.

    Only while no other run writes: the caller holds the home's lock.

    Raises:
        LakeError: The disk refuses, or a file is damaged; what is committed stays
            as it is.
    """
    groups: dict[tuple[str, str, str], list[LakeFile]] = {}
    for one in ledger.lake_files(store, source=source):
        if before is None or one.event_date < before.isoformat():
            groups.setdefault((one.source, one.event_class, one.event_date), []).append(
                one
            )
    replaced = 0
    for (owner, _, _), files in groups.items():
        for batch in _batches(files):
            _join(store, folder, owner, batch)
            replaced += len(batch)
    return replaced


def _batches(files: Sequence[LakeFile]) -> list[list[LakeFile]]:
    """Neighbours, as many as may be joined at once."""
    found: list[list[LakeFile]] = [[]]
    rows = 0
    for one in sorted(files, key=_place):
        if rows + one.row_count > MOST_ROWS and found[-1]:
            found.append([])
            rows = 0
        found[-1].append(one)
        rows += one.row_count
    return [batch for batch in found if len(batch) >= ENOUGH_FILES]


def _place(one: LakeFile) -> tuple[int, str, str]:
    """Files of one delivery in the order of its lines; nothing sorts them again."""
    return one.first_file_id, one.first_time or "", one.path


def _join(store: Store, folder: Path, source: str, files: list[LakeFile]) -> None:
    rewriting = Rewriting(store, folder, source)
    with writing_to(folder):
        frame = pl.concat([read_sound(folder, one) for one in files])
        rewriting.add(files[0].event_class, frame)
    rewriting.superseded += [one.path for one in files]
    rewriting.dirty.clear()  # the same rows as before
    rewriting.commit([])
