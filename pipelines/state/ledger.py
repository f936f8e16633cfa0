"""The ledger: what was taken in, from where, and which Parquet files count.

A row here is the commit: the positions reached in source files, their counts,
the Parquet files that hold the events, and the days made dirty are written in
one transaction, after the files themselves are safe on disk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date

from sqlalchemy import Connection, delete, func, insert, select, update

from pipelines.state.schema import DIRTY_DAYS, LAKE_FILES, SOURCE_FILES
from pipelines.state.store import Store, now_text

GROWING = "growing"
FINISHED = "finished"
DUPLICATE = "duplicate"
DAMAGED = "damaged"
FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """What the ledger knows of one delivered file.

    Bytes, lines and hashes are those of the decompressed stream.
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
    header: str | None = None
    raw_bytes: int = 0
    raw_mtime_ns: int = 0
    message: str | None = None
    first_seen_time: str = ""
    last_read_time: str = ""

    @property
    def balances(self) -> bool:
        """Every line is in exactly one place."""
        return self.lines == (
            self.events
            + self.rejects
            + self.blanks
            + self.duplicates
            + self.pending_lines
        )


@dataclass(frozen=True, kw_only=True)
class LakeFile:
    """One Parquet file of the lake; `path` is relative to the lake's folder."""

    path: str
    source: str
    event_class: str
    event_date: str
    row_count: int
    bytes: int
    sha256: str


def reserve(store: Store, source: str, paths: Sequence[str]) -> list[int]:
    """New file ids, one a path; their rows say that nothing was consumed yet."""
    now = now_text()
    made = []
    with store.writing() as connection:
        for path in paths:
            blank = FileRecord(file_id=0, source=source, path=path, first_seen_time=now)
            values = asdict(replace(blank, last_read_time=now))
            del values["file_id"]
            key = connection.execute(
                insert(SOURCE_FILES).values(values)
            ).inserted_primary_key
            assert key is not None
            made.append(int(key[0]))
    return made


def commit(
    store: Store,
    files: Sequence[FileRecord],
    lake_files: Iterable[LakeFile],
    *,
    dirty: Iterable[date] = (),
) -> None:
    """List Parquet files and the positions they bring the source files to.

    Raises:
        ValueError: A file's lines do not add up; nothing is committed.
    """
    for record in files:
        if not record.balances:
            message = (
                f"the lines of {record.source}/{record.path} do not add up: {record}"
            )
            raise ValueError(message)
    now = now_text()
    with store.writing() as connection:
        for record in files:
            _put(connection, replace(record, last_read_time=now))
        rows = [
            {**asdict(lake_file), "committed_time": now, "superseded_time": None}
            for lake_file in lake_files
        ]
        if rows:
            connection.execute(insert(LAKE_FILES), rows)
        mark_dirty(connection, dirty, reason="events")


def mark_dirty(connection: Connection, days: Iterable[date], *, reason: str) -> None:
    """Ask for the models of some days to be built again."""
    wanted = {day.isoformat() for day in days}
    if not wanted:
        return
    known = connection.execute(
        select(DIRTY_DAYS.c.event_date).where(DIRTY_DAYS.c.event_date.in_(wanted))
    )
    now = now_text()
    rows = [
        {"event_date": day, "marked_time": now, "reason": reason}
        for day in sorted(wanted - set(known.scalars()))
    ]
    if rows:
        connection.execute(insert(DIRTY_DAYS), rows)


def dirty_days(store: Store) -> list[date]:
    """Days whose models are older than their inputs, oldest first."""
    with store.reading() as connection:
        days = connection.execute(
            select(DIRTY_DAYS.c.event_date).order_by(DIRTY_DAYS.c.event_date)
        )
        return [date.fromisoformat(day) for day in days.scalars()]


def clean(store: Store, day: date) -> None:
    """The models of a day are up to date."""
    with store.writing() as connection:
        connection.execute(
            delete(DIRTY_DAYS).where(DIRTY_DAYS.c.event_date == day.isoformat())
        )


def source_files(store: Store, source: str | None = None) -> list[FileRecord]:
    """Every delivered file, in the order of arrival."""
    query = select(SOURCE_FILES).order_by(SOURCE_FILES.c.file_id)
    if source is not None:
        query = query.where(SOURCE_FILES.c.source == source)
    names = [field.name for field in fields(FileRecord)]
    with store.reading() as connection:
        rows = connection.execute(query).mappings()
        return [FileRecord(**{name: row[name] for name in names}) for row in rows]


def lake_files(
    store: Store,
    event_class: str,
    *,
    first: date | None = None,
    last: date | None = None,
    source: str | None = None,
) -> list[LakeFile]:
    """The Parquet files that count, of one class and a range of days."""
    query = select(LAKE_FILES).where(
        LAKE_FILES.c.event_class == event_class,
        LAKE_FILES.c.superseded_time.is_(None),
    )
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


def event_days(store: Store) -> list[date]:
    """Every local day that holds events, oldest first."""
    query = (
        select(LAKE_FILES.c.event_date)
        .where(
            LAKE_FILES.c.superseded_time.is_(None),
            LAKE_FILES.c.event_class != "rejects",
        )
        .distinct()
        .order_by(LAKE_FILES.c.event_date)
    )
    with store.reading() as connection:
        return [date.fromisoformat(day) for day in connection.execute(query).scalars()]


def account(store: Store) -> list[Mapping[str, int | str]]:
    """Lines in and where they went, one row a source."""
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


def _put(connection: Connection, record: FileRecord) -> None:
    values = {key: value for key, value in asdict(record).items() if key != "file_id"}
    if not record.first_seen_time:
        del values["first_seen_time"]
    connection.execute(
        update(SOURCE_FILES)
        .where(SOURCE_FILES.c.file_id == record.file_id)
        .values(values)
    )
