"""Reader of the bytes of a `registry/` folder: files, calendars, exports, agency overlay.

A roster is in `registry/` itself, in a folder `registry/oneroster/`, or in an
exported zip, which is read member by member and never unpacked. The first of
them with a row in `users.csv` is the roster.

A home keeps its service agency's data for all districts in `registry/agency/`:
lists of sites, a policy pack, rule settings. A row of the district's own file replaces the
agency's row of the same key; so does the district's own policy pack.
"""

import hashlib
import tomllib
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import polars as pl

from pipelines.registry import domain_lists, roster
from pipelines.registry.csv_files import LINE, File, RegistryFrame, read_file
from pipelines.registry.frames import FILES
from pipelines.registry.ical import EVENTS, read_calendar
from pipelines.registry.kept_copies import (
    AcceptedFile,
    CurrentFile,
    RefusedFile,
    data_of,
    has_rows,
    read_kept,
    refused,
)
from pipelines.registry.policy import FILE as POLICY
from pipelines.registry.policy import default_policy, read_policy
from pipelines.registry.roster import MANIFEST, ORGS, ROLES, USERS
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem, nearest

ABOUT = "layer.toml"
RULES = "rules.toml"
SHARED = ("approved_sites.csv", "site_categories.csv")
"""Files of the registry that can hold for many districts; none names a person."""
CONTENTS = (ABOUT, POLICY, RULES, *SHARED)
_LARGEST = 100_000_000

ROSTER = {file.name: file for file in (USERS, ROLES, ORGS, MANIFEST)}

IGNORED = (
    "academicSessions.csv",
    "classes.csv",
    "courses.csv",
    "demographics.csv",
    "enrollments.csv",
    "userProfiles.csv",
)
"""Further files of a roster export, of no use here."""
MAX_FILE = 1_000_000_000
LINK = "is a link that leads out of the home; what it holds is not shown"
SUFFIXES = (".csv", ".ics", ".toml")
ORIGINAL = ".before-"
"""Part of the name of a file that `check --mend` set aside."""


@dataclass(frozen=True)
class Layer:
    """An overlay in a folder; an absent folder is an empty one.

    Attributes:
        name: Of the agency; empty without an overlay.
        version: The agency's version.
        digest: Of the contents, 12 hexadecimal digits.
        files: Bytes of each file, by `agency/NAME`.
        rows: Good rows of each existing file of `SHARED`.
        problems: Problems in it.
    """

    name: str
    version: str
    digest: str
    files: Mapping[str, bytes]
    rows: Mapping[str, RegistryFrame]
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return f"{self.version} ({self.digest})" if self.digest else ""

    def below(self, own: RegistryFrame, name: str) -> RegistryFrame:
        """Return the district's rows of a file, and the agency's that it does not replace."""
        said, key = self.rows[name].frame, FILES[name].key
        # a line of another file would be reported as a line of the district's
        said = said.with_columns(pl.lit(None, pl.Int64).alias(LINE))
        if key:
            said = said.join(own.frame, on=list(key), how="anti")
        return RegistryFrame(pl.concat([own.frame, said]), own.problems)

    def policy_below(self, own: bytes | None) -> bytes | None:
        """Return the pack in force: the district's, unless it is the one that is shipped."""
        is_own = own is not None and own != default_policy()
        return own if is_own else self.files.get(f"agency/{POLICY}", own)


def read_layer(folder: Path) -> Layer:
    """Read an overlay; problems are reported, and their row or file is left out."""
    problems: list[Problem] = []
    found = {name: data for name in CONTENTS if (data := _bytes(folder / name)) != b""}
    about = _about(found.get(ABOUT, b""), problems) if found else {}
    rows = {name: read_file(found[name], FILES[name], {}) for name in SHARED if name in found}
    for one in rows.values():
        problems += one.problems
    if POLICY in found:
        problems += read_policy(found[POLICY]).problems
    digest = hashlib.sha256()
    for name, data in sorted(found.items()):
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return Layer(
        name=about.get("name", ""),
        version=about.get("version", ""),
        digest=digest.hexdigest()[:12] if found else "",
        files={f"agency/{name}": data for name, data in found.items()},
        rows=rows,
        problems=tuple(replace(one, file=f"agency/{one.file}") for one in problems),
    )


def _bytes(path: Path) -> bytes:
    """Return a plain file's bytes; none if it does not exist."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        return b""
    return path.read_bytes()


def _about(data: bytes, problems: list[Problem]) -> dict[str, str]:
    """Name and version, each a line of text."""
    try:
        said = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(Problem(ABOUT, f"is not TOML: {error}"))
        return {}
    wanted = {"name": "Example Service Agency", "version": "2026-11-27"}
    for key, example in wanted.items():
        if not isinstance(said.get(key), str) or not said[key].strip():
            problems.append(
                Problem(ABOUT, "is missing", column=key, allowed=f'{key} = "{example}"')
            )
    return {key: str(said.get(key, "")) for key in wanted}


class RegistryFolder(NamedTuple):
    """Every file of a registry, read and checked row by row.

    Attributes:
        rows: File name -> its good rows; absent files are empty.
        events: `date`, `day_type` and `is_inferred` of calendar files.
        policy: Bytes of `policy.toml`; null without one.
        problems: Of the roster's outer form and of calendar files.
        missing: File without rows -> what cannot be judged.
        versions: Hash of each file, by name.
        refused: Files that shrank; the rows are those of their kept copies.
        given: Each file on disk, by name.
        kept: The last accepted state, by name.
        layer: Version and digest of the agency's overlay; empty without one.
    """

    rows: Mapping[str, RegistryFrame]
    events: pl.DataFrame
    policy: bytes | None
    problems: tuple[Problem, ...]
    missing: Mapping[str, str]
    versions: Mapping[str, str]
    refused: tuple[RefusedFile, ...] = ()
    given: Mapping[str, CurrentFile] = MappingProxyType({})
    kept: Mapping[str, AcceptedFile] = MappingProxyType({})
    layer: str = ""


def read_folder(home: DistrictHome, settings: Settings) -> RegistryFolder:
    """Read a home's registry folder; what shrank is read from its kept copy."""
    problems: list[Problem] = []
    folder = home.registry
    found = dict(_files(folder, problems))
    bundle, zipped = _bundle(folder, found, problems)
    rows = _read(found, FILES, settings) | _read(bundle, ROSTER, settings)
    given = _given(found, bundle, rows, settings)
    kept = read_kept(home)
    shrunk = tuple(refused(kept, given, settings.registry.largest_loss))
    for one in shrunk:
        data = data_of(home, one.name)
        into = bundle if one.name in ROSTER else found
        into[one.name] = data
        if one.name in rows:
            problems += rows[one.name].problems
            rows[one.name] = _kept_rows(data, one, settings)
    agency = read_layer(home.agency)
    for name in agency.rows:
        rows[name] = agency.below(rows[name], name)
    events, strange = _calendars(found, settings)
    does = {
        "calendar.csv": events.height > 0,
        "staff_duty.csv": bool(settings.district.usual_duty),
    }
    hashes = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in {**found, **bundle, **agency.files}.items()
    }
    return RegistryFolder(
        rows=rows,
        events=events,
        policy=agency.policy_below(found.get(POLICY)),
        layer=str(agency),
        refused=shrunk,
        given=given,
        kept=kept,
        problems=(
            *problems,
            *agency.problems,
            *(shrunk_file.problem for shrunk_file in shrunk),
            *strange,
            *rows[ORGS.name].problems,
            *rows[MANIFEST.name].problems,
            *(
                item
                for item in _of_roster(rows, list(bundle))
                if item.file not in {shrunk_file.name for shrunk_file in shrunk}
            ),
            *_unread(home, zipped),
            *_strange_renames(settings),
        ),
        missing=_missing(rows, [name for name, is_there in does.items() if is_there]),
        versions=hashes | {"built-in": domain_lists.version()},
    )


def _given(
    found: Mapping[str, bytes],
    bundle: Mapping[str, bytes],
    rows: Mapping[str, RegistryFrame],
    settings: Settings,
) -> dict[str, CurrentFile]:
    """Return every file that may be believed or not, with its good rows."""
    names = settings.registry.columns
    given = {
        name: CurrentFile(
            data,
            rows[name].frame.height,
            names.get(name, {}),
            {
                column.name: rows[name].frame.height - column.null_count()
                for column in rows[name].frame.iter_columns()
                if column.name != LINE
            },
        )
        for name, data in {**found, **bundle}.items()
        if name in rows and name != MANIFEST.name
    }
    for name, data in found.items():
        if name.lower().endswith(".ics"):
            days, _ = _calendars({name: data}, settings)
            given[name] = CurrentFile(data, days.height)
        elif name == POLICY:
            given[name] = CurrentFile(data, read_policy(data).clauses.height)
    return given


def _kept_rows(data: bytes, shrunk_file: RefusedFile, settings: Settings) -> RegistryFrame:
    """Return the rows of a kept copy; its problems were reported when it arrived."""
    file = (FILES | ROSTER)[shrunk_file.name]
    read = read_file(data, file, shrunk_file.kept.columns, settings.limits.registry_rows)
    return RegistryFrame(read.frame, ())


def _read(
    found: Mapping[str, bytes], files: Mapping[str, File], settings: Settings
) -> dict[str, RegistryFrame]:
    renames = settings.registry.columns
    most = settings.limits.registry_rows
    return {
        name: _rows(found.get(name, b""), name, (*renames.get(name, {}).items(),), most)
        for name in files
    }


@lru_cache(maxsize=2 * len(FILES | ROSTER))
def _rows(data: bytes, name: str, renames: tuple[tuple[str, str], ...], most: int) -> RegistryFrame:
    """Return the rows of a file; a run opens its home several times, and finds the same."""
    return read_file(data, (FILES | ROSTER)[name], dict(renames), most)


def _of_roster(rows: Mapping[str, RegistryFrame], present: Sequence[str]) -> Iterator[Problem]:
    """Yield contradictions between the files of the roster."""
    users, roles, orgs, manifest = (rows[name] for name in ROSTER)
    for file in (USERS.name, ROLES.name, ORGS.name):
        yield from roster.odd_cells(rows[file], file)
    yield from roster.dangling(users, roles, orgs)
    yield from roster.partial(manifest, present)


def _unread(home: DistrictHome, bundle: str) -> Iterator[Problem]:
    """Yield unused entries of the folder, and links that lead out of it.

    Args:
        bundle: Name of the zip that contains the roster; empty for none.
    """
    known = [*FILES, *ROSTER]
    if not home.registry.is_dir():
        return
    for path in sorted(home.registry.iterdir()):
        name = path.name
        if leads_out(path, home):
            yield Problem(name, LINK, severity="notice")
        if path.is_dir() and path.suffix.lower() in SUFFIXES:
            yield Problem(name, "is a folder, not a file", allowed="a file")
        is_ours = name in (*known, POLICY, bundle) or path.suffix.lower() in (
            ".ics",
            ".mmdb",
        )
        is_told = path.is_dir() or name.startswith(".") or ORIGINAL in name
        if is_ours or is_told or name in IGNORED or name.lower().startswith("readme"):
            continue
        guess = nearest(name, known, likeness=0.85)
        hint = (
            f"did you mean {guess}?"
            if guess
            else "a name that the registry knows, or another folder"
        )
        yield Problem(name, "is not read", allowed=hint, severity="notice")


def leads_out(path: Path, home: DistrictHome) -> bool:
    """Return whether a link leads out of the home."""
    is_inside = path.resolve().is_relative_to(home.path.resolve())
    return path.is_symlink() and not is_inside


def _strange_renames(settings: Settings) -> Iterator[Problem]:
    """Yield names in `[registry.columns]` that are not canonical."""
    files = FILES | ROSTER
    for name, columns in settings.registry.columns.items():
        if name not in files:
            yield _unknown_name("file", name, files)
            continue
        for column in columns:
            if column not in files[name].columns:
                yield _unknown_name("column", column, files[name].columns)


def _unknown_name(kind: str, name: str, known: Mapping[str, object]) -> Problem:
    guess = nearest(name, known)
    hint = f"did you mean {guess}?" if guess else ", ".join(known)
    what = f"no {kind} of the registry"
    return Problem("district.toml", what, None, "registry.columns", name, hint)


def _missing(rows: Mapping[str, RegistryFrame], instead: Collection[str]) -> Mapping[str, str]:
    """Return files without a good row, roles aside, which only version 1.2 has.

    Args:
        instead: Files for which a calendar or a setting does.
    """
    return {
        name: file.disables
        for name, file in (FILES | ROSTER).items()
        if file.disables and not rows[name].frame.height and name not in instead
    }


def _files(folder: Path, problems: list[Problem]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the folder itself."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        try:
            if path.stat().st_size > MAX_FILE:
                problems.append(Problem(path.name, "is larger than a gigabyte"))
                continue
            yield path.name, path.read_bytes()
        except OSError as error:
            problems.append(Problem(path.name, f"cannot be read: {error.strerror}"))


def _bundle(
    folder: Path, found: Mapping[str, bytes], problems: list[Problem]
) -> tuple[dict[str, bytes], str]:
    """Return the roster's files from the first place that has people; the name of a zip."""
    own = {name: found[name] for name in ROSTER if name in found}
    if has_rows(own.get(USERS.name, b"")):
        return own, ""
    exported = dict(_files(folder / "oneroster", problems))
    if has_rows(exported.get(USERS.name, b"")):
        return exported, ""
    for path in sorted(folder.glob("*.zip"), reverse=True):
        members = _members(path, problems)
        if has_rows(members.get(USERS.name, b"")):
            return members, path.name
    return own, ""


def _members(path: Path, problems: list[Problem]) -> dict[str, bytes]:
    """Return the roster's files in a zip, read as streams."""
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as bundle:
            for info in bundle.infolist():
                name = info.filename.rsplit("/", 1)[-1]
                if name not in ROSTER:
                    continue
                with bundle.open(info) as stream:
                    data = stream.read(MAX_FILE + 1)
                if len(data) > MAX_FILE:
                    problems.append(Problem(path.name, f"{name} is too large"))
                else:
                    members[name] = data
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        problems.append(Problem(path.name, f"is not a readable zip file: {error}"))
    return members


def _calendars(
    found: Mapping[str, bytes], settings: Settings
) -> tuple[pl.DataFrame, list[Problem]]:
    words, zone = settings.registry.calendar_words, settings.district.zone
    read = [
        read_calendar(data, name, words, zone)
        for name, data in found.items()
        if name.lower().endswith(".ics")
    ]
    frames = [pl.DataFrame(schema=EVENTS), *(rows.frame for rows in read)]
    # what one file states outweighs what another leads to
    every = pl.concat(frames).sort("is_inferred", maintain_order=True)
    events = every.unique("date", keep="first", maintain_order=True)
    return events, [problem for rows in read for problem in rows.problems]
