"""Says what may be deleted now: by record class, by whole weeks, but for holds.

The district sets the days; a class that it says nothing of is kept. A class goes
up to the last Monday that lies so many days back, so that no report is ever made
of half a week. A held day keeps its whole week, in every class.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from pipelines.alerts.outbox import GIVEN_UP, SENT
from pipelines.clock import monday
from pipelines.district import District
from pipelines.ingest.lake import REJECTS
from pipelines.ingest.remote import is_remote
from pipelines.state import ledger
from pipelines.state.alert_tables import OUTBOX
from pipelines.state.holds import Hold, holds
from pipelines.state.ledger import DAMAGED, DUPLICATE, FINISHED, FileRecord
from pipelines.state.purged import CLASSES, Purged, RecordClass, uncertified
from pipelines.state.review_schema import CASE_FINDINGS, REVIEWS
from pipelines.state.schema import FINDINGS, REPORTS

WEEK = timedelta(days=7)
READ_TO_ITS_END = (FINISHED, DUPLICATE, DAMAGED)
ENDED = (SENT, GIVEN_UP)


@dataclass(frozen=True)
class Plan:
    """What a purge would delete, and what it leaves because of a hold.

    Attributes:
        before: For each class with a retention, the first day that is kept.
        things: What goes, by class.
        held: What would go but for a hold, by class.
        holds: The holds that are in force.
        unfinished: What a purge that was cut off has deleted already.
    """

    before: Mapping[RecordClass, date]
    things: Mapping[RecordClass, Sequence[Purged]]
    held: Mapping[RecordClass, Sequence[Purged]]
    holds: Sequence[Hold] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    unfinished: Sequence[Purged] = ()

    @property
    def gone_events(self) -> Sequence[Purged]:
        """Lake files that go now, or went in a purge that was cut off."""
        begun = [one for one in self.unfinished if one.record_class == "event"]
        return [*self.things.get("event", ()), *begun]

    @property
    def needs_rebuild(self) -> bool:
        """Databases hold rows of what goes."""
        gone = [*self.things.get("registry", ()), *self.unfinished]
        return bool(self.gone_events) or any(
            one.record_class == "registry" for one in gone
        )

    @property
    def is_empty(self) -> bool:
        """Nothing is due, and nothing was begun."""
        return not any(self.things.values()) and not self.unfinished


def plan(district: District, now: datetime) -> Plan:
    """What is over now."""
    today = now.astimezone(ZoneInfo(district.zone)).date()
    before = first_kept(district, today)
    in_force = holds(district.store, in_force=True)
    files: dict[str, Path] = {}
    candidates: Mapping[RecordClass, Iterable[Purged]] = {
        "raw": _raw(district, files),
        "event": _events(district),
        **_findings(district),
        "report": _reports(district),
        "message": _messages(district),
        "registry": _registry(district),
    }
    things: dict[RecordClass, list[Purged]] = {}
    held: dict[RecordClass, list[Purged]] = {}
    for name, first in before.items():
        over = [one for one in candidates[name] if one.last_day < first]
        things[name] = [one for one in over if not _is_held(one.last_day, in_force)]
        held[name] = [one for one in over if _is_held(one.last_day, in_force)]
    with district.store.reading() as connection:
        unfinished = uncertified(connection)
    return Plan(before, things, held, in_force, files, unfinished)


def first_kept(district: District, today: date) -> dict[RecordClass, date]:
    """The Monday from which each class is kept, where the district says so."""
    said = district.settings.retention
    days = {name: getattr(said, f"{name}_days") for name in CLASSES}
    return {
        name: monday(today - timedelta(days=count))
        for name, count in days.items()
        if count is not None
    }


def _is_held(day: date, in_force: Iterable[Hold]) -> bool:
    start = monday(day)
    return any(one.covers(start, start + WEEK - timedelta(days=1)) for one in in_force)


def _raw(district: District, files: dict[str, Path]) -> Iterator[Purged]:
    """Landing files all of whose content was read; their paths go into `files`."""
    known: dict[tuple[str, str], list[FileRecord]] = defaultdict(list)
    by_id = {one.file_id: one for one in ledger.source_files(district.store)}
    for record in by_id.values():
        known[record.source, record.path.split("!")[0]].append(record)
    for source in district.sources():
        if is_remote(str(source.folder)):
            continue  # what lies elsewhere is its owner's to delete
        lying: dict[Path, list[str]] = defaultdict(list)
        for one in source.listing().deliveries:
            if isinstance(one.file, Path):
                lying[one.file].append(one.path)
        for path, members in lying.items():
            top = members[0].split("!")[0]
            records = known.get((source.name, top), [])
            if _is_read(path, members, records):
                name = _name(district, path)
                files[name] = path
                yield Purged(
                    record_class="raw",
                    name=name,
                    source=source.name,
                    row_count=sum(one.lines for one in records),
                    last_day=max(_last_day(district, one, by_id) for one in records),
                )


def _is_read(path: Path, members: Iterable[str], records: Sequence[FileRecord]) -> bool:
    """It lies there as it was read, and nothing of it waits."""
    stands = path.stat()
    return set(members) <= {one.path for one in records} and all(
        one.state in READ_TO_ITS_END
        and not one.pending_lines
        and not one.pending_bytes
        and one.raw_mtime_ns == stands.st_mtime_ns
        for one in records
    )


def _last_day(
    district: District, record: FileRecord, by_id: Mapping[int, FileRecord]
) -> date:
    """The newest local day of its events; of the file, where it has none."""
    original = by_id.get(record.duplicate_of or 0, record)
    zone = ZoneInfo(district.zone)
    if text := record.last_time or original.last_time:
        return datetime.fromisoformat(text).astimezone(zone).date()
    return datetime.fromtimestamp(record.raw_mtime_ns / 1e9, zone).date()


def _name(district: District, path: Path) -> str:
    home = district.home.path
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)


def _events(district: District) -> Iterator[Purged]:
    for one in ledger.lake_files(district.store):
        yield Purged(
            record_class="event",
            name=one.path,
            source=one.source,
            kind="rejects" if one.event_class == REJECTS else "events",
            row_count=one.row_count,
            sha256=one.sha256,
            last_day=date.fromisoformat(one.event_date),
        )


def _findings(district: District) -> dict[RecordClass, list[Purged]]:
    """Findings of cases in which nothing was decided, and of those in which it was."""
    decided = (
        select(REVIEWS.c.finding_id, func.max(REVIEWS.c.time).label("time"))
        .group_by(REVIEWS.c.finding_id)
        .subquery()
    )
    query = (
        select(
            FINDINGS.c.finding_id,
            FINDINGS.c.event_date,
            CASE_FINDINGS.c.case_id,
            decided.c.time,
        )
        .outerjoin(CASE_FINDINGS, CASE_FINDINGS.c.finding_id == FINDINGS.c.finding_id)
        .outerjoin(decided, decided.c.finding_id == FINDINGS.c.finding_id)
        .order_by(FINDINGS.c.finding_id)
    )
    cases: dict[str, list[tuple[str, str, str | None]]] = defaultdict(list)
    with district.store.reading() as connection:
        for row in connection.execute(query):
            own = row.case_id or row.finding_id
            cases[own].append((row.finding_id, row.event_date, row.time))
    found: dict[RecordClass, list[Purged]] = {"finding": [], "case": []}
    for members in cases.values():
        times = [time[:10] for _id, _day, time in members if time]
        name: RecordClass = "case" if times else "finding"
        last = max([day for _id, day, _time in members] + times)
        found[name] += [
            Purged(record_class=name, name=one, last_day=date.fromisoformat(last))
            for one, _day, _time in members
        ]
    return found


def _reports(district: District) -> Iterator[Purged]:
    query = select(REPORTS.c.week).distinct().order_by(REPORTS.c.week)
    with district.store.reading() as connection:
        weeks = list(connection.execute(query).scalars())
    for week in weeks:
        last = date.fromisoformat(week) + WEEK - timedelta(days=1)
        yield Purged(record_class="report", name=week, last_day=last)


def _messages(district: District) -> Iterator[Purged]:
    """Messages whose text is still there and that wait for no channel."""
    query = (
        select(OUTBOX.c.alert_key, func.max(OUTBOX.c.created_time))
        .group_by(OUTBOX.c.alert_key)
        .having(func.count().filter(OUTBOX.c.state.not_in(ENDED)) == 0)
        .having(func.max(OUTBOX.c.message) != "")
        .order_by(OUTBOX.c.alert_key)
    )
    with district.store.reading() as connection:
        rows = connection.execute(query).all()
    for key, created in rows:
        day = date.fromisoformat(created[:10])
        yield Purged(record_class="message", name=key, last_day=day)


def _registry(district: District) -> Iterator[Purged]:
    """Copies that stand for registry files which shrank, and so outlive them."""
    for one in district.registry.refused:
        if since := one.kept.refused_time:
            yield Purged(
                record_class="registry",
                name=one.name,
                row_count=one.kept.rows,
                sha256=one.kept.sha256,
                last_day=date.fromisoformat(since[:10]),
            )
