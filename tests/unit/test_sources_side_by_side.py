"""Two sources are read at a time, and come out as if each had been read alone."""

import time
from collections import Counter
from dataclasses import replace
from threading import Event

import pytest

from pipelines.ingest.source import IngestOptions
from pipelines.lake.files import LakeError
from pipelines.refresh import steps
from pipelines.state.home_mark import mark_of
from tests.faults.home import Home, lines, once, source_of

NAMES = ("a", "b", "c", "d")
EACH = 900
"""Lines of a file, which is too long to be read together with others."""


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    for number, name in enumerate(NAMES):
        for file in range(3):
            first = (3 * number + file) * EACH
            home.put(f"{name}/{file}.log", lines(first, first + EACH))
    return home


def read(home, **more):
    options = IngestOptions(store=home.store, lake=home.lake, zone="UTC", settle_seconds=0, **more)
    one = source_of(home.folder)
    sources = [replace(one, name=n, folder=home.landing / n) for n in NAMES]
    return steps.read_sources(options, sources)


def instead(monkeypatch, of):
    """Have `of` read a source, given the options, the source and what reads it."""
    reads = steps._ingested
    monkeypatch.setattr(steps, "_ingested", lambda o, s: of(o, s, reads))


def test_every_line_of_every_source_is_there_once(home):
    seen = Counter()

    def watch(delivery, _bytes, count):
        seen[delivery.source] += count

    found = read(home, watch=watch)
    assert list(found) == list(NAMES)
    assert {one.kind for outcomes in found.values() for one in outcomes} == {"new"}
    assert seen == dict.fromkeys(NAMES, 3 * EACH)
    assert home.numbers() == once(0, 12 * EACH)
    home.check_books()


def test_files_have_the_same_ids_whichever_source_is_quicker(home, monkeypatch):
    others = Event()

    def slowly(options, source, reads):
        if source.name == "a":
            others.wait()
            time.sleep(0.3)
        elif source.name == "b":
            others.set()
        return reads(options, source)

    instead(monkeypatch, slowly)
    read(home)
    ids = {(one.source, one.path): one.file_id for one in home.records()}
    assert [ids[key] for key in sorted(ids)] == sorted(ids.values())


def test_a_source_without_anything_new_holds_up_none(home):
    read(home)
    for name in ("b", "d"):
        home.put(f"{name}/more.log", lines(90_000, 90_010))
    found = read(home)
    kinds = {name: {one.kind for one in found[name]} for name in NAMES}
    assert kinds["a"] == kinds["c"] == {"unchanged"}
    assert kinds["b"] == kinds["d"] == {"new", "unchanged"}


def test_a_full_disk_ends_the_others_between_two_files(home, monkeypatch):
    reads_lines = Event()
    watched = []

    def fails(options, source, reads):
        if source.name == "b":
            reads_lines.wait()
            raise LakeError("is full")
        return reads(options, source)

    def watch(delivery, _bytes, _lines):
        watched.append(delivery.path)
        reads_lines.set()
        time.sleep(0.5)

    instead(monkeypatch, fails)
    with pytest.raises(LakeError, match="is full"):
        read(home, watch=watch)
    assert watched == ["0.log"], "the rest of a, or c, was read all the same"
    monkeypatch.undo()
    read(home)
    assert home.numbers() == once(0, 12 * EACH)
    home.check_books()


def test_a_key_that_stops_the_run_stops_both(home, monkeypatch):
    reads_lines = Event()
    watched = []

    def pressed(*_futures, **_more):
        reads_lines.wait()
        raise KeyboardInterrupt

    def watch(delivery, _bytes, _lines):
        watched.append(delivery.path)
        reads_lines.set()
        time.sleep(0.5)

    monkeypatch.setattr(steps, "wait", pressed)
    with pytest.raises(KeyboardInterrupt):
        read(home, watch=watch)
    assert set(watched) == {"0.log"}
    monkeypatch.undo()
    read(home)
    assert home.numbers() == once(0, 12 * EACH)


def test_what_lies_beside_the_lake_says_the_last_commit(home):
    read(home)
    mark = (home.lake / "home.mark").read_text().strip()
    with home.store.reading() as connection:
        assert mark == str(mark_of(connection))
