"""A line that a relay wrote twice counts once, where the line itself tells events apart."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.events import EVENT_CLASSES
from tests.conftest import LONG, REPO_ROOT
from tests.faults.home import Home

FORMATS = REPO_ROOT / "tests" / "formats"
LOGS = {
    "squid_access": FORMATS / "squid_access" / "what_users_do.log",
    "suricata_eve": next((FORMATS / "suricata_eve").glob("*.log")),
    "zeek_http": FORMATS / "zeek_http" / "text.log",
    "zeek_conn": next((FORMATS / "zeek_conn").glob("*.log")),
}


def events(home):
    """Return every event without its place, in an order of its own."""
    found = []
    for name, event_class in EVENT_CLASSES.items():
        frame = home.frame(name)
        if frame.height and "time" in frame.columns:
            found += sorted(map(repr, frame.select(event_class.names()).iter_rows()))
    return found


def told_apart(home):
    """Return the numbers of the lines with parts of a second or a port."""
    numbers = set()
    for name in EVENT_CLASSES:
        frame = home.frame(name)
        if not frame.height or "time" not in frame.columns:
            continue
        is_told = pl.col("time").dt.microsecond() != 0
        if "src_port" in frame.columns:
            is_told |= pl.col("src_port").is_not_null()
        numbers |= set(frame.filter(is_told)["line_no"])
    return sorted(numbers)


@pytest.mark.parametrize("fmt", LOGS)
@settings(max_examples=25 if LONG else 4)
@given(offset=st.integers(0, 4), run_after=st.integers(0, 40))
def test_each_fifth_line_doubled_leaves_the_events_equal(fmt, offset, run_after):
    """Read at one time, or as a file that grows between two runs."""
    lines = LOGS[fmt].read_bytes().splitlines(keepends=True)
    with TemporaryDirectory() as name:
        plain = Home(Path(name) / "plain", fmt=fmt)
        plain.put("a.log", b"".join(lines))
        plain.run()
        doubled = told_apart(plain)[offset::5]
        assert told_apart(plain)
        twice = [line for no, line in enumerate(lines, 1) for _ in range(1 + (no in set(doubled)))]
        home = Home(Path(name) / "twice", fmt=fmt)
        home.put("a.log", b"".join(twice[: len(lines) // 2 + run_after]))
        home.run()
        home.put("a.log", b"".join(twice))
        home.run()
        assert events(home) == events(plain)
        repeats = home.total("duplicates") - plain.total("duplicates")
        assert repeats == len(doubled)
        for one in (home, plain):
            one.store.close()


@pytest.mark.parametrize(
    ("stamps", "kept"),
    [
        (("1792412100.123", "1792412100.123"), 1),
        (("1792412100.123", "1792412100.123", "1792412100.123"), 1),
        (("1792412100.000", "1792412100.000"), 2),  # may be whole seconds: two visits
        (("1792412100.123", "1792412100.124"), 2),
        (("1792412100.123", "1792412101.000", "1792412100.123"), 3),  # not next to each other
    ],
)
def test_equal_lines_count_once_only_if_their_stamp_tells_events_apart(tmp_path, stamps, kept):
    rest = "45 192.0.2.17 TCP_MISS/200 5120 GET http://example.org/ jdoe HIER_DIRECT/198.51.100.7 -"
    home = Home(tmp_path)
    home.put("a.log", "".join(f"{stamp}  {rest}\n" for stamp in stamps).encode())
    home.run()
    assert home.total("events") == home.frame().height == kept
    assert home.total("duplicates") == len(stamps) - kept
    assert home.total("lines") == len(stamps)
    home.store.close()
