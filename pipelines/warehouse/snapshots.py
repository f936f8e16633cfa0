"""Immutable, versioned copies of the warehouse for readers.

A reader never blocks the writer, nor the writer a reader: each publication is a
new file, and `CURRENT` names the newest. Hidden columns are never
written: a file is made from frames, or from a copy of the snapshot before it, in
which the days that differ are rewritten; see decision 0008.
"""

import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipelines.errors import BusyError, ModelError, NothingReadError
from pipelines.settings.home import PLAIN_FILE, shared_folder, sync
from pipelines.settings.model import MEMORY_MB, SNAPSHOTS
from pipelines.settings.scratch import scratch
from pipelines.warehouse.database import LOCKED, Database, Notes, writing

POINTER = "CURRENT"
PREFIX, STAMP = "schoolbell-", "%Y%m%dT%H%M%SZ"
LONGEST = 7
"""Number of consecutive changed copies; the next is written whole."""
MAX_CHANGED = 0.25
"""Maximum share of rows to write, or of free blocks; above it a snapshot is written whole."""

Relation = duckdb.DuckDBPyRelation
SqlError = duckdb.Error
"""Error of a reader's own query, for packages that may not import DuckDB."""

_LOCKDOWN = (
    "memory_limit='1GB'",
    "threads=2",
    "max_temp_directory_size='2GB'",
    "autoinstall_known_extensions=false",
    "autoload_known_extensions=false",
    "allow_community_extensions=false",
    "enable_external_access=false",
    "lock_configuration=true",
)

_BLOCKS = """
select block_size * total_blocks
from pragma_database_size()
where database_name = current_database()
"""


def publish(  # noqa: PLR0913 - what goes in, and how long it stays
    database: Database,
    folder: Path,
    queries: Mapping[str, str],
    frames: Mapping[str, pl.DataFrame],
    now: datetime,
    notes: Mapping[str, Notes],
    *,
    is_whole: bool = False,
    most: int = SNAPSHOTS,
) -> Path:
    """Write a snapshot with exactly these tables and point to it.

    Args:
        queries: Of each table of the warehouse, see `Database.shown`.
        frames: Further tables by name.
        now: Goes into the file's name.
        notes: What tables and columns mean, which goes into the file as comments.
        is_whole: Nothing of the snapshot before may be in the file, not even as a
            block that is free.
        most: Number of snapshots that stay; an open reader keeps its own file until it closes it.
    """
    shared_folder(folder)
    stamp = now.astimezone(UTC).strftime(STAMP)
    base = None if is_whole else _base(folder, most)
    chain = _chain(base) if base else secrets.token_hex(3)
    final = folder / f"{PREFIX}{stamp}-{chain}.duckdb"
    aside = final.with_suffix(".tmp")
    if not _continued(database, aside, base, queries, frames, notes):
        final = folder / f"{PREFIX}{stamp}-{secrets.token_hex(3)}.duckdb"
        aside.unlink(missing_ok=True)
        _write(database, aside, queries, frames, notes)
    _fill_up(aside)
    sync(aside)
    aside.chmod(0o440)
    aside.rename(final)
    sync(folder)
    pointer = folder / f"{POINTER}.tmp"
    pointer.write_text(final.name, encoding="utf-8")
    pointer.chmod(PLAIN_FILE)
    sync(pointer)
    pointer.rename(folder / POINTER)
    sync(folder)
    _prune(folder, final, most)
    return final


def _base(folder: Path, most: int) -> Path | None:
    """Return the newest snapshot, if a changed copy of it may follow it."""
    try:
        base = current(folder)
    except ModelError:
        return None
    chain = [path for _, path in kept(folder) if _chain(path) == _chain(base)]
    return base if base in chain and len(chain) < min(LONGEST, most) else None


def _chain(path: Path) -> str:
    """Return the last part of a name, which those share that were made of each other."""
    return path.stem.rpartition("-")[2]


def _continued(
    database: Database,
    aside: Path,
    base: Path | None,
    queries: Mapping[str, str],
    frames: Mapping[str, pl.DataFrame],
    notes: Mapping[str, Notes],
) -> bool:
    """Write a changed copy of a snapshot; return False if it has to be written whole.

    The copy is read and compared completely: a table that differs, and a
    damaged block, are found for any reason.
    """
    if base is None or aside.with_suffix(".duckdb").exists():
        return False
    try:
        shutil.copyfile(base, aside)
        with database.beside(aside):
            stale, share = database.outdated(queries)
        if share > MAX_CHANGED:
            return False
        _write(database, aside, queries, frames, notes, stale)
    except (OSError, SqlError):
        return False
    return True


def _write(
    database: Database,
    aside: Path,
    queries: Mapping[str, str],
    frames: Mapping[str, pl.DataFrame],
    notes: Mapping[str, Notes],
    stale: Mapping[str, Sequence[date]] | None = None,
) -> None:
    with database.beside(aside):
        for name, query in queries.items():
            if stale is None or name in stale:
                database.copy_out(name, query, stale[name] if stale else ())
        for name, frame in frames.items():
            database.write_out(name, frame)
        database.finish_out(notes)


def current(folder: Path) -> Path:
    """Return the newest snapshot.

    Raises:
        ModelError: None was published yet.
    """
    pointer = folder / POINTER
    if not pointer.is_file():
        raise NothingReadError(
            "there is no snapshot yet", where=str(folder), remedy="Run: schoolbell run --home HOME"
        )
    name = pointer.read_bytes()[:200].decode("utf-8", "replace").strip()
    if Path(name).name != name or not name.startswith(PREFIX):
        raise ModelError(
            "does not name a snapshot",
            where=str(pointer),
            remedy="Publish another: schoolbell run --home HOME",
        )
    return folder / name


def set_broken_aside(folder: Path) -> str:
    """Rename a newest snapshot that cannot be read; return its problem, empty if none.

    The caller publishes another one.
    """
    pointer = folder / POINTER
    if pointer.is_dir():
        pointer.rename(folder / f"{POINTER}.damaged")
        return f"{pointer} is a folder"
    if not pointer.exists():
        return f"{pointer} is missing" if kept(folder) else ""
    try:
        path = current(folder)
        with reading(path) as database:
            _require_all_blocks(database, path)
            return ""
    except ModelError as error:
        pointer.unlink()
        if "name a snapshot" not in error.what and path.exists():
            path.rename(path.with_name(path.name + ".damaged"))
        return f"{error.where} {error.what}"


def kept(folder: Path) -> Sequence[tuple[datetime, Path]]:
    """Return the snapshots that are there with the second of their publication, oldest first.

    A file of another name is none of them.
    """
    found = []
    for path in folder.glob(f"{PREFIX}*.duckdb"):
        try:
            told = datetime.fromisoformat(path.stem.split("-")[1])
        except ValueError:
            continue
        found.append((told, path))
    return sorted(found)


def locked_down(snapshot: Path, *, is_local: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a connection that reads one snapshot and nothing else.

    Scratch tables are possible in memory; files, settings and the snapshot
    itself are out of reach of any query. Overflow goes into a private folder,
    which a query can reach, and which is deleted with the connection.

    Args:
        is_local: Hours and days of an instant are the district's; otherwise those of UTC.
    """
    spill = tempfile.mkdtemp(prefix=scratch("spill"))
    connection = duckdb.connect(config={"temp_directory": spill})
    weakref.finalize(connection, shutil.rmtree, spill, ignore_errors=True)
    connection.execute("attach $path as dl (read_only)", {"path": str(snapshot)})
    zone = _zone_of(connection) if is_local else "UTC"
    for setting in (f"TimeZone='{zone}'", *_LOCKDOWN):
        connection.execute(f"set {setting}")
    connection.execute("use dl")
    return connection


def _zone_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the district's zone, as the attached snapshot notes it; else UTC."""
    try:
        rows = connection.execute("select zone from dl.marts.about").fetchall()
    except duckdb.CatalogException:
        return "UTC"  # a snapshot from before it was noted
    return ZoneInfo(rows[0][0]).key  # only what is a zone goes into a setting


@contextmanager
def reading(snapshot: Path) -> Iterator[Database]:
    """Yield a snapshot, or the warehouse itself, as a database that only reads.

    Raises:
        ModelError: It cannot be opened, or a writer holds it.
    """
    try:
        with closing(locked_down(snapshot)) as connection:
            yield Database(connection)
    except duckdb.Error as error:
        raise unreadable(error, snapshot) from error


def _fill_up(path: Path) -> None:
    """Extend a file to its nominal size: DuckDB counts a free last block that it cut off."""
    with reading(path) as database:
        ((least,),) = database.rows(_BLOCKS)
    os.truncate(path, max(least, path.stat().st_size))


def _require_all_blocks(database: Database, path: Path) -> None:
    """Raise an error for a truncated file, which opens if its first blocks exist."""
    ((least,),) = database.rows(_BLOCKS)
    if path.stat().st_size < least:
        raise ModelError("is cut off", where=str(path))


def unreadable(error: duckdb.Error, path: Path) -> ModelError:
    """Return the error of a database that cannot be opened, or not be read in full."""
    return ModelError(
        f"cannot be opened: {str(error).splitlines()[0]}",
        where=str(path),
        remedy="Wait until the run in progress ends; or delete it and run again: everything "
        "in it is rebuilt.",
    )


def _prune(folder: Path, newest: Path, most: int) -> None:
    files = sorted(folder.glob("schoolbell-*.duckdb"))
    for old in files[:-most]:
        if old != newest:
            old.unlink()
    for orphan in folder.glob("schoolbell-*.tmp*"):  # and its log
        orphan.unlink()


@contextmanager
def attach_warehouse(
    warehouse: Path, *, threads: int = 1, memory_mb: int = MEMORY_MB, spill: Path | None = None
) -> Iterator[Database]:
    """Open a database in memory with the warehouse attached as `built`.

    Views over the lake can be made in it; the warehouse is not changed.

    Args:
        spill: Folder for overflow.

    Raises:
        ModelError: Nothing has been built.
        BusyError: A run is writing.
    """
    if not warehouse.is_file():
        raise ModelError(
            "nothing was built yet", where=str(warehouse), remedy="Run: schoolbell run --home HOME"
        )
    with writing(Path(":memory:"), threads=threads, memory_mb=memory_mb) as database:
        try:
            if spill is not None:
                database.spill_to(spill)
            database.rows("attach $path as built (read_only)", {"path": str(warehouse)})
            yield database
        except duckdb.Error as error:
            if LOCKED in str(error):
                raise BusyError(
                    "another run is writing the warehouse",
                    where=str(warehouse),
                    remedy="Ask again when it is done.",
                ) from error
            raise unreadable(error, warehouse) from error
