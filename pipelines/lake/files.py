"""Files of the lake: written whole, checked before use, swept of leftovers.

Each file is written aside, synced and renamed; the caller then syncs the folders
and lists the files in the ledger, which is what makes them count.

Parquet has no checksum here: a flipped bit on a disk or in a copy changes
the account or the moment of a row, and no reader notices. So the hash in
the ledger is compared before a file is used, once per process.
"""

import hashlib
import io
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import SchoolbellError
from pipelines.settings.home import sync
from pipelines.state import home_mark, ledger
from pipelines.state.connections import Store, now_text
from pipelines.state.ledger import LakeFile
from pipelines.state.source_records import SourceDay

if TYPE_CHECKING:  # `status` has no frames, and Polars takes long to import
    import polars as pl

REJECTS = "rejects"
MAX_RUNS = 1_000
"""Maximum runs of rows of one day before rows are copied into their days."""

GRACE = timedelta(hours=24)
"""Time for which a reader may still use a file that was replaced."""
MAX_DELETED = 100
"""Files that interrupted runs may leave: a commit writes one a class and a day. More
than these are moved aside too."""
LARGE = 100_000
"""Rows from which on smaller files are worth the third of a second that importing Arrow takes."""
GROWING = ("line_no", "byte_offset", "time", "start_time")
VARIED = ("url", "message", "event_uid", "answers", "line")
"""Texts that are seldom equal: a dictionary of them would be built and thrown away."""
UNLISTED = ".unlisted"
SPOOL = ".spool"


@dataclass(frozen=True)
class WrittenPart:
    """A file of the lake that is not committed, and the counts that it adds to its day.

    Attributes:
        has_ids: Some of its events have an id that the product gave them.
        has_repeats: Some of its lines are written twice; see `repeated_lines`.
    """

    file: LakeFile
    day: SourceDay
    has_ids: bool
    has_repeats: bool


class LakeError(SchoolbellError):
    """The lake cannot be written."""

    command = "schoolbell doctor"


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say what to do when the disk refuses."""
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"cannot be written: {error.strerror or error}",
            where=str(error.filename or folder),
            remedy=(
                "Free space or repair the disk, then run again. Nothing is lost: the next "
                "run continues after the last commit."
            ),
        ) from error


def require_space(folder: Path, least_bytes: int) -> None:
    """Begin nothing that the disk could not hold.

    Raises:
        LakeError: Less space is free.
    """
    free = shutil.disk_usage(folder).free
    if free < least_bytes:
        raise LakeError(
            f"only {free >> 20} MiB are free, {least_bytes >> 20} MiB are needed",
            where=str(folder),
            remedy="Free space, then run again. Nothing was started.",
        )


def prepare(folder: Path, least_bytes: int) -> None:
    """Make the lake's folder, and see that there is space.

    Raises:
        LakeError: Less space is free.
    """
    folder.mkdir(parents=True, exist_ok=True)
    require_space(folder, least_bytes)


def _parquet(frame: "pl.DataFrame") -> memoryview:
    """Return the rows as Parquet.

    Arrow writes numbers that grow slowly as differences: a sixth less for a day of a proxy.
    """
    buffer = io.BytesIO()
    if frame.height < LARGE:
        frame.write_parquet(buffer, compression="zstd", compression_level=1)
        return buffer.getbuffer()
    import polars as pl
    import pyarrow.parquet as pq

    growing = [name for name in GROWING if name in frame.columns]
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    pq.write_table(
        frame.to_arrow(),
        buffer,
        compression="zstd",
        compression_level=1,
        use_dictionary=[name for name in frame.columns if name not in (*VARIED, *growing)],
        column_encoding=dict.fromkeys(growing, "DELTA_BINARY_PACKED"),
        # no query asks for a range of texts
        write_statistics=[name for name in frame.columns if name not in texts],
    )
    return buffer.getbuffer()


def write(
    folder: Path, name: str, source: str, event_class: str, frame: "pl.DataFrame"
) -> LakeFile:
    """Write one day's rows of one class, all of one `event_date`.

    Args:
        folder: The lake's folder.
        name: The file's name without suffix, used for no other file, ever.
        source: The source that the rows come from.
        event_class: A class, or `rejects`.
        frame: The rows.
    """
    day = frame["event_date"][0]
    assert isinstance(day, date)
    path = f"{event_class}/event_date={day.isoformat()}/{name}.parquet"
    final = folder / path
    make_folder(final.parent)
    aside = final.with_suffix(".tmp")
    content = _parquet(frame)
    with aside.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(final)
    times = frame["time"] if "time" in frame.columns else None
    return LakeFile(
        path=path,
        source=source,
        event_class=event_class,
        event_date=day.isoformat(),
        row_count=frame.height,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        first_file_id=frame["file_id"].min(),  # type: ignore[arg-type]
        last_file_id=frame["file_id"].max(),  # type: ignore[arg-type]
        first_time=None if times is None else now_text(times.min()),  # type: ignore[arg-type]
        last_time=None if times is None else now_text(times.max()),  # type: ignore[arg-type]
    )


def by_day(frame: "pl.DataFrame") -> "list[pl.DataFrame]":
    """Return one frame for each local day, in the order in which they begin.

    Lines come nearly in the order of time: a day is a few runs of rows, which are cut
    out without a copy.
    """
    import polars as pl

    runs = frame.select(pl.col("event_date").rle()).unnest("event_date")
    if runs.height > MAX_RUNS:
        return frame.partition_by("event_date", maintain_order=True)
    found: dict[date, list[pl.DataFrame]] = {}
    begin = 0
    for length, day in runs.iter_rows():
        found.setdefault(day, []).append(frame.slice(begin, length))
        begin += length
    return [pl.concat(parts) for parts in found.values()]


def sync_folders(folder: Path, files: list[LakeFile]) -> None:
    """Make the entries of new files safe."""
    for parent in sorted({(folder / file.path).parent for file in files}):
        sync(parent)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, each entry synced to disk."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        sync(made.parent)


def spool(folder: Path) -> Path:
    """Return the folder for bytes that are stored nowhere else, and for temporary output.

    Anything in it at the start of a run is from an interrupted one.
    """
    place = folder / SPOOL
    place.mkdir(exist_ok=True)
    return place


def damaged(folder: Path, files: Iterable[LakeFile]) -> list[str]:
    """Return paths of the files that are missing, cut, or hold other bytes than written."""
    return [file.path for file in files if not _is_sound(folder / file.path, file)]


def require_sound(folder: Path, files: Iterable[LakeFile]) -> None:
    """Raise an error for a file that differs from what was written.

    Raises:
        LakeError: One does.
    """
    for path in damaged(folder, files):
        raise LakeError(
            "is missing, or holds other bytes than were written",
            where=str(folder / path),
            remedy=(
                "Check the disk, restore this file from the last backup, and run again. "
                "Until then, nothing that depends on it is reported."
            ),
        )


def read_sound(folder: Path, file: LakeFile) -> "pl.DataFrame":
    """Return the rows of a file.

    Raises:
        LakeError: It differs from what was written.
    """
    import polars as pl

    require_sound(folder, [file])
    return pl.read_parquet(folder / file.path)


def _is_sound(path: Path, file: LakeFile) -> bool:
    try:
        state = path.stat()
    except FileNotFoundError:
        return False
    if state.st_size != file.bytes:
        return False
    return _digest(path, state.st_mtime_ns, state.st_ino) == file.sha256


@lru_cache(maxsize=1 << 16)
def _digest(path: Path, _mtime_ns: int, _inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Clears the lake of what interrupted runs left, and of what was superseded.
#
# Only what this ledger knows is deleted: files that it lists as superseded, and files
# of runs that it saw begin. Anything else that it does not list is moved aside, since
# it may be the work of a state that was lost.


def sweep(
    store: Store,
    folder: Path,
    *,
    grace: timedelta = GRACE,
    now: datetime | None = None,
) -> list[str]:
    """Delete the files that do not count, and move aside those of an unknown origin.

    Only while no other run writes: the caller holds the home's lock.

    Returns:
        Paths in the lake of files that were moved to `.unlisted`.
    """
    before = now_text((now or datetime.now(UTC)) - grace)
    old = ledger.superseded_files(store, before)
    for path in old:
        (folder / path).unlink(missing_ok=True)
    if old:
        home_mark.note(folder, ledger.forget_lake_files(store, old))
    begun = ledger.runs_begun(store)
    own, foreign = _unlisted(store, folder, begun)
    with writing_to(folder):
        for one in (*own, *(folder / SPOOL).glob("*")):
            one.unlink()
        moved = [_moved_aside(folder, path) for path in foreign]
    ledger.end_runs(store, begun)
    return moved


def unlisted_files(folder: Path) -> list[Path]:
    """Return files that sweeps moved aside, for review."""
    return sorted(path for path in (folder / UNLISTED).rglob("*") if not path.is_dir())


def _unlisted(store: Store, folder: Path, begun: set[str]) -> tuple[list[Path], list[Path]]:
    """Return files that do not count: those to delete, and those to move aside."""
    listed = ledger.listed_paths(store)
    own: list[Path] = []
    foreign: list[Path] = []
    for found in sorted(folder.glob("*/event_date=*/*")):
        if found.relative_to(folder).as_posix() not in listed:
            is_own = found.name.partition("-")[0] in begun and not found.is_dir()
            (own if is_own else foreign).append(found)
    return ([], [*own, *foreign]) if len(own) > MAX_DELETED else (own, foreign)


def _moved_aside(folder: Path, path: Path) -> str:
    name = path.relative_to(folder)
    target = folder / UNLISTED / name
    make_folder(target.parent)
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{name.stem}.{number}{name.suffix}")
    path.rename(target)
    return name.as_posix()
