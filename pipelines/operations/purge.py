"""Deletes what a plan names, proves that it is gone, and certifies it.

Every step is written down before or with the act, so that a purge that is cut off
is finished by the next run and stands in its certificate. Databases are made new,
since a deleted row stays in a database file: the warehouse is built again from
what is left, snapshots are published again, SQLite overwrites what it deletes.
"""

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, func, update

from pipelines.clock import monday
from pipelines.district import District
from pipelines.findings.removing import remove
from pipelines.formats import formats
from pipelines.ingest.lake import sweep, unlisted_files
from pipelines.operations.recover import rebuild
from pipelines.operations.removal import remove_report
from pipelines.operations.retention import WEEK, Plan
from pipelines.refresh.steps import Progress, nobody_watches
from pipelines.registry.kept_copies import forget
from pipelines.registry.registry import load_registry
from pipelines.reports.publishing import mondays, publish_reports
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.state import ledger
from pipelines.state.alert_tables import OUTBOX, PAGES
from pipelines.state.audit import Act, Chain
from pipelines.state.purged import Begun, Purged, begin, begun, keep_from, note_purged
from pipelines.state.schema import ATTRIBUTION_CHANGES, LAKE_FILES, SOURCE_FILES
from pipelines.state.store import now_text
from pipelines.warehouse import builds
from pipelines.warehouse.repair import ASIDE
from pipelines.warehouse.snapshots import current, reading


@dataclass(frozen=True)
class Purge:
    """Who deletes what, and why.

    Attributes:
        reason: In their words.
        due_time: What was over at this instant goes, where that is not `now`.
    """

    plan: Plan
    actor: str
    reason: str
    now: datetime
    due_time: datetime | None = None


def carry_out(
    district: District,
    purge: Purge,
    chain: Chain,
    progress: Progress = nobody_watches,
) -> None:
    """Delete everything that the plan names. The caller holds the home's lock."""
    plan = purge.plan
    act = Act(actor=purge.actor, action="purge", subject="home", reason=purge.reason)
    first = _judged_from(district, plan)
    earlier = begun(district.store)
    noted = Begun(
        actor=purge.actor,
        reason=purge.reason,
        time=purge.due_time or purge.now,
        # with more events to go, what an earlier purge rebuilt is rebuilt again
        is_rebuilt=bool(
            earlier
            and earlier.is_rebuilt
            and not plan.things.get("event")
            and not plan.things.get("registry")
        ),
    )
    with chain.recording(act) as connection:
        if first is not None:
            keep_from(connection, first)
        begin(connection, noted)
    for step in (_raw, _events, _findings, _messages, _registry):
        step(district, plan)
    if plan.things.get("registry"):
        registry = load_registry(district.home, district.settings)
        district = replace(district, registry=registry)
    for one in plan.things.get("report", ()):
        remove_report(district, one, purge.now)
    if plan.needs_rebuild and not noted.is_rebuilt:
        rebuild(district, progress)
        with district.store.writing() as connection:
            begin(connection, replace(noted, is_rebuilt=True))
    for old in district.home.path.glob(f"{district.home.warehouse.name}{ASIDE}"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    _publish_again(district, purge.now)
    _empty_the_log(district)


def _judged_from(district: District, plan: Plan) -> date | None:
    """The first Monday from which every rule still has all that it reads."""
    days = [one.last_day for one in plan.things.get("event", ())]
    held = {date.fromisoformat(day) for day in _held_days(district)}
    firsts = [
        plan.before[name]
        for name in ("finding", "case")
        if name in plan.before and plan.things[name]
    ]
    if days:
        spoilt = builds.stale_days(district.models, days, sorted(held | set(days)))
        last = max([max(days), *(day for found in spoilt.values() for day in found)])
        firsts.append(monday(last) + WEEK)
    return max(firsts, default=None)


def _held_days(district: District) -> Iterable[str]:
    return {one.event_date for one in ledger.lake_files(district.store)}


def _raw(district: District, plan: Plan) -> None:
    for one in plan.things.get("raw", ()):
        path = plan.files[one.name]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        sealed = Purged(**{**asdict(one), "sha256": digest})
        with district.store.writing() as connection:
            note_purged(connection, [sealed])
        path.unlink()


def _events(district: District, plan: Plan) -> None:
    things = plan.things.get("event", ())
    with district.store.writing() as connection:
        note_purged(connection, things)
        for one in things:
            connection.execute(
                update(LAKE_FILES)
                .filter_by(path=one.name)
                .values(superseded_time=now_text())
            )
        if "event" in plan.before:
            first = plan.before["event"].isoformat()
            held = {one.last_day.isoformat() for one in plan.held["event"]}
            connection.execute(
                delete(ATTRIBUTION_CHANGES).where(
                    ATTRIBUTION_CHANGES.c.event_date < first,
                    ATTRIBUTION_CHANGES.c.event_date.not_in(held),
                )
            )
            _lines_handed_on(connection, plan.before["event"] + timedelta(days=1))
    for one in plan.gone_events:
        (district.home.lake / one.name).unlink(missing_ok=True)
    # what counts no more goes, and what others took the place of goes with it
    sweep(district.store, district.home.lake, grace=timedelta(0))
    delete_set_aside(district.home.lake, plan)


def delete_set_aside(lake: Path, plan: Plan) -> None:
    """Files that no ledger lists go by the day that their folder names."""
    if "event" not in plan.before:
        return
    first = plan.before["event"].isoformat()
    held = {one.last_day.isoformat() for one in plan.held["event"]}
    for path in unlisted_files(lake):
        day = path.parent.name.removeprefix("event_date=")
        if day < first and day not in held:
            path.unlink()


def _lines_handed_on(connection: Connection, before: date) -> None:
    """Lines that wait at the end of a file for their answer; they were events too."""
    names = [name for name, known in formats().items() if known.hands_on_lines]
    seen = func.coalesce(SOURCE_FILES.c.last_time, SOURCE_FILES.c.last_read_time)
    connection.execute(
        update(SOURCE_FILES)
        .where(SOURCE_FILES.c.format.in_(names), seen < before.isoformat())
        .values(header=None)
    )


def _findings(district: District, plan: Plan) -> None:
    with district.store.writing() as connection:
        for name in ("finding", "case"):
            note_purged(connection, plan.things.get(name, ()))
        remove(connection, _finding_ids(plan))


def _finding_ids(plan: Plan) -> Sequence[str]:
    return [
        one.name for name in ("finding", "case") for one in plan.things.get(name, ())
    ]


def _messages(district: District, plan: Plan) -> None:
    """The text goes; that a message was sent stays, so that it is not sent again."""
    things = plan.things.get("message", ())
    with district.store.writing() as connection:
        note_purged(connection, things)
        for one in things:
            _blank(connection, one.name)


def _registry(district: District, plan: Plan) -> None:
    """From now on the files count as they are."""
    things = plan.things.get("registry", ())
    with district.store.writing() as connection:
        note_purged(connection, things)
    for one in things:
        forget(district.home, one.name)


def _blank(connection: Connection, key: str) -> None:
    connection.execute(
        update(OUTBOX).where(OUTBOX.c.alert_key == key).values(subject="", message="")
    )
    connection.execute(delete(PAGES).where(PAGES.c.alert_key == key))


def _publish_again(district: District, now: datetime) -> None:
    """A new snapshot alone, and an index that names what was deleted."""
    if not district.home.warehouse.is_file():
        return
    newest = publish_snapshot(district, now)
    for old in district.home.snapshots.glob("schoolbell-*"):
        if old != newest:
            old.unlink()
    with reading(current(district.home.snapshots)) as database:
        weeks = mondays(database) if database.has("marts.source_hours") else []
    if weeks:
        publish_reports(district, now, weeks[-1:])


def _empty_the_log(district: District) -> None:
    """SQLite's log may hold pages as they were before."""
    engine = district.store.engine
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("pragma wal_checkpoint(truncate)")
    finally:
        raw.close()
