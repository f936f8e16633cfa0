"""The rows of the ledger: source files, lake files, and what one commit changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from pipelines.errors import BusyError
from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.home_mark import Mark, advance
from pipelines.state.source_records import SourceDay, add_days, mark_dirty
from pipelines.state.tables import LAKE_FILES, LAKE_RUNS, SOURCE_FILES

GROWING = "growing"
FINISHED = "finished"
DUPLICATE = "duplicate"
DAMAGED = "damaged"
FAILED = "failed"
GONE = "gone"
AccountRow = Mapping[str, int | str]
"""A source, its files and lines, and where the lines went."""
STATES: Mapping[str, str] = {
    GROWING: "read to its current end; more may arrive",
    FINISHED: "read to its end",
    DUPLICATE: "the same content as another file",
    DAMAGED: "cut or corrupt; what can be trusted was read",
    FAILED: "could not be read; all that was not read is pending",
    GONE: "taken away before it was read to its end",
}


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """The ledger's record of one delivered file.

    Bytes, lines and hashes are those of the decompressed stream.

    Attributes:
        tail_bytes: Bytes of a last line that was read without its line end.
        prefix_hashes: Hashes of its first 64, 128, 256, … bytes.
        first_time: Earliest event, as `database.now_text` writes it.
    """

    file_id: int
    source: str
    path: str
    format: str | None = None
    state: str = GROWING
    duplicate_of: int | None = None
    consumed_bytes: int = 0
    consumed_sha256: str = ""
    head_bytes: int = 0
    head_sha256: str = ""
    lines: int = 0
    events: int = 0
    rejects: int = 0
    blanks: int = 0
    duplicates: int = 0
    pending_lines: int = 0
    pending_bytes: int = 0
    tail_bytes: int = 0
    prefix_hashes: str = ""
    first_time: str | None = None
    last_time: str | None = None
    header: str | None = None
    raw_bytes: int = 0
    raw_mtime_ns: int = 0
    raw_ctime_ns: int = 0
    message: str | None = None
    first_seen_time: str = ""
    last_read_time: str = ""

    @property
    def balances(self) -> bool:
        """Every line is in exactly one place."""
        places = (
            self.events,
            self.rejects,
            self.blanks,
            self.duplicates,
            self.pending_lines,
        )
        return min(places) >= 0 and self.lines == sum(places)


@dataclass(frozen=True, kw_only=True)
class LakeFile:
    """One Parquet file of the lake; `path` is relative to the lake's folder.

    It holds lines of the source files from `first_file_id` to `last_file_id`, and
    events from `first_time` to `last_time` (null for rejects).
    """

    path: str
    source: str
    event_class: str
    event_date: str
    row_count: int
    bytes: int
    sha256: str
    first_file_id: int = 0
    last_file_id: int = 0
    first_time: str | None = None
    last_time: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """Content of one commit.

    Attributes:
        files: The new positions and counts of source files.
        lake_files: Parquet files that count from now on.
        dirty: Days whose models are older than their events from now on.
        superseded: Paths of lake files that the new ones replace.
        days: Additions to the counts of a source's days.
        consumed: Bytes that each source file had consumed when it was read.
    """

    files: Sequence[FileRecord] = ()
    lake_files: Sequence[LakeFile] = ()
    dirty: Iterable[date] = ()
    superseded: Iterable[str] = ()
    days: Iterable[SourceDay] = ()
    consumed: Mapping[int, int] = field(default_factory=dict)


def take_ids(store: Store, count: int) -> range:
    """Reserve ids for new source files; unused ones are lost."""
    if not count:
        return range(0)
    with store.writing() as connection:
        highest = connection.execute(select(func.max(SOURCE_FILES.c.file_id))).scalar()
        given = int(fact(connection, "last_file_id") or 0)
        first = max(highest or 0, given) + 1
        remember(connection, "last_file_id", str(first + count - 1))
    return range(first, first + count)


def begin_run(store: Store, run_id: str) -> None:
    """Note who writes into the lake, before the first file is there."""
    with store.writing() as connection:
        values = {"run_id": run_id, "began_time": now_text()}
        connection.execute(insert(LAKE_RUNS).values(values))


def runs_begun(store: Store) -> set[str]:
    """Return the runs that began to write into the lake since the last sweep."""
    with store.reading() as connection:
        return set(connection.execute(select(LAKE_RUNS.c.run_id)).scalars())


def end_runs(store: Store, run_ids: set[str]) -> None:
    """Forget who wrote, once nothing of theirs is left that does not count."""
    if run_ids:
        with store.writing() as connection:
            connection.execute(delete(LAKE_RUNS).where(LAKE_RUNS.c.run_id.in_(run_ids)))


def commit(store: Store, change: Change) -> Mark | None:
    """List Parquet files and the positions they bring the source files to.

    Returns:
        The generation that the state has now, for `home_mark.note`.

    Raises:
        ValueError: A file's lines do not add up; nothing is committed.
        BusyError: Another run wrote in between; nothing is committed.
    """
    for record in change.files:
        if not record.balances:
            message = f"the lines of {record.source}/{record.path} do not add up: {record}"
            raise ValueError(message)
    now = now_text()
    with store.writing() as connection:
        _put(connection, change, now)
        _supersede(connection, list(change.superseded), now)
        rows = [
            {**asdict(lake_file), "committed_time": now, "superseded_time": None}
            for lake_file in change.lake_files
        ]
        if rows:
            connection.execute(insert(LAKE_FILES), rows)
        add_days(connection, change.days)
        mark_dirty(connection, change.dirty, reason="events")
        return advance(connection)


def _supersede(connection: Connection, paths: list[str], now: str) -> None:
    if not paths:
        return
    done = connection.execute(
        update(LAKE_FILES)
        .where(LAKE_FILES.c.path.in_(paths), LAKE_FILES.c.superseded_time.is_(None))
        .values(superseded_time=now)
    )
    if done.rowcount != len(paths):
        raise BusyError(
            "another run rewrote the same lake files in between",
            remedy="Nothing is lost. Run again when the other run has finished.",
        )


def source_files(store: Store, source: str | None = None) -> list[FileRecord]:
    """Return every delivered file, in the order of arrival."""
    query = select(SOURCE_FILES).order_by(SOURCE_FILES.c.file_id)
    if source is not None:
        query = query.where(SOURCE_FILES.c.source == source)
    names = [field.name for field in fields(FileRecord)]
    with store.reading() as connection:
        rows = connection.execute(query).mappings()
        return [FileRecord(**{name: row[name] for name in names}) for row in rows]


def lake_files(
    store: Store,
    event_class: str | None = None,
    *,
    first: date | None = None,
    last: date | None = None,
    source: str | None = None,
) -> list[LakeFile]:
    """Return the Parquet files that count, of one class (or all) and a range of days."""
    query = select(LAKE_FILES).where(LAKE_FILES.c.superseded_time.is_(None))
    if event_class is not None:
        query = query.where(LAKE_FILES.c.event_class == event_class)
    if first is not None:
        query = query.where(LAKE_FILES.c.event_date >= first.isoformat())
    if last is not None:
        query = query.where(LAKE_FILES.c.event_date <= last.isoformat())
    if source is not None:
        query = query.where(LAKE_FILES.c.source == source)
    names = [field.name for field in fields(LakeFile)]
    with store.reading() as connection:
        rows = connection.execute(query.order_by(LAKE_FILES.c.path)).mappings()
        return [LakeFile(**{name: row[name] for name in names}) for row in rows]


def superseded_files(store: Store, before: str) -> list[str]:
    """Return paths of lake files whose place others took before an instant."""
    query = select(LAKE_FILES.c.path).where(LAKE_FILES.c.superseded_time < before)
    with store.reading() as connection:
        return list(connection.execute(query).scalars())


def forget_lake_files(store: Store, paths: Sequence[str]) -> Mark | None:
    """Take superseded files off the ledger, once they are deleted."""
    with store.writing() as connection:
        connection.execute(
            delete(LAKE_FILES).where(
                LAKE_FILES.c.path.in_(paths), LAKE_FILES.c.superseded_time.is_not(None)
            )
        )
        return advance(connection)


def newest_commit(store: Store) -> datetime | None:
    """Return when a lake file was last listed, regardless of the system clock since."""
    query = select(func.max(LAKE_FILES.c.committed_time))
    with store.reading() as connection:
        text = connection.execute(query).scalar()
    return datetime.fromisoformat(text) if text else None


def event_days(store: Store) -> list[date]:
    """Return every local day that holds events, oldest first."""
    query = (
        select(LAKE_FILES.c.event_date)
        .where(LAKE_FILES.c.superseded_time.is_(None), LAKE_FILES.c.event_class != "rejects")
        .distinct()
        .order_by(LAKE_FILES.c.event_date)
    )
    with store.reading() as connection:
        return [date.fromisoformat(day) for day in connection.execute(query).scalars()]


def account(store: Store) -> list[AccountRow]:
    """Return lines in and where they went, one row per source."""
    counts = ["lines", "events", "rejects", "blanks", "duplicates", "pending_lines"]
    query = (
        select(
            SOURCE_FILES.c.source,
            func.count().label("files"),
            *(func.sum(SOURCE_FILES.c[name]).label(name) for name in counts),
        )
        .group_by(SOURCE_FILES.c.source)
        .order_by(SOURCE_FILES.c.source)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _put(connection: Connection, change: Change, now: str) -> None:
    """Set the rows of source files, which must be unchanged since they were read."""
    stands = _consumed(connection, [record.file_id for record in change.files])
    known: list[dict[str, object]] = []
    new: list[dict[str, object]] = []
    for record in change.files:
        expected = change.consumed.get(record.file_id)
        if expected not in (None, stands.get(record.file_id, 0)):
            raise BusyError(
                "another run read the same file in between",
                where=f"{record.source}/{record.path}",
                remedy="Nothing is lost. Run again when the other run has finished.",
            )
        values = asdict(replace(record, last_read_time=now))
        if record.file_id in stands:
            known.append({f"new_{name}": value for name, value in values.items()})
        else:
            new.append(values | {"first_seen_time": now})
    if known:
        connection.execute(_UPDATE, known)
    if new:
        connection.execute(insert(SOURCE_FILES), new)


_UPDATE = (
    update(SOURCE_FILES)
    .where(SOURCE_FILES.c.file_id == bindparam("new_file_id"))
    .values(
        {
            one.name: bindparam(f"new_{one.name}")
            for one in fields(FileRecord)
            if one.name not in ("file_id", "first_seen_time")
        }
    )
)


def _consumed(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """Return bytes that source files had consumed, of those that are known."""
    found: dict[int, int] = {}
    for first in range(0, len(ids), 500):
        part = SOURCE_FILES.c.file_id.in_(ids[first : first + 500])
        query = select(SOURCE_FILES.c.file_id, SOURCE_FILES.c.consumed_bytes)
        rows = connection.execute(query.where(part))
        found |= {row.file_id: row.consumed_bytes for row in rows}
    return found


def listed_paths(store: Store) -> set[str]:
    """Return paths of every lake file that the ledger lists, superseded ones included."""
    with store.reading() as connection:
        return set(connection.execute(select(LAKE_FILES.c.path)).scalars())


def supersede(connection: Connection, paths: Iterable[str]) -> None:
    """Remove lake files from the list; the next sweep deletes them."""
    now = now_text()
    for path in paths:
        connection.execute(update(LAKE_FILES).filter_by(path=path).values(superseded_time=now))


def forget_headers(connection: Connection, formats: Collection[str], before: date) -> None:
    """Delete what files of some formats, heard of last before a day, hand on."""
    seen = func.coalesce(SOURCE_FILES.c.last_time, SOURCE_FILES.c.last_read_time)
    connection.execute(
        update(SOURCE_FILES)
        .where(SOURCE_FILES.c.format.in_(formats), seen < before.isoformat())
        .values(header=None)
    )


def forget_runs(connection: Connection) -> None:
    """Forget every run that began: no file that is not listed is of one."""
    connection.execute(delete(LAKE_RUNS))
