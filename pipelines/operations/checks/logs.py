"""The logs: do they come, are they read, do their lines add up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.errors import BusyError, ModelError
from pipelines.fetch.fetching import tried
from pipelines.gaps.relation import LIMITING
from pipelines.gaps.week import noted_week
from pipelines.health.name_domains import undecided
from pipelines.health.source_states import arrivals_of
from pipelines.ingest.line_account import days_ahead
from pipelines.landing.delivery import deliveries
from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import CheckResult, Subject, act, look, unasked, well
from pipelines.registry.account_domains import APPLIED
from pipelines.settings.home import DistrictHome
from pipelines.state.source_records import noted_domains, source_days, stored_issues
from pipelines.warehouse.clock_pairs import MIN_PAIRS
from pipelines.warehouse.models import attached_query
from pipelines.warehouse.sentences import counted
from pipelines.warehouse.snapshots import attach_warehouse

QUIET = timedelta(days=4)
"""A weekend next to a holiday; anything longer is silence."""

WAITED = timedelta(days=2)
ROTATION = Path("/etc/logrotate.d")

_HAS_CLOCKS = """
select 1 from information_schema.tables
where table_catalog = 'built' and table_name = 'source_clocks'
"""

MAX_GAPS = 3
"""Gaps that the answer lists one by one."""
TOLD_SECONDS = 5
"""Clock differences that are listed, though no rule depends on them."""


def _sources(installation: Installation) -> CheckResult:
    named = [source.name for source in installation.district.sources()]
    if not named:
        return act(
            "no source is configured and the landing folder is empty",
            f"put logs into {installation.home.landing}/<source>/",
        )
    return well(f"{len(named)} sources: {', '.join(named)}")


def _arrival(installation: Installation) -> CheckResult:
    newest: dict[str, datetime] = {}
    for file in installation.files:
        if file.last_time is not None:
            time = datetime.fromisoformat(file.last_time)
            newest[file.source] = max(time, newest.get(file.source, time))
    if not newest:
        return look("no event has been read", "schoolbell run --home {home}")
    silent = {name: time for name, time in newest.items() if installation.now - time > QUIET}
    if silent:
        zone = ZoneInfo(installation.district.zone)
        names = ", ".join(
            f"{name} since {time.astimezone(zone).date()}" for name, time in sorted(silent.items())
        )
        return look(f"no new events: {names}", "check the systems that should deliver them")
    return well("every source has recent events")


def _fetch(installation: Installation) -> CheckResult:
    """Ask each configured service for its newest minutes: the one check that connects."""
    answers = dict(tried(installation.home, installation.settings, installation.now))
    if not answers:
        return unasked("no service is configured")
    wrong = {name: problem for name, problem in answers.items() if problem}
    if wrong:
        name, problem = next(iter(wrong.items()))
        return act(
            f"{len(wrong)} of {counted(len(answers), '1 log|# logs')} cannot be fetched; "
            f"{name}: {problem}",
            "docs/how-to/fetch-logs.md lists the rights; then schoolbell fetch --home {home}",
        )
    return well(f"fetched: {', '.join(answers)}")


def _unread(installation: Installation) -> CheckResult:
    known = {(file.source, file.path) for file in installation.files}
    before = (installation.now - WAITED).timestamp() * 1e9
    waiting = [
        f"{source.name}/{delivery.path}"
        for source in installation.district.sources()
        if isinstance(source.folder, Path)
        for delivery in deliveries(source.folder, source.name).deliveries
        if (source.name, delivery.path) not in known and delivery.raw_mtime_ns < before
    ]
    if waiting:
        return look(
            counted(len(waiting), "1 file waits|# files wait")
            + f" unread for days, such as {waiting[0]}",
            "schoolbell run --home {home}",
        )
    return well("no file has waited unread for days")


def _refused(installation: Installation) -> CheckResult:
    refused = [
        f"{source.name}/{one.path}: {one.reason}"
        for source in installation.district.sources()
        if isinstance(source.folder, Path)
        for one in deliveries(source.folder, source.name).refused
    ]
    if refused:
        return look(
            counted(len(refused), "1 delivery|# deliveries") + f" cannot be read: {refused[0]}",
            "schoolbell ingest --dry-run --home {home}",
        )
    return well("every delivery can be read")


def _read_to_the_end(installation: Installation) -> CheckResult:
    files, wrong = installation.files, installation.trouble
    if wrong:
        # the message begins with source and file; its next lines contain the remedy
        first = str(wrong[0]["message"]).splitlines()[0]
        return look(
            f"not read completely: {counted(len(wrong), 'file')}; {first}",
            "schoolbell identify FILE; schoolbell status --json --home {home}",
        )
    return well(counted(len(files), "1 file was read|# files were read"))


def _pending(installation: Installation) -> CheckResult:
    before = (installation.now - WAITED).isoformat()
    stuck = [
        file for file in installation.files if file.pending_lines and file.last_read_time < before
    ]
    if stuck:
        return look(
            f"pending for days: {sum(file.pending_lines for file in stuck):,} lines of "
            + counted(len(stuck), "file"),
            "schoolbell run --home {home}",
        )
    return well("no line has been pending for days")


def _drift(installation: Installation) -> CheckResult:
    if gaps := installation.gaps("field"):
        newest = gaps[-1]
        return look(
            "; ".join(map(str, gaps)),
            "schoolbell identify FILE, on a file of today; if the field was removed on purpose, "
            f'set given_up = ["{newest.what}"] under [sources.{newest.source}] in district.toml',
        )
    return well("every field that rules need is filled as before")


def _judged(installation: Installation) -> CheckResult:
    lines = [gap.line for gap in installation.gaps(*LIMITING)]
    if lines:
        # the first is the sum, the next ones say why
        more = len(lines) - MAX_GAPS
        rest = [f"and {more} more"] if more > 0 else []
        return look("; ".join([*lines[:MAX_GAPS], *rest]), "schoolbell check --home {home}")
    share = noted_week(installation.store).share
    return well(f"{share:.0%} of staff page requests with a name can be judged")


def _names(installation: Installation) -> CheckResult:
    domains = noted_domains(installation.store)
    open_ = undecided(domains)
    if open_:
        return look(
            "; ".join(f"account names {domain}" for domain in open_),
            "schoolbell propose --home {home}",
        )
    applied = [domain.pattern for domain in domains if domain.state == APPLIED]
    return well(
        f"account names {', '.join(applied)} are read without a setting"
        if applied
        else "account names need no other domain"
    )


def _ahead(installation: Installation) -> CheckResult:
    ahead = days_ahead(installation.store, installation.now)
    if ahead:
        return look(
            f"events of {ahead[-1].source} have times in the future",
            "set [sources.NAME] zone in district.toml, or the sender's clock",
        )
    return well("no event has a time in the future")


def _clocks(installation: Installation) -> CheckResult:
    wrong = _lasting(installation, "off_clock", "skewed")
    if wrong:
        return look(
            f"clocks differ: {wrong}",
            "set [sources.NAME] zone in district.toml, or the device's clock",
        )
    return _small_differences(installation)


def _small_differences(installation: Installation) -> CheckResult:
    """Name the clocks that differ by less than rules mind."""
    try:
        with attach_warehouse(installation.home.warehouse) as database:
            is_built = database.rows(_HAS_CLOCKS)
            values = {"pairs": MIN_PAIRS, "least": TOLD_SECONDS}
            rows = (
                database.rows(attached_query("lookups/clock_differences"), values)
                if is_built
                else []
            )
    except (ModelError, BusyError):
        rows = []
    if not rows:
        return well("no source's clock is known to differ from another's")
    said = "; ".join(
        f"{other if seconds > 0 else source} is {abs(seconds):.0f} s ahead of "
        f"{source if seconds > 0 else other} ({pairs:,} pairs on {day})"
        for source, other, seconds, pairs, day in rows
    )
    return well(f"clocks differ by less than the rules tolerate: {said}")


def _lags(installation: Installation) -> CheckResult:
    """Check the delays; more than a day is history: files that were dropped in."""
    days = source_days(installation.store)
    names = sorted({day.source for day in days})
    lags = "; ".join(f"{name}: {_within(arrivals_of(days, name))}" for name in names)
    late = _lasting(installation, "late")
    if late:
        return look(f"lines arrive later than usual: {late}", "check the systems that send them")
    return well(lags or "no lines have arrived yet")


def _within(arrived: Mapping[str, int]) -> str:
    every = sum(arrived.values())
    words = {"ahead": "ahead of their time", "longer": "after more than a week"}
    return ", ".join(
        f"{n / every:.0%} {words.get(name, f'within {name}')}" for name, n in arrived.items()
    )


def _lasting(installation: Installation, *kinds: str) -> str:
    """Return issues of some kinds from the last look at the sources."""
    rows = [row for row in stored_issues(installation.store) if row["kind"] in kinds]
    return "; ".join(f"{row['source']} ({row['detail']})" for row in rows)


def _rotation(installation: Installation) -> CheckResult:
    if not ROTATION.is_dir():
        return unasked("this machine has no logrotate")
    named = _truncating(installation.home)
    if named:
        return look(
            "logrotate truncates delivered files in place, which can lose lines: "
            + ", ".join(named),
            "replace copytruncate with dateext and delaycompress in them",
        )
    return well("logrotate truncates no delivered file in place")


def _truncating(home: DistrictHome) -> list[str]:
    found = []
    for path in sorted(ROTATION.iterdir()):
        text = path.read_text(errors="replace") if path.is_file() else ""
        if "copytruncate" in text and str(home.landing) in text:
            found.append(path.name)
    return found


CHECKS = Subject(
    "logs",
    {
        "sources": _sources,
        "arrival": _arrival,
        "fetch": _fetch,
        "unread": _unread,
        "refused": _refused,
        "trouble": _read_to_the_end,
        "pending": _pending,
        "drift": _drift,
        "judged": _judged,
        "names": _names,
        "ahead": _ahead,
        "clocks": _clocks,
        "lags": _lags,
        "rotation": _rotation,
    },
)
