"""Everything that is due in one home: what `schoolbell run` does, and what it did."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.alerts.channels import unusable
from pipelines.alerts.dispatch import AlertSummary, send_alerts
from pipelines.alerts.tickets import TicketSummary, send_tickets
from pipelines.district import District, home_rules, only_writer, open_outlined
from pipelines.engines import Kind
from pipelines.errors import BusyError, SchoolbellError, capital, safe, safe_lines
from pipelines.fetch.fetching import Fetched, fetch
from pipelines.fetch.lists import fetch_lists
from pipelines.findings.lifecycle import LifecycleResult
from pipelines.gaps.now import failure_facts, gaps
from pipelines.gaps.relation import LIMITING, Gap
from pipelines.gaps.week import JudgedWeek, noted_week
from pipelines.health.name_domains import names_of
from pipelines.health.overview import looked_at
from pipelines.ingest.source import SETTLE_SECONDS, Outcome, Watch
from pipelines.lake.files import unlisted_files
from pipelines.operations.sealing import seal_if_due
from pipelines.refresh.spans import BuildResult
from pipelines.refresh.steps import Progress, build_and_judge, ingest_sources, no_progress
from pipelines.run.registry_outline import keep_outline
from pipelines.settings.home import DistrictHome
from pipelines.settings.scratch import clear_left_behind
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.home_mark import move_on
from pipelines.state.ledger import DAMAGED, FAILED, FileRecord
from pipelines.state.privacy_records import gather_openings
from pipelines.state.published_reports import is_snapshot_due, pending_reports
from pipelines.state.retention import begun
from pipelines.state.source_records import note_run, reason_lines, set_back
from pipelines.warehouse.snapshots import set_broken_aside

if TYPE_CHECKING:  # what publishes takes long to import, and seldom has to
    from pipelines.reports.publication import Published

WAIT_SECONDS = 60.0
"""A watch, a person's action and Dagster's sensors, which hold the lock for seconds, end within
them; a run seldom does."""
SILENT_SECONDS = 3.0
"""A shorter wait needs no message."""
WAITING = "The home is in use. Waiting up to {seconds:.0f} seconds for it."
MAX_WAITING = 3
"""Waiting files of a source that are listed one by one."""
MAX_TOLD = 20
"""Findings that are listed one by one."""
WHERE = "identity.attribution_changes lists the earlier and the current attribution."
TRIED_AGAIN = (
    "Everything else was built and judged. Every run and every upgrade retries these days."
)
SEND_AGAIN = "The readable part was ingested. Deliver the whole file again."


@dataclass(frozen=True)
class RunResult:
    """Result of a run; empty parts had nothing to do.

    Attributes:
        is_purged: No purge that was cut off is left.
        account: Lines of each source, and where they went.
        refused: Lists that were not accepted, and channels that cannot send.
        mistakes: Rows of lists that were left out.
    """

    fetched: Sequence[Fetched] = ()
    outcomes: Sequence[Outcome] = ()
    built: BuildResult = field(default_factory=BuildResult)
    kept: LifecycleResult = field(default_factory=lambda: LifecycleResult((), (), ()))
    snapshot: Path | None = None
    reports: "Sequence[Published]" = ()
    alerts: AlertSummary | None = None
    tickets: TicketSummary = field(default_factory=TicketSummary)
    seconds: dict[str, float] = field(default_factory=dict)
    set_aside: int = 0
    notes: Sequence[str] = ()
    names: Sequence[str] = ()
    week: JudgedWeek = field(default_factory=JudgedWeek)
    gaps: Sequence[Gap] = ()
    is_purged: bool = True
    account: Sequence[ledger.AccountRow] = ()
    refused: Sequence[str] = ()
    mistakes: Sequence[str] = ()

    @property
    def failures(self) -> list[Gap]:
        """Models that could not be built."""
        return [gap for gap in self.gaps if gap.reason == "model"]

    @property
    def is_well(self) -> bool:
        """Whether every list was accepted, every file read, and every rule judged."""
        is_whole = self.is_purged and not self.refused and not self.failures
        return is_whole and self.week.is_enough and not is_all_lost(self.outcomes)


@dataclass(frozen=True, kw_only=True)
class Watchers:
    """Receivers of the progress of each step."""

    reading: Watch | None = None
    building: Progress = no_progress
    publishing: Callable[[date, int, int], None] = lambda _week, _place, _total: None
    message: Callable[[str], None] = lambda _text: None


def run(
    path: Path,
    *,
    now: datetime | None = None,
    watchers: Watchers | None = None,
    settle_seconds: float = SETTLE_SECONDS,
    wait_seconds: float = WAIT_SECONDS,
    engine: Kind | None = None,
) -> RunResult:
    """Finish a purge that was cut off; read, build, judge and publish what is due; send alerts.

    Everything that starts a run calls this: the command, a timer, Dagster.

    Args:
        wait_seconds: How long to wait for whatever else uses the home.
        engine: Where lines are parsed and large days built, instead of the engine of the
            settings.

    Raises:
        SchoolbellError: The home cannot be used, or another run is in progress.
    """
    watchers = watchers or Watchers()
    with ExitStack() as opened:
        district = opened.enter_context(open_outlined(path))
        is_purged = True
        purge_notes: list[str] = []
        if begun(district.store) is not None:
            purge_notes, is_purged = _finish_purge(district, watchers, wait_seconds)
            # what was read before may hold what is deleted now
            district = opened.enter_context(open_outlined(path))
        opened.enter_context(_only_writer(district, watchers, wait_seconds))
        clear_left_behind(datetime.now(UTC))
        done = run_opened(
            district,
            now or datetime.now(UTC),
            watchers,
            settle_seconds=settle_seconds,
            engine=engine,
        )
        return replace(
            done,
            notes=(*purge_notes, *done.notes),
            is_purged=is_purged,
            account=ledger.account(district.store),
            refused=(
                *(f"registry/{refused}" for refused in district.outline.refused),
                *unusable(district.home, district.settings),
            ),
            mistakes=tuple(
                # the row to write instead may hold more than the mistake
                str(problem).splitlines()[0]
                for problem in (district.registry.errors if district.outline.errors else ())
            ),
        )


@contextmanager
def _only_writer(district: District, watchers: Watchers, wait_seconds: float) -> Iterator[None]:
    """Hold the home's lock; after a few seconds, print that the run waits for it."""
    with ExitStack() as locks:
        soon = min(SILENT_SECONDS, wait_seconds)
        try:
            locks.enter_context(only_writer(district.home, soon))
        except BusyError:
            if soon == wait_seconds:
                raise
            watchers.message(WAITING.format(seconds=wait_seconds - soon))
            locks.enter_context(only_writer(district.home, wait_seconds - soon))
        yield


def _finish_purge(
    district: District, watchers: Watchers, wait_seconds: float
) -> tuple[list[str], bool]:
    """Return what finishing an interrupted purge came to; an error stops nothing else."""
    from pipelines.operations.purge import finish_purge

    watchers.message("Finishing an interrupted purge first.")
    chain = open_chain(district.store, district.home)
    try:
        with _only_writer(district, watchers, wait_seconds):
            certificate = finish_purge(district, chain, datetime.now(UTC), watchers.building)
    except BusyError:
        raise
    except (SchoolbellError, OSError) as error:
        return [f"The purge is not finished: {error}"], False
    return [f"Certificate of the purge: {certificate}"] if certificate else [], True


def _completed(district: District) -> tuple[District, Sequence[str]]:
    """Return the district with what fetched lists and kept exports add, and what changed."""
    lists = fetch_lists(district.home, district.settings, district.store)
    notes = [safe(one.line) for one in lists]
    if not (lists or district.home.kept_exports.is_dir()):
        return district, notes
    from pipelines.proposals.fetched_rows import use_fetched  # they take long to import
    from pipelines.proposals.setup import match_again

    if lists:
        district, added = use_fetched(district)
        notes += added
    district, matched = match_again(district)
    return district, [*notes, *matched]


def run_opened(
    district: District,
    now: datetime,
    watchers: Watchers,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    engine: Kind | None = None,
) -> RunResult:
    """Return the steps of a run on an opened district whose lock is held."""
    district, matched = _completed(district)
    said = district.settings.report
    if said.sections_off or said.mail or said.accent or said.accent_dark:
        from pipelines.reports.publication import check_report_settings

        check_report_settings(district.settings, district.outline)
    gather_openings(district.store, district.home)
    behind = set_back(district.store, now)
    seconds: dict[str, float] = {}
    began = datetime.now(UTC)

    def lap(step: str) -> None:
        nonlocal began
        ended = datetime.now(UTC)
        seconds[step] = (ended - began).total_seconds()
        began = ended

    fetched = fetch(district.home, district.settings, district.store)
    if fetched:
        lap("fetch")
    with district.engine(engine, watchers.message) as opened:
        outcomes = ingest_sources(
            district, settle_seconds=settle_seconds, watch=watchers.reading, engine=opened
        )
        lap("ingest")
        done = build_and_judge(district, watchers.building, opened)
    # a rebuild that was cut off leaves it; what was to be deleted may be in it
    district.home.old_warehouse.unlink(missing_ok=True)
    lap("build and judge")
    health = looked_at(district, now)
    snapshot, reports = None, []
    weeks = pending_reports(district.store)
    broken = set_broken_aside(district.home.snapshots)
    if is_snapshot_due(district.store) or (broken and district.home.warehouse.exists()):
        from pipelines.reports.snapshot_tables import publish_snapshot

        snapshot = publish_snapshot(district, now)
        lap("snapshot")
    if weeks:
        from pipelines.reports.publication import publish_pending

        reports = publish_pending(district, now, progress=watchers.publishing)
        lap("report")
    note_run(district.store, now, district.versions_key)
    alerts = send_alerts(district, now, health)
    lap("alerts")
    opened_tickets = send_tickets(district, now)
    sealed = seal_if_due(district)
    keep_outline(district)
    if weeks or alerts.new or opened_tickets.opened:
        move_on(district.home, district.store)
    return RunResult(
        fetched=fetched,
        outcomes=outcomes,
        built=done.built,
        kept=done.kept,
        snapshot=snapshot,
        reports=reports,
        alerts=alerts,
        tickets=opened_tickets,
        seconds=seconds,
        set_aside=len(unlisted_files(district.home.lake)),
        notes=(
            *matched,
            *_repaired(district.home, done.damaged, broken),
            *([behind] if behind else []),
            *([safe(sealed)] if sealed else []),
            *map(str, home_rules(district.settings).problems),
        ),
        names=list(names_of(district.store, district.settings, district.outline)),
        week=noted_week(district.store),
        gaps=list(gaps(district.store, district.settings, district.outline, "model", *LIMITING)),
    )


def _repaired(home: DistrictHome, damaged: Path | None, broken: str) -> Iterator[str]:
    """Yield what was rebuilt, because it is derived and could not be read."""
    if damaged is not None:
        yield (
            f"{home.warehouse} was damaged and was rebuilt. The damaged file is "
            f"{damaged}: delete it when you no longer need it."
        )
    if broken:
        yield f"Another snapshot was published: {broken}."


def trouble(record: FileRecord) -> str:
    """Return the problem of a file, its place, and what to do, safe for a terminal."""
    where = f"{record.source}/{record.path}"
    text = record.message or ""
    named = text if record.path in text else f"{where}: {text}"
    has_remedy = "\n" in named or record.state != DAMAGED
    return safe_lines(named if has_remedy else f"{named}\n  {SEND_AGAIN}")


def set_aside(count: int) -> str:
    """Return the message about files in the lake that no ledger lists."""
    return (
        f"{count:,} {'file' if count == 1 else 'files'} in lake/.unlisted that the ledger "
        "does not list: moved there, not deleted.\n  If you restored an older state: "
        "schoolbell restore. If you don't need them, delete them manually."
    )


def troubles(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield problems of files, and waiting files with reasons, safe for a terminal.

    Many waiting files of a source are one line.
    """
    waiting: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.is_told:
            yield trouble(outcome.record)
        if outcome.waits:
            waiting.setdefault(outcome.record.source, []).append(outcome)
    for source, several in waiting.items():
        if len(several) > MAX_WAITING:
            first = several[0]
            yield safe(
                f"{source}: {len(several)} files wait, such as {first.record.path}: {first.waits}"
            )
            continue
        for outcome in several:
            yield safe(f"{source}/{outcome.record.path}: {outcome.waits}")


def is_all_lost(outcomes: Iterable[Outcome]) -> bool:
    """Return whether files were delivered and none of them could be read."""
    states = {outcome.record.state for outcome in outcomes if outcome.kind != "waiting"}
    return states == {FAILED}


def facts_of(done: RunResult) -> dict[str, object]:
    """Return the same for machines, in full."""
    kinds = Counter(outcome.kind for outcome in done.outcomes)
    days = {day for days in done.built.days.values() for day in days}
    return {
        "fetched": [log.shown for log in done.fetched],
        "files": dict(sorted(kinds.items())),
        "in_trouble": [
            {"source": one.source, "path": one.path, "message": one.message}
            for one in (outcome.record for outcome in done.outcomes if outcome.is_told)
        ],
        "waiting": [
            {"source": one.record.source, "path": one.record.path, "message": one.waits}
            for one in done.outcomes
            if one.waits
        ],
        "days": [day.isoformat() for day in sorted(days)],
        "opened": {
            name: [day.isoformat() for day in days] for name, days in done.built.reasons.items()
        },
        "findings": {
            "new": list(done.kept.new),
            "updated": list(done.kept.updated),
            "withdrawn": list(done.kept.withdrawn),
        },
        "because": list(done.kept.because),
        "not_built": [failure_facts(gap) for gap in done.failures],
        "reattributed_requests": done.built.reattributed,
        "alerts": asdict(done.alerts) if done.alerts is not None else None,
        "tickets": asdict(done.tickets),
        "files_set_aside": done.set_aside,
        "notes": list(done.notes),
        "account_names": list(done.names),
        "judged_share": round(done.week.share, 4),
        "cannot_judge": [gap.line for gap in done.gaps if gap.reason in LIMITING],
        "snapshot": done.snapshot.stem if done.snapshot is not None else None,
        "reports": [str(report.page) for report in done.reports],
        "seconds": {name: round(one, 3) for name, one in done.seconds.items()},
    }


def result_lines(done: RunResult) -> Iterator[str]:
    """Yield one line for each thing that changed; a few for each file in trouble."""
    yield from troubles(done.outcomes)
    yield from (safe(log.line) for log in done.fetched)
    yield from done.notes
    if done.set_aside:
        yield set_aside(done.set_aside)
    new = sum(outcome.is_new for outcome in done.outcomes)
    yield f"{new} of {len(done.outcomes)} files were new or had new lines."
    if done.alerts is not None and done.alerts.new:
        yield f"Alerts: {done.alerts}"
    yield from map(safe, done.tickets.lines)
    yield from (f"{gap}\n  {TRIED_AGAIN}" for gap in done.failures)
    yield from not_judged(done)
    if not done.built.days and not done.reports:
        yield "Nothing to do."
        return
    yield from _judged(done)
    for name, seconds in done.seconds.items():
        yield f"  {name}: {seconds:.1f} s"
    for report in done.reports:
        yield f"Report: {report.page}"


def not_judged(done: RunResult) -> Iterator[str]:
    """Yield how names were read, and what the rules could not judge in the newest week."""
    lines = [gap.line for gap in done.gaps if gap.reason in LIMITING]
    yield from (safe(f"{capital(line)}.") for line in (*done.names, *lines))


def _judged(done: RunResult) -> Iterator[str]:
    """Yield what was built, why, and how findings and attribution changed."""
    days = {day for days in done.built.days.values() for day in days}
    kept = done.kept
    yield (
        f"{len(days)} days built; findings: {len(kept.new)} new, "
        f"{len(kept.updated)} updated, {len(kept.withdrawn)} withdrawn."
    )
    yield from (
        (f"  rebuilt because of {reason_line}") for reason_line in reason_lines(done.built.reasons)
    )
    if moved := done.built.reattributed:
        yield f"{moved} requests of earlier days are attributed differently; {WHERE}"
    if kept.because:
        yield f"Registry files that changed: {', '.join(kept.because)}."
        yield from (f"  new since: {one}" for one in kept.new[:MAX_TOLD])
        yield from (f"  no longer shown: {one}" for one in kept.withdrawn[:MAX_TOLD])
