"""Reads a district's exports into its registry: what they give, what it switches on.

Everything is tried on a copy of `registry/` first: the plan says what each export
gave and left out, what each file would gain, and which rules could judge with it.
Writing is one audited act a file.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.district import District
from pipelines.health.rule_coverage import NO_RULES, Rules, rules_on
from pipelines.registry.calendar import clean, read_calendar
from pipelines.registry.edits import put
from pipelines.registry.folder import ORIGINAL, read_folder
from pipelines.registry.imports.export_tables import Calendar, Unread, found_in
from pipelines.registry.imports.exports import (
    IMPORTED,
    ROSTER_FILES,
    export_of,
    hint,
    how_to_get,
)
from pipelines.registry.imports.merged_rows import Merged, Row, merge
from pipelines.registry.imports.rows import Known, Place, Taken, rows_of
from pipelines.registry.kept_copies import has_rows
from pipelines.registry.registry import Registry, load_registry
from pipelines.registry.roster import USERS
from pipelines.settings.home import DistrictHome
from pipelines.settings.problems import Problem
from pipelines.settings.scratch import scratch
from pipelines.state.audit import Act, open_chain


@dataclass(frozen=True)
class NewCalendar:
    """An iCalendar file, cut down to what says when, and the days that it tells."""

    name: str
    place: str
    data: bytes
    days: Mapping[str, int]
    problems: Sequence[Problem]


@dataclass
class Plan:
    """What exports would make of a registry.

    Attributes:
        taken: What each table gave.
        unread: What was not opened or not recognized, and why.
        files: The registry's files as they would be.
        before: The rules that can judge now.
        after: The rules that could judge then.
        problems: What the registry would say of its files that it does not say now.
        missing: File without a row then -> what cannot be judged.
    """

    taken: list[Taken] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    calendars: list[NewCalendar] = field(default_factory=list)
    files: list[Merged] = field(default_factory=list)
    before: Rules = NO_RULES
    after: Rules = NO_RULES
    problems: list[Problem] = field(default_factory=list)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing would be written."""
        return not self.calendars and not any(one.is_changed for one in self.files)


def plan_of(
    district: District, paths: Iterable[Path], taking: Collection[str] = ()
) -> Plan:
    """What files and folders of exports would change; nothing is written.

    Args:
        taking: Files of the registry in which the exports' cells count.
    """
    plan = Plan()
    settings = district.settings
    sheets = []
    for found in found_in(paths):
        if isinstance(found, Unread):
            plan.unread.append(found)
        elif isinstance(found, Calendar):
            plan.calendars.append(_calendar(found, district))
        elif (export := export_of(found, settings.registry.columns)) is None:
            plan.unread.append(Unread(found.place, hint(found)))
        elif export.into in ROSTER_FILES and _is_elsewhere(district):
            why = (
                "the roster is read from registry/oneroster/ or a zip there: put it in"
            )
            plan.unread.append(Unread(found.place, why))
        else:
            sheets.append((found, export))
    plan.taken = list(rows_of(sheets, known_of(district)))
    plan.files = list(_merged(district, plan.taken, taking))
    plan.calendars = [one for one in plan.calendars if _is_new(district, one)]
    return tried(district, plan)


def tried(district: District, plan: Plan) -> Plan:
    """The plan with what the registry would be like with it."""
    plan.before = rules_on(district.detections, district.registry)
    with tempfile.TemporaryDirectory(prefix=scratch("setup")) as folder:
        registry = _as_it_would_be(district, plan, Path(folder))
    known = {(one.file, one.what, one.value) for one in district.registry.problems}
    plan.problems = [
        one for one in registry.problems if (one.file, one.what, one.value) not in known
    ]
    plan.after = rules_on(district.detections, registry)
    plan.missing = registry.missing
    return plan


def _as_it_would_be(district: District, plan: Plan, folder: Path) -> Registry:
    """The registry of a copy of the home in which everything is written."""
    home = DistrictHome(folder)
    shutil.copyfile(district.home.settings_file, home.settings_file)
    for name in ("registry", "lists", "agency"):
        source: Path = getattr(district.home, name)
        if source.is_dir():
            shutil.copytree(source, getattr(home, name), symlinks=False)
    home.registry.mkdir(exist_ok=True)
    for merged in plan.files:
        (home.registry / merged.file).write_bytes(merged.data)
    for calendar in plan.calendars:
        (home.registry / calendar.name).write_bytes(calendar.data)
    return load_registry(home, district.settings)


def known_of(district: District) -> Known:
    """People and buildings as the registry has them."""
    folder = read_folder(district.home, district.settings)
    frame = folder.rows[USERS.name].frame
    users = [
        {name: cell or "" for name, cell in row.items() if isinstance(cell, str | None)}
        for row in frame.iter_rows(named=True)
    ]
    places = [
        Place(row["building"], row["org_id"] or "", row["name"] or "")
        for row in district.registry.frames["buildings"].iter_rows(named=True)
        if row["building"]
    ]
    domains = district.settings.district.account_domains
    return Known(users, places, domains, district.zone)


def _is_elsewhere(district: District) -> bool:
    """The roster is read from a folder or a zip, which a file would stand before."""
    path = district.home.registry / USERS.name
    own = path.is_file() and has_rows(path.read_bytes())
    return not own and USERS.name not in district.registry.missing


def _merged(
    district: District, taken: Sequence[Taken], taking: Collection[str]
) -> Iterator[Merged]:
    rows: dict[str, list[Row]] = {}
    for one in taken:
        for name, more in one.rows.items():
            rows.setdefault(name, []).extend(more)
    for name, file in IMPORTED.items():
        if not rows.get(name):
            continue
        path = district.home.registry / name
        before = path.read_bytes() if path.is_file() else b""
        renames = district.settings.registry.columns.get(name, {})
        yield merge(before, file, rows[name], renames, is_taken=name in taking)


def _calendar(found: Calendar, district: District) -> NewCalendar:
    """Titles stay, since they tell the kind of day; what else an event holds goes."""
    name = Path(found.place).name
    text, _ = clean(found.data, name)
    words, zone = district.settings.registry.calendar_words, district.zone
    read = read_calendar(found.data, name, words, zone)
    counts = read.frame.group_by("day_type").len().sort("day_type")
    return NewCalendar(
        name, found.place, text.encode(), dict(counts.iter_rows()), read.problems
    )


def _is_new(district: District, calendar: NewCalendar) -> bool:
    path = district.home.registry / calendar.name
    return not path.is_file() or path.read_bytes() != calendar.data


def write(district: District, plan: Plan, actor: str, source: str) -> list[str]:
    """Write what the plan says, an audited act a file; what was done.

    The caller holds the home's lock. A file in which a line that was there becomes
    another is kept beside it first.

    Args:
        source: What the rows come from, for the audit log.
    """
    done = []
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    chain = open_chain(district.store, district.home)
    for merged in plan.files:
        if not merged.is_changed:
            continue
        path = district.home.registry / merged.file
        counts = counts_of(merged)
        hashes = f"{_hash(merged.before)} to {_hash(merged.data)}"
        act = Act(
            actor=actor,
            action="registry import",
            subject=merged.file,
            reason=f"{counts} from {source} ({hashes})",
        )
        with chain.recording(act):
            if merged.is_rewritten:
                put(path.with_name(f"{merged.file}{ORIGINAL}{stamp}"), merged.before)
            put(path, merged.data)
        kept = f"; as it was: {merged.file}{ORIGINAL}{stamp}"
        done.append(f"{merged.file}: {counts}{kept if merged.is_rewritten else ''}")
    for calendar in plan.calendars:
        path = district.home.registry / calendar.name
        act = Act(
            actor=actor,
            action="registry import",
            subject=calendar.name,
            reason=f"{sum(calendar.days.values())} days from {source}",
        )
        with chain.recording(act):
            if path.is_file():
                put(path.with_name(f"{path.name}{ORIGINAL}{stamp}"), path.read_bytes())
            put(path, calendar.data)
        done.append(f"{calendar.name}: {sum(calendar.days.values())} days")
    return done


def counts_of(merged: Merged) -> str:
    """As in "12 rows added, 3 cells filled"."""
    told = [f"{len(merged.added):,} rows added"]
    if merged.filled:
        told.append(f"{len(merged.filled):,} empty cells filled")
    if merged.differs and merged.is_taken:
        told.append(f"{len(merged.differs):,} cells replaced")
    return ", ".join(told)


def remedies(missing: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Each file without a row: what cannot be judged, and where its rows come from."""
    for file, disables in sorted(missing.items()):
        yield file, disables, how_to_get(file)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
