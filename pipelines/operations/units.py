"""Writes the files of `deploy/` for this machine: units, login, rights, Dagster.

They are kept for the folders of the guide; here they get the folders and the
account of a home. Nothing is put into the system: an administrator reads them and
copies what they want.
"""

import re
import sys
from pathlib import Path

import pipelines
from pipelines.errors import SchoolbellError

FOLDERS = ("systemd", "nginx", "sudoers.d", "dagster")
CHECKOUT_ONLY = ("dagster.yaml", "workspace.yaml")
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
PROGRAMS, DAGSTER, HOME, ACCOUNT = (
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
    text = re.sub(rf"{re.escape(HOME)}(?![\w-])", str(home), text)
    for key in ("User", "Group"):
        text = text.replace(f"\n{key}={ACCOUNT}\n", f"\n{key}={account}\n")
    return text.replace(f"= ({ACCOUNT})", f"= ({account})")
