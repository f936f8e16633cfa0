"""Memory of an ingest: bounded by a batch, whatever the size of its input."""

import json
import subprocess
import sys
from datetime import date
from functools import partial
from types import SimpleNamespace

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from pipelines.errors import SourceError
from pipelines.lake import parsing, reading, staging
from pipelines.lake.holding import Holding, on_its_own
from pipelines.lake.staging import Staging
from pipelines.sources import framing
from pipelines.sources.lines import batch
from pipelines.state import ledger
from pipelines.state.ledger import FileRecord
from pipelines.state.store import open_store
from tests.benchmarks.inputs import write_squid
from tests.benchmarks.inputs_firewall import write_fortigate
from tests.benchmarks.inputs_logons import write_windows_json
from tests.conftest import LONG
from tests.faults.home import Home

only_long = pytest.mark.skipif(not LONG, reason="in the long run alone")
WRITERS = {
    "squid_access": write_squid,
    "fortigate": write_fortigate,
    "windows_security_json": write_windows_json,
}
MOST_MIB = 1_024
LINE = "a long line of which a part is kept, longer than what a view holds"


def test_what_waits_keeps_no_block_alive():
    data = LINE.encode() * 1_000
    before = sys.getrefcount(data)
    ends = np.array([0, len(LINE)])
    buffers = pa.py_buffer(ends), pa.py_buffer(data)
    text = pl.Series("line", pa.LargeStringArray.from_buffers(1, *buffers))
    del buffers
    texts = text.to_frame()
    assert sys.getrefcount(data) > before, "one line keeps a thousand"
    held = Holding()
    held.add("rejects", texts)
    expected = texts.to_dicts()
    del text, texts
    assert sys.getrefcount(data) == before
    assert held.whole()["rejects"].to_dicts() == expected


def test_the_memory_of_a_frame_is_not_understated():
    texts = pl.DataFrame({"a": ["x" * 40] * 1_000, "b": [None] * 1_000})
    _, size = on_its_own(texts.cast(pl.String))
    assert size >= 1_000 * (40 + 16 + 16)


def test_a_batch_is_committed_for_its_memory_as_for_its_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "BYTES_A_COMMIT", 1 << 20)
    store = open_store(tmp_path / "state.db")
    stage = Staging(store, tmp_path / "lake", "proxy", "UTC")
    lines = batch(f"{LINE}\n".encode() * 1_000)
    rejects = lines.with_columns(reason=pl.lit("no"), event_date=date(2026, 3, 2))
    for number in range(1_000, 31_000, 1_000):
        stage.add_rejects("squid_access", rejects)
        reached = FileRecord(
            file_id=1, source="proxy", path="a", lines=number, rejects=number
        )
        stage.reached(reached)
    stage.flush()
    written = ledger.lake_files(store, "rejects")
    rows = [one.row_count for one in written]
    assert sum(rows) == 30_000
    assert 3 < len(rows) < 10, "some 180 bytes a row"


def export(first: int, last: int) -> bytes:
    rows = [
        {
            "uuid": f"u-{number}",
            "published": f"2026-03-02T14:00:{number:02d}.000Z",
            "eventType": "user.session.start",
            "actor": {"alternateId": "ada@example.org"},
        }
        for number in range(first, last)
    ]
    return json.dumps(rows, indent=1).encode()


def test_an_export_is_read_in_parts_and_counts_whole_or_not_at_all(
    tmp_path, monkeypatch
):
    home = Home(tmp_path, fmt="okta")
    read = []

    def parse(fmt, part, context):
        read.append(part["line_no"].to_list())
        if len(read) == 2:
            raise SourceError("the reader fails on the second part")
        return parsing.parse(fmt, part, context)

    monkeypatch.setattr(reading, "parts", partial(framing.parts, size=4))
    monkeypatch.setattr(reading, "parsing", SimpleNamespace(parse=parse))
    home.put("a.json", export(0, 10))
    (failed,) = home.run().values()
    assert (failed.record.state, failed.record.events) == ("failed", 0)
    assert failed.record.pending_lines == failed.record.lines > 0
    (done,) = home.run().values()
    assert (done.record.events, done.record.lines, home.total("events")) == (10, 10, 10)
    assert read[2:] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    home.put("b.json", export(8, 12))
    home.run()
    assert (home.total("events"), home.total("duplicates")) == (12, 2)


@only_long
@pytest.mark.parametrize("name", WRITERS)
def test_more_lines_take_no_more_memory(tmp_path, name):
    told = {}
    for times in (1, 4):
        home = tmp_path / f"x{times}"
        (home / "landing").mkdir(parents=True)
        WRITERS[name](home / "landing" / "a.log", 250_000 * times)
        words = [sys.executable, "-m", "tests.benchmarks.stages", "ingest", home, name]
        told[times] = json.loads(subprocess.check_output(words, text=True))["rss"]
    print(name, told)
    assert max(told.values()) <= MOST_MIB
    assert told[4] <= 1.5 * told[1]
