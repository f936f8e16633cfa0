"""Deletes the pages of a week's report, and leaves a page that says so."""

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.clock import monday
from pipelines.district import District
from pipelines.formats import formats
from pipelines.ingest.sweeping import sweep, unlisted_files
from pipelines.operations.recovery import rebuild
from pipelines.operations.retention import WEEK, Plan
from pipelines.refresh.steps import Progress, nobody_watches
from pipelines.registry.kept import forget
from pipelines.registry.registry import load_registry
from pipelines.reports.archive import write_archive
from pipelines.reports.publishing import mondays, publish_reports
from pipelines.reports.removed import is_last_of, removed_page, spans_of
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.reports.view import week_label
from pipelines.reports.weekly import PAPER
from pipelines.reports.words import moment
from pipelines.state import ledger
from pipelines.state.alerts import blank_message
from pipelines.state.audit import Act, Chain
from pipelines.state.findings import remove_findings
from pipelines.state.pseudonyms import remove_attribution_changes
from pipelines.state.published_reports import remove_reports
from pipelines.state.retention import (
    Begun,
    Purged,
    begin,
    begun,
    keep_from,
    note_purged,
)
from pipelines.warehouse import planning
from pipelines.warehouse.repair import ASIDE
from pipelines.warehouse.snapshots import current, reading


def remove_report(district: District, thing: Purged, now: datetime) -> None:
    """Delete a week in every edition; its pages first, then what the state knows.

    A month or a semester goes with the last of its weeks.
    """
    week = date.fromisoformat(thing.name)
    shared = {
        "district": district.settings.district.name,
        "report_title": district.settings.report.title,
        "paper": PAPER[district.settings.report.paper],
        "made": moment(now, ZoneInfo(district.zone)),
    }
    label = week_label(week)
    for folder in _archives(district):
        if (folder / label).is_dir():
            shutil.rmtree(folder / label)
            page = {f"{label}/index.html": removed_page(shared, week)}
            write_archive(page, folder)
        for span in spans_of(week):
            if is_last_of(span, week):
                for ending in (".html", ".csv", ".xlsx", ".parquet"):
                    (folder / f"{span}{ending}").unlink(missing_ok=True)
    with district.store.writing() as transaction:
        note_purged(transaction, [thing])
        remove_reports(transaction, thing.name)


def _archives(district: District) -> Iterable[Path]:
    yield district.home.reports
    if district.home.editions.is_dir():
        yield from sorted(
            one for one in district.home.editions.iterdir() if one.is_dir()
        )


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
    with chain.recording(act) as transaction:
        if first is not None:
            keep_from(transaction, first)
        begin(transaction, noted)
    for step in (_raw, _events, _findings, _messages, _registry):
        step(district, plan)
    if plan.things.get("registry"):
        registry = load_registry(district.home, district.settings)
        district = replace(district, registry=registry)
    for one in plan.things.get("report", ()):
        remove_report(district, one, purge.now)
    if plan.needs_rebuild and not noted.is_rebuilt:
        rebuild(district, progress)
        with district.store.writing() as transaction:
            begin(transaction, replace(noted, is_rebuilt=True))
    for old in district.home.path.glob(f"{district.home.warehouse.name}{ASIDE}"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    _publish_again(district, purge.now)
    district.store.empty_log()


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
        spoilt = planning.stale_days(district.models, days, sorted(held | set(days)))
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
        with district.store.writing() as transaction:
            note_purged(transaction, [sealed])
        path.unlink()


def _events(district: District, plan: Plan) -> None:
    things = plan.things.get("event", ())
    with district.store.writing() as transaction:
        note_purged(transaction, things)
        ledger.supersede(transaction, [one.name for one in things])
        if "event" in plan.before:
            first = plan.before["event"]
            held = {one.last_day.isoformat() for one in plan.held["event"]}
            remove_attribution_changes(transaction, first.isoformat(), held)
            # lines that wait at the end of a file for their answer were events too
            names = [name for name, known in formats().items() if known.hands_on_lines]
            ledger.forget_headers(transaction, names, first + timedelta(days=1))
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


def _findings(district: District, plan: Plan) -> None:
    with district.store.writing() as transaction:
        for name in ("finding", "case"):
            note_purged(transaction, plan.things.get(name, ()))
        remove_findings(transaction, _finding_ids(plan))


def _finding_ids(plan: Plan) -> Sequence[str]:
    return [
        one.name for name in ("finding", "case") for one in plan.things.get(name, ())
    ]


def _messages(district: District, plan: Plan) -> None:
    """The text goes; that a message was sent stays, so that it is not sent again."""
    things = plan.things.get("message", ())
    with district.store.writing() as transaction:
        note_purged(transaction, things)
        for one in things:
            blank_message(transaction, one.name)


def _registry(district: District, plan: Plan) -> None:
    """From now on the files count as they are."""
    things = plan.things.get("registry", ())
    with district.store.writing() as transaction:
        note_purged(transaction, things)
    for one in things:
        forget(district.home, one.name)


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
