"""Looks whether what was to go is gone, and writes down what went.

A certificate is a file of the home, and its hash stands in the audit chain. It
names files by their hash and findings by their id; it repeats nothing of what
they held.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.ingest.files import sync
from pipelines.operations.purge import Purge, carry_out
from pipelines.operations.recovery import COMPARED
from pipelines.operations.retention import Plan, plan
from pipelines.refresh.steps import Progress, nobody_watches
from pipelines.reports.view import week_label
from pipelines.settings.home import shared_folder
from pipelines.state import ledger
from pipelines.state.audit import Act, Chain
from pipelines.state.retention import Purged, begun, certify, end, uncertified
from pipelines.warehouse.fingerprints import days_by_table
from pipelines.warehouse.library import models
from pipelines.warehouse.models import without_events
from pipelines.warehouse.planning import days_said_of
from pipelines.warehouse.snapshots import reading

LIMITS = (
    "Copies that `schoolbell backup` or anybody else made before are not touched.",
    "States that an upgrade, a move or a restore kept beside state.db are not touched.",
    "Files that analysts exported, and mails that were sent, are not touched.",
    "On a solid-state disk old blocks stay for a while; an encrypted one is safe.",
)
MODE = 0o640


class PurgeError(SchoolbellError):
    """Something that was to be deleted is still there."""


def certified(district: District, purge: Purge, chain: Chain) -> Path:
    """Check the purge, write its certificate and enter it into the audit chain.

    Raises:
        PurgeError: Something is still there; no certificate is written.
    """
    if left := still_there(district, purge.plan):
        raise PurgeError(
            f"{len(left)} things were to be deleted and are still there, "
            f"such as {left[0]}",
            where=str(district.home.path),
            remedy="Close what holds them open, then purge again.",
        )
    name = _name(purge.now, chain)
    with district.store.reading() as connection:
        went = uncertified(connection)
    text = json.dumps(_said(district, purge, went), indent=1, sort_keys=True) + "\n"
    path = district.home.certificates / name
    _forget_drafts(district, purge, chain)
    _write(path, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    act = Act(
        actor=purge.actor, action="certify", subject=name, reason=f"sha256 {digest}"
    )
    with chain.recording(act) as connection:
        certify(connection, name)
    return path


def _name(now: datetime, chain: Chain) -> str:
    """A name that no certificate has; two purges may end in one second."""
    stem, known = f"purge-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}", _known(chain)
    name, number = f"{stem}.json", 1
    while name in known:
        number += 1
        name = f"{stem}-{number}.json"
    return name


def _known(chain: Chain) -> set[str]:
    return {one.subject for one in chain.entries() if one.action == "certify"}


def _forget_drafts(district: District, purge: Purge, chain: Chain) -> None:
    """Delete what this purge wrote before it was cut off, unknown to the chain."""
    began = (purge.due_time or purge.now).astimezone(UTC)
    known = _known(chain)
    for path in district.home.certificates.glob("purge-*.json"):
        if path.name not in known and path.name >= f"purge-{began:%Y%m%dT%H%M%SZ}":
            path.unlink()


def finish_purge(
    district: District,
    chain: Chain,
    now: datetime,
    progress: Progress = nobody_watches,
) -> Path | None:
    """Finish a purge that was cut off; its certificate, or None where none was.

    What was over when it began goes, by the retention and the holds of now. The
    caller holds the home's lock.

    Raises:
        PurgeError: Something is still there; no certificate is written.
    """
    earlier = begun(district.store)
    if earlier is None:
        return None
    found = plan(district, earlier.time)
    if found.is_empty:
        with district.store.writing() as connection:
            end(connection)
        return None
    purge = Purge(found, earlier.actor, earlier.reason, now, earlier.time)
    carry_out(district, purge, chain, progress)
    return certified(district, purge, chain)


def still_there(district: District, plan: Plan) -> list[str]:
    """What was to go and did not; empty after a purge that worked."""
    home = district.home
    left = [
        one.name for one in plan.things.get("raw", ()) if plan.files[one.name].exists()
    ]
    left += [one.name for one in plan.gone_events if (home.lake / one.name).exists()]
    left += [
        label
        for one in plan.things.get("report", ())
        for label in [week_label(date.fromisoformat(one.name))]
        if len(list((home.reports / label).glob("*"))) > 1
    ]
    left += [
        f"{home.kept_registry.name}/{one.name}"
        for one in plan.things.get("registry", ())
        if (home.kept_registry / one.name).exists()
    ]
    if plan.needs_rebuild:
        old = (home.old_warehouse, *home.path.glob("warehouse*.tmp"))
        left += [path.name for path in old if path.exists()]
    kept = {
        date.fromisoformat(one.event_date) for one in ledger.lake_files(district.store)
    }
    # held days speak of the days after them: a lease still runs, duty goes on
    gone = {one.last_day for one in plan.gone_events} - days_said_of(sorted(kept))
    return left + (list(_days_left(district, gone)) if gone else [])


def _days_left(district: District, gone: set[date]) -> Iterator[str]:
    """Tables that hold rows of deleted days; what the calendar says is no such row."""
    home = district.home
    of_registry = without_events(models().values())
    for path in (home.warehouse, *home.snapshots.glob("schoolbell-*")):
        if path.is_file():
            with reading(path) as database:
                for table, days in days_by_table(database).items():
                    is_data = (
                        table.split(".")[0] in COMPARED and table not in of_registry
                    )
                    if is_data and days & gone:
                        yield f"{path.name}: {table}"


def _said(
    district: District, purge: Purge, went: Iterable[Purged]
) -> Mapping[str, Any]:
    plan, things = purge.plan, list(went)
    return {
        "district": district.settings.district.name,
        "version": version("schoolbell"),
        "time": purge.now.astimezone(UTC).isoformat(timespec="seconds"),
        "actor": purge.actor,
        "reason": purge.reason,
        "kept_from": {name: day.isoformat() for name, day in plan.before.items()},
        "deleted": Counter(one.record_class for one in things),
        "rows": sum(one.row_count for one in things if one.record_class == "event"),
        "rejects": sum(one.row_count for one in things if one.kind == "rejects"),
        "things": [
            asdict(one) | {"last_day": one.last_day.isoformat()} for one in things
        ],
        "held": {name: len(ones) for name, ones in plan.held.items() if ones},
        "holds": [
            {
                "hold_id": one.hold_id,
                "from": str(one.first_day),
                "to": str(one.last_day),
            }
            for one in plan.holds
        ],
        "checked": [
            "no deleted file is in its place",
            "no table of the warehouse or of a snapshot has a row of a deleted day",
            "not counted: the school calendar, and what kept days say of days after",
        ],
        "limits": LIMITS,
    }


def _write(path: Path, text: str) -> None:
    shared_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, MODE)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)
