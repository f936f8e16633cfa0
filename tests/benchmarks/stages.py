"""One stage of the ingest in a separate process; prints what it cost as JSON."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.formats import formats
from pipelines.ingest.blocks import batch, blocks
from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.source import IngestOptions, Source
from pipelines.landing.delivery import deliveries
from pipelines.landing.streams import opened
from pipelines.state import ledger
from pipelines.state.connections import open_store
from tests.benchmarks import judging


def cut_lines(folder: Path, _fmt: str) -> int:
    """Decompress, and cut into lines."""
    count = 0
    for delivery in deliveries(folder / "landing", "proxy").deliveries:
        with opened(delivery) as stream:
            for block in blocks(stream):
                count += batch(block.data).height
    return count


def parse(folder: Path, name: str) -> int:
    """Return the same, and read every line."""
    fmt = formats()[name]
    count = 0
    for delivery in deliveries(folder / "landing", "proxy").deliveries:
        with opened(delivery) as stream:
            for block in blocks(stream):
                parsed = fmt.parse(batch(block.data))
                count += sum(frame.height for frame in parsed.events.values())
                count += parsed.rejects.height + parsed.blanks
    return count


def ingest(folder: Path, name: str) -> int:
    """Return all of it, into a lake with its ledger."""
    store = open_store(folder / "state.db")
    options = IngestOptions(
        store=store, lake=folder / "lake", zone="America/Chicago", settle_seconds=0
    )
    source = Source(name="proxy", folder=folder / "landing", format=name, zone="UTC")
    ingest_source(options, source)
    return sum(record.lines for record in ledger.source_files(store))


STAGES: dict[str, Callable[[Path, str], int]] = {
    "cut lines": cut_lines,
    "parse": parse,
    "ingest": ingest,
    "ingest again": ingest,
}


def main() -> None:
    stage, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    begin = time.perf_counter()
    count = (STAGES | judging.STAGES)[stage](folder, name)
    wall = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "lines": count,
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "rss": used.ru_maxrss / 1_024,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
