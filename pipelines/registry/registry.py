"""The registry as canonical frames: loads every file, and reports all problems together."""

import hashlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from pipelines.day_kinds import WORKING
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.registry.account_names import Directory, mail_domains
from pipelines.registry.csv_files import LINE, RegistryFrame
from pipelines.registry.domain_lists import Lists, read_lists
from pipelines.registry.folder import LINK, ROSTER, RegistryFolder, leads_out, read_folder
from pipelines.registry.frames import FILES, FRAMES
from pipelines.registry.kept_copies import (
    AcceptedFile,
    CurrentFile,
    RefusedFile,
    forget,
    has_rows,
    keep,
    note_refused,
    read_kept,
)
from pipelines.registry.mmdb_files import OutsideFile, OutsideFiles, outside_files
from pipelines.registry.outline import Outline
from pipelines.registry.roster import USERS
from pipelines.registry.suggestions import mended
from pipelines.registry.table import UNKNOWN_BUILDING, UNKNOWN_PERSON, Inputs, strangers, tables
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem

IN_BUILDINGS = ("wired", "lab", "wifi")
"""Kinds of networks that are in a building."""
FIXED = ("desktop", "lab_pc")
"""Classes of stationary devices."""
IN_TABLES = ("calendar.csv",)
"""Files whose table reports unknown buildings, because their rows then count nowhere."""

MAX_LETTERS = 200
_MADE: deque[tuple[Mapping[str, str], Settings, Inputs]] = deque(maxlen=2)


@dataclass(frozen=True)
class Registry:
    """The district's data, checked.

    Attributes:
        frames: Every frame of `frames.FRAMES`, empty without data.
        problems: Problems and notices; bad rows are not in the frames.
        missing: File without rows -> what cannot be judged without it.
        version: Hash of the contents of all files.
        versions: Hash of each file, by name.
        people_names: Person -> display name. Kept apart from the frames.
        outside: MMDB files about addresses outside.
        refused: Files that shrank too much to be accepted; the copies of the last
            good ones are in the frames.
        present: Names of the existing files.
        empty: Those of them without a good row -> in which way, in words.
        fresh: Those that differ from the last accepted copies, by name.
        layer: Version and digest of the agency's overlay; empty without one.
    """

    frames: Mapping[str, pl.DataFrame]
    problems: tuple[Problem, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    people_names: Mapping[str, str] = field(default_factory=dict, repr=False)
    outside: tuple[OutsideFile, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    present: frozenset[str] = frozenset()
    empty: Mapping[str, str] = field(default_factory=dict)
    fresh: Mapping[str, CurrentFile] = field(default_factory=dict, repr=False)
    layer: str = ""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that set a row aside."""
        return tuple(item for item in self.problems if item.severity == "error")


def load_registry(home: DistrictHome, settings: Settings) -> Registry:
    """Read everything in the home's `registry/`; what is absent is empty."""
    taken = read_folder(home, settings)
    lists = read_lists(home.lists, settings.lists)
    outside = outside_files(home.registry)
    versions = {**taken.versions, **lists.versions, **outside.versions}
    inputs = _inputs(taken, lists, versions, settings)
    parts = {name: _made(inputs, name) for name in FRAMES}
    told = [item for rows in parts.values() for item in rows.problems]
    told += inputs.once("references", _dangling)
    told += _without_people(inputs, taken)
    # lines of a kept copy are not those of the current file
    kept = {shrunk_file.name for shrunk_file in taken.refused}
    wrong = [*taken.problems, *outside.problems]
    wrong += [item for item in told if item.file not in kept]
    return Registry(
        frames={name: rows.frame for name, rows in parts.items()},
        problems=tuple(
            _hidden(problem, home)
            for problem in mended(sorted(wrong, key=_by_place), home, settings)
        ),
        missing=_missing(taken, outside),
        version=_hash(versions),
        versions=versions,
        people_names=inputs.roster.names,
        outside=outside.files,
        refused=taken.refused,
        present=frozenset(taken.given),
        empty={name: _how_empty(one) for name, one in taken.given.items() if not one.rows},
        fresh={
            name: one
            for name, one in taken.given.items()
            if not _is_held(one, taken.kept.get(name))
        },
        layer=taken.layer,
    )


def _made(inputs: Inputs, name: str) -> RegistryFrame:
    """Return one frame.

    Raises:
        SettingsError: Its file contains something that no table foresees.
    """
    try:
        return inputs.made(name)
    except SchoolbellError:
        raise
    except Exception as error:
        file = next(one.file for one in tables().values() if name in one.frames)
        raise SettingsError(
            f"cannot be used: {type(error).__name__}: {str(error)[:MAX_LETTERS]}",
            where=f"registry/{file.name if file else name}",
            remedy="Export it again, or bring it back from registry-kept/.",
        ) from error


def _inputs(
    taken: RegistryFolder, lists: Lists, versions: Mapping[str, str], settings: Settings
) -> Inputs:
    """Return the inputs of tables; the same bytes and settings are processed only once.

    A page of the desk, a preview and a run each open the home, and the registry has rarely
    changed since.
    """
    for known, with_settings, inputs in tuple(_MADE):
        if known == versions and with_settings == settings:
            return inputs
    inputs = Inputs(taken.rows, taken.events, taken.policy, settings, lists)
    _MADE.append((versions, settings, inputs))
    return inputs


def _without_people(inputs: Inputs, taken: RegistryFolder) -> list[Problem]:
    """Report that users.csv is gone while other files name people.

    A file under another name would leave every account without a person, day after day.
    """
    named = [
        name
        for name, file in FILES.items()
        for column, cell in file.columns.items()
        if cell.names == "person"
        and inputs.rows[name].frame[column].null_count() < inputs.rows[name].frame.height
    ]
    if USERS.name in taken.given or not named:
        return []
    what = f"is not there, and {', '.join(dict.fromkeys(named))} name people"
    allowed = "the roster's export under this name, or in registry/oneroster/"
    return [Problem(USERS.name, what, allowed=allowed, severity="refused")]


def _dangling(inputs: Inputs) -> list[Problem]:
    """Report cells that name a missing row of another table.

    Each is a notice: the row is kept, and the target remains unknown. A
    misspelled building in one file would otherwise look like one more building.
    """
    problems: list[Problem] = []
    codes = inputs.frame("buildings")["building"].drop_nulls().unique(maintain_order=True)
    named = {
        "building": (codes, UNKNOWN_BUILDING, ", ".join(codes)),
        "person": (inputs.frame("people")["person_id"], *UNKNOWN_PERSON),
    }
    for file in FILES.values():
        rows = inputs.rows[file.name].frame
        for column, cell in file.columns.items():
            if cell.names is None or file.name in IN_TABLES:
                continue
            known, what, allowed = named[cell.names]
            values = rows.select(LINE, value=column)
            problems += strangers(file.name, column, values, known, what=what, allowed=allowed)
    return problems


def _how_empty(given: CurrentFile) -> str:
    if not given.data:
        return "is empty (0 bytes)"
    if has_rows(given.data):
        return "has no row that can be read"
    return "is empty: it has no row below its header"


def _hidden(problem: Problem, home: DistrictHome) -> Problem:
    """Hide the content of a file that a link brings in from elsewhere."""
    path = home.registry / problem.file
    is_ours = problem.what == LINK or problem.severity == "refused"
    if is_ours or not leads_out(path, home):
        return problem
    known = problem.file in (FILES | ROSTER) and problem.column in (
        (FILES | ROSTER)[problem.file].columns
    )
    what = problem.what if path.suffix == ".csv" else "has something that is wrong"
    column = problem.column if known else None
    return replace(problem, what=what, column=column, value=None, allowed="", paste="")


def keep_registry(home: DistrictHome, registry: Registry, now: datetime) -> None:
    """Copy the files that are in force now. The caller holds the home's lock.

    One that was refused is not copied over what is in force instead.
    """
    not_taken = {shrunk_file.name for shrunk_file in registry.refused}
    new = {name: one for name, one in registry.fresh.items() if one.rows and name not in not_taken}
    keep(home, new, now)
    note_refused(home, not_taken, now)
    # a file that only changed its name left its copy behind
    for name in read_kept(home).keys() - registry.present - not_taken:
        forget(home, name)


def is_settled(home: DistrictHome, registry: Registry) -> bool:
    """Return whether nothing is refused, and `keep_registry` would change nothing."""
    kept = read_kept(home)
    return (
        not registry.refused
        and not any(one.rows for one in registry.fresh.values())
        and kept.keys() <= registry.present
        and not any(one.refused_time for one in kept.values())
    )


def placeless_networks(registry: Registry) -> tuple[int, int]:
    """Return how many networks in buildings have no building, and how many there are."""
    frame = registry.frames["subnets"]
    places = frame["building"].filter(frame["kind"].is_in(IN_BUILDINGS))
    return places.null_count(), len(places)


def outline_of(registry: Registry) -> Outline:
    """Return the outline of a registry that was read."""
    frames = registry.frames
    students = frames["people"].filter("is_student")["person_id"].to_list()
    devices = frames["devices"]
    of_others = devices.filter(~pl.col("assigned_to").is_in(students).fill_null(value=False))
    placed = devices.drop_nulls("building")
    standing = placed.filter(pl.col("device_class").is_in(FIXED))
    directory = Directory(frames["accounts"], frames["account_aliases"])
    works: dict[str, bool] = {}
    for day, kind in frames["calendar_days"].select("date", "day_type").iter_rows():
        works[day.isoformat()] = works.get(day.isoformat(), False) or kind in WORKING
    return Outline(
        version=registry.version,
        problems=len(registry.problems),
        errors=len(registry.errors),
        layer=registry.layer,
        refused=registry.refused,
        nowhere_fixed=tuple(sorted({*placed["building"]} - {*standing["building"]})),
        devices=dict(Counter(of_others["device_class"].drop_nulls().to_list())),
        mail_domains=tuple(sorted(mail_domains(directory))),
        works=works,
        buildings=building_names(registry),
        placeless=placeless_networks(registry),
    )


def _is_held(given: CurrentFile, kept: AcceptedFile | None) -> bool:
    return kept is not None and replace(kept, time="", refused_time="") == given.kept


def registry_mark(home: DistrictHome) -> tuple[tuple[str, int, int], ...]:
    """Return a value that changes with any file of a registry, and with the settings.

    It uses names, sizes and change times; nothing is read.
    """
    folders = (home.registry, home.kept_registry, home.lists)
    files = [home.settings_file, *(path for at in folders for path in at.rglob("*"))]
    found = ((str(path), path.stat()) for path in sorted(files) if path.is_file())
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _missing(taken: RegistryFolder, outside: OutsideFiles) -> Mapping[str, str]:
    """Return files without a row; an MMDB file does what `ip_geo.csv` would."""
    instead = {"ip_geo.csv"} if outside.files else set()
    return {name: what for name, what in taken.missing.items() if name not in instead}


def _hash(versions: Mapping[str, str]) -> str:
    lines = (f"{name} {digest}\n" for name, digest in sorted(versions.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _by_place(problem: Problem) -> tuple[str, int]:
    return problem.file, problem.line or 0


def building_names(registry: Registry) -> Mapping[str, str]:
    """Return code -> name, of those that have one; two with the same name add their codes."""
    frame = registry.frames["buildings"].drop_nulls("name")
    named = dict(frame.select("building", "name").iter_rows())
    times = Counter(named.values())
    return {code: name if times[name] == 1 else f"{name} ({code})" for code, name in named.items()}
