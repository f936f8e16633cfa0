"""Deletion of each class of records: what is due, how it is deleted, what is left.

`settings/record_classes.py` defines each class, its place and its retention, under the
same name.
"""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.formats import formats
from pipelines.lake.files import REJECTS, sweep, unlisted_files
from pipelines.landing.remote import is_remote
from pipelines.registry.kept_copies import forget
from pipelines.reports.archive import removed_page, write_archive
from pipelines.reports.editions import Edition
from pipelines.reports.publication import edition_locale
from pipelines.reports.rollups import is_last_of, spans_of
from pipelines.reports.view import week_label
from pipelines.reports.weekly import PAPER
from pipelines.reports.words import in_locale, moment
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.alert_records import blank_message, finished_messages
from pipelines.state.findings import last_decided, remove_findings
from pipelines.state.ledger import DAMAGED, DUPLICATE, FINISHED, FileRecord
from pipelines.state.privacy_records import remove_attribution_changes
from pipelines.state.published_reports import published_weeks, remove_reports
from pipelines.state.retention import Hold, PurgedRecord, note_purged

WEEK = timedelta(days=7)
READ_TO_ITS_END = (FINISHED, DUPLICATE, DAMAGED)


@dataclass(frozen=True)
class Plan:
    """Data that a purge would delete, and data that it leaves because of a hold.

    Attributes:
        before: For each class with a retention, the first day that is kept.
        things: Data to delete, by class.
        held: Data that a hold keeps, by class.
        holds: The holds that are in force.
        unfinished: Data that an interrupted purge has deleted already.
    """

    before: Mapping[str, date]
    things: Mapping[str, Sequence[PurgedRecord]]
    held: Mapping[str, Sequence[PurgedRecord]]
    holds: Sequence[Hold] = ()
    unfinished: Sequence[PurgedRecord] = ()

    @property
    def gone_events(self) -> Sequence[PurgedRecord]:
        """Lake files that go now, or went in a purge that was cut off."""
        begun = [thing for thing in self.unfinished if thing.record_class == "event"]
        return [*self.things.get("event", ()), *begun]

    @property
    def fills_databases(self) -> bool:
        """Databases hold rows of what goes now."""
        return any(self.things.get(name) for name in IN_DATABASES)

    @property
    def needs_rebuild(self) -> bool:
        """Databases hold rows of what goes, or of what a cut off purge deleted."""
        begun = {thing.record_class for thing in self.unfinished}
        return self.fills_databases or bool(begun & IN_DATABASES)

    @property
    def is_empty(self) -> bool:
        """Nothing is due, and nothing was begun."""
        return not any(self.things.values()) and not self.unfinished


def nothing(_district: District, _plan: Plan, _now: datetime) -> None:
    """Delete nothing: the class is deleted with another."""


def none_left(_home: DistrictHome, _plan: Plan) -> Iterable[str]:
    """Return nothing: rows of one transaction are gone when it is committed."""
    return ()


@dataclass(frozen=True)
class Deletion:
    """Deletion of one class of records.

    Attributes:
        candidates: Everything of the class, with the newest day of each thing.
        delete: Deletes what the plan names, each thing recorded before or with it.
        left: Names of what should be deleted and still exists.
        is_in_databases: The warehouse and snapshots contain rows of it.
    """

    candidates: Callable[[District], Iterable[PurgedRecord]]
    delete: Callable[[District, Plan, datetime], None]
    left: Callable[[DistrictHome, Plan], Iterable[str]] = none_left
    is_in_databases: bool = False


def _raw(district: District) -> Iterator[PurgedRecord]:
    """Yield landing files that were read completely."""
    known: dict[tuple[str, str], list[FileRecord]] = defaultdict(list)
    by_id = {file.file_id: file for file in ledger.source_files(district.store)}
    zone = ZoneInfo(district.zone)
    for record in by_id.values():
        known[record.source, record.path.split("!")[0]].append(record)
    for source in district.sources():
        if is_remote(str(source.folder)):
            continue  # what lies elsewhere is its owner's to delete
        lying: dict[Path, list[str]] = defaultdict(list)
        for delivery in source.listing().deliveries:
            if isinstance(delivery.file, Path):
                lying[delivery.file].append(delivery.path)
        for path, members in lying.items():
            top = members[0].split("!")[0]
            records = known.get((source.name, top), [])
            if _is_read(path, members, records):
                yield PurgedRecord(
                    record_class="raw",
                    name=_name(district.home.path, path),
                    source=source.name,
                    row_count=sum(one.lines for one in records),
                    last_day=max(_last_day(zone, one, by_id) for one in records),
                )


def _is_read(path: Path, members: Iterable[str], records: Sequence[FileRecord]) -> bool:
    """Return whether it is unchanged since it was read, and nothing of it waits."""
    stands = path.stat()
    return set(members) <= {record.path for record in records} and all(
        record.state in READ_TO_ITS_END
        and not record.pending_lines
        and not record.pending_bytes
        and record.raw_mtime_ns == stands.st_mtime_ns
        for record in records
    )


def _last_day(zone: ZoneInfo, record: FileRecord, by_id: Mapping[int, FileRecord]) -> date:
    """Return the newest local day of its events; of the file, where it has none."""
    original = by_id.get(record.duplicate_of or 0, record)
    if text := record.last_time or original.last_time:
        return datetime.fromisoformat(text).astimezone(zone).date()
    return datetime.fromtimestamp(record.raw_mtime_ns / 1e9, zone).date()


def _name(home: Path, path: Path) -> str:
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)


def _delete_raw(district: District, plan: Plan, _now: datetime) -> None:
    for thing in plan.things.get("raw", ()):
        path = district.home.path / thing.name
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with district.store.writing() as transaction:
            note_purged(transaction, [replace(thing, sha256=digest)])
        path.unlink()


def _raw_left(home: DistrictHome, plan: Plan) -> Iterable[str]:
    names = [thing.name for thing in plan.things.get("raw", ())]
    return [name for name in names if (home.path / name).exists()]


def _events(district: District) -> Iterator[PurgedRecord]:
    for file in ledger.lake_files(district.store):
        yield PurgedRecord(
            record_class="event",
            name=file.path,
            source=file.source,
            kind="rejects" if file.event_class == REJECTS else "events",
            row_count=file.row_count,
            sha256=file.sha256,
            last_day=date.fromisoformat(file.event_date),
        )


def _delete_events(district: District, plan: Plan, _now: datetime) -> None:
    things = plan.things.get("event", ())
    with district.store.writing() as transaction:
        note_purged(transaction, things)
        ledger.supersede(transaction, [thing.name for thing in things])
        if "event" in plan.before:
            first = plan.before["event"]
            held = {thing.last_day.isoformat() for thing in plan.held["event"]}
            remove_attribution_changes(transaction, first.isoformat(), held)
            # lines that wait at the end of a file for their answer were events too
            names = [name for name, known in formats().items() if known.hands_on_lines]
            ledger.forget_headers(transaction, names, first + timedelta(days=1))
    for event in plan.gone_events:
        (district.home.lake / event.name).unlink(missing_ok=True)
    # what counts no more goes, and what others took the place of goes with it
    sweep(district.store, district.home.lake, grace=timedelta(0))
    delete_set_aside(district.home.lake, plan)


def delete_set_aside(lake: Path, plan: Plan) -> None:
    """Delete files that no ledger lists, by the day in their folder's name."""
    if "event" not in plan.before:
        return
    first = plan.before["event"].isoformat()
    held = {thing.last_day.isoformat() for thing in plan.held["event"]}
    for path in unlisted_files(lake):
        day = path.parent.name.removeprefix("event_date=")
        if day < first and day not in held:
            path.unlink()


def _events_left(home: DistrictHome, plan: Plan) -> Iterable[str]:
    return [event.name for event in plan.gone_events if (home.lake / event.name).exists()]


def _findings(name: str, district: District) -> Iterator[PurgedRecord]:
    """Yield findings of cases in which nothing was decided, or of those in which it was."""
    cases: dict[str, list[tuple[str, str, str | None]]] = defaultdict(list)
    for finding_id, day, case, time in last_decided(district.store):
        cases[case or finding_id].append((finding_id, day, time))
    for members in cases.values():
        times = [time[:10] for _id, _day, time in members if time]
        if name == ("case" if times else "finding"):
            last = date.fromisoformat(max([day for _id, day, _time in members] + times))
            for finding_id, _day, _time in members:
                yield PurgedRecord(record_class=name, name=finding_id, last_day=last)


def _delete_findings(district: District, plan: Plan, _now: datetime) -> None:
    """Delete undecided ones and those of decided cases, in one transaction."""
    things = [*plan.things.get("finding", ()), *plan.things.get("case", ())]
    with district.store.writing() as transaction:
        note_purged(transaction, things)
        remove_findings(transaction, [thing.name for thing in things])


def _messages(district: District) -> Iterator[PurgedRecord]:
    """Yield messages whose text is still there and that wait for no channel."""
    for key, created in finished_messages(district.store):
        day = date.fromisoformat(created[:10])
        yield PurgedRecord(record_class="message", name=key, last_day=day)


def _delete_messages(district: District, plan: Plan, _now: datetime) -> None:
    """Delete the text; the record that a message was sent remains, so that it is not resent."""
    things = plan.things.get("message", ())
    with district.store.writing() as transaction:
        note_purged(transaction, things)
        for thing in things:
            blank_message(transaction, thing.name)


def _registry(district: District) -> Iterator[PurgedRecord]:
    """Yield copies that replace registry files that shrank, and so outlive them."""
    for refusal in district.registry.refused:
        if since := refusal.kept.refused_time:
            yield PurgedRecord(
                record_class="registry",
                name=refusal.name,
                row_count=refusal.kept.rows,
                sha256=refusal.kept.sha256,
                last_day=date.fromisoformat(since[:10]),
            )


def _delete_registry(district: District, plan: Plan, _now: datetime) -> None:
    """Delete the copies, so that the current files count."""
    things = plan.things.get("registry", ())
    with district.store.writing() as transaction:
        note_purged(transaction, things)
    for thing in things:
        forget(district.home, thing.name)


def _registry_left(home: DistrictHome, plan: Plan) -> Iterable[str]:
    kept = home.kept_registry
    names = [thing.name for thing in plan.things.get("registry", ())]
    return [f"{kept.name}/{name}" for name in names if (kept / name).exists()]


def _reports(district: District) -> Iterator[PurgedRecord]:
    for week in published_weeks(district.store):
        last = date.fromisoformat(week) + WEEK - timedelta(days=1)
        yield PurgedRecord(record_class="report", name=week, last_day=last)


def _delete_reports(district: District, plan: Plan, now: datetime) -> None:
    """Delete each week in every edition; its pages first, then the state's rows.

    A month or a semester is deleted with the last of its weeks.
    """
    store, home, settings = district.store, district.home, district.settings
    for thing in plan.things.get("report", ()):
        week = date.fromisoformat(thing.name)
        label = week_label(week)
        for folder in _archives(home):
            if (folder / label).is_dir():
                shutil.rmtree(folder / label)
                write_archive(_removed(settings, folder, week, now), folder)
            for span in spans_of(week):
                if is_last_of(span, week):
                    for ending in (".html", ".csv", ".xlsx", ".parquet"):
                        (folder / f"{span}{ending}").unlink(missing_ok=True)
        with store.writing() as transaction:
            note_purged(transaction, [thing])
            remove_reports(transaction, thing.name)


def _removed(settings: Settings, folder: Path, week: date, now: datetime) -> Mapping[str, str]:
    """Return the page about a deleted report, in the language of its readers."""
    kind, _, code = folder.name.partition("-")
    with in_locale(edition_locale(settings, Edition(kind, code=code))):
        shared = {
            "district": settings.district.name,
            "report_title": settings.report.title,
            "paper": PAPER[settings.report.paper],
            "made": moment(now, ZoneInfo(settings.district.zone)),
        }
        return {f"{week_label(week)}/index.html": removed_page(shared, week)}


def _archives(home: DistrictHome) -> Iterable[Path]:
    yield home.reports
    if home.editions.is_dir():
        yield from sorted(path for path in home.editions.iterdir() if path.is_dir())


def _reports_left(home: DistrictHome, plan: Plan) -> Iterable[str]:
    """Return anything except the page about the deleted report."""
    weeks = [date.fromisoformat(thing.name) for thing in plan.things.get("report", ())]
    labels = [week_label(week) for week in weeks]
    return [label for label in labels if len(list((home.reports / label).glob("*"))) > 1]


DELETIONS: Mapping[str, Deletion] = {
    "raw": Deletion(_raw, _delete_raw, _raw_left),
    "event": Deletion(_events, _delete_events, _events_left, is_in_databases=True),
    "finding": Deletion(partial(_findings, "finding"), _delete_findings),
    "case": Deletion(partial(_findings, "case"), nothing),
    "message": Deletion(_messages, _delete_messages),
    "registry": Deletion(_registry, _delete_registry, _registry_left, is_in_databases=True),
    "report": Deletion(_reports, _delete_reports, _reports_left),
}
"""Function that deletes each class, in the order of deletion."""

IN_DATABASES = {name for name, one in DELETIONS.items() if one.is_in_databases}
