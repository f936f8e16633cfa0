"""Prints what analysts and operators are promised, and what was measured.

    python -m tests.benchmarks.experience_asking --home HOME [--demo]

HOME is a district home with a snapshot, such as the demo's. With `--demo` the demo
is rebuilt in a separate folder, and timed. It fails nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from pipelines.district import open_district
from pipelines.errors import SchoolbellError
from pipelines.notebook.connection import Connection
from pipelines.reports.dictionary import OPEN, described, words_of
from pipelines.reports.snapshot_tables import publish_snapshot
from tests.benchmarks.experience import say
from tests.benchmarks.experience_mistakes import mistakes
from tests.benchmarks.figures import Figure, least, most, nothing
from tests.conftest import REPO_ROOT

READERS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--demo", action="store_true")
    asked = parser.parse_args()
    home = asked.home.resolve()
    for one in figures(home):
        say(one)
    if asked.demo:
        say(demo())


def figures(home: Path) -> Iterator[Figure]:
    """Yield every figure but the demo's, as soon as it is known."""
    began = time.monotonic()
    con = Connection(home)
    con.sql("select * from core.http_requests limit 20").pl()
    yield most("connect to first rows", round(time.monotonic() - began, 2), 1.0, "s")
    yield dictionary(con)
    yield from readers(home)
    yield from notebooks(home)
    yield from mistakes()
    yield from doctor(home)


def readers(home: Path) -> Iterator[Figure]:
    """Yield fifty open readers while a snapshot is published: who waits for whom."""
    with tempfile.TemporaryDirectory() as folder:
        copy, flag = Path(folder) / "home", Path(folder) / "stop"
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns("landing"))
        words = [sys.executable, "-m", "tests.notebooks.readers", copy, flag, READERS]
        asking = subprocess.Popen(
            [str(word) for word in words], cwd=REPO_ROOT, stdout=subprocess.PIPE
        )
        while not list(copy.glob("stop-*.up")) and asking.poll() is None:
            time.sleep(0.2)
        refused, began = [], time.monotonic()
        try:
            with open_district(copy) as district:
                publish_snapshot(district, datetime.now(UTC))
        except SchoolbellError as error:
            refused.append(str(error))
        taken = time.monotonic() - began
        flag.touch()
        said, _ = asking.communicate()
    yield nothing("times the writer was refused", refused, f"{READERS} open readers")
    if asking.returncode:
        refused.append("a reader saw other rows, or failed")
    among = f"{int(said or 0)} answers, a snapshot in {taken:.1f} s"
    yield nothing("readers that failed meanwhile", refused, among)


def dictionary(con: Connection) -> Figure:
    """Return columns of the snapshot without a description, or without their words."""
    lacking, count = [], 0
    for relation in con.tables()["table"]:
        known = {one.column for one in described(relation)}
        for row in con.describe(relation).rows(named=True):
            count += 1
            column, is_text = row["column"], row["type"] == "varchar"
            is_open = row["is_pseudonym"] or column in OPEN
            is_told = not is_text or is_open or words_of(relation, column)
            if column not in known or not is_told:
                lacking.append(f"{relation}.{column}")
    return nothing("columns without a description", lacking, f"{count} columns")


def notebooks(home: Path) -> Iterator[Figure]:
    """Yield each notebook in a separate process, as a person would open it."""
    paths, failed = sorted((REPO_ROOT / "notebooks").glob("*.ipynb")), []
    os.environ |= {"SCHOOLBELL_HOME": str(home), "PYTHONPATH": str(REPO_ROOT)}
    began = time.monotonic()
    for path in paths:
        ran = NotebookClient(nbformat.read(path, as_version=4), allow_errors=True)
        outputs = [out for cell in ran.execute().cells for out in cell.get("outputs", [])]
        if any(out["output_type"] == "error" for out in outputs):
            failed.append(path.name)
    taken = round(time.monotonic() - began, 1)
    yield nothing("notebooks that fail", failed, f"{len(paths)} notebooks")
    yield most("all notebooks, one after another", taken, 180.0, "s")


def doctor(home: Path) -> Iterator[Figure]:
    """Yield how many questions the doctor asks, and how long it takes."""
    program = Path(sys.executable).with_name("schoolbell")
    began = time.monotonic()
    done = subprocess.run(
        [program, "doctor", "--home", home, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    taken = round(time.monotonic() - began, 1)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    yield least("checks of the doctor", len(found), 35)
    silent = [
        one["check"] for one in found if one["grade"] in ("look", "act") and not one["command"]
    ]
    yield nothing("what the doctor tells without what to do", silent, str(len(found)))
    yield most("the doctor", taken, 10.0, "s")


def demo() -> Figure:
    """From an installed package to the demo's report."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-c",
            "from pipelines.cli import main; main()",
            "demo",
            "--home",
            f"{folder}/home",
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return most("demo to report", round(time.monotonic() - began), 300, "s")


if __name__ == "__main__":
    main()
