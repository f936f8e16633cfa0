"""A small home that was run once, what can be done to its files, and every command."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import Act, open_chain
from pipelines.state.opened_state import open_state
from tests.conftest import REPO_ROOT
from tests.faults.home import lines

ROSTER = "sourcedId,status,role,username\np-1001,active,teacher,asample\n"


def made(folder: Path) -> Mapping[str, str]:
    """Fill a folder with a home, its backup and its keys; a run in its own process.

    The process has no umask at all, so that only what it sets itself protects a file.
    """
    home = create(folder / "home", zone="America/Chicago")
    (home.landing / "proxy").mkdir()
    (home.landing / "proxy" / "a.log").write_bytes(lines(0, 300) + b"no such line\n")
    (home.registry / "users.csv").write_text(ROSTER)
    store = open_state(home)
    with open_chain(store, home).recording(
        Act(actor="ada (1000)", action="verdict", subject="f-1")
    ):
        pass
    store.close()
    code = "import os, sys; os.umask(0); from pipelines.cli import main; main()"
    copies = ("--to", str(folder / "backups"), "--keys", str(folder / "keys"))
    for words in (("run", "--settle-seconds", "0"), ("backup", *copies)):
        subprocess.run(
            [sys.executable, "-c", code, *words, "--home", str(home.path)],
            check=True,
            cwd=REPO_ROOT,
            capture_output=True,
        )
    return {"home": str(home.path)}


FILES = {
    "settings": "district.toml",
    "mark of the home": "home.mark",
    "mark of the lake": "lake/home.mark",
    "head of the chain": "audit.head",
    "key of the chain": "keys/audit.key",
    "key of the pseudonyms": "keys/pseudonyms.key",
    "accounts": "registry/users.csv",
    "calendar": "registry/calendar.csv",
    "policy": "registry/policy.toml",
    "events": "lake/http_requests/*/*.parquet",
    "rejects": "lake/rejects/*/*.parquet",
    "state": "state.db",
    "warehouse": "warehouse.duckdb",
    "pointer to the snapshot": "snapshots/CURRENT",
    "snapshot": "snapshots/schoolbell-*.duckdb",
    "report": "reports/2*/index.html",
    "index of reports": "reports/index.html",
    "rows of a report": "reports/2*/data/cases.csv",
    "a month": "reports/months/*.xlsx",
    "a semester": "reports/semesters/*.xlsx",
    "delivery": "landing/proxy/a.log",
}


def _header(path: Path) -> None:
    data = path.read_bytes()
    size = min(100, len(data))
    path.write_bytes(b"\xff\x00\x80garbage#"[: size or 1] * 10 + data[100:])


def _middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    size = max(1, min(20_000, len(data) // 4))
    first = len(data) // 2
    data[first : first + size] = b"\xa5" * size
    path.write_bytes(data)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: Mapping[str, Callable[[Path], object]] = {
    "header": _header,
    "middle": _middle,
    "tail": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "emptied": lambda path: path.write_bytes(b""),
    "a folder": _folder,
    "gone": lambda path: path.unlink(),
}

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "status": (),
    "check": (),
    "doctor": (),
    "upgrade --check": (),
    "query": ("--sql", "select 1 as one"),
    "describe": ("core.site_use",),
    "ingest": (),
    "identify": ("{home}/landing/proxy/a.log",),
    "findings list": (),
    "findings cases": (),
    "findings feedback": (),
    "findings permits": (),
    "findings export": (),
    "audit verify": (),
    "audit show": (),
    "audit lookups": (),
    "alerts list": (),
    "alerts test": (),
    "lists show": (),
    "hold list": (),
    "who": ("10.20.1.7", "2026-02-25 06:14", "--reason", "a damaged home"),
    "suggest": (),
    "replay": (),
    "purge": ("--dry-run",),
    "backup": ("--to", "{aside}/again"),
    "drill": ("{backup}", "--keys", "{aside}/keys", "--scratch", "{aside}"),
    "move-state": ("--env", "SCHOOLBELL_NO_SUCH_URL"),
    "report": (),
    "run": ("--quiet",),
    "recover": ("--quiet",),
}
NO_HOME = ("describe", "identify")


def copied(base: Path, target: Path) -> DistrictHome:
    """Return a home to damage, with its backup and keys next to it."""
    shutil.copytree(base, target, copy_function=_copied)
    return DistrictHome(target / "home")


def _copied(source: str, target: str) -> None:
    """A second name is enough for what no command writes in place."""
    parts = Path(source).parts
    if "reports" in parts or "backups" in parts:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def damage(home: DistrictHome, name: str, how: str) -> Path:
    """Damage one file; the path of it."""
    path = max(home.path.glob(FILES[name]))
    data = path.read_bytes()
    path.unlink()  # it may be a second name of another home's file
    path.write_bytes(data)
    DAMAGES[how](path)
    return path


def words(home: DistrictHome, command: str) -> list[str]:
    """Return a command with its arguments, for a home."""
    aside = home.path.parent
    backup = next((aside / "backups").iterdir())
    named = {"home": home.path, "aside": aside, "backup": backup}
    more = [one.format(**named) for one in COMMANDS[command]]
    place = [] if command in NO_HOME else ["--home", str(home.path)]
    return [*command.split(), *place, *more]
