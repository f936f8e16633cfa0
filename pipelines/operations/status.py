"""The state of a district home on one screen, judged by results in `state.db`.

It reads that database and the disk alone: it needs no run, no warehouse and no
lock, and its result does not depend on Dagster.
"""

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from shutil import disk_usage
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.district import District, Reading
from pipelines.findings.cases import queue
from pipelines.findings.work_list import work_items
from pipelines.gaps.now import failure_facts
from pipelines.gaps.week import noted_week
from pipelines.health.name_domains import names_of
from pipelines.health.source_states import SourceState
from pipelines.operations.check_questions import ACT, LOOK, QUESTIONS, WELL, Installation
from pipelines.settings.home import DistrictHome
from pipelines.state.alert_records import GIVEN_UP, SENT, outbox
from pipelines.state.connections import Store
from pipelines.state.published_reports import newest_publication
from pipelines.state.source_records import (
    last_look,
    last_rebuild_reasons,
    last_run,
    oldest_dirty,
    reason_lines,
)

PARTS = ("schoolbell", "duckdb", "polars", "pyarrow", "dagster")

WORDS = {WELL: "well", LOOK: "needs attention", ACT: "needs action"}
ALWAYS = ("files", "lines", "days_to_build", "cases_to_decide", "registry_problems")
"""Numbers that are shown at zero too, because readers look for them."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


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
        instant = instant_of(value)
        return f"{instant.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}" if instant else value


def instant_of(value: object) -> datetime | None:
    """Return the instant of a text, in UTC if it names no offset; None for other values."""
    if not isinstance(value, str) or not _STAMP.match(value):
        return None
    instant = datetime.fromisoformat(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def status_of(district: District, now: datetime) -> Status:
    """Return sources, runs, days to build, findings to decide on, alerts, disk, versions."""
    asked = Installation.of(district, now)
    files = asked.files
    week = noted_week(district.store)
    shown: dict[str, Any] = {
        "time": now.isoformat(timespec="seconds"),
        "home": str(district.home.path),
        "files": len(files),
        "files_in_trouble": len(asked.trouble),
        "files_set_aside": asked.set_aside,
        "files_waiting": len(asked.waits),
        "last_read": max((one.last_read_time for one in files), default="never"),
        **_runs(district.store),
        "lines": sum(one.lines for one in files),
        "rejects": sum(one.rejects for one in files),
        "pending_lines": sum(one.pending_lines for one in files),
        **_days(asked),
        "models_not_built": len(asked.failed),
        **_to_decide(district.store, district.home, district.reading),
        "registry_problems": district.outline.problems,
        "agency_layer": district.outline.layer,
        "judged_share": f"{week.share:.1%}" if week.attributable else "",
        **_unsent(asked),
        "disk_free_gb": round(disk_usage(district.home.path).free / 1e9, 1),
    }
    reasons = [
        (grade, _with_command(grade, text))
        for question in QUESTIONS
        if question.reasons
        for grade, text in question.reasons(asked)
    ]
    code = max((code for code, _ in reasons), default=WELL)
    shown["state"] = WORDS[code]
    shown["reasons"] = [text for _, text in sorted(reasons, key=lambda one: -one[0])]
    shown["versions"] = versions()
    shown["sources"] = [one.shown for one in asked.sources]
    shown["trouble"] = asked.trouble
    shown["not_built"] = [failure_facts(gap) for gap in asked.failed]
    shown["waiting"] = asked.waits
    shown["account_names"] = list(names_of(district.store, district.settings, district.outline))
    return Status(shown, code, asked.sources, shown["reasons"], district.zone)


def _with_command(grade: int, text: str) -> str:
    """Return a reason; one that needs a person names a command."""
    has_command = grade == WELL or "schoolbell " in text
    return text if has_command else f"{text}; next: schoolbell doctor"


def _runs(store: Store) -> dict[str, str]:
    look, ended = last_look(store), last_run(store)
    report = newest_publication(store)
    return {
        "last_look": look.isoformat(timespec="seconds") if look else "never",
        "last_run": ended.isoformat(timespec="seconds") if ended else "never",
        "last_report": report[:19] if report else "never",
    }


def _days(asked: Installation) -> dict[str, object]:
    since = oldest_dirty(asked.store)
    return {
        "days_to_build": asked.to_build,
        "days_wait_since": since.isoformat(timespec="seconds") if since else "",
        "last_opened": "; ".join(reason_lines(last_rebuild_reasons(asked.store))),
    }


def _to_decide(store: Store, home: DistrictHome, reading: Reading) -> dict[str, int]:
    """Return the counts of the newest report."""
    waits = queue(store, home, reading)
    return {
        "cases_to_decide": len(waits.cases),
        "items_to_decide": len(work_items(waits.cases, waits.week)),
        "student_cases_to_decide": len(waits.of_students),
        "cases_about_sites": len(waits.sites),
    }


def _unsent(asked: Installation) -> dict[str, object]:
    rows = outbox(asked.store)
    sent = [one["sent_time"] or "" for one in rows if one["state"] == SENT]
    return {
        "alerts_waiting": sum(one["state"] not in (SENT, GIVEN_UP) for one in rows),
        "alerts_given_up": asked.given_up,
        "last_alert": max(sent, default="never")[:19],
    }
