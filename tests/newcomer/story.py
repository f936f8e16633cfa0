"""What someone does who is new: a separate district, from nothing to a restore.

The steps are the same in this process, in a fresh clone and with a wheel; only how a
command and a notebook are run differs. The logs are those of the sample corpora, or of
a district of another author's generator: no one on the project wrote either.
"""

import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import judge
from tests.conftest import CORPORA, REPO_ROOT, corpus
from tests.docs.documents import blocks

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
Bring = Callable[[Path], Sequence[Path]]
"""Lays registry and logs into a home; the logs."""


@dataclass(frozen=True)
class Means:
    """How things are done where the newcomer is.

    Attributes:
        folder: Where the home, the copies and the second home will be.
        bring: What registry and logs are brought.
        names: Words that no page may hold, of people whom the registry names.
    """

    command: Command
    notebooks: Notebooks
    folder: Path
    bring: Bring
    names: Callable[[Path], Sequence[str]]


def logs(sources: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Path]]:
    """Yield each log with its source; of Zeek, one day of web traffic."""
    for source, (family, ending) in sources.items():
        for row in corpus(family):
            name = row["file"]
            is_meant = family != "zeek" or (
                ZEEK_DAY in name and Path(name).name.startswith(("http.", "dns."))
            )
            if name.endswith(ending) and is_meant:
                yield source, CORPORA / name


def readme_commands() -> list[list[str]]:
    """Return the commands of the README's first block, as words."""
    (first, *_) = blocks((REPO_ROOT / "README.md").read_text(encoding="utf-8"))
    return [shlex.split(line, comments=True) for line in first.commands.splitlines()]


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
    brought = means.bring(home)
    assert "%" in run("identify", brought[0])
    yield f"a registry and {len(brought)} logs"
    assert "registry rows" in run("check", "--home", home)
    yield "check"
    assert "Report: " in run("run", "--home", home, "--quiet", "--settle-seconds", 0)
    yield "run"
    lines = _adds_up(run, home)
    yield f"{lines:,} lines, each in one place"
    page = (home / "reports" / "latest.html").resolve()
    assert NAME in _text(page)
    _names_nobody(home, means.names(home))
    yield "report"
    yield f"{means.notebooks(home)} notebooks"
    new = _brought_back(means, home)
    yield "backup and restore elsewhere"
    shutil.copytree(home / "landing", new / "landing", dirs_exist_ok=True)
    said = run("run", "--home", new, "--quiet", "--settle-seconds", 0)
    assert "0 days built" in said or "Nothing" in said, said
    assert _adds_up(run, new) == lines
    yield "the restored home knows every line"


GROUPS = ("computers", "networks", "usual-hours", "sites")
"""Groups of proposals that are accepted as a whole, in the first hour."""
REASON = "read through with the principals"


LOGS = {
    "proxy/access.log": "squid_access.log",
    "firewall/fortigate.log": "fortigate_traffic.log",
    "logins/security.jsonl": "windows_security.jsonl",
    "dhcp/leases.csv": "dhcp_leases.csv",
}
"""Where each log of the generator goes in `landing/`."""


def bring_logs(made: Path, home: Path) -> None:
    """Copy its logs into a home, and nothing of its registry."""
    for target, name in LOGS.items():
        path = home / "landing" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made / name, path)


def export(made: Path, folder: Path) -> None:
    """Write what an administrator of the district could export in an hour."""
    words = [sys.executable, judge.JUDGE / "exports.py", made, folder]
    subprocess.run(list(map(str, words)), check=True)


def by_exports(run: Command, folder: Path, made: Path) -> Iterator[str]:
    """From nothing to a report with findings, by exports alone; nothing is typed.

    Args:
        run: A command; what it printed, also where it ended with 1, "look at it".
        made: A district of the generator: logs and the truth.
    """
    home, exports = folder / "by-exports", folder / "exports"
    run("init", home, "--yes", "--name", NAME, "--zone", ZONE)
    yield "init"
    export(made, exports)
    bring_logs(made, home)
    yield "logs brought, exports downloaded"
    said = run("setup", "--home", home, "--from", exports, "--write")
    assert "The next run uses it" in said, said
    yield "setup"
    run("run", "--home", home, "--quiet", "--settle-seconds", 0)
    before = _findings(run, home)
    yield f"first run: {before} findings"
    for group in GROUPS:
        said = run("propose", "--home", home, "--accept", group, "--reason", REASON)
        assert "It takes effect with the next run" in said, said
    yield f"accepted: {', '.join(GROUPS)}"
    run("run", "--home", home, "--quiet", "--settle-seconds", 0)
    after = _findings(run, home)
    assert after > before > 0, (before, after)
    page = (home / "reports" / "latest.html").resolve()
    assert NAME in _text(page)
    _names_nobody(home, people_of(home))
    yield f"second run: {after} findings, and the report names no one"


def _findings(run: Command, home: Path) -> int:
    lines = run("findings", "list", "--home", home, "--json").splitlines()
    return sum(json.loads(line)["status"] == "open" for line in lines)


def from_corpora(sources: dict[str, tuple[str, str]]) -> Bring:
    """Return a roster, and the samples of some sources."""
    return lambda home: list(_samples(home, sources))


def from_stranger(folder: Path, seed: int) -> Bring:
    """Return a small district of the generator, one school week of it."""

    def bring(home: Path) -> Sequence[Path]:
        made = judge.generated(folder, seed=seed, people=60, weeks=1)
        judge.lay(made, home)
        return sorted(path for path in (home / "landing").rglob("*.*") if path.is_file())

    return bring


def people_of_corpora(_home: Path) -> Sequence[str]:
    """Return who is in the roster of the corpora."""
    return ("john.doe", "mary.jones", "thomas.jones", "jim.smith")


def people_of(home: Path) -> Sequence[str]:
    """The user names of a home's roster."""
    with (home / "registry" / "users.csv").open(encoding="utf-8") as file:
        names = [row["username"] for row in csv.DictReader(file)]
    assert len(names) > 20
    return [name for name in names if len(name) > 5]


def _samples(home: Path, sources: dict[str, tuple[str, str]]) -> Iterator[Path]:
    shutil.copyfile(roster(), home / "registry" / "oneroster.zip")
    for number, (source, path) in enumerate(logs(sources)):
        # a colon, as Zeek's names have, is a name like any other
        target = home / "landing" / source / f"{number:03d}-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        yield target


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


def _names_nobody(home: Path, people: Sequence[str]) -> None:
    """No one of the registry depends on a page."""
    word = re.compile("|".join(rf"(?<![\w.-]){re.escape(name)}(?![\w-])" for name in people))
    for page in (home / "reports").rglob("*.html"):
        assert not word.search(_text(page)), page


def _brought_back(means: Means, home: Path) -> Path:
    copies, keys = means.folder / "copies", means.folder / "keys"
    means.command("backup", "--home", home, "--to", copies, "--keys", keys)
    (folder,) = copies.glob("backup-*")
    new = means.folder / "elsewhere" / "home"
    new.parent.mkdir()
    means.command("restore", folder, "--to", new, "--keys", keys, "--verify")
    return new
