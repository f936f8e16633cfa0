"""Announceable facts: one fact, its severity, and its identity. Pure.

Facts are findings, files, unhealthy or new sources, and failed jobs.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from pipelines.findings.cases import Case, Queue, is_on_trial
from pipelines.findings.grades import KINDS
from pipelines.findings.record import Confidence
from pipelines.health.issues import EVERYWHERE, Issue, Kind
from pipelines.health.issues import KINDS as ISSUE_KINDS
from pipelines.settings.alert_settings import About, Alerts
from pipelines.settings.problems import SEVERITIES, Severity
from pipelines.state.rows import FindingRow

CONFIDENCES: tuple[Confidence, ...] = ("C1", "C2", "C3")
STUDENT = "pupil"
GROUPS: Mapping[str, str] = {
    **KINDS,
    STUDENT: "students' accounts, which the report lists separately",
}
"""The group of a case in counts, in the words of the report."""

UNDECIDED = "undecided:"
FILES_SHOWN = 10
FIRST = "first:"
SETTING_UP = timedelta(days=1)
"""Facts this soon after the first file belong to setting up."""
SHOWN_FOR = timedelta(days=30)
"""Days that an alert is shown: longer than any holiday."""
RUN = "run:"
STEPS_SHOWN = 3

ISSUE_SEVERITIES: Mapping[Kind, Severity] = {
    "silent": "high",
    "let_through": "high",
    "thin": "medium",
    "late": "medium",
    "skewed": "medium",
    "off_clock": "medium",
    "drifting": "medium",
    "not_come": "medium",
    "blind": "low",
    "forged": "high",
    "not_fetched": "high",
    "fewer": "medium",
}
"""Facts about a whole source. Unreadable files are separate facts."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One announceable fact.

    Attributes:
        key: The same for the same fact, on every run; stored in `state.db`.
        line: One sentence that names no account, device, address or site.
        since: When it began, in UTC.
        reference: Where to look at the desk: a finding's id, a source's name.
        lasting: How long a thing has lasted, in steps; longer is worse.
        group: The facts that it is counted with in a list.
        is_once: It is sent once, however long it lasts, and its end is not sent.
    """

    key: str
    about: About
    severity: Severity
    confidence: Confidence
    line: str
    since: datetime
    reference: str = ""
    lasting: int = 0
    group: str = ""
    is_once: bool = False

    @property
    def step(self) -> int:
        """Severity and confidence; a fact is sent again when this grows."""
        severity = SEVERITIES.index(self.severity)
        confidence = CONFIDENCES.index(self.confidence)
        return 100 * severity + 10 * confidence + self.lasting


def of_cases(queue: Queue, alerts: Alerts) -> list[Alert]:
    """Return the cases that need a decision, one fact each.

    Findings of a rule on trial are shown in reports and not announced.

    Args:
        alerts: Which rules are about an account at risk, and which about system
            administrators.
    """
    groups = [(case, str(case.heaviest["kind"])) for case in queue.cases]
    groups += [(case, STUDENT) for case in queue.of_students]
    made = [_case(case, group, alerts) for case, group in groups]
    return sorted((one for one in made if one), key=lambda one: one.key)


def of_undecided(queue: Queue, now: datetime) -> list[Alert]:
    """Return facts for cases without a decision through two reports; one per week."""
    aged = queue.aged
    if not aged:
        return []
    verb = "case waits" if len(aged) == 1 else "cases wait"
    oldest = min(case.week for case in aged)
    return [
        Alert(
            key=f"{UNDECIDED}{queue.week}",
            about="undecided",
            severity="medium",
            confidence="C3",
            line=f"{len(aged)} {verb} for two weeks or more, the oldest from {oldest}",
            since=now,
            reference="schoolbell findings cases",
            group="undecided",
            is_once=True,
        )
    ]


def _case(case: Case, group: str, alerts: Alerts) -> Alert | None:
    rows = [row for row in case.undecided if not is_on_trial(row)]
    if not rows:
        return None
    worst = max(
        rows,
        key=lambda row: (
            CONFIDENCES.index(row["confidence"]),
            SEVERITIES.index(row["severity"]),
        ),
    )
    days = len({row["event_date"] for row in rows})
    return Alert(
        key=f"case:{case.case_id}",
        about=_about(worst["rule"], alerts),
        severity=worst["severity"],
        confidence=worst["confidence"],
        line=f"{GROUPS[group]}, on {days} {'day' if days == 1 else 'days'}",
        since=min(map(_start, rows)),
        reference=case.case_id,
        group=group,
    )


def _about(rule: str, alerts: Alerts) -> About:
    if rule in alerts.administration_rules:
        return "administration"
    return "security" if rule in alerts.security_rules else "conduct"


def _start(finding: FindingRow) -> datetime:
    text = str(finding["record"].get("start_time") or finding["event_date"])
    start = datetime.fromisoformat(text)
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def of_files(files: Iterable[Mapping[str, str]], now: datetime) -> list[Alert]:
    """Return facts for files that need attention, one per source."""
    sources: dict[str, list[str]] = {}
    for file in files:
        sources.setdefault(file["source"], []).append(file["path"])
    return [
        Alert(
            key=f"files:{source}:{_digest(paths)}",
            about="health",
            severity="medium",
            confidence="C3",
            line=_files(source, sorted(paths)),
            since=now,
            reference=source,
            group="files",
        )
        for source, paths in sorted(sources.items())
    ]


def _files(source: str, paths: Sequence[str]) -> str:
    shown = [one_line(f"{source}/{path}") for path in paths[:FILES_SHOWN]]
    more = len(paths) - len(shown)
    noun = "file" if len(paths) == 1 else "files"
    return (
        f"{len(paths)} delivered {noun} could not be read in full: "
        + ", ".join(shown)
        + (f" and {more} more" if more else "")
    )


def _digest(paths: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(paths)).encode()).hexdigest()[:16]


def one_line(name: str) -> str:
    """Make a name safe: no line breaks and no terminal colors."""
    return "".join(char if char.isprintable() else "?" for char in name)


def of_newcomers(files: Iterable[Mapping[str, str]], now: datetime) -> list[Alert]:
    """Return sources that delivered for the first time, one fact each, sent once.

    A new folder may be intended; it may also be a log in the wrong place, whose lines
    are then counted twice or read by the wrong rules.

    Args:
        files: `source` and `first_seen_time` of every delivered file.
    """
    first: dict[str, datetime] = {}
    for file in files:
        seen = datetime.fromisoformat(file["first_seen_time"])
        first[file["source"]] = min(seen, first.get(file["source"], seen))
    began = min(first.values(), default=now)
    return [
        Alert(
            key=f"{FIRST}{source}:",
            about="health",
            severity="low",
            confidence="C3",
            line=one_line(f"{source}: first lines of a new source; check whether you expect it"),
            since=since,
            reference=source,
            group="sources",
            is_once=True,
        )
        for source, since in sorted(first.items())
        if since - began > SETTING_UP and now - since < SHOWN_FOR
    ]


def run_key(job: str) -> str:
    """Return the key of facts about a job; one for all its runs."""
    return f"{RUN}{job}:"


def run_failed(job: str, run_id: str, steps: Sequence[tuple[str, str]], now: datetime) -> Alert:
    """Build the fact of a job that ended early.

    Args:
        steps: Each step that failed, and the class of the error. Never its message:
            that may contain a line of a log.
    """
    words = ", ".join(f"{step} ({error})" for step, error in steps[:STEPS_SHOWN])
    more = f" and {len(steps) - STEPS_SHOWN} more" if len(steps) > STEPS_SHOWN else ""
    where = f" at {words}{more}" if words else " before the first step"
    return Alert(
        key=run_key(job),
        about="health",
        severity="high",
        confidence="C3",
        line=one_line(f"the job {job} failed: it stopped{where}"),
        since=now,
        reference=run_id,
        group="runs",
    )


def of_issues(
    source_issues: Iterable[Issue], now: datetime, names: Mapping[str, str] = MappingProxyType({})
) -> list[Alert]:
    """Return ongoing issues, one fact each; an issue of one building is less severe.

    Args:
        names: Names of buildings, by code.
    """
    return [
        _news(issue, now, replace(issue, building=names.get(issue.building, issue.building)))
        for issue in source_issues
        if issue.end is None and issue.kind in ISSUE_SEVERITIES
    ]


def _news(issue: Issue, now: datetime, called: Issue) -> Alert:
    is_part = issue.building != EVERYWHERE or issue.what == "never"
    severity = ISSUE_SEVERITIES[issue.kind]
    return Alert(
        key=f"health:{issue.key}",
        about="health",
        severity="medium" if is_part and severity == "high" else severity,
        confidence="C3",
        line=one_line(f"{called.place}: {ISSUE_KINDS[issue.kind]} ({issue.detail})"),
        since=issue.start,
        reference=issue.source,
        lasting=issue.lasting(now),
        group="sources",
    )
