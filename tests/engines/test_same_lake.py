"""The lake is the same whichever engine parsed the lines."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.errors import SourceError
from pipelines.ingest import portions
from pipelines.ingest.portions import parse_block
from pipelines.lake.files import sweep
from pipelines.registry.new_home import create
from pipelines.state import ledger
from tests.engines import deliveries
from tests.engines.deliveries import HARD, grown, left_behind, made_of
from tests.engines.test_engines import is_running
from tests.faults.home import Home, lines, once

pytestmark = pytest.mark.usefixtures("small_portions")


def two_homes(tmp_path, deliver) -> tuple[Home, Home]:
    """Return two homes with the same deliveries, to the byte and to the stamp."""
    home = Home(tmp_path / "one")
    deliver(home)
    other = Home(tmp_path / "other")
    other.format = home.format
    shutil.copytree(home.landing, other.landing, dirs_exist_ok=True)
    return home, other


@pytest.mark.parametrize("deliver", HARD, ids=lambda one: one.__name__)
def test_every_row_is_the_same(tmp_path, pool, told, deliver):
    home, other = two_homes(tmp_path, deliver)
    for _ in range(2):
        kinds = {path: one.kind for path, one in home.run().items()}
        found = other.run(engine=pool)
        assert {path: one.kind for path, one in found.items()} == kinds
        assert made_of(other) == made_of(home)
        assert not left_behind(other)
        grown(home)
        grown(other)
    assert not told


def test_portions_were_parsed_elsewhere(tmp_path, pool, monkeypatch):
    """Or else all of this would show nothing."""
    asked = []
    real = pool.submit

    def submit(function, task):
        asked.append(task)
        return real(function, task)

    monkeypatch.setattr(pool, "submit", submit)
    home = Home(tmp_path)
    deliveries.plain(home)
    home.run(engine=pool)
    assert {task.file.name for task in asked} == {"plain.log", "bom.log", "blank.log"}
    assert max(len(task.sizes) for task in asked) > 1
    assert sum(task.file.name == "plain.log" for task in asked) > 2


def test_a_commit_may_fall_anywhere(tmp_path, pool, monkeypatch):
    monkeypatch.setattr("pipelines.ingest.staged_rows.ROWS_PER_COMMIT", 500)
    home, other = two_homes(tmp_path, deliveries.again)
    home.run()
    other.run(engine=pool)
    assert other.numbers() == home.numbers() == once(0, 9_000)


def test_bytes_that_changed_meanwhile_are_refused(tmp_path, pool, monkeypatch):
    """The worker reads what the driver hashed, or nothing."""
    home = Home(tmp_path)
    path = home.put("a.log", lines(0, 9_000))
    real = portions._checksum

    def checksum(datas):
        found = real(datas)
        with path.open("r+b") as file:
            file.write(lines(1, 2))
        return found

    monkeypatch.setattr(portions, "_checksum", checksum)
    record = home.run(engine=pool)["a.log"].record
    assert record.state == "failed"
    assert "changed while it was being read" in (record.message or "")
    assert (record.events, record.pending_lines) == (0, 9_000)
    monkeypatch.undo()
    home.run()
    assert home.numbers() == once(1, 9_000) + once(1, 2)


def test_a_worker_killed_while_it_parses_changes_nothing(tmp_path, pool, told):
    home, other = two_homes(tmp_path, deliveries.plain)
    home.run()
    killed = threading.Thread(target=kill_workers, args=(pool, other.lake))
    killed.start()
    other.run(engine=pool)
    killed.join()
    assert made_of(other) == made_of(home)
    assert told
    # what the killed one left does not count, and goes with the next run
    sweep(other.store, other.lake)
    assert not left_behind(other)


def kill_workers(pool, lake: Path) -> None:
    """Kill a worker each time a file appears in the lake, three times."""
    seen: set[Path] = set()
    for _ in range(3):
        until = time.monotonic() + 20
        while not (new := set(lake.rglob("*.parquet")) - seen):
            if time.monotonic() > until:
                return
            time.sleep(0.001)
        seen |= new
        for worker in list(pool._started)[:1]:
            os.kill(worker._process.pid, signal.SIGKILL)


def test_a_worker_says_where_it_must_find_the_files(tmp_path):
    task = portions.BlockTask(
        file=tmp_path / "away.log",
        offset=0,
        sizes=(1,),
        checksum=0,
        file_id=1,
        first_line=1,
        first_byte=0,
        format="squid_access",
        context=portions.Context(),
        source="proxy",
        where="proxy/away.log",
        zone="UTC",
        lake=tmp_path,
        name="a",
    )
    with pytest.raises(SourceError, match="at the same paths"):
        parse_block(task)


def test_a_driver_killed_while_workers_parse_goes_on_where_it_was(tmp_path, monkeypatch):
    """Its workers end with it, and what they left is swept."""
    folder = create(tmp_path / "home").path
    landing = folder / "landing" / "proxy"
    landing.mkdir()
    for number in range(6):
        whole = lines(number * 40_000, number * 40_000 + 40_000)
        (landing / f"{number}.log").write_bytes(whole + b"no line\n")
    words = ["ingest", "--home", str(folder), "--settle-seconds", "0", "--engine"]
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *words]
    driver = subprocess.Popen([*command, "pool"], stderr=subprocess.DEVNULL)
    lake, until = folder / "lake", time.monotonic() + 60
    while not any(lake.rglob("*.parquet")) and time.monotonic() < until:
        time.sleep(0.002)
    threads = Path(f"/proc/{driver.pid}/task").glob("*/children")
    workers = [int(one) for path in threads for one in path.read_text().split()]
    driver.kill()
    assert driver.wait() == -signal.SIGKILL
    assert workers
    done = subprocess.run([*command, "pool"], capture_output=True, check=True)
    assert b"another" not in done.stderr
    while any(map(is_running, workers)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(is_running, workers))
    with open_district(folder) as district:
        records = ledger.source_files(district.store)
        sweep(district.store, lake)
        listed = {lake / one.path for one in ledger.lake_files(district.store)}
        frames = [
            pl.read_parquet(lake / one.path, columns=["url"])
            for one in ledger.lake_files(district.store, "http_requests")
        ]
    numbers = [int(url.rsplit("/", 1)[-1]) for url in pl.concat(frames)["url"]]
    assert sorted(numbers) == list(range(240_000))
    assert [(one.events, one.rejects) for one in records] == [(40_000, 1)] * 6
    assert set(lake.rglob("*.parquet")) == listed
