"""Prints what processes gain: one log taken in by each engine, in turns.

    python -m tests.benchmarks.engines [--kinds squid,fortigate,windows]
        [--lines 1000000] [--files 1] [--rounds 3] [--engines local@1,local,pool:2]

`pool:2` are two workers, `@1` represents one core: without it a single process too uses
both, by the threads of Polars. What is gained is reported over the first engine.

Each run has a fresh lake and a separate process, the log in the page cache. CPU
seconds are those of all its processes, then those of the one that asks, whose memory
is reported too. On a machine that others use, wall times say nothing alone; of runs in
turns the ratio says a little, the CPU seconds more.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.engines import open_engine
from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.source import IngestOptions, Source
from pipelines.settings.home import DistrictHome
from pipelines.state.opened_state import open_state
from tests.benchmarks.__main__ import KINDS
from tests.benchmarks.sizing import cpu_seconds

HEAD = f"{'kind':<16}{'engine':<10}{'wall s':>8}{'spread':>8}{'CPU s':>8}{'driver':>8}"
HEAD += f"{'MiB':>7}{'gain':>7}"


def measured(landing: Path, fmt: str, engine: str) -> dict[str, float]:
    """Return one ingest; run alone in a process, whose children's time counts."""
    told, _, cores = engine.partition("@")
    kind, _, workers = told.partition(":")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores or 99)])
    with tempfile.TemporaryDirectory(dir=landing.parent) as folder:
        home = DistrictHome(Path(folder))
        store = open_state(home)
        source = Source(name="log", folder=landing, format=fmt, zone="UTC")
        with open_engine(kind, workers=int(workers or 2)) as opened:
            options = IngestOptions(
                store=store, lake=home.lake, zone="UTC", settle_seconds=0, engine=opened
            )
            began, before = time.monotonic(), time.process_time()
            outcomes = ingest_source(options, source)
            wall, own = time.monotonic() - began, time.process_time() - before
        store.close()
    lines = sum(one.record.events + one.record.rejects for one in outcomes)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    cpu = cpu_seconds()
    return {"wall": wall, "own": own, "cpu": cpu, "rss": rss, "lines": lines}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default="squid,fortigate,windows")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default="local@1,local,pool:2")
    parser.add_argument("--one", nargs=3, help="in this process, as JSON")
    asked = parser.parse_args()
    if asked.one:
        landing, fmt, engine = asked.one
        print(json.dumps(measured(Path(landing), fmt, engine)))
        return
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}; gain: over the wall of the first")
    print(HEAD)
    for name in asked.kinds.split(","):
        fmt, write, _ = KINDS[name]
        with tempfile.TemporaryDirectory() as folder:
            landing = Path(folder) / "landing"
            landing.mkdir()
            for number in range(asked.files):
                write(landing / f"{number}.log", asked.lines // asked.files)
            compare(name, fmt, landing, asked.engines.split(","), asked.rounds)


def compare(name: str, fmt: str, landing: Path, engines: list[str], rounds: int) -> None:
    """The engines in turns, and the middle of what each took."""
    found = {engine: [] for engine in engines}
    for _ in range(rounds):
        for engine, seen in found.items():
            command = [sys.executable, "-m", "tests.benchmarks.engines", "--one"]
            done = subprocess.run(
                [*command, str(landing), fmt, engine],
                check=True,
                capture_output=True,
                text=True,
            )
            seen.append(json.loads(done.stdout))
    assert len({one["lines"] for seen in found.values() for one in seen}) == 1
    walls = {engine: [one["wall"] for one in seen] for engine, seen in found.items()}
    base = statistics.median(walls[engines[0]])
    for engine, seen in found.items():
        wall = statistics.median(walls[engine])
        spread = max(walls[engine]) - min(walls[engine])
        cpu, own, rss = (statistics.median(one[of] for one in seen) for of in ("cpu", "own", "rss"))
        print(
            f"{name:<16}{engine:<10}{wall:>8.1f}{spread:>8.1f}{cpu:>8.1f}{own:>8.1f}"
            f"{rss:>7.0f}{base / wall:>7.2f}"
        )


if __name__ == "__main__":
    main()
