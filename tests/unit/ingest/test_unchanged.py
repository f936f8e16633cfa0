"""That nothing is new in a folder is reported without what reads files, and only then.

That it shows what reading says is asked in every run of `tests.faults`.
"""

import os

import pytest

from pipelines.ingest.source import IngestOptions
from pipelines.ingest.unchanged import unchanged
from tests.faults.home import Home, line


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    made.put("a.log", line(0) + line(1))
    made.put("b.log", line(2))
    return made


def told(home, settle=0.0):
    options = IngestOptions(
        store=home.store,
        lake=home.lake,
        zone="UTC",
        settle_seconds=settle,
        least_free_bytes=0,
    )
    found = unchanged(options, home.source, home.source.listing())
    return found and [(one.record.path, one.kind, one.waits) for one in found]


def test_what_was_read_is_unchanged(home):
    assert told(home) is None
    home.run()
    assert told(home) == [("a.log", "unchanged", ""), ("b.log", "unchanged", "")]


def _grow(home):
    home.put("a.log", line(0) + line(1) + line(3))


def _touch(home):
    os.utime(home.landing / "a.log", (1, 1))


def _rename(home):
    (home.landing / "a.log").rename(home.landing / "d.log")


CHANGES = {
    "a line": _grow,
    "a stamp": _touch,
    "a file": lambda home: home.put("c.log", line(4)),
    "another name": _rename,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_looked_into(home, change):
    home.run()
    change(home)
    assert told(home) is None
    home.run()
    assert told(home) is not None


def test_a_file_that_goes_before_it_is_finished_is_looked_into(home):
    home.run(settle=600)
    assert told(home, 600) is not None
    (home.landing / "a.log").unlink()
    assert told(home, 600) is None
    home.run(settle=600)
    assert told(home, 600) == [("b.log", "unchanged", "")]


def test_a_file_that_settles_is_looked_into(home):
    home.run(settle=600)
    assert told(home) is None


def test_what_is_left_out_is_told_all_the_same(home):
    home.run()
    home.put("c.log.part", line(5))
    kinds = {path: kind for path, kind, _ in told(home)}
    assert kinds["c.log.part"] == "waiting"
