"""The state of a district home on one screen, judged by results in `state.db`.

It reads that database and the disk alone: it needs no run, no warehouse and no
lock, and its result does not depend on Dagster.
"""

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from shutil import disk_usage
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.alerts.facts import standstill
from pipelines.district import District
from pipelines.findings.cases import queue
from pipelines.findings.failures import failures
from pipelines.findings.untested import untested
from pipelines.findings.work_list import work_items
from pipelines.health.judged_rules import noted_judged_rules
from pipelines.health.readiness import carried, names_of, not_delivered
from pipelines.health.rule_coverage import noted_coverage
from pipelines.health.source_states import (
    SourceState,
    files_with_issues,
    source_states,
    stuck,
    waiting,
    without_checksum,
)
from pipelines.ingest.source import Source
from pipelines.lake.files import unlisted_files
from pipelines.landing.compression import NO_CHECKSUM
from pipelines.records import due_line, due_soon
from pipelines.reports.sign_off import unsigned
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.alert_records import GIVEN_UP, SENT, outbox
from pipelines.state.connections import Store
from pipelines.state.findings import WITHDRAWN, stored_findings
from pipelines.state.ledger import FileRecord
from pipelines.state.published_reports import newest_publication
from pipelines.state.retention import begun
from pipelines.state.source_records import (
    dirty_days,
    last_look,
    last_rebuild_reasons,
    last_run,
    oldest_dirty,
    reason_lines,
    set_back,
)

PARTS = ("schoolbell", "duckdb", "polars", "pyarrow", "dagster")

WELL, LOOK, ACT = 0, 1, 2
WORDS = {WELL: "well", LOOK: "needs attention", ACT: "needs action"}
SET_ASIDE = (
    "moved to lake/.unlisted because the ledger does not list them; nothing was deleted. Check "
    "whether an older state was restored"
)
ALWAYS = ("files", "lines", "days_to_build", "cases_to_decide", "registry_problems")
"""Numbers that are shown at zero too, because readers look for them."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
RECENT = timedelta(days=7)
"""A message that was given up longer ago is history."""


def versions() -> dict[str, str]:
    """Return versions of Python, Schoolbell and its installed dependencies."""
    found = {"python": platform.python_version()}
    for name in PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class Status:
    """Content of `schoolbell status`.

    Attributes:
        shown: For machines.
        exit_code: 0 well, 1 needs attention, 2 needs action.
        sources: Health of each source.
        reasons: Why it is not 0, the worst first.
        zone: The district's, used for displayed times.
    """

    shown: Mapping[str, Any]
    exit_code: int
    sources: Sequence[SourceState] = ()
    reasons: Sequence[str] = field(default_factory=tuple)
    zone: str = "UTC"

    @property
    def rows(self) -> list[tuple[str, object]]:
        """Name and value of each row, for people; zero and unknown values are left out."""
        return [
            (name.replace("_", " "), self.local(value))
            for name, value in self.shown.items()
            if not isinstance(value, list | dict) and (value or name in ALWAYS) and name != "state"
        ]

    def local(self, value: object) -> object:
        """Return an instant in the district's local time; anything else unchanged."""
        if not isinstance(value, str) or not _STAMP.match(value):
            return value
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return f"{instant.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"


def status_of(district: District, now: datetime) -> Status:
    """Return sources, runs, days to build, findings to decide on, alerts, disk, versions."""
    files = ledger.source_files(district.store)
    trouble = files_with_issues(files, district.settings.limits.reject_share)
    delivering = district.sources()
    waits = list(waiting(delivering, district.zone, files))
    sources = source_states(district.store, district.settings)
    unsent = _unsent(district.store, now)
    failed = failures(district)
    coverage = noted_coverage(district.store)
    shown: dict[str, Any] = {
        "time": now.isoformat(timespec="seconds"),
        "home": str(district.home.path),
        "files": len(files),
        "files_in_trouble": len(trouble),
        "files_set_aside": len(unlisted_files(district.home.lake)),
        "files_waiting": len(waits),
        "last_read": max((one.last_read_time for one in files), default="never"),
        **_runs(district.store),
        "lines": sum(one.lines for one in files),
        "rejects": sum(one.rejects for one in files),
        "pending_lines": sum(one.pending_lines for one in files),
        **_days(district.store),
        "models_not_built": len(failed),
        **_to_decide(district),
        "registry_problems": district.outline.problems,
        "agency_layer": district.outline.layer,
        "judged_share": f"{coverage.share:.1%}" if coverage.attributable else "",
        **unsent,
        "disk_free_gb": round(disk_usage(district.home.path).free / 1e9, 1),
    }
    reasons = _reasons(district, now, sources, shown)
    reasons += [(ACT, str(one)) for one in failed]
    reasons += _of_files(delivering, now, files, waits)
    reasons += [(LOOK, line) for line in coverage.lines]
    judged = noted_judged_rules(district.store)
    if judged.count:
        reasons += [(WELL, line) for line in (judged.line, *judged.reasons)]
    # no action is needed if a district never had such a log
    lacking = (*coverage.beside(not_delivered(district)), *carried(district.outline))
    reasons += [(WELL, line) for line in lacking]
    reasons += [(WELL, line) for line in _untested(district.store)]
    reasons += _of_records(district.settings, district.store, district.zone, now)
    reasons = [(grade, _with_command(grade, text)) for grade, text in reasons]
    code = max((code for code, _ in reasons), default=WELL)
    shown["state"] = WORDS[code]
    shown["reasons"] = [text for _, text in sorted(reasons, key=lambda one: -one[0])]
    shown["versions"] = versions()
    shown["sources"] = [one.shown for one in sources]
    shown["trouble"] = trouble
    shown["not_built"] = [one.shown for one in failed]
    shown["waiting"] = waits
    shown["account_names"] = list(names_of(district))
    return Status(shown, code, sources, shown["reasons"], district.zone)


def _with_command(grade: int, text: str) -> str:
    """Return a reason; one that needs a person names a command."""
    has_command = grade == WELL or "schoolbell " in text
    return text if has_command else f"{text}; next: schoolbell doctor"


def _untested(store: Store) -> Iterator[str]:
    """Yield explanations that could not be tested in the newest week with findings."""
    known = [row for row in stored_findings(store) if row["status"] != WITHDRAWN]
    newest = max((str(row["event_date"]) for row in known), default="")
    if not newest:
        return
    first = str(date.fromisoformat(newest) - timedelta(days=6))
    week = [row for row in known if str(row["event_date"]) >= first]
    for one in untested((row["rule"], row["record"]["alternatives"]) for row in week):
        yield one.line


def _of_files(
    sources: Sequence[Source],
    now: datetime,
    files: Sequence[FileRecord],
    waits: Sequence[Mapping[str, str]],
) -> list[tuple[int, str]]:
    """Return files that need a person, and those whose damage would not show."""
    found = []
    if names := stuck(sources, waits, now):
        many = "file has" if len(names) == 1 else "files have"
        said = f"{len(names)} {many} waited for more than a day to be renamed or moved"
        found.append((LOOK, said))
    for source, number in sorted(without_checksum(files, now).items()):
        came = "file" if number == 1 else "files"
        said = f"{source}: {number} {came} of the last week: {NO_CHECKSUM}"
        found.append((LOOK, said))
    return found


def unfinished(store: Store, home: DistrictHome) -> Iterator[str]:
    """Yield leftovers of an interrupted purge or rebuild; the next run finishes it."""
    remedy = "schoolbell run finishes it"
    if earlier := begun(store):
        day = f"{earlier.time:%Y-%m-%d}"
        yield (f"a purge of {day} is not finished: some of its data still exists; {remedy}")
    if home.old_warehouse.exists():
        name = home.old_warehouse.name
        yield f"a rebuild of the warehouse was interrupted and left {name}; {remedy}"


def _of_records(
    settings: Settings, store: Store, zone: str, now: datetime
) -> Iterator[tuple[int, str]]:
    """Report public-records requests that are nearly due or overdue."""
    today = now.astimezone(ZoneInfo(zone)).date()
    for one, left in due_soon(settings, store, today):
        yield (LOOK if left >= 0 else ACT), due_line(one.request_id, left)


def _runs(store: Store) -> dict[str, str]:
    look, ended = last_look(store), last_run(store)
    report = newest_publication(store)
    return {
        "last_look": look.isoformat(timespec="seconds") if look else "never",
        "last_run": ended.isoformat(timespec="seconds") if ended else "never",
        "last_report": report[:19] if report else "never",
    }


def _days(store: Store) -> dict[str, object]:
    since = oldest_dirty(store)
    return {
        "days_to_build": len(dirty_days(store)),
        "days_wait_since": since.isoformat(timespec="seconds") if since else "",
        "last_opened": "; ".join(reason_lines(last_rebuild_reasons(store))),
    }


def _to_decide(district: District) -> dict[str, int]:
    """Return the counts of the newest report."""
    waits = queue(district)
    return {
        "cases_to_decide": len(waits.cases),
        "items_to_decide": len(work_items(waits.cases, waits.week)),
        "student_cases_to_decide": len(waits.of_students),
        "cases_about_sites": len(waits.sites),
    }


def _unsent(store: Store, now: datetime) -> dict[str, object]:
    rows = outbox(store)
    recent = (now - RECENT).isoformat()
    sent = [one["sent_time"] or "" for one in rows if one["state"] == SENT]
    return {
        "alerts_waiting": sum(one["state"] not in (SENT, GIVEN_UP) for one in rows),
        "alerts_given_up": sum(
            one["state"] == GIVEN_UP and one["created_time"] >= recent for one in rows
        ),
        "last_alert": max(sent, default="never")[:19],
    }


def _reasons(
    district: District,
    now: datetime,
    sources: Sequence[SourceState],
    shown: Mapping[str, object],
) -> list[tuple[int, str]]:
    found = [(ACT, one.line) for one in standstill(district, now)]
    found += [(one.grade, one.line) for one in sources if one.grade != WELL]
    if told := set_back(district.store, now):
        found.append((ACT, told))
    found += [(LOOK, line) for line in unfinished(district.store, district.home)]
    found += [
        (LOOK, f"{week} is not signed: schoolbell report sign {week} --by NAME")
        for week in unsigned(district)
    ]
    found += [(LOOK, f"registry/{one}") for one in district.outline.refused]
    if not shown["files"]:
        text = "no log file has been read; put logs into landing/SOURCE/, then: schoolbell run"
        found.append((ACT, text))
    counted = (
        (
            "alerts_given_up",
            ACT,
            "alert could",
            "alerts could",
            "not be sent: schoolbell alerts list",
        ),
        ("files_in_trouble", LOOK, "file could", "files could", "not be read in full"),
        ("days_to_build", LOOK, "day waits", "days wait", "to be built: schoolbell run"),
        ("files_set_aside", LOOK, "file was", "files were", SET_ASIDE),
    )
    for name, code, one, many, rest in counted:
        if number := shown[name]:
            found.append((code, f"{number} {one if number == 1 else many} {rest}"))
    return found
