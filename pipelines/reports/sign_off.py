"""The director's signature under a week: who looked at it, when, what was left open.

A signature is an entry of the audit chain and nowhere else: it can be added, and never
taken back or dated otherwise. A week that is corrected later keeps it, with the report
that it was given to.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from pipelines.district import Reading
from pipelines.errors import SettingsError
from pipelines.findings.cases import (
    Case,
    monday_of,
    queue_of,
    standing_cases_of,
    week_of,
)
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import Principal
from pipelines.state.audit import Act, Chain, Entry, open_chain
from pipelines.state.connections import Store
from pipelines.state.published_reports import report_facts

ACTION = "sign week"


@dataclass(frozen=True)
class Signature:
    """One signature.

    Attributes:
        week: The Monday of the week.
        by: Who signed, as they call themselves.
        time: When, UTC.
        revision: Of the report that was signed.
        waiting: Cases that waited for a decision when it was signed.
    """

    week: date
    by: str
    time: datetime
    revision: int
    waiting: int


def sign_week(
    store: Store,
    home: DistrictHome,
    reading: Reading,
    chain: Chain,
    label: str,
    by: str,
    asker: Principal,
) -> Signature:
    """Sign a week's newest report.

    Args:
        label: ISO week, such as 2026-W45.
        by: The signer's name and office, as the report prints it.

    Raises:
        SettingsError: The week has no report, is not over, or its report is signed.
    """
    week = week_monday(label)
    facts = report_facts(store, week)
    if not facts:
        raise SettingsError(
            f"{label} has no report",
            where="WEEK",
            remedy="Weeks with a report: schoolbell report --json",
        )
    newest = max(facts, key=lambda row: int(row["revision"]))
    if not newest["facts"].get("is_over"):
        raise SettingsError(
            f"{label} is not over: its numbers will change",
            where="WEEK",
            remedy="Sign it after the report of the whole week is published.",
        )
    if not by.strip():
        raise SettingsError("a signature needs a name", where="--by")
    before = signatures(store, home).get(week)
    if before and before.revision == newest["revision"]:
        raise SettingsError(
            f"{label} is already signed by {before.by}",
            where="WEEK",
            remedy="A signature is permanent; a corrected report can be signed again.",
        )
    said = {
        "by": by.strip(),
        "revision": newest["revision"],
        "waiting": len(open_cases(store, home, reading, week)),
    }
    act = Act(
        actor=str(asker),
        action=ACTION,
        subject=label,
        reason=json.dumps(said, sort_keys=True),
    )
    with chain.recording(act):
        pass
    return signatures(store, home)[week]


def open_cases(store: Store, home: DistrictHome, reading: Reading, week: date) -> tuple[Case, ...]:
    """Return the cases that need a decision in the report of a week, given by its Monday."""
    return queue_of(standing_cases_of(store, home, reading, week), week).cases


def signatures(store: Store, home: DistrictHome) -> Mapping[date, Signature]:
    """Return the newest signature of each week that has one, by its Monday."""
    entries = open_chain(store, home).entries()
    found = [_read(entry) for entry in entries if entry.action == ACTION]
    return {one.week: one for one in found}


def _read(entry: Entry) -> Signature:
    said = json.loads(entry.reason)
    return Signature(
        week=monday_of(entry.subject),
        by=said["by"],
        time=datetime.fromisoformat(entry.time),
        revision=said["revision"],
        waiting=said["waiting"],
    )


def unsigned(store: Store, home: DistrictHome) -> list[str]:
    """Return weeks that are over and not signed, where the district signs; oldest first.

    A district that never signed is not asked to; weeks before its first are not either.
    """
    known = signatures(store, home)
    if not known:
        return []
    first = min(known)
    over = {
        date.fromisoformat(row["week"])
        for row in report_facts(store)
        if row["facts"].get("is_over")
    }
    return [week_of(week) for week in sorted(over) if week > first and week not in known]


def shown(one: Signature) -> dict[str, object]:
    """Return plain values for JSON."""
    values = asdict(one)
    return {**values, "week": week_of(one.week), "time": one.time.isoformat()}


def week_monday(label: str) -> date:
    """Return the Monday of an ISO week, such as 2026-W45.

    Raises:
        SettingsError: It is not a week.
    """
    try:
        return monday_of(label)
    except ValueError as error:
        raise SettingsError(
            f"{label!r} is not a week", where="WEEK", remedy="Write it as 2026-W45."
        ) from error
