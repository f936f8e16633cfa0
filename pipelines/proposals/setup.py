"""Import of a district's exports into its registry: their rows, and the rules enabled.

Everything is tried on a copy of `registry/` first: the plan lists what each export
provides and lacks, what each file would gain, and which rules could judge with it.
Writing is one audited action per file.
"""

import gzip
import hashlib
import re
import shutil
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District
from pipelines.health.rule_coverage import NO_RULES, Rules, rules_on
from pipelines.proposals.usual_duty import suggested, with_usual_duty
from pipelines.registry.edits import put
from pipelines.registry.folder import ORIGINAL, read_folder
from pipelines.registry.ical import clean, read_calendar
from pipelines.registry.imports.export_tables import Calendar, UnreadTable, found_in
from pipelines.registry.imports.exports import IMPORTED, ROSTER_FILES, export_of, hint, how_to_get
from pipelines.registry.imports.known import ExportIndex, Place
from pipelines.registry.imports.merged_rows import Merged, Row, merge
from pipelines.registry.imports.people import CLOSED_LIST, CLOSED_NOTE
from pipelines.registry.imports.rows import rows_of
from pipelines.registry.imports.taken import ImportResult
from pipelines.registry.kept_copies import has_rows
from pipelines.registry.registry import Registry, load_registry
from pipelines.registry.roster import USERS
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem
from pipelines.settings.scratch import scratch
from pipelines.settings.toml_reader import load_settings
from pipelines.state.audit import Act, Chain, open_chain
from pipelines.state.connections import Store

LOG_BYTES = 64_000_000
"""Bytes of the logs that are searched for host names."""
FILE_BYTES = 8_000_000
UNNAMED = "weekdays that it does not list: school days"
"""Name of the days that a calendar implies."""


@dataclass(frozen=True)
class NewCalendar:
    """An iCalendar file, reduced to dates, and its days.

    Attributes:
        span: Its first and its last day of a known type; all others are unknown.
    """

    name: str
    place: str
    data: bytes
    days: Mapping[str, int]
    problems: Sequence[Problem]
    span: tuple[date, date] | None = None


@dataclass
class Plan:
    """Effect of exports on a registry.

    Attributes:
        taken: What each table provided.
        unread: What was not opened or not recognized, and why.
        files: The registry's files after the import.
        before: The rules that can judge now.
        after: The rules that could judge then.
        usual_duty: Hours of all staff that `district.toml` would contain; empty: none.
        full_days: Absences with these hours; 0 if a person gave them.
        unplaced: Code and name of buildings that would have no coordinates.
        problems: Problems of the new files that the current ones do not have.
        missing: File without rows then -> what cannot be judged.
    """

    taken: list[ImportResult] = field(default_factory=list)
    unread: list[UnreadTable] = field(default_factory=list)
    calendars: list[NewCalendar] = field(default_factory=list)
    files: list[Merged] = field(default_factory=list)
    before: Rules = NO_RULES
    after: Rules = NO_RULES
    usual_duty: str = ""
    full_days: int = 0
    unplaced: Sequence[tuple[str, str]] = ()
    problems: list[Problem] = field(default_factory=list)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing would be written."""
        is_changed = any(one.is_changed for one in self.files)
        return not (self.calendars or self.usual_duty or is_changed)


def plan_of(
    district: District,
    paths: Iterable[Path],
    taking: Collection[str] = (),
    usual_duty: str = "",
    coordinates: Iterable[Row] = (),
) -> Plan:
    """Return what files and folders of exports would change, without writing.

    Args:
        taking: Registry files in which the exports' cells count.
        usual_duty: Hours of all staff, as 07:30-16:00; without any, those in the
            absences if the district has no other hours.
        coordinates: Cells `building`, `lat` and `lon` that a person gave.
    """
    plan = Plan(usual_duty=usual_duty)
    settings = district.settings
    sheets = []
    for found in found_in(paths):
        if isinstance(found, UnreadTable):
            plan.unread.append(found)
        elif isinstance(found, Calendar):
            plan.calendars.append(_calendar(found, district.settings))
        elif (export := export_of(found, settings.registry.columns)) is None:
            plan.unread.append(UnreadTable(found.place, hint(found)))
        elif export.into in ROSTER_FILES and _is_elsewhere(district.home, district.registry):
            why = "the roster is read from registry/oneroster/ or a zip there: put it in"
            plan.unread.append(UnreadTable(found.place, why))
        else:
            sheets.append((found, export))
    known = known_of(district.home, district.settings, district.registry)
    plan.taken = list(rows_of(sheets, known))
    plan.files = list(_merged(district.home, district.settings, plan.taken, taking, coordinates))
    has_hours = "staff_duty.csv" not in district.registry.missing
    if not (usual_duty or has_hours or "staff_duty.csv" in {one.file for one in plan.files}):
        plan.usual_duty = suggested(known.hours)
        plan.full_days = sum(known.hours.values()) if plan.usual_duty else 0
    plan.calendars = [one for one in plan.calendars if _is_new(district.home, one)]
    return tried(district, plan)


def tried(district: District, plan: Plan) -> Plan:
    """Return the plan with what the registry would be like with it."""
    plan.before = rules_on(district.detections, district.registry)
    with tempfile.TemporaryDirectory(prefix=scratch("setup")) as folder:
        registry = _as_it_would_be(district.home, plan, Path(folder))
    known = {(one.file, one.what, one.value) for one in district.registry.problems}
    plan.problems = [
        one for one in registry.problems if (one.file, one.what, one.value) not in known
    ]
    plan.after = rules_on(district.detections, registry)
    plan.missing = registry.missing
    buildings = registry.frames["buildings"].filter(pl.col("lat").is_null())
    if "buildings.csv" not in registry.missing:
        plan.unplaced = [*buildings.select("building", "name").iter_rows()]
    return plan


def _as_it_would_be(home: DistrictHome, plan: Plan, folder: Path) -> Registry:
    """Return the registry of a copy of the home in which everything is written."""
    copy = DistrictHome(folder)
    copy.settings_file.write_bytes(_settings(home, plan))
    for name in ("registry", "lists", "agency"):
        source: Path = getattr(home, name)
        if source.is_dir():
            shutil.copytree(source, getattr(copy, name), symlinks=False)
    copy.registry.mkdir(exist_ok=True)
    for merged in plan.files:
        (copy.registry / merged.file).write_bytes(merged.data)
    for calendar in plan.calendars:
        (copy.registry / calendar.name).write_bytes(calendar.data)
    return load_registry(copy, load_settings(copy))


def _settings(home: DistrictHome, plan: Plan) -> bytes:
    """Return the settings file with the hours that the plan has."""
    data = home.settings_file.read_bytes()
    if not plan.usual_duty:
        return data
    return with_usual_duty(data.decode("utf-8-sig"), plan.usual_duty).encode()


def known_of(home: DistrictHome, settings: Settings, registry: Registry) -> ExportIndex:
    """Return people and buildings of the registry."""
    folder = read_folder(home, settings)
    frame = folder.rows[USERS.name].frame
    users = [
        {name: cell or "" for name, cell in row.items() if isinstance(cell, str | None)}
        for row in frame.iter_rows(named=True)
    ]
    places = [
        Place(row["building"], row["org_id"] or "", row["name"] or "")
        for row in registry.frames["buildings"].iter_rows(named=True)
        if row["building"]
    ]
    domains = settings.district.account_domains
    accounts = folder.rows["accounts.csv"].frame
    is_closed = pl.col("note").str.starts_with(CLOSED_NOTE)
    listed = {
        "accounts.csv": accounts["username"],
        CLOSED_LIST: accounts.filter(is_closed)["username"],
        "buildings.csv": folder.rows["buildings.csv"].frame["org_id"].drop_nulls(),
    }
    known = ExportIndex(
        users,
        places,
        domains,
        settings.district.zone,
        today=datetime.now(ZoneInfo(settings.district.zone)).date().isoformat(),
        listed={name: [*cells.str.to_lowercase()] for name, cells in listed.items()},
        logged=partial(names_in_logs, home.landing),
    )
    devices = folder.rows["devices.csv"].frame.drop_nulls("hostname")
    for name, *cards in devices.select("hostname", "mac", "ethernet_mac").iter_rows():
        known.cards.setdefault(name.lower(), set()).update(filter(None, cards))
    return known


def _size(path: Path) -> tuple[int, Path]:
    try:
        return path.stat().st_size, path
    except OSError:  # it is gone by now
        return 0, path


def names_in_logs(landing: Path, names: Collection[str]) -> set[str]:
    """Find which names the logs contain as words; the smallest files come first."""
    left, found, wanted = LOG_BYTES, set[str](), set(names)
    files = (path for path in landing.rglob("*") if path.is_file())
    for path in sorted(files, key=_size):
        if left <= 0:
            break
        try:
            opened = gzip.open if path.suffix == ".gz" else open
            with opened(path, "rb") as stream:
                data = stream.read(min(FILE_BYTES, left))
        except (OSError, EOFError, zlib.error):
            continue  # the run that ingests it reports it
        left -= len(data)
        words = re.findall(rb"[A-Za-z0-9-]+", data)
        found |= wanted & {word.decode().lower() for word in set(words)}
    return found


def _is_elsewhere(home: DistrictHome, registry: Registry) -> bool:
    """Return whether the roster is in a folder or a zip, which a file would override."""
    path = home.registry / USERS.name
    own = path.is_file() and has_rows(path.read_bytes())
    return not own and USERS.name not in registry.missing


def _merged(
    home: DistrictHome,
    settings: Settings,
    taken: Sequence[ImportResult],
    taking: Collection[str],
    coordinates: Iterable[Row],
) -> Iterator[Merged]:
    rows: dict[str, list[Row]] = {}
    for one in taken:
        for name, more in one.rows.items():
            rows.setdefault(name, []).extend(more)
    if given := list(coordinates):
        rows.setdefault("buildings.csv", []).extend(given)
    for name, file in IMPORTED.items():
        if not rows.get(name):
            continue
        path = home.registry / name
        before = path.read_bytes() if path.is_file() else b""
        renames = settings.registry.columns.get(name, {})
        yield merge(before, file, rows[name], renames, is_taken=name in taking)


def _calendar(found: Calendar, settings: Settings) -> NewCalendar:
    """Reduce a calendar; titles remain, because they show the type of day."""
    name = Path(found.place).name
    text, _ = clean(found.data, name)
    words, zone = settings.registry.calendar_words, settings.district.zone
    read = read_calendar(found.data, name, words, zone)
    kind = pl.when("is_inferred").then(pl.lit(UNNAMED)).otherwise("day_type")
    counts = read.frame.group_by(day_type=kind).len().sort("day_type")
    first, last = read.frame["date"].min(), read.frame["date"].max()
    span = (first, last) if isinstance(first, date) and isinstance(last, date) else None
    kinds = dict(counts.iter_rows())
    return NewCalendar(name, found.place, text.encode(), kinds, read.problems, span)


def _is_new(home: DistrictHome, calendar: NewCalendar) -> bool:
    path = home.registry / calendar.name
    return not path.is_file() or path.read_bytes() != calendar.data


def write(store: Store, home: DistrictHome, plan: Plan, actor: str, source: str) -> list[str]:
    """Write the plan, one audited action per file, and return a summary.

    The caller holds the home's lock. A file in which an existing line changes
    is backed up next to it first.

    Args:
        source: Origin of the rows, for the audit log.
    """
    done = []
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    chain = open_chain(store, home)
    for merged in plan.files:
        if not merged.is_changed:
            continue
        path = home.registry / merged.file
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
        kept = f"; original: {merged.file}{ORIGINAL}{stamp}"
        done.append(f"{merged.file}: {counts}{kept if merged.is_rewritten else ''}")
    for calendar in plan.calendars:
        path = home.registry / calendar.name
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
    if plan.usual_duty:
        done += _written_hours(home, plan, actor, chain)
    return done


def _written_hours(home: DistrictHome, plan: Plan, actor: str, chain: Chain) -> Iterator[str]:
    path, data = home.settings_file, _settings(home, plan)
    reason = f"usual_duty {plan.usual_duty} for all staff"
    act = Act(actor=actor, action="registry import", subject=path.name, reason=reason)
    with chain.recording(act):
        put(path, data)
    yield f"{path.name}: {reason}"


def counts_of(merged: Merged) -> str:
    """Return text such as "12 rows added, 3 cells filled"."""
    told = [f"{len(merged.added):,} rows added"]
    if merged.filled:
        told.append(f"{len(merged.filled):,} empty cells filled")
    if merged.differs and merged.is_taken:
        told.append(f"{len(merged.differs):,} cells replaced")
    return ", ".join(told)


def remedies(missing: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield each file without a row: what cannot be judged, and where its rows come from."""
    for file, disables in sorted(missing.items()):
        yield file, disables, how_to_get(file)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
