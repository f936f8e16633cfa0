"""Small files that are read together become what each would become alone."""

import gzip
import os
from dataclasses import asdict

import polars as pl
import pytest

from pipelines.ingest import reader
from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.source import IngestOptions
from pipelines.state import ledger
from tests.conftest import LONG
from tests.faults.home import Home, line, lines, once
from tests.formats.test_formats import FORMATS, LOGS, context_of

SEEN = 1_790_000_000
OWN = {
    "file_id", "duplicate_of", "raw_ctime_ns", "first_seen_time", "last_read_time",
}  # fmt: skip
CHOSEN = {"squid_access", "sophos_xg", "sshd_pam", "windows_nps"}
LINED = sorted(
    name
    for name in {log.parent.name for log in LOGS}
    if (fmt := FORMATS[name]).framing == "lines"
    and (LONG or name in CHOSEN or fmt.header is not None)
)


def deliver(home: Home, name: str) -> None:
    """The golden logs of a format, whole and cut up in several ways."""
    files: dict[str, bytes] = {"empty": b"", "blank": b"\n \r\n"}
    logs = [log for log in LOGS if log.parent.name == name]
    for log in logs if LONG else logs[:1]:
        data = log.read_bytes()
        begin, *rest = data.splitlines(keepends=True)
        files |= {
            f"{log.stem}-1": begin + b"".join(rest[::2]),
            f"{log.stem}-2": b"".join(rest[1::2]).rstrip(b"\n"),
            f"{log.stem}-3.gz": gzip.compress(data.replace(b"\n", b"\r\n")[5:]),
            f"{log.stem}-4": b"\xef\xbb\xbf" + b"".join(rest[2:4]) + b"\xe2\x82",
        }
    for number, (path, data) in enumerate(files.items()):
        os.utime(home.put(path, data), (SEEN + number, SEEN + number))


def told(home: Home) -> tuple[list[dict[str, object]], dict[str, pl.DataFrame]]:
    """Return what the ledger and the lake say, without ids."""
    records = ledger.source_files(home.store)
    paths = {one.file_id: one.path for one in records}
    rows = [
        {name: value for name, value in asdict(one).items() if name not in OWN} for one in records
    ]
    frames = {}
    for name in {one.event_class for one in ledger.lake_files(home.store)}:
        frame = home.frame(name)
        path = pl.col("file_id").replace_strict(paths, return_dtype=pl.String)
        frames[name] = frame.with_columns(path.alias("file_id")).sort("file_id", "line_no")
    return sorted(rows, key=lambda row: str(row["path"])), frames


def test_a_small_file_hands_its_open_question_on(tmp_path):
    log = "windows_nps/answers_take_the_device_of_their_question.log"
    (logged,) = (one for one in LOGS if one.as_posix().endswith(log))
    question, answer, *_ = logged.read_bytes().splitlines(keepends=True)
    home = Home(tmp_path, fmt="windows_nps")
    home.put("grows.log", question)
    home.put("other.log", question.replace(b' 1"', b' 7"') + answer)
    home.run(settle=3_600)
    assert {one.path: one.header is None for one in home.records()} == {
        "grows.log": False,
        "other.log": False,
    }
    home.put("grows.log", question + answer)
    home.run(settle=3_600)
    (record,) = (one for one in home.records() if one.path == "grows.log")
    logons = home.frame("logons").filter(pl.col("file_id") == record.file_id)
    assert logons["src_mac"].to_list() == ["02:00:00:00:00:17"]
    assert (record.header, record.lines, record.events) == (None, 2, 2)


@pytest.mark.parametrize("name", LINED)
def test_files_read_together_are_as_files_read_alone(name, tmp_path, monkeypatch):
    context = context_of(name)
    results = []
    for kind, small in (("together", reader.SMALL_BYTES), ("alone", -1)):
        monkeypatch.setattr(reader, "SMALL_BYTES", small)
        home = Home(tmp_path / kind, fmt=name)
        home.zone, home.options = context.reading.zone, context.options
        deliver(home, name)
        home.run()
        results.append(told(home))
    (rows, frames), (rows_alone, frames_alone) = results
    assert rows == rows_alone
    assert frames.keys() == frames_alone.keys()
    for event_class, frame in frames.items():
        assert frame.equals(frames_alone[event_class]), event_class
    assert sum(map(len, frames.values()))


def test_copies_among_small_files_of_one_drop_are_found(tmp_path):
    home = Home(tmp_path)
    for number in range(30):
        home.put(f"a{number:02d}", lines(number * 3, number * 3 + 3))
    home.put("b-copy", lines(6, 9))
    home.put("c-grown", lines(9, 15))
    home.gz("d.gz", lines(12, 15))
    home.run()
    assert home.numbers() == once(0, 90)
    assert home.total("duplicates") == 3 + 6 + 3


def test_of_a_broken_format_every_small_file_keeps_its_lines(tmp_path, monkeypatch):
    home = Home(tmp_path)
    for number in range(4):
        home.put(f"a{number}", lines(number * 60, number * 60 + 60))
    home.put("copy", lines(0, 60))

    def fails(*_args):
        raise RuntimeError("broken on purpose")

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.formats.Format.parse", fails)
        outcomes = home.run()
    assert {one.record.state for one in outcomes.values()} == {"failed"}
    assert home.total("pending_lines") == 300
    home.run()
    assert home.numbers() == once(0, 240)
    assert home.total("duplicates") == 60


def test_each_small_file_reports_its_progress(tmp_path):
    home = Home(tmp_path)
    for number in range(5):
        home.put(f"a{number}", line(number))
    seen = []
    options = IngestOptions(
        store=home.store,
        lake=home.lake,
        zone="UTC",
        settle_seconds=0,
        least_free_bytes=0,
        watch=lambda delivery, size, count: seen.append((delivery.path, size, count)),
    )
    ingest_source(options, home.source)
    assert seen == [(f"a{number}", len(line(number)), 1) for number in range(5)]
