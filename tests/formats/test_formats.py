"""Every format reads its golden logs exactly as recorded, and survives damage.

A case is `<format>/<what it shows>.log`, with `.expected.jsonl` next to it.
A file `<format>/options.json` holds the options and zone its cases are read with.
After a deliberate change run `make golden`, then read the diff.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.clock import Reading
from pipelines.events import EVENT_CLASSES
from pipelines.formats import PLACE, Context, formats
from pipelines.ingest.record_cuts import records
from tests.conftest import LONG

HERE = Path(__file__).parent
FORMATS = formats()
LOGS = sorted(HERE.glob("*/*.log"))
HOSTILE = [
    b"inf", b"-1", b"1e20", b"9" * 14, b"9" * 30, b"", b"-", b"%00", b"\x00",
    b"+5", b"NaN", b"0000-00-00", b"99:99:99", b'"', b"{", b"]", b"=", b",", b"\t",
    b"999.1.1.1", b"::::", b"Feb 30 25:61:61", b"\\", b"\xff\xfe", b"'", b"255",
    "\N{ARABIC-INDIC DIGIT THREE}".encode(), b"\r", b" ", b"65536", b"[]",
]  # fmt: skip
MIN_LINES = 40
OFTEN = 5
BATCHES = 300 if LONG else 4
"""To parse one line costs nearly as much as to parse forty."""

each_log = pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log.parent.name}/{log.stem}")


def context_of(name: str) -> Context:
    """Return how the cases of a format are read."""
    path = HERE / name / "options.json"
    said = json.loads(path.read_text()) if path.is_file() else {}
    reading = Reading(
        zone=said.get("zone", "America/Chicago"),
        anchor=datetime(2026, 11, 25, tzinfo=UTC),
    )
    return Context(reading=reading, options=said.get("options", {}))


def batch_of(name: str, data: bytes) -> pl.DataFrame:
    """Return the records of some bytes, framed as the format asks."""
    return records(data, FORMATS[name].framing)


@each_log
def test_format_reads_the_log_as_recorded_golden(log, golden):
    name = log.parent.name
    parsed = FORMATS[name].parse(batch_of(name, log.read_bytes()), context_of(name))
    parts = [
        json.dumps({"event_class": cls}) + "\n" + compact(frame)
        for cls, frame in parsed.events.items()
    ]
    parts.append(json.dumps({"blanks": parsed.blanks}) + "\n")
    parts.append(parsed.rejects.write_ndjson())
    golden.check("".join(parts), log.with_suffix(".expected.jsonl"))


def compact(frame: pl.DataFrame) -> str:
    """Return one line per row, without the columns that are null."""
    rows = (json.loads(row) for row in frame.write_ndjson().splitlines())
    kept = ({k: v for k, v in row.items() if v is not None} for row in rows)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)


@cache
def claims() -> pl.DataFrame:
    """Return how many lines of each golden log look like which format's."""
    logs = [
        batch_of(log.parent.name, log.read_bytes()).select("line", log=pl.lit(str(log)))
        for log in LOGS
    ]
    looks = {name: fmt.looks_like(pl.col("line")) for name, fmt in FORMATS.items()}
    return pl.concat(logs).select("log", **looks).group_by("log").sum()


@each_log
def test_only_its_own_format_claims_the_log(log):
    name = log.parent.name
    counts = claims().row(by_predicate=pl.col("log") == str(log), named=True)
    assert counts[name] > 0
    framings = (FORMATS[name].framing, "lines")
    others = [other for other in FORMATS if FORMATS[other].framing in framings]
    assert not {other for other in others if counts[other] and other != name}


@pytest.mark.parametrize("name", [name for name, fmt in FORMATS.items() if fmt.framing == "lines"])
def test_damaged_lines_are_events_rejects_or_blanks(name):
    logs = [log.read_bytes() for log in LOGS if log.parent.name == name]
    lines = [line for data in logs for line in data.splitlines()]
    tried: Counter[bytes] = Counter()
    shifts = range(len(HOSTILE) if LONG else 3)
    damages = (each for s in shifts for line in lines for each in damaged(line, s, tried))
    check_conservation(name, b"\n".join(damages))


def damaged(line: bytes, shift: int, tried: Counter[bytes]) -> Iterator[bytes]:
    """Yield a line for each of its words, which something hostile replaces.

    Lines that differ in one value would say the rest again and again: what stood
    often enough behind the same words is left out in the short run.
    """
    words = re.split(rb"(\W+)", line)
    for place, word in enumerate(words):
        told = b"".join(words[max(place - 2, 0) : place + 2])
        tried[told] += 1
        if tried[told] > OFTEN and not LONG:
            continue
        # a stride prime to their number: each word of a line meets another of them
        words[place] = HOSTILE[(7 * place + len(line) + shift) % len(HOSTILE)]
        yield b"".join(words)
        words[place] = word


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=BATCHES)
@given(
    lines=st.lists(st.binary(max_size=200), min_size=MIN_LINES, max_size=50)
    | st.lists(st.binary(), max_size=1)
)
def test_any_bytes_are_events_rejects_or_blanks(name, lines):
    check_conservation(name, b"\n".join(lines))


def check_conservation(name: str, data: bytes) -> None:
    """No line is lost, invented or raised about; what comes out can be written."""
    lines = batch_of(name, data)
    parsed = FORMATS[name].parse(lines, context_of(name))
    for cls, frame in parsed.events.items():
        assert frame.drop(PLACE).schema == EVENT_CLASSES[cls].schema
        frame.write_ndjson()  # an impossible date raises only when it is written
    frames = [*parsed.events.values(), parsed.rejects]
    found = pl.concat([frame["line_no"] for frame in frames]).sort()
    assert found.is_unique().all()
    assert len(found) + parsed.blanks == lines.height


def test_end_of_a_connection_read_without_its_beginning_guesses_nothing():
    log = HERE / "cisco_asa" / "ends_take_what_their_beginnings_say.log"
    lines = batch_of("cisco_asa", log.read_bytes())
    whole, end = (
        FORMATS["cisco_asa"].parse(part, context_of("cisco_asa")).events["connections"]
        for part in (lines, lines[3:])
    )
    known = whole.filter(pl.col("line_no") == 4).row(0, named=True)
    unsure = end.row(0, named=True)
    assert known["src_ip"] == "192.0.2.17"
    assert unsure["src_ip"] is unsure["dst_ip"] is None
    kept = ["connection_uid", "start_time", "time", "protocol"]
    assert [unsure[key] for key in kept] == [known[key] for key in kept]


def test_answer_behind_the_end_of_a_batch_takes_the_device_of_its_question():
    log = HERE / "windows_nps" / "answers_take_the_device_of_their_question.log"
    name = "windows_nps"
    lines = batch_of(name, log.read_bytes())
    whole = FORMATS[name].parse(lines, context_of(name))
    for end in range(1, lines.height):
        first = FORMATS[name].parse(lines[:end], context_of(name))
        handed_on = replace(context_of(name), header=first.header)
        second = FORMATS[name].parse(lines[end:], handed_on)
        both = [part.events.get("logons") for part in (first, second)]
        found = pl.concat(frame for frame in both if frame is not None).sort("line_no")
        assert_frame_equal(found, whole.events["logons"].sort("line_no"))
        assert first.rejects.height + second.rejects.height == whole.rejects.height


def test_every_format_has_a_golden_log():
    assert {log.parent.name for log in LOGS} == set(FORMATS)
