"""What somebody does who is new: a district of their own, from nothing to a restore.

The steps are the same in this process and in a fresh clone; only how a command and
a notebook are run differs. The logs and the roster are those of the sample corpora,
which nobody on the project wrote.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import CORPORA, corpus

NAME, ZONE = "Newcomer Schools", "America/Chicago"
ROSTER = "v1p2_full_dataset.zip"
SQUID = {"proxy": ("squid", "squid_access.log")}
MORE = {
    **SQUID,
    "directory": ("windows_security", "security-windows2012r2-logon.evtx"),
    "zeek": ("zeek", ".log.gz"),
}
"""Source: family in the manifest, and how the names of its files end."""
ZEEK_DAY = "missing_host/2024-04-19/"

Command = Callable[..., str]
"""Runs `schoolbell` with some words; what it printed. Fails unless it ends with 0."""
Notebooks = Callable[[Path], int]
"""Runs every notebook on a home; how many there are."""


@dataclass(frozen=True)
class Means:
    """How things are done where the newcomer is.

    Attributes:
        folder: Where the home, the copies and the second home will be.
        sources: Which logs are brought.
    """

    command: Command
    notebooks: Notebooks
    folder: Path
    sources: dict[str, tuple[str, str]]


def logs(sources: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Path]]:
    """Each log with its source; of Zeek, one day of web traffic."""
    for source, (family, ending) in sources.items():
        for row in corpus(family):
            name = row["file"]
            is_meant = family != "zeek" or (
                ZEEK_DAY in name and Path(name).name.startswith(("http.", "dns."))
            )
            if name.endswith(ending) and is_meant:
                yield source, CORPORA / name


def is_there() -> bool:
    """The corpora have all that is needed."""
    return roster().is_file() and any(True for _ in logs(SQUID))


def roster() -> Path:
    found = sorted((CORPORA / "oneroster").glob(f"*/{ROSTER}"))
    return found[0] if found else CORPORA / "oneroster" / ROSTER


def own_district(means: Means) -> Iterator[str]:
    """Do it all; says after each step what was done."""
    home, run = means.folder / "home", means.command
    run("init", home, "--yes", "--name", NAME, "--zone", ZONE)
    yield "init"
    brought = list(_bring(home, means.sources))
    for _, path in brought[:1]:
        assert "%" in run("identify", path)
    yield f"a roster and {len(brought)} logs"
    assert "in order" in run("check", "--home", home)
    yield "check"
    assert "Report: " in run("run", "--home", home, "--quiet", "--settle-seconds", 0)
    yield "run"
    lines = _adds_up(run, home)
    yield f"{lines:,} lines, each in one place"
    page = (home / "reports" / "latest.html").resolve()
    assert NAME in _text(page)
    _names_nobody(home)
    yield "report"
    yield f"{means.notebooks(home)} notebooks"
    new = _brought_back(means, home)
    yield "backup and restore elsewhere"
    shutil.copytree(home / "landing", new / "landing", dirs_exist_ok=True)
    said = run("run", "--home", new, "--quiet", "--settle-seconds", 0)
    assert "0 days built" in said or "Nothing" in said, said
    assert _adds_up(run, new) == lines
    yield "the restored home knows every line"


def _bring(home: Path, sources: dict[str, tuple[str, str]]) -> Iterator:
    shutil.copyfile(roster(), home / "registry" / "oneroster.zip")
    for number, (source, path) in enumerate(logs(sources)):
        # a colon, as Zeek's names have, is a name like any other
        target = home / "landing" / source / f"{number:03d}-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        yield source, target


def _adds_up(run: Command, home: Path) -> int:
    said = run("query", "account_of_lines", "--home", home, "--format", "json")
    rows = [json.loads(line) for line in said.splitlines()]
    rows = rows[0] if len(rows) == 1 and isinstance(rows[0], list) else rows
    parts = ("events", "rejects", "blanks", "duplicates", "pending")
    for row in rows:
        assert row["lines"] == sum(row[part] for part in parts), row
    return sum(row["lines"] for row in rows)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _names_nobody(home: Path) -> None:
    """No person of the bundle stands on a page."""
    people: Sequence[str] = ("john.doe", "mary.jones", "thomas.jones", "jim.smith")
    for page in (home / "reports").rglob("*.html"):
        text = _text(page).lower()
        assert not [one for one in people if one in text], page


def _brought_back(means: Means, home: Path) -> Path:
    copies, keys = means.folder / "copies", means.folder / "keys"
    means.command("backup", "--home", home, "--to", copies, "--keys", keys)
    (folder,) = copies.glob("backup-*")
    new = means.folder / "elsewhere" / "home"
    new.parent.mkdir()
    means.command("restore", folder, "--to", new, "--keys", keys, "--verify")
    return new
