"""Writes the files of `deploy/` for this machine, and says who may reach which part.

The files (units, login, rights, Dagster) are kept for the folders of the guide; here
they get the folders and the account of a home. Nothing is put into the system: an
administrator reads them and copies what they want.

The account of the pipeline owns everything. Three groups of files stand for what
four roles may do by reading files alone; anything else goes through commands,
which look at the login behind `sudo`.

| Part | Director | Analyst | Operator | Custodian |
|---|---|---|---|---|
| reports, editions | read | read | read | read |
| snapshots | read | read | - | read |
| openings | add | add | - | add |
| settings, registry | - | - | write | - |
| landing | - | - | list | - |
| kept registry, keys, lake, state, warehouse | - | - | - | - |
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pipelines
from pipelines.errors import SchoolbellError
from pipelines.settings.home import DistrictHome

READERS, ANALYSTS, OPERATORS = "readers", "snapshots", "operators"
GROUPS: Mapping[str, str] = {
    READERS: "schoolbell-readers",
    ANALYSTS: "schoolbell-snapshots",
    OPERATORS: "schoolbell-operators",
}
"""Groups of the operating system; who is in which stands in the guide."""


@dataclass(frozen=True)
class Right:
    """What stands on the disk.

    Attributes:
        group: One of `GROUPS`; None: nobody but the owner.
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
    # whoever opens a snapshot leaves a note; nobody removes another's
    "openings": Right(ANALYSTS, 0o3770, None),
    # whoever delivers logs owns the folders of the sources
    "landing": Right(OPERATORS, 0o2750, None),
    "registry-kept": PRIVATE,
    "lake": PRIVATE,
    "keys": PRIVATE,
    "lists": PRIVATE,
}
HOME = Right(READERS, 0o750, None)
SETTINGS = Right(OPERATORS, 0o750, 0o660)
SINGLE = ("state.db", "state.toml", "warehouse.duckdb", "audit.head", "home.mark")


@dataclass(frozen=True)
class Wanted:
    """One path as it should be."""

    path: Path
    group: str | None
    mode: int


def wanted(home: DistrictHome) -> Iterator[Wanted]:
    """Every path of a home whose group and mode are laid down."""
    yield Wanted(home.path, HOME.group, HOME.folder)
    if home.settings_file.exists():
        yield Wanted(home.settings_file, SETTINGS.group, SETTINGS.file or 0)
    for name in SINGLE:
        for path in sorted(home.path.glob(f"{name}*")):
            yield Wanted(path, None, 0o600)
    for name, right in RIGHTS.items():
        folder = home.path / name
        if folder.is_dir():
            yield from _below(folder, right)


def _below(folder: Path, right: Right) -> Iterator[Wanted]:
    yield Wanted(folder, right.group, right.folder)
    if right.file is None:
        return
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink():
            mode = right.folder if path.is_dir() else right.file
            yield Wanted(path, right.group, mode)


def protect(home: DistrictHome, owner: int, groups: Mapping[str, int]) -> int:
    """Set owner, group and mode of everything; the number of paths that changed.

    Args:
        owner: User id of the pipeline's account.
        groups: Group ids by the names of `GROUPS`, and of the owner under `""`.
    """
    changed = 0
    for right in wanted(home):
        group = groups[right.group or ""]
        held = right.path.stat()
        if (held.st_uid, held.st_gid) != (owner, group):
            os.chown(right.path, owner, group)
            changed += 1
        if held.st_mode & 0o7777 != right.mode:
            changed += (held.st_uid, held.st_gid) == (owner, group)
        # a change of owner takes the set-group-id bit away
        right.path.chmod(right.mode)
    return changed


FOLDERS = ("systemd", "nginx", "sudoers.d", "dagster")
CHECKOUT_ONLY = ("dagster.yaml", "workspace.yaml")
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
PROGRAMS, DAGSTER, KEPT_HOME, ACCOUNT = (
    "/opt/schoolbell/.venv/bin",
    "/srv/schoolbell-dagster",
    "/srv/schoolbell",
    "schoolbell",
)
"""What stands in the kept files."""


class UnitsError(SchoolbellError):
    """The files cannot be written so that they would work."""

    exit_code = 2


def kept() -> Path:
    """Where the files are kept: in a checkout beside the package, else inside it."""
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
    """
    for text in (str(home), account, str(Path(sys.executable).parent)):
        if not PLAIN.fullmatch(text):
            raise UnitsError(
                f"{text!r} holds characters that units read otherwise",
                where="--home, --user",
                remedy="Use letters, digits, dots, dashes and underscores.",
            )
    written = []
    for name, text in _files():
        target = to / name
        content = _for(text, home, account)
        if target.exists() and target.read_text(encoding="utf-8") != content:
            raise UnitsError(
                "is there already, and says something else",
                where=str(target),
                remedy="Name another folder, and compare.",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        target.chmod(0o644)  # as systemd's own are
        written.append(target)
    return written


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
    """The text with this machine's folders and account in place of the guide's."""
    programs = str(Path(sys.executable).parent)
    text = text.replace(PROGRAMS, programs)
    text = re.sub(rf"{re.escape(DAGSTER)}\b", f"{home}-dagster", text)
    text = re.sub(rf"{re.escape(KEPT_HOME)}(?![\w-])", str(home), text)
    for key in ("User", "Group"):
        text = text.replace(f"\n{key}={ACCOUNT}\n", f"\n{key}={account}\n")
    return text.replace(f"= ({ACCOUNT})", f"= ({account})")
