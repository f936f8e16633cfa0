"""Writes the lake's Parquet files so that a power cut can not tear them.

Each file is written aside, synced and renamed; the caller then syncs the folders
and lists the files in the ledger, which is what makes them count.
"""

import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.errors import SchoolbellError
from pipelines.state.database import now_text
from pipelines.state.ledger import LakeFile

REJECTS = "rejects"


class LakeError(SchoolbellError):
    """The lake can not be written."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say what to do when the disk refuses."""
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"can not be written: {error.strerror or error}",
            where=str(error.filename or folder),
            remedy=(
                "Free space or repair the disk, then run again: nothing is lost, "
                "the next run goes on where the last commit stands."
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
            remedy="Free space, then run again: nothing was begun.",
        )


def write(
    folder: Path, name: str, source: str, event_class: str, frame: pl.DataFrame
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
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=1)
    content = buffer.getbuffer()
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


def by_day(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """One frame for each local day, in the order in which they begin."""
    if not frame.height:
        return []
    days = frame["event_date"]
    if days.min() == days.max():
        return [frame]
    return frame.partition_by("event_date", maintain_order=True)


def sync_folders(folder: Path, files: list[LakeFile]) -> None:
    """Make the entries of new files safe."""
    for parent in sorted({(folder / one.path).parent for one in files}):
        sync(parent)


def sync(path: Path) -> None:
    """Make a file or a folder's entries safe against a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """A folder and its parents, each entry made safe."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        sync(made.parent)
