"""Purges: delete what is past its retention, prove that it is gone, and certify it.

The district sets the days; a class without a setting is kept. A class is deleted
up to the last Monday at least this many days ago, so that no report is ever made
of half a week. A held day keeps its whole week, in every class.

Every step is recorded before or with the action, so that the next run finishes an
interrupted purge and certifies it. Databases are rebuilt,
because a deleted row remains in a database file: the warehouse is rebuilt from
what is left, snapshots are published again, SQLite overwrites what it deletes.

A certificate is a file of the home, and the audit chain contains its hash. It
names files by their hash and findings by their id; it repeats nothing of their
content.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.district import District, Reading
from pipelines.errors import SchoolbellError
from pipelines.operations.record_deletion import DELETIONS, WEEK, Plan
from pipelines.operations.restore import COMPARED, rebuild
from pipelines.refresh import spans
from pipelines.refresh.spans import days_said_of
from pipelines.refresh.steps import Progress, no_progress
from pipelines.registry.registry import load_registry
from pipelines.reports.publication import mondays, publish_reports
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.settings.home import DistrictHome, shared_folder, sync
from pipelines.settings.model import Settings
from pipelines.settings.record_classes import NOT_REACHED, RECORD_CLASSES
from pipelines.state import ledger
from pipelines.state.audit import Act, Chain
from pipelines.state.connections import Store
from pipelines.state.retention import (
    Hold,
    OpenPurge,
    PurgedRecord,
    begin,
    begun,
    certify,
    end,
    holds,
    keep_from,
    uncertified,
)
from pipelines.warehouse.models import Model, models, without_events
from pipelines.warehouse.repair import ASIDE, days_by_table
from pipelines.warehouse.snapshots import current, reading
from pipelines.weeks import monday

MODE = 0o640


def plan(district: District, now: datetime) -> Plan:
    """Return what has expired."""
    today = now.astimezone(ZoneInfo(district.zone)).date()
    before = first_kept(district.settings, today)
    in_force = holds(district.store, in_force=True)
    things: dict[str, list[PurgedRecord]] = {}
    held: dict[str, list[PurgedRecord]] = {}
    for name, first in before.items():
        candidates = DELETIONS[name].candidates(district)
        over = [candidate for candidate in candidates if candidate.last_day < first]
        things[name] = [thing for thing in over if not _is_held(thing.last_day, in_force)]
        held[name] = [thing for thing in over if _is_held(thing.last_day, in_force)]
    with district.store.reading() as transaction:
        unfinished = uncertified(transaction)
    return Plan(before, things, held, in_force, unfinished)


def first_kept(settings: Settings, today: date) -> dict[str, date]:
    """Return the Monday from which each class is kept, if the district sets one."""
    return {
        name: monday(today - timedelta(days=count))
        for name, count in settings.retention.days().items()
    }


def _is_held(day: date, in_force: Iterable[Hold]) -> bool:
    start = monday(day)
    return any(hold.covers(start, start + WEEK - timedelta(days=1)) for hold in in_force)


@dataclass(frozen=True)
class Purge:
    """The user and the reason of a purge.

    Attributes:
        reason: In their words.
        due_time: Data that had expired at this instant is deleted; by default `now`.
    """

    plan: Plan
    actor: str
    reason: str
    now: datetime
    due_time: datetime | None = None


def carry_out(
    district: District, purge: Purge, chain: Chain, progress: Progress = no_progress
) -> None:
    """Delete everything that the plan names. The caller holds the home's lock."""
    plan = purge.plan
    act = Act(actor=purge.actor, action="purge", subject="home", reason=purge.reason)
    first = _judged_from(district.models, district.store, plan)
    earlier = begun(district.store)
    noted = OpenPurge(
        actor=purge.actor,
        reason=purge.reason,
        time=purge.due_time or purge.now,
        # with more events to go, what an earlier purge rebuilt is rebuilt again
        is_rebuilt=bool(earlier and earlier.is_rebuilt and not plan.fills_databases),
    )
    with chain.recording(act) as transaction:
        if first is not None:
            keep_from(transaction, first)
        begin(transaction, noted)
    for deletion in DELETIONS.values():
        deletion.delete(district, plan, purge.now)
    if plan.things.get("registry"):
        registry = load_registry(district.home, district.settings)
        district = replace(district, reading=Reading.of(registry))
    if plan.needs_rebuild and not noted.is_rebuilt:
        rebuild(district, progress)
        with district.store.writing() as transaction:
            begin(transaction, replace(noted, is_rebuilt=True))
    for old in district.home.path.glob(f"{district.home.warehouse.name}{ASIDE}"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    _publish_again(district, purge.now)
    district.store.empty_log()


def _judged_from(every: Mapping[str, Model], store: Store, plan: Plan) -> date | None:
    """Return the first Monday from which every rule still has all that it reads."""
    days = [thing.last_day for thing in plan.things.get("event", ())]
    held = {date.fromisoformat(file.event_date) for file in ledger.lake_files(store)}
    firsts = [
        plan.before[name]
        for name in ("finding", "case")
        if name in plan.before and plan.things[name]
    ]
    if days:
        spoilt = spans.stale_days(every, days, sorted(held | set(days)))
        last = max([max(days), *(day for found in spoilt.values() for day in found)])
        firsts.append(monday(last) + WEEK)
    return max(firsts, default=None)


def _publish_again(district: District, now: datetime) -> None:
    """Publish only a new snapshot, and an index that names what was deleted."""
    if not district.home.warehouse.is_file():
        return
    newest = publish_snapshot(district, now, is_whole=True)
    for old in district.home.snapshots.glob("schoolbell-*"):
        if old != newest:
            old.unlink()
    with reading(current(district.home.snapshots)) as database:
        weeks = mondays(database) if database.has("marts.source_hours") else []
    if weeks:
        publish_reports(district, now, weeks[-1:])


class PurgeError(SchoolbellError):
    """Something that was to be deleted is still there."""


def certified(
    home: DistrictHome, store: Store, settings: Settings, purge: Purge, chain: Chain
) -> Path:
    """Check the purge, write its certificate and enter it into the audit chain.

    Raises:
        PurgeError: Something is still there; no certificate is written.
    """
    if left := still_there(home, store, purge.plan):
        raise PurgeError(
            f"{len(left)} items should have been deleted but still exist, such as {left[0]}",
            where=str(home.path),
            remedy="Close the programs that hold them open, then purge again.",
        )
    name = _name(purge.now, chain)
    with store.reading() as transaction:
        went = uncertified(transaction)
    text = json.dumps(_said(settings, purge, went), indent=1, sort_keys=True) + "\n"
    path = home.certificates / name
    _forget_drafts(home, purge, chain)
    _write(path, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    act = Act(actor=purge.actor, action="certify", subject=name, reason=f"sha256 {digest}")
    with chain.recording(act) as transaction:
        certify(transaction, name)
    return path


def _name(now: datetime, chain: Chain) -> str:
    """Return a name that no certificate has; two purges may end in one second."""
    stem, known = f"purge-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}", _known(chain)
    name, number = f"{stem}.json", 1
    while name in known:
        number += 1
        name = f"{stem}-{number}.json"
    return name


def _known(chain: Chain) -> set[str]:
    return {entry.subject for entry in chain.entries() if entry.action == "certify"}


def _forget_drafts(home: DistrictHome, purge: Purge, chain: Chain) -> None:
    """Delete what this purge wrote before it was cut off, unknown to the chain."""
    began = (purge.due_time or purge.now).astimezone(UTC)
    known = _known(chain)
    for path in home.certificates.glob("purge-*.json"):
        if path.name not in known and path.name >= f"purge-{began:%Y%m%dT%H%M%SZ}":
            path.unlink()


def finish_purge(
    district: District, chain: Chain, now: datetime, progress: Progress = no_progress
) -> Path | None:
    """Finish an interrupted purge; return its certificate, or None if there was none.

    Data that had expired when it began is deleted, with the current retention and holds.
    The caller holds the home's lock.

    Raises:
        PurgeError: Something still exists; no certificate is written.
    """
    earlier = begun(district.store)
    if earlier is None:
        return None
    found = plan(district, earlier.time)
    if found.is_empty:
        with district.store.writing() as transaction:
            end(transaction)
        return None
    purge = Purge(found, earlier.actor, earlier.reason, now, earlier.time)
    carry_out(district, purge, chain, progress)
    return certified(district.home, district.store, district.settings, purge, chain)


def still_there(home: DistrictHome, store: Store, plan: Plan) -> list[str]:
    """Return what should be deleted and still exists; empty after a complete purge."""
    left = [
        name
        for record_class in RECORD_CLASSES
        for name in DELETIONS[record_class.name].left(home, plan)
    ]
    if plan.needs_rebuild:
        old = (home.old_warehouse, *home.path.glob("warehouse*.tmp"))
        left += [path.name for path in old if path.exists()]
    kept = {date.fromisoformat(file.event_date) for file in ledger.lake_files(store)}
    # held days speak of the days after them: a lease still runs, duty goes on
    gone = {event.last_day for event in plan.gone_events} - days_said_of(sorted(kept))
    return left + (list(_days_left(home, gone)) if gone else [])


def _days_left(home: DistrictHome, gone: set[date]) -> Iterator[str]:
    """Yield tables with rows of deleted days; calendar rows do not count."""
    of_registry = without_events(models().values())
    for path in (home.warehouse, *home.snapshots.glob("schoolbell-*")):
        if path.is_file():
            with reading(path) as database:
                for table, days in days_by_table(database).items():
                    is_data = table.split(".")[0] in COMPARED and table not in of_registry
                    if is_data and days & gone:
                        yield f"{path.name}: {table}"


def _said(settings: Settings, purge: Purge, went: Iterable[PurgedRecord]) -> Mapping[str, object]:
    plan, things = purge.plan, list(went)
    return {
        "district": settings.district.name,
        "version": version("schoolbell"),
        "time": purge.now.astimezone(UTC).isoformat(timespec="seconds"),
        "actor": purge.actor,
        "reason": purge.reason,
        "kept_from": {name: day.isoformat() for name, day in plan.before.items()},
        "deleted": Counter(thing.record_class for thing in things),
        "rows": sum(thing.row_count for thing in things if thing.record_class == "event"),
        "rejects": sum(thing.row_count for thing in things if thing.kind == "rejects"),
        "things": [asdict(thing) | {"last_day": thing.last_day.isoformat()} for thing in things],
        "held": {name: len(ones) for name, ones in plan.held.items() if ones},
        "holds": [
            {
                "hold_id": hold.hold_id,
                "from": str(hold.first_day),
                "to": str(hold.last_day),
            }
            for hold in plan.holds
        ],
        "checked": [
            "no deleted file exists",
            "no table of the warehouse or of a snapshot has a row of a deleted day",
            "not counted: the school calendar, and facts in kept days about later days",
        ],
        "limits": NOT_REACHED,
    }


def _write(path: Path, text: str) -> None:
    shared_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        path.chmod(MODE)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)
