"""Keeps the tables of exports that were imported, so that later lists can complete them.

A list of devices may come before the people who have them, and networks before the buildings
that they are in. Each `setup` reads the kept tables again, so the order does not matter.
Only columns that are read are kept, no password, and no name of a student. A row that was
written once and that a person deleted from the registry is not added again.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import File
from pipelines.registry.edits import put
from pipelines.registry.imports.export_tables import Sheet, found_in, plain
from pipelines.registry.imports.exports import Export, export_of
from pipelines.registry.imports.merged_rows import KEYS, Row
from pipelines.registry.imports.people import account_facts, is_of_staff
from pipelines.registry.imports.rows import csv_bytes
from pipelines.settings.home import PRIVATE

WRITTEN = "written.txt"
NEVER_KEPT = ("roster", "file", "nothing")
"""Facts that are in the registry completely, or not at all."""
IDENTITY = ("serial", "mac", "hostname", "login", "employee", "network", "object", "address")
Table = tuple[Sheet, Export]


def kept_tables(folder: Path, renames: Mapping[str, Mapping[str, str]]) -> list[Table]:
    """Return the tables of earlier imports."""
    sheets = (
        [one for one in found_in([folder]) if isinstance(one, Sheet)] if folder.exists() else []
    )
    tables = ((one, export_of(one, renames)) for one in sheets if one.place != WRITTEN)
    return [(sheet, export) for sheet, export in tables if export is not None]


def still_valid(earlier: Iterable[Table], new: Sequence[Table]) -> list[Table]:
    """Return the kept tables that no new table of the same export replaces."""
    named = [(export.name, _ids(sheet, export)) for sheet, export in new]
    return [
        (sheet, export)
        for sheet, export in earlier
        if not any(name == export.name and ids & _ids(sheet, export) for name, ids in named)
    ]


def _ids(sheet: Sheet, export: Export) -> set[str]:
    """Return what identifies the rows of a table; of an absence, person and day."""
    if export.facts == "absence":
        facts = ("person", "first")
        return {"|".join(export.fact(one, row) for one in facts).lower() for row in sheet.rows}
    names = [one for one in (*IDENTITY, "name") if one in export.cells]
    return {next(filter(None, (export.fact(one, row) for one in names)), "").lower()
            for row in sheet.rows} - {""}  # fmt: skip


def files_of(tables: Iterable[Table]) -> dict[str, bytes]:
    """Return the files that keep the tables."""
    files: dict[str, bytes] = {}
    for sheet, export in tables:
        if export.facts in NEVER_KEPT or not sheet.rows:
            continue
        stem = re.sub("[^a-z0-9]+", "-", export.name.lower()).strip("-")
        number = sum(name.startswith(f"{stem}.") for name in files) + 1
        files[f"{stem}.{number}.csv"] = _reduced(sheet, export)
    return files


def are_kept(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Return whether the folder contains these files and no others."""
    found = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    return found == files


def keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files, and remove those that they replace."""
    if files or folder.exists():
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        for path in folder.glob("*.csv"):
            if path.name not in files:
                path.unlink()
    for name, data in files.items():
        put(folder / name, data)


def _reduced(sheet: Sheet, export: Export) -> bytes:
    """Return a table with the columns that are read, as they are written."""
    read = {column for columns in export.cells.values() for column in columns.split("|")}
    marks = {column for mark in export.marks for column in mark.split("|")}
    header = [name for name in sheet.header if plain(name) in read | marks]
    names = {
        column for fact in ("given", "family") for column in export.cells.get(fact, "").split("|")
    }
    rows = []
    for row in sheet.rows:
        hidden = names if export.facts == "login" and not is_of_staff(
            account_facts(export, row)
        ) else set()  # fmt: skip
        rows.append(
            {
                name: row.get(plain(name), "")
                for name in header
                if plain(name) in read and plain(name) not in hidden
            }
        )
    return csv_bytes(header, rows)


def not_deleted(
    folder: Path, file: File, rows: Sequence[Row], data: bytes, columns: Mapping[str, str]
) -> list[Row]:
    """Return rows of kept tables without those that a person deleted from the registry.

    Args:
        data: The bytes of the registry's file.
        columns: The district's header names, by canonical name.
    """
    path = folder / WRITTEN
    written = set(path.read_bytes().split()) if path.is_file() else set()
    document = CsvDocument(data, file, columns)
    present = {key for row in document.rows for key in keys_of(file.name, document.values(row))}
    return [
        row
        for row in rows
        for keys in [keys_of(file.name, row)]
        if keys & present or not keys & written
    ]


def keys_of(file: str, row: Row) -> set[bytes]:
    """Return hashes of what identifies a row of a registry file."""
    found = set()
    for key in KEYS.get(file, ()):
        cells = [row.get(name, "").strip().casefold() for name in key]
        if any(cells):
            said = "\x1f".join((file, *key, *cells))
            found.add(hashlib.sha256(said.encode()).hexdigest()[:16].encode())
    return found


def note_written(folder: Path, rows: Mapping[str, Iterable[Row]]) -> None:
    """Record which rows of the exports the registry has had."""
    path = folder / WRITTEN
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    written = set(path.read_bytes().split()) if path.is_file() else set()
    for file, several in rows.items():
        for row in several:
            written |= keys_of(file, row)
    put(path, b"\n".join(sorted(written)) + b"\n")
