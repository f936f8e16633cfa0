"""What formats make of the sample corpora."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.clock import Reading
from pipelines.formats import Context, Format, Parsed
from pipelines.ingest.record_cuts import records
from tests.formats.samples import (
    FAMILIES,
    FORMATS,
    Family,
    files,
    headed,
    log_of,
    place,
)

ANCHOR = datetime(2022, 6, 30, tzinfo=UTC)
READINGS = {"dparkerelastic_beats": Reading("Etc/GMT+2", ANCHOR)}
"""Whose expected outputs were made with a clock two hours west of Greenwich."""


def reading_of(path: Path) -> Reading:
    """Return how a source of such a file would be set."""
    return READINGS.get(place(path).split("/")[1], Reading("UTC", ANCHOR))


def read(family: str, name: str, path: Path) -> tuple[int, Parsed]:
    """Return how many records a file of a family has, and what a format makes of them."""
    if found := _read_all(family, name).get(path):
        return found
    # another file's expected output
    known, reading = FAMILIES[family], reading_of(path)
    return _read_together(known, FORMATS[name], reading, [path])[path]


@cache
def _read_all(family: str, name: str) -> Mapping[Path, tuple[int, Parsed]]:
    """Return all files of a family: to read one takes nearly as long as to read them all."""
    by_reading: dict[Reading, list[Path]] = {}
    for path in files(family):
        by_reading.setdefault(reading_of(path), []).append(path)
    found: dict[Path, tuple[int, Parsed]] = {}
    for reading, paths in by_reading.items():
        found |= _read_together(FAMILIES[family], FORMATS[name], reading, paths)
    return found


def _read_together(
    known: Family, fmt: Format, reading: Reading, paths: list[Path]
) -> Mapping[Path, tuple[int, Parsed]]:
    batches = [
        records(headed(log_of(path), known.header), fmt.framing, file_id=number)
        for number, path in enumerate(paths)
    ]
    parsed = fmt.parse(pl.concat(batches), Context(reading, known.options))
    parts = {
        path: _part(parsed, number, batches[number].height) for number, path in enumerate(paths)
    }
    assert sum(part.blanks for part in parts.values()) == parsed.blanks
    return {path: (batch.height, parts[path]) for path, batch in zip(paths, batches, strict=True)}


def _part(parsed: Parsed, number: int, height: int) -> Parsed:
    """Return what became of one of the files."""
    of_file = pl.col("file_id") == number
    events = {cls: frame.filter(of_file) for cls, frame in parsed.events.items()}
    rejects = parsed.rejects.filter(of_file)
    told = sum(frame.height for frame in events.values()) + rejects.height
    said = {cls: frame for cls, frame in events.items() if frame.height}
    return Parsed(said, rejects, height - told, None)
