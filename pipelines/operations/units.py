"""Files of `deploy/` for this machine, and the access rights of each part.

The files (units, login, rights, Dagster) are kept with the folders of the guide; here
they get the folders and the account of a home. Nothing is installed into the system: an
administrator reads them and copies the needed ones.

The account of the pipeline owns everything. Three groups of files cover what
four roles may do by reading files alone; anything else goes through commands,
which check the login behind `sudo`.

| Part | Director | Analyst | Operator | Custodian |
|---|---|---|---|---|
| reports, editions | read | read | read | read |
| snapshots | read | read | - | read |
| openings | add | add | - | add |
| settings, registry | - | - | write | - |
| landing | - | - | list | - |
| kept registry, keys, lake, seals, state, warehouse | - | - | - | - |
"""

import os
import re
import stat
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pipelines
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.operations.collector import collector_files
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings

READERS, ANALYSTS, OPERATORS = "readers", "snapshots", "operators"
GROUPS: Mapping[str, str] = {
    READERS: "schoolbell-readers",
    ANALYSTS: "schoolbell-snapshots",
    OPERATORS: "schoolbell-operators",
}
"""Groups of the operating system; the guide lists their members."""

SINGLE = ("state.db", "state.toml", "warehouse.duckdb", "audit.head", "home.mark")
DEEPEST = 40
"""Maximum folder depth; no part of a home is deeper."""
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
FOLDERS = ("systemd", "nginx", "sudoers.d", "dagster")
CHECKOUT_ONLY = ("dagster.yaml", "workspace.yaml")
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
PROGRAMS, DAGSTER, KEPT_HOME, ACCOUNT = (
    "/opt/schoolbell/.venv/bin",
    "/srv/schoolbell-dagster",
    "/srv/schoolbell",
    "schoolbell",
)
"""Values in the kept files."""


@dataclass(frozen=True)
class Right:
    """Rights on disk.

    Attributes:
        group: One of `GROUPS`; None: only the owner.
        folder: Mode of a folder.
        file: Mode of a file in it; None: files keep what they have.
    """

    group: str | None
    folder: int
    file: int | None


PRIVATE = Right(None, 0o700, 0o600)
RIGHTS: Mapping[str, Right] = {
    # files made later get the folder's group by its set-group-id bit
    "reports": Right(READERS, 0o2750, 0o640),
    "editions": Right(READERS, 0o2750, 0o640),
    "snapshots": Right(ANALYSTS, 0o2750, 0o440),
    "registry": Right(OPERATORS, 0o2770, 0o660),
    "exports-kept": Right(OPERATORS, 0o2770, 0o660),
    "lists-fetched": Right(OPERATORS, 0o2770, 0o660),
    # anyone who opens a snapshot leaves a note; no one removes another's
    "openings": Right(ANALYSTS, 0o3770, None),
    # the account that delivers logs owns the folders of the sources
    "landing": Right(OPERATORS, 0o2750, None),
    "registry-kept": PRIVATE,
    "lake": PRIVATE,
    "keys": PRIVATE,
    "lists": PRIVATE,
    "seals": PRIVATE,
}
HOME = Right(READERS, 0o750, None)
SETTINGS = Right(OPERATORS, 0o750, 0o660)


class UnsafeError(SchoolbellError):
    """A path that is not given away: root would give away a file of the machine."""


@dataclass
class Protected:
    """The result of `protect`.

    Attributes:
        changed: Number of paths with another owner, group or mode than before.
        refused: Every path that was left alone, with the reason.
    """

    changed: int = 0
    refused: list[UnsafeError] = field(default_factory=list)


@dataclass(frozen=True)
class _Folder:
    """An open folder of the walk: its descriptor, path, and owner before the change."""

    descriptor: int
    path: Path
    owner: int


def protect(
    home: DistrictHome, owner: int, groups: Mapping[str, int], take_from: Collection[int] = ()
) -> Protected:
    """Set owner, group and mode of everything in a home.

    The walk goes from one open folder to the next and changes what it opened, so that
    no link leads out of the home. It leaves alone links, files with several names,
    other devices, and entries of another owner than their folder.

    Args:
        owner: User id of the pipeline's account.
        groups: Group ids by the names of `GROUPS`, and of the owner under `""`.
        take_from: User ids whose files are taken although their folder is another's.

    Raises:
        SettingsError: The folder is not a home.
        UnsafeError: The folder itself is a link.
    """
    if not home.settings_file.is_file():
        raise SettingsError("is not a district home", where=str(home.path))
    walk = _Walk(owner, groups, frozenset({owner, *take_from}), Protected())
    walk.begin(home.path)
    return walk.done


@dataclass(frozen=True)
class _Walk:
    """One `protect`; see there."""

    owner: int
    groups: Mapping[str, int]
    known: frozenset[int]
    done: Protected

    def begin(self, path: Path) -> None:
        """Give the home itself away, after every part of it that has a right."""
        if path.is_symlink():
            raise UnsafeError("is a link", where=str(path))
        descriptor = os.open(path, os.O_RDONLY | NO_LINK)
        try:
            held = os.fstat(descriptor)
            folder = _Folder(descriptor, path, held.st_uid)
            for name in sorted(os.listdir(descriptor)):  # noqa: PTH208 - a path could be swapped
                if (right := _right_of(name)) is not None:
                    self._give(folder, name, right, held.st_dev, depth=1)
            self._set(descriptor, held, HOME.group, HOME.folder)
        finally:
            os.close(descriptor)

    def _give(self, folder: _Folder, name: str, right: Right, device: int, depth: int) -> None:
        """Give one entry of a folder away, and all below it first."""
        path = folder.path / name
        try:
            self._require_plain(
                os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False),
                folder,
                device,
                depth,
            )
            descriptor = os.open(name, os.O_RDONLY | NO_LINK, dir_fd=folder.descriptor)
        except UnsafeError as error:
            self.done.refused.append(UnsafeError(error.what, where=str(path)))
            return
        except OSError as error:
            what = f"was changed in the meantime: {error.strerror}"
            self.done.refused.append(UnsafeError(what, where=str(path)))
            return
        try:
            held = os.fstat(descriptor)
            self._require_plain(held, folder, device, depth)
            if not stat.S_ISDIR(held.st_mode):
                if right.file is not None:
                    self._set(descriptor, held, right.group, right.file)
                return
            if right.file is not None:
                opened = _Folder(descriptor, path, held.st_uid)
                for below in sorted(os.listdir(descriptor)):  # noqa: PTH208 - a path could be swapped
                    self._give(opened, below, right, device, depth + 1)
            self._set(descriptor, held, right.group, right.folder)
        except UnsafeError as error:
            self.done.refused.append(UnsafeError(error.what, where=str(path)))
        finally:
            os.close(descriptor)

    def _require_plain(
        self, held: os.stat_result, folder: _Folder, device: int, depth: int
    ) -> None:
        """Raise an error unless a file or folder surely belongs to the home.

        Raises:
            UnsafeError: It may be a file of the machine.
        """
        is_folder = stat.S_ISDIR(held.st_mode)
        reason = ""
        if stat.S_ISLNK(held.st_mode):
            reason = "is a link"
        elif not (is_folder or stat.S_ISREG(held.st_mode)):
            reason = "is neither a file nor a folder"
        elif not is_folder and held.st_nlink > 1:
            reason = f"has {held.st_nlink} names (hard links)"
        elif held.st_dev != device:
            reason = "is on another device than the home"
        elif folder.owner not in (0, held.st_uid) and held.st_uid not in self.known:
            reason = f"belongs to user {held.st_uid}, its folder to user {folder.owner}"
        elif depth > DEEPEST:
            reason = "is deeper than any part of a home"
        if reason:
            raise UnsafeError(reason)

    def _set(
        self, descriptor: int, held: os.stat_result, group_name: str | None, mode: int
    ) -> None:
        group = self.groups[group_name or ""]
        is_given = (held.st_uid, held.st_gid) == (self.owner, group)
        self.done.changed += not is_given or held.st_mode & 0o7777 != mode
        if not is_given:
            os.fchown(descriptor, self.owner, group)
        # a change of owner takes the set-group-id bit away
        os.fchmod(descriptor, mode)


def _right_of(name: str) -> Right | None:
    """Return the right of an entry of the home; None where none is laid down."""
    if name == "district.toml":
        return SETTINGS
    if name.startswith(SINGLE):
        return PRIVATE
    return RIGHTS.get(name)


class UnitsError(SchoolbellError):
    """The files cannot be written so that they would work."""

    exit_code = 2


def kept() -> Path:
    """Return where the files are kept: in a checkout next to the package, or inside it."""
    package = Path(pipelines.__file__).parent
    beside = package.parent / "deploy"
    return beside if beside.is_dir() else package / "_deploy"


def write_units(to: Path, home: Path, account: str) -> list[Path]:
    """Write the files into a folder; what is there already must be the same.

    Args:
        to: The folder, made if missing.
        home: The district home that the services work in.
        account: The account of the operating system that they run as.

    Raises:
        UnitsError: A name would be read otherwise in a unit, or a file differs.
        SettingsError: The collector cannot receive what `district.toml` asks for.
    """
    programs = Path(sys.executable).parent
    for text in (str(home), account, str(programs)):
        _require_plain(text, "--home, --user")
    files = {name: _for(text, home, account) for name, text in _files()}
    district_home = DistrictHome(home)
    if district_home.settings_file.is_file():
        settings = load_settings(district_home)
        for name in settings.collector.receive:
            if source := settings.sources.get(name):
                _require_plain(source.path or name, f"district.toml, [sources.{name}] path")
        files |= collector_files(district_home, settings, programs / "schoolbell")
    written = []
    for name, content in files.items():
        target = to / name
        if target.exists() and target.read_text(encoding="utf-8") != content:
            raise UnitsError(
                "already exists with different contents",
                where=str(target),
                remedy="Choose another folder, and compare.",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        target.chmod(0o644)  # as systemd's own are
        written.append(target)
    return written


def _require_plain(text: str, where: str) -> None:
    """Raise an error for characters that units and rsyslog would read otherwise."""
    if not PLAIN.fullmatch(text):
        raise UnitsError(
            f"{text!r} contains characters with a special meaning in these files",
            where=where,
            remedy="Use letters, digits, dots, dashes and underscores.",
        )


def _files() -> list[tuple[str, str]]:
    folder = kept()
    found = {
        path.relative_to(folder).as_posix(): path
        for name in FOLDERS
        for path in sorted((folder / name).iterdir())
    }
    for name in CHECKOUT_ONLY:
        if (folder.parent / name).is_file():
            found[f"dagster/{name}"] = folder.parent / name
    return [(name, path.read_text(encoding="utf-8")) for name, path in found.items()]


def _for(text: str, home: Path, account: str) -> str:
    """Return the text with this machine's folders and account in place of the guide's."""
    programs = str(Path(sys.executable).parent)
    text = text.replace(PROGRAMS, programs)
    text = re.sub(rf"{re.escape(DAGSTER)}\b", f"{home}-dagster", text)
    text = re.sub(rf"{re.escape(KEPT_HOME)}(?![\w-])", str(home), text)
    for key in ("User", "Group"):
        text = text.replace(f"\n{key}={ACCOUNT}\n", f"\n{key}={account}\n")
    return text.replace(f"= ({ACCOUNT})", f"= ({account})")
