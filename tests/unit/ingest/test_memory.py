"""Memory of an ingest: bounded by a batch, whatever the size of its input."""

import gzip
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import date
from functools import partial
from types import SimpleNamespace

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from pipelines.errors import SourceError
from pipelines.formats import Parsed
from pipelines.ingest import parser, reader, record_cuts, staged_rows
from pipelines.ingest.blocks import batch
from pipelines.ingest.lake_writer import LakeWriter
from pipelines.ingest.reader import Batch
from pipelines.ingest.staged_rows import Staged, on_its_own
from pipelines.state import ledger
from pipelines.state.connections import open_store
from pipelines.state.ledger import FileRecord
from tests.benchmarks.inputs import write_squid
from tests.benchmarks.inputs_exports import write_evtx, write_okta
from tests.benchmarks.inputs_firewall import write_fortigate
from tests.benchmarks.inputs_logons import write_windows_json
from tests.conftest import only_long
from tests.faults.home import Home

WRITERS = {
    "squid_access": write_squid,
    "fortigate": write_fortigate,
    "windows_security_json": write_windows_json,
}
MAX_MIB = 1_024
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
    held = Staged()
    held.add("rejects", texts)
    expected = texts.to_dicts()
    del text, texts
    assert sys.getrefcount(data) == before
    assert held.frames()["rejects"].to_dicts() == expected


def test_a_block_of_which_most_is_kept_is_not_copied(monkeypatch):
    data = LINE.encode() * 1_000
    before = sys.getrefcount(data)
    ends = np.arange(0, len(data) + 1, len(LINE))
    texts = pl.Series(
        "line",
        pa.LargeStringArray.from_buffers(1_000, pa.py_buffer(ends), pa.py_buffer(data)),
    ).to_frame()
    monkeypatch.setattr(staged_rows, "BLOCK", len(data))
    held = Staged()
    held.add("rejects", texts)
    del texts
    assert sys.getrefcount(data) > before
    assert held.bytes >= len(data)


def test_the_memory_of_a_frame_is_not_understated():
    texts = pl.DataFrame({"a": ["x" * 40] * 1_000, "b": [None] * 1_000})
    _, size = on_its_own(texts.cast(pl.String))
    assert size >= 1_000 * (40 + 16 + 16)


def test_a_batch_is_committed_for_its_memory_as_for_its_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(staged_rows, "BYTES_PER_COMMIT", 1 << 20)
    store = open_store(tmp_path / "state.db")
    writer = LakeWriter(store, tmp_path / "lake", "proxy", "UTC")
    lines = batch(f"{LINE}\n".encode() * 1_000)
    rejects = lines.with_columns(reason=pl.lit("no"))
    for number in range(1_000, 31_000, 1_000):
        parsed = Parsed(events={}, rejects=rejects, blanks=0, header=None)
        reached = FileRecord(
            file_id=1,
            source="proxy",
            path="a",
            format="squid_access",
            lines=number,
            rejects=number,
        )
        days = {0: date(2026, 3, 2)}
        writer.add(Batch(records=[reached], parsed=parsed, days=days))
    writer.commit()
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


def test_an_export_is_read_in_parts_and_counts_whole_or_not_at_all(tmp_path, monkeypatch):
    home = Home(tmp_path, fmt="okta")
    read = []
    written = []

    def parsed(fmt, part, context, **kind):
        read.append(part["line_no"].to_list())
        written.append(len(list(home.lake.glob("*/*/*"))))
        assert home.total("events") in (0, 10), "parts do not count"
        if len(read) == 2:
            raise SourceError("the reader fails on the second part")
        return parser.parse_part(fmt, part, context, **kind)

    monkeypatch.setattr(staged_rows, "BYTES_PER_COMMIT", 1)  # each part is written at the same time
    monkeypatch.setattr(reader, "parts", partial(record_cuts.parts, most=4))
    monkeypatch.setattr(reader, "parser", SimpleNamespace(parse_part=parsed))
    home.put("a.json", export(0, 10))
    (failed,) = home.run().values()
    assert (failed.record.state, failed.record.events) == ("failed", 0)
    assert failed.record.pending_lines == failed.record.lines > 0
    assert written == [0, 1]
    assert not list(home.lake.glob("*/*/*"))
    (done,) = home.run().values()
    assert (done.record.events, done.record.lines, home.total("events")) == (10, 10, 10)
    assert read[2:] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert (written[2:], len(home.frame_paths())) == ([0, 1, 2], 3)
    home.put("b.json", export(8, 12) + export(8, 9))
    home.run()
    assert (home.total("events"), home.total("duplicates")) == (12, 3)


def test_a_cut_off_export_counts_once_when_the_whole_comes(tmp_path, monkeypatch):
    monkeypatch.setattr(staged_rows, "BYTES_PER_COMMIT", 1)
    monkeypatch.setattr(reader, "parts", partial(record_cuts.parts, most=4))
    home = Home(tmp_path, fmt="okta")
    whole = export(0, 10)
    packed = gzip.compress(whole)
    home.put("a.json.gz", packed[:-9])
    home.put("growing.json", whole[:-40])
    told = home.run(settle=3_600)
    assert {one.record.events for one in told.values()} == {0}
    assert {one.record.pending_lines for one in told.values()} == {10}
    (home.landing / "growing.json").unlink()
    home.put("a.json.gz", packed)
    home.run()
    assert (home.total("events"), home.total("pending_lines")) == (10, 10)
    (gone,) = (one for one in home.records() if one.pending_lines)
    assert gone.message == "it was taken away before its last lines were read"


def test_an_export_that_stays_cut_off_counts_as_far_as_it_goes(tmp_path):
    home = Home(tmp_path, fmt="okta")
    home.put("a.json", export(0, 10)[:-40])
    (cut,) = home.run().values()
    assert (cut.record.events, cut.record.rejects) == (9, 1)
    home.put("a.json", export(0, 10))
    home.run()
    totals = [home.total(name) for name in ("events", "duplicates", "rejects")]
    assert totals == [10, 9, 1]


def padded(count: int) -> Iterator[bytes]:
    """Yield an export of records of 256 KiB."""
    yield b"["
    row = json.loads(export(1, 2))[0]
    for number in range(count):
        row |= {"uuid": str(number), "displayMessage": "x" * (256 << 10)}
        yield json.dumps(row).encode() + b",\n"


def test_a_large_export_takes_no_more_memory_than_its_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(record_cuts, "TEXT_BYTES", 1 << 20)
    home = Home(tmp_path, fmt="okta")
    with gzip.open(home.landing / "a.json.gz", "wb", compresslevel=1) as file:
        file.writelines(padded(112))
    tracemalloc.start()
    (told,) = home.run().values()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told.record.events == 112
    assert peak < 20 << 20, "of 28 MiB"


@only_long
@pytest.mark.parametrize(
    ("write", "count", "fmt"),
    [
        (write_okta, 1_650_000, "okta"),
        (write_evtx, 660_000, "windows_security_evtx"),
    ],
)
def test_a_gigabyte_that_is_no_lines(tmp_path, write, count, fmt):
    file = tmp_path / "landing" / "a.export"
    file.parent.mkdir()
    write(file, count)
    words = [sys.executable, "-m", "tests.benchmarks.stages", "ingest", tmp_path, fmt]
    told = json.loads(subprocess.check_output(words, text=True))
    print(fmt, file.stat().st_size >> 20, "MiB", told)
    assert file.stat().st_size > 1_000 << 20
    file.unlink()
    assert told["lines"] == count
    assert told["rss"] <= MAX_MIB


@only_long
@pytest.mark.parametrize("name", WRITERS)
def test_more_lines_take_no_more_memory(tmp_path, name):
    """The smaller one too is committed more than once: what waits has its full size."""
    told = {}
    for times in (8, 32):
        home = tmp_path / f"x{times}"
        (home / "landing").mkdir(parents=True)
        WRITERS[name](home / "landing" / "a.log", 50_000 * times)
        words = [sys.executable, "-m", "tests.benchmarks.stages", "ingest", home, name]
        told[times] = json.loads(subprocess.check_output(words, text=True))["rss"]
    print(name, told)
    assert max(told.values()) <= MAX_MIB
    assert told[32] <= 1.5 * told[8]


@only_long
def test_more_lines_take_no_more_of_the_process_that_asks_workers(tmp_path):
    told = {}
    for times in (1, 16):
        landing = tmp_path / f"x{times}" / "landing"
        landing.mkdir(parents=True)
        write_squid(landing / "a.log", 50_000 * times)
        words = ["-m", "tests.benchmarks.engines", "--one", landing, "squid_access"]
        said = subprocess.check_output([sys.executable, *words, "pool:2"], text=True)
        told[times] = json.loads(said)["rss"]
    print(told)
    assert told[16] <= 1.5 * told[1]
