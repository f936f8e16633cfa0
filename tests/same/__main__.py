"""Compares what two commits make of the same homes: tables, findings, pages, API, audit.

    python -m tests.same COMMIT [HOME ...]

The other side is the working tree. A HOME is a folder that has not run yet, with settings,
registry and logs; without one, two made-up districts are compared, and one whose logs are the
samples of every format and damaged copies of them. Each side runs each home
in the same place, so that no path differs, and the record of each is kept as text files in
`build/same/`, to be read with any tool that compares folders. Times of today are left out.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.conftest import REPO_ROOT

OUT = REPO_ROOT / "build" / "same"
PLACE = OUT / "home"
WORLDS = ("windows", "chromebooks")
MADE_BY_A_RUN = (
    "alerts.jsonl", "audit.head", "editions", "home.mark", "keys/audit.key", "lake", "openings",
    "registry-kept", "reports", "snapshots", "state.db", "state.db-shm", "state.db-wal",
    "warehouse.duckdb", "warehouse.duckdb.wal",
)  # fmt: skip
SECRET = "s" * 40
SETTINGS = """
[desk.tokens.same]
role = "director"
secret = { env = "SCHOOLBELL_SAME_TOKEN" }
until = 2099-12-31
"""
API = ("cases", "requests", "runs", "sources", "openapi.json")

COPIES = 5
"""Damaged copies of each sample line."""
FINISHED = 3600
"""Seconds since the last change of a log, so that none is taken for one that still grows."""

VOLATILE = re.compile(r"_ns$|^generation$|^delays$|^previous$|^hash$|^sha256$")
"""Columns of the state that differ between two runs of the same commit."""
OF_THE_HOME = (
    "facts", "reports", "report_facts", "alert_pages", "main.loaded_with", "marts.about",
    "marts.arrival_lags", "marts.source_files", "findings.findings",
)  # fmt: skip
"""Tables with times or random identities; the findings are compared in the state."""
RANDOM = (
    (r"\b([hnw])-[0-9a-f]{8,12}\b", r"\1-ID"),
    (r"\b[0-9a-f]{12}-([0-9]{5}\.parquet)", r"ID-\1"),
    (r'"(previous|hash|run_id)": "[0-9a-f]+"', r'"\1": "ID"'),
    (r"\b[0-9]+:[0-9a-f]{64}\b", "HEAD"),
    (r"disk free gb +[0-9.]+", "disk free"),
    (r"made (on )?\w+, \w+ [0-9]+, [0-9:]+ [AP]M", "made NOW"),
)
"""Patterns of what is random or about the machine, and what stands for it."""


class Command(NamedTuple):
    """A command on the newest case, and the name of its record."""

    name: str
    words: tuple[str, ...]


COMMANDS = (
    Command("explain", ("findings", "explain", "{finding}")),
    Command("comment", ("findings", "comment", "{case}", "--text", "asked the principal")),
    Command("assign", ("findings", "assign", "{case}", "ada")),
    Command("verdict", ("findings", "verdict", "{case}", "benign", "--reason", "{why}")),
    Command("undo", ("findings", "undo", "{case}")),
    Command("history", ("findings", "history", "{finding}")),
    Command("hold", ("hold", "add", "--case", "{case}", "--reason", "{why}")),
    Command("feedback", ("findings", "feedback")),
    Command("export", ("findings", "export", "--csv")),
    Command("sites", ("sites", "list")),
    Command("status", ("status",)),
    Command("check", ("check",)),
    Command("describe", ("describe", "--all")),
    Command("audit", ("audit", "show", "--json")),
)


class _Text(HTMLParser):
    """The words of a page, one line for each piece of text."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        target = dict(attrs).get("href") or ""
        if tag == "a" and target:
            self.lines.append(f"-> {target}")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.lines.append(" ".join(data.split()))


def words_of(page: str) -> str:
    """Return the words and links of an HTML page, a line each."""
    reader = _Text()
    reader.feed(page)
    return "\n".join(reader.lines)


class Side:
    """One of the two commits: its folder, and how its commands run."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.environment = os.environ | {
            "PYTHONPATH": str(folder),
            "SCHOOLBELL_SAME_TOKEN": SECRET,
            "COLUMNS": "200",
            "NO_COLOR": "1",
            "TZ": "UTC",
        }

    def words(self, *arguments: object) -> list[str]:
        """Return the words of a command of this side."""
        start = "from pipelines.cli import main; main()"
        return [sys.executable, "-c", start, *map(str, arguments)]

    def run(self, *arguments: object) -> str:
        """Run a command; return its exit code and output, standard error last."""
        done = subprocess.run(
            self.words(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def record(side: Side, home: Path) -> dict[str, str]:
    """Run a home and return what came out: name of each record -> text."""
    shutil.rmtree(PLACE, ignore_errors=True)
    shutil.copytree(home, PLACE)
    old = time.time() - FINISHED
    for log in (PLACE / "landing").rglob("*"):
        os.utime(log, (old, old))
    settings = PLACE / "district.toml"
    given = settings.read_text(encoding="utf-8")
    settings.write_text(given + SETTINGS, encoding="utf-8")
    began = time.time()
    records = {"run": side.run("run", "--home", PLACE, "--quiet")}
    records |= _lake() | _tables() | _state() | _pages("pages")
    records |= dict(_commands(side))
    with _desk(side) as port:
        records |= _api(port)
    english = re.sub(r'^locale = ".*"$', "", settings.read_text("utf-8"), flags=re.MULTILINE)
    spanish = english.replace("[report]\n", '[report]\nlocale = "es-US"\n')
    if spanish == english:
        spanish += '\n[report]\nlocale = "es-US"\n'
    settings.write_text(spanish, encoding="utf-8")
    records["report-in-spanish"] = side.run("report", "--home", PLACE, "--quiet")
    records |= _pages("spanish")
    return {name: _sorted(name, _timeless(text, began)) for name, text in records.items()}


def _sorted(name: str, text: str) -> str:
    """Return the rows of the state in the order of what is left of them."""
    return "\n".join(sorted(text.splitlines())) if name.startswith("state/") else text


def _timeless(text: str, began: float) -> str:
    """Return text without times of today, durations and digests of files."""
    days = {time.strftime("%Y-%m-%d", time.gmtime(when)) for when in (began, time.time())}
    for day in days:
        text = re.sub(rf"{day}[T ][0-9:.]+(?:Z|\+00:00)?", "NOW", text).replace(day, "TODAY")
        text = text.replace(day.replace("-", ""), "TODAY")
        written = time.strptime(day, "%Y-%m-%d")
        for form in ("%B {}, %Y", "%b {}, %Y", "{} de %B de %Y"):
            text = text.replace(time.strftime(form, written).format(written.tm_mday), "TODAY")
    text = re.sub(r"\b[0-9]{1,2}:[0-9]{2} (?=[AP]M, TODAY)", "", text)
    for pattern, shown in RANDOM:
        text = re.sub(pattern, shown, text)
    text = re.sub(r"\b[0-9.]+ s\b", "N s", text)
    return re.sub(r"TODAYT?[0-9]{6}Z(?:-[0-9a-f]{6})?", "NOW", text)


def _tables() -> dict[str, str]:
    """Return columns, number of rows and a sum over the rows of each table of both files."""
    import duckdb

    snapshots = sorted((PLACE / "snapshots").glob("*.duckdb"))
    files = {"warehouse": PLACE / "warehouse.duckdb", "snapshot": snapshots[-1]}
    found = {}
    for name, file in files.items():
        with duckdb.connect(str(file), read_only=True) as database:
            listed = database.execute(
                "select schema_name, table_name, string_agg(column_name || ' ' || data_type, ', '"
                " order by column_index) from duckdb_tables() inner join duckdb_columns() using"
                " (schema_name, table_name) group by all order by all"
            ).fetchall()
            for schema, table, columns in listed:
                if f"{schema}.{table}" in OF_THE_HOME:
                    continue
                rows, total = database.execute(
                    f'select count(*), sum(hash(of)::hugeint) from "{schema}"."{table}" as of'
                ).fetchone() or (0, 0)
                found[f"{name}/{schema}.{table}"] = f"{columns}\n{rows} rows, {total}"
    return found


def _lake() -> dict[str, str]:
    """Return the columns of each event class and a sum over its rows, by file of the log."""
    import duckdb

    found = {}
    for folder in sorted(path for path in (PLACE / "lake").iterdir() if path.is_dir()):
        files = [str(path) for path in folder.rglob("*.parquet")]
        if not files:
            continue
        every = "from read_parquet(?, union_by_name = true) as rows"
        columns = duckdb.execute(f"describe select * {every}", [files]).fetchall()
        sums = duckdb.execute(
            f"select file_id, count(*), sum(hash(rows)::hugeint) {every} group by 1 order by 1",
            [files],
        ).fetchall()
        found[f"lake/{folder.name}"] = "\n".join(map(str, [*columns, *sums]))
    return found


def _state() -> dict[str, str]:
    """Return the rows of each table of the state, sorted."""
    import sqlite3

    found = {}
    with sqlite3.connect(f"file:{PLACE / 'state.db'}?mode=ro", uri=True) as state:
        names = state.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in names:
            if table in OF_THE_HOME:
                continue
            cursor = state.execute(f'select * from "{table}"')
            columns = [one[0] for one in cursor.description]
            rows = [
                json.dumps(
                    {
                        key: value
                        for key, value in zip(columns, row, strict=True)
                        if not VOLATILE.search(key)
                    },
                    default=repr,
                )
                for row in cursor
            ]
            found[f"state/{table}"] = "\n".join(sorted(rows))
    return found


def _pages(under: str) -> dict[str, str]:
    """Return the words of each page that was published."""
    folders = [PLACE / "reports", PLACE / "editions"]
    return {
        f"{under}/{page.relative_to(PLACE)}.txt": words_of(page.read_text(encoding="utf-8"))
        for folder in folders
        for page in sorted(folder.rglob("*.html"))
    }


def _commands(side: Side) -> Iterator[tuple[str, str]]:
    """Yield the output of each command on the newest case."""
    listed = side.run("findings", "list", "--home", PLACE, "--json")
    yield "commands/list", listed
    rows = [json.loads(line) for line in listed.splitlines() if line.startswith("{")]
    if not rows:
        return
    newest = max(rows, key=lambda row: (row["day"], row["finding_id"]))
    names = {"case": newest["case_id"], "finding": newest["finding_id"], "why": "tried by a tool"}
    for command in COMMANDS:
        words = [word.format(**names) for word in command.words]
        yield f"commands/{command.name}", side.run(*words, "--home", PLACE)


@contextmanager
def _desk(side: Side) -> Iterator[int]:
    """Serve the desk of a side; yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = side.words("desk", "--home", PLACE, "--port", port)
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        words, cwd=side.folder, env=side.environment, stdout=quiet, stderr=quiet
    ) as served:
        try:
            for _ in range(100):
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            yield port
        finally:
            served.terminate()


def _api(port: int) -> dict[str, str]:
    """Return the answers of the desk's API."""

    def asked(path: str) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {SECRET}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text: str = answer.read().decode()
        except OSError as error:
            return str(error)
        text = text.replace(str(port), "PORT")
        return json.dumps(json.loads(text), indent=1) if text.startswith(("{", "[")) else text

    found = {f"api/{name}": asked(f"/api/v1/{name}") for name in API}
    found["api/calendar"] = asked("/calendar.ics")
    for case in re.findall(r'"case_id": "([^"]+)"', found["api/cases"])[:40]:
        found[f"api/case-{case}"] = asked(f"/api/v1/cases/{case}")
    return found


def made_up(side: Side, world: str) -> Path:
    """Return a made-up home that has not run."""
    home = OUT / "inputs" / world
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        side.run("demo", "--home", home, "--world", world, "--people", 80, "--weeks", 2)
        for name in MADE_BY_A_RUN:
            path = home / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    return home


def damaged(side: Side) -> Path:
    """Return a home with the sample logs of every format, and damaged copies of them."""
    home = OUT / "inputs" / "damaged"
    if home.exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    side.run("init", home, "--yes", "--name", "Damaged", "--zone", "America/Chicago")
    chance = Random(7)
    tables = []
    for folder in sorted((side.folder / "tests" / "formats").iterdir()):
        logs = sorted(folder.glob("*.log"))
        if not logs:
            continue
        landing = home / "landing" / folder.name
        landing.mkdir(parents=True)
        for log in logs:
            data = log.read_bytes()
            (landing / log.name).write_bytes(data)
            lines = [
                _hurt(line, chance) for line in data.splitlines(keepends=True) for _ in range(5)
            ]
            (landing / f"hurt-{log.name}").write_bytes(b"".join(lines))
        tables.append(f'[sources.{folder.name}]\nformat = "{folder.name}"\n')
    settings = home / "district.toml"
    kept = settings.read_text(encoding="utf-8")
    settings.write_text(kept + "\n" + "\n".join(tables), encoding="utf-8")
    return home


def _hurt(line: bytes, chance: Random) -> bytes:
    """Return a line with one fault: cut, a byte less, another byte, or two fields as one."""
    body = line.rstrip(b"\n")
    place = chance.randrange(len(body) + 1)
    ways = (
        body[:place],
        body[:place] + body[place + 1 :],
        body[:place] + bytes([chance.randrange(33, 127)]) + body[place + 1 :],
        body.replace(b" ", b"", 1),
    )
    return chance.choice(ways) + b"\n"


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Check a commit out next to the working tree; yield the folder."""
    folder = OUT / "before-checkout"
    git = ("git", "-C", str(REPO_ROOT), "worktree")
    subprocess.run([*git, "remove", "--force", folder], check=False, capture_output=True)
    subprocess.run([*git, "add", "--detach", "-f", folder, commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", folder], check=False)


def keep(folder: Path, records: Mapping[str, str]) -> None:
    """Write records as files."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in records.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return a line for each record that differs, with the first lines that do."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if one is None or other is None:
            found.append(f"{name}: only {'after' if one is None else 'before'}")
            continue
        gone = [line for line in one.splitlines() if line not in set(other.splitlines())]
        new = [line for line in other.splitlines() if line not in set(one.splitlines())]
        found.append(f"{name}: {len(gone)} lines gone, {len(new)} new")
        found += [f"  - {line[:160]}" for line in gone[:3]] + [
            f"  + {line[:160]}" for line in new[:3]
        ]
    return found


def main(commit: str, homes: Sequence[Path]) -> int:
    """Compare a commit with the working tree; return 1 if anything differs."""
    OUT.mkdir(parents=True, exist_ok=True)
    is_different = False
    with checkout(commit) as folder:
        sides = (Side("before", folder), Side("after", REPO_ROOT))
        for home in homes or [*(made_up(sides[0], world) for world in WORLDS), damaged(sides[0])]:
            kept = {}
            for side in sides:
                kept[side.name] = record(side, home)
                keep(OUT / side.name / home.name, kept[side.name])
            lines = differences(kept["before"], kept["after"])
            count = len(kept["before"])
            print(f"{home.name}: {count} records, " + ("the same" if not lines else "different:"))
            print("\n".join(lines))
            is_different |= bool(lines)
    shutil.rmtree(PLACE, ignore_errors=True)
    return int(is_different)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], [Path(one).resolve() for one in sys.argv[2:]]))
