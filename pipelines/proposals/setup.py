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
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District, Reading
from pipelines.gaps.logs import lacking_files, note_systems
from pipelines.proposals.usual_duty import suggested, with_usual_duty
from pipelines.registry.edits import put
from pipelines.registry.folder import ORIGINAL, read_folder
from pipelines.registry.ical import clean, read_calendar
from pipelines.registry.imports.export_tables import Calendar, Sheet, UnreadTable, found_in
from pipelines.registry.imports.exports import (
    IMPORTED,
    ROSTER_FILES,
    Export,
    export_of,
    hint,
    how_to_get,
)
from pipelines.registry.imports.kept_tables import (
    are_kept,
    files_of,
    keep,
    kept_tables,
    not_deleted,
    note_written,
    still_valid,
)
from pipelines.registry.imports.known import ExportIndex, Place, device_key
from pipelines.registry.imports.merged_rows import Merged, Row, merge
from pipelines.registry.imports.people import CLOSED_LIST, CLOSED_NOTE
from pipelines.registry.imports.renames import Renames, renamed, renames_of
from pipelines.registry.imports.rows import rows_of
from pipelines.registry.imports.taken import ImportResult, rows_by_file
from pipelines.registry.kept_copies import has_rows
from pipelines.registry.outline import digest_of
from pipelines.registry.registry import Registry, load_registry
from pipelines.registry.roster import USERS
from pipelines.registry.taking_back import changes_between
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem
from pipelines.settings.scratch import scratch
from pipelines.settings.toml_reader import load_settings
from pipelines.state.accepted_groups import add_group
from pipelines.state.audit import Act, Chain, open_chain
from pipelines.state.connections import Store, fact, remember

LOG_BYTES = 64_000_000
"""Bytes of the logs that are searched for host names."""
FILE_BYTES = 8_000_000
MATCHED = "kept_exports_matched"
"""Fact of the state: the registry with which kept tables were last matched."""
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
        kept: What each table of earlier imports provides now.
        to_keep: Tables that later lists may complete, by file.
        is_kept: They are there already.
        renames: People and buildings that get the names of a later list.
        unread: What was not opened or not recognized, and why.
        files: The registry's files after the import.
        rule_count: Number of rules.
        lacking_before: The empty files that rules depend on now, by code.
        lacking: Those that would be empty then.
        usual_duty: Hours of all staff that `district.toml` would contain; empty: none.
        full_days: Absences with these hours; 0 if a person gave them.
        unplaced: Code and name of buildings that would have no coordinates.
        problems: Problems of the new files that the current ones do not have.
        missing: File without rows then -> what cannot be judged.
    """

    taken: list[ImportResult] = field(default_factory=list)
    kept: list[ImportResult] = field(default_factory=list)
    renames: Renames = field(default_factory=Renames)
    to_keep: Mapping[str, bytes] = field(default_factory=dict)
    is_kept: bool = True
    unread: list[UnreadTable] = field(default_factory=list)
    calendars: list[NewCalendar] = field(default_factory=list)
    files: list[Merged] = field(default_factory=list)
    rule_count: int = 0
    lacking_before: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lacking: Mapping[str, Sequence[str]] = field(default_factory=dict)
    usual_duty: str = ""
    full_days: int = 0
    unplaced: Sequence[tuple[str, str]] = ()
    problems: list[Problem] = field(default_factory=list)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing would be written."""
        is_changed = any(one.is_changed for one in self.files)
        return self.is_kept and not (self.calendars or self.usual_duty or is_changed)


def plan_of(
    district: District,
    paths: Iterable[Path],
    taking: Collection[str] = (),
    usual_duty: str = "",
    coordinates: Iterable[Row] = (),
    *,
    is_new_only: bool = False,
) -> Plan:
    """Return what files and folders of exports would change, without writing.

    Args:
        taking: Registry files in which the exports' cells count.
        usual_duty: Hours of all staff, as 07:30-16:00; without any, those in the
            absences if the district has no other hours.
        coordinates: Cells `building`, `lat` and `lon` that a person gave.
        is_new_only: Leave out rows that the registry had before, and has no longer.
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
    renames = settings.registry.columns
    kept = still_valid(kept_tables(district.home.kept_exports, renames), sheets)
    with tempfile.TemporaryDirectory(prefix=scratch("setup")) as folder:
        home = _with_later_names(district, [*sheets, *kept], plan, Path(folder))
        registry = load_registry(home, settings) if plan.renames else district.registry
        known = known_of(home, settings, registry)
        results = list(rows_of([*sheets, *kept], known))
        new = {id(sheet) for sheet, _ in sheets}
        plan.taken = [one for one in results if id(one.sheet) in new]
        plan.kept = [one for one in results if id(one.sheet) not in new]
        plan.files = list(
            _merged(
                district.home, home, settings, plan, taking, coordinates, is_new_only=is_new_only
            )
        )
    plan.to_keep = files_of([*sheets, *kept])
    plan.is_kept = are_kept(district.home.kept_exports, plan.to_keep)
    has_hours = "staff_duty.csv" not in district.registry.missing
    if not (usual_duty or has_hours or "staff_duty.csv" in {one.file for one in plan.files}):
        plan.usual_duty = suggested(known.hours)
        plan.full_days = sum(known.hours.values()) if plan.usual_duty else 0
    plan.calendars = [one for one in plan.calendars if _is_new(district.home, one)]
    return tried(district, plan)


def tried(district: District, plan: Plan) -> Plan:
    """Return the plan with what the registry would be like with it."""
    plan.rule_count = len(district.detections)
    plan.lacking_before = lacking_files(district.detections, district.registry)
    with tempfile.TemporaryDirectory(prefix=scratch("setup")) as folder:
        registry = _as_it_would_be(district.home, plan, Path(folder))
    known = {(one.file, one.what, one.value) for one in district.registry.problems}
    plan.problems = [
        one for one in registry.problems if (one.file, one.what, one.value) not in known
    ]
    plan.lacking = lacking_files(district.detections, registry)
    plan.missing = registry.missing
    buildings = registry.frames["buildings"].filter(pl.col("lat").is_null())
    if "buildings.csv" not in registry.missing:
        plan.unplaced = [*buildings.select("building", "name").iter_rows()]
    return plan


def _as_it_would_be(home: DistrictHome, plan: Plan, folder: Path) -> Registry:
    """Return the registry of a copy of the home in which everything is written."""
    copy = _copy(home, folder, _settings(home, plan))
    for merged in plan.files:
        (copy.registry / merged.file).write_bytes(merged.data)
    for calendar in plan.calendars:
        (copy.registry / calendar.name).write_bytes(calendar.data)
    return load_registry(copy, load_settings(copy))


def _copy(home: DistrictHome, folder: Path, settings: bytes) -> DistrictHome:
    """Copy the registry of a home."""
    copy = DistrictHome(folder)
    copy.settings_file.write_bytes(settings)
    for name in ("registry", "lists", "agency"):
        source: Path = getattr(home, name)
        if source.is_dir():
            shutil.copytree(source, getattr(copy, name), symlinks=False)
    copy.registry.mkdir(exist_ok=True)
    return copy


def _settings(home: DistrictHome, plan: Plan) -> bytes:
    """Return the settings file with the hours that the plan has."""
    data = home.settings_file.read_bytes()
    if not plan.usual_duty:
        return data
    return with_usual_duty(data.decode("utf-8-sig"), plan.usual_duty).encode()


def _cells(frame: pl.DataFrame) -> list[Row]:
    """Return rows of text."""
    return [
        {name: cell or "" for name, cell in row.items() if isinstance(cell, str | None)}
        for row in frame.iter_rows(named=True)
    ]


def places_of(registry: Registry) -> list[Place]:
    """Return the buildings of the registry."""
    return [
        Place(row["building"], row["org_id"] or "", row["name"] or "")
        for row in registry.frames["buildings"].iter_rows(named=True)
        if row["building"]
    ]


def known_of(home: DistrictHome, settings: Settings, registry: Registry) -> ExportIndex:
    """Return people and buildings of the registry."""
    folder = read_folder(home, settings)
    frame = folder.rows[USERS.name].frame
    users, places = _cells(frame), places_of(registry)
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
    owned = accounts.filter(pl.col("account_type") == "person").drop_nulls("owner_person_id")
    for name, person in owned.select("username", "owner_person_id").iter_rows():
        known.see_name(name, person)
    devices = folder.rows["devices.csv"].frame.drop_nulls("hostname")
    for name, *cards in devices.select("hostname", "mac", "ethernet_mac").iter_rows():
        known.cards.setdefault(device_key(name), set()).update(filter(None, cards))
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


def _with_later_names(
    district: District, tables: Sequence[tuple[Sheet, Export]], plan: Plan, folder: Path
) -> DistrictHome:
    """Return the home, or a copy in which people and buildings have the names of later lists."""
    home, settings = district.home, district.settings
    users = read_folder(home, settings).rows[USERS.name].frame
    places = places_of(district.registry)
    plan.renames = renames_of(tables, _cells(users), places)
    if not plan.renames:
        return home
    copy = _copy(home, folder, home.settings_file.read_bytes())
    for name, file in IMPORTED.items():
        path = copy.registry / name
        if path.is_file() and file.columns:
            columns = settings.registry.columns.get(name, {})
            path.write_bytes(renamed(path.read_bytes(), file, columns, plan.renames))
    return copy


def _merged(
    home: DistrictHome,
    base: DistrictHome,
    settings: Settings,
    plan: Plan,
    taking: Collection[str],
    coordinates: Iterable[Row],
    *,
    is_new_only: bool,
) -> Iterator[Merged]:
    """Yield each file with the rows of the new tables, then of those of earlier imports.

    Args:
        base: The home, in which later names already replace earlier ones.
    """
    rows, earlier = rows_by_file(plan.taken), rows_by_file(plan.kept)
    if given := list(coordinates):
        rows.setdefault("buildings.csv", []).extend(given)
    for name, file in IMPORTED.items():
        was, path = _bytes_of(home.registry / name), base.registry / name
        before = _bytes_of(path)
        if not (rows.get(name) or earlier.get(name) or was != before):
            continue
        renames = settings.registry.columns.get(name, {})
        is_taken = name in taking
        if is_new_only and rows.get(name):
            rows[name] = not_deleted(home.kept_exports, file, rows[name], before, renames)
        made = merge(before, file, rows.get(name, ()), renames, is_taken=is_taken)
        if earlier.get(name):
            again = not_deleted(home.kept_exports, file, earlier[name], made.data, renames)
            whole = merge(before, file, [*rows.get(name, ()), *again], renames, is_taken=False)
            if not is_taken:
                made.data, made.added, made.filled = whole.data, whole.added, whole.filled
            made.same, made.alone = whole.same, whole.alone
        made.before, made.is_renamed = was, was != before
        yield made


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


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


def write(
    store: Store, home: DistrictHome, plan: Plan, actor: str, source: str, topic: str = ""
) -> list[str]:
    """Write the plan, one audited action per file, and return a summary.

    The caller holds the home's lock. A file in which an existing line changes
    is backed up next to it first.

    Args:
        source: Origin of the rows, for the audit log.
        topic: Group under which the rows can be taken back; empty: they cannot.
    """
    chain = open_chain(store, home)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    done = [*_written_files(home, plan, actor, source, topic, chain, stamp)]
    done += _written_calendars(home, plan, actor, source, chain, stamp)
    tables = [*plan.taken, *plan.kept]
    keep(home.kept_exports, plan.to_keep)
    note_written(home.kept_exports, rows_by_file(tables))
    if systems := sum((Counter(one.systems) for one in tables), Counter[str]()):
        note_systems(store, systems)
    if plan.usual_duty:
        done += _written_hours(home, plan, actor, chain)
    return done


def _written_files(
    home: DistrictHome, plan: Plan, actor: str, source: str, topic: str, chain: Chain, stamp: str
) -> Iterator[str]:
    headers = load_settings(home).registry.columns if topic else {}
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
        with chain.recording(act) as transaction:
            if topic:
                renames = headers.get(merged.file, {})
                rows = changes_between(merged.before, merged.data, merged.file, renames)
                add_group(transaction, topic, merged.file, [asdict(one) for one in rows], actor)
            if merged.is_rewritten:
                put(path.with_name(f"{merged.file}{ORIGINAL}{stamp}"), merged.before)
            put(path, merged.data)
        kept = f"; original: {merged.file}{ORIGINAL}{stamp}"
        yield f"{merged.file}: {counts}{kept if merged.is_rewritten else ''}"


def _written_calendars(
    home: DistrictHome, plan: Plan, actor: str, source: str, chain: Chain, stamp: str
) -> Iterator[str]:
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
        yield f"{calendar.name}: {sum(calendar.days.values())} days"


def match_again(district: District) -> tuple[District, list[str]]:
    """Complete the registry with kept tables, if a list changed since they were last matched.

    The caller holds the home's lock. Rows that a person deleted are not added again, and no
    cell is replaced.

    Returns:
        The district with the registry as it is now, and a sentence about each changed file.
    """
    home, settings, store = district.home, district.settings, district.store
    with store.reading() as reading:
        matched = fact(reading, MATCHED)
    is_same = matched == digest_of(home, settings)
    # of a registry with a file that shrank, nothing is concluded
    if not home.kept_exports.is_dir() or is_same or district.outline.refused:
        return district, []
    plan = plan_of(district, ())
    done: list[str] = []
    if not plan.is_empty:
        done = write(store, home, plan, "schoolbell run", "kept exports")
        district = replace(district, reading=Reading.of(load_registry(home, settings)))
    with store.writing() as writing:
        remember(writing, MATCHED, digest_of(home, settings))
    return district, [f"Exports of an earlier setup were matched again: {one}" for one in done]


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
