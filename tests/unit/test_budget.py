"""A delivery that takes long is put off, holds up no other, and loses no line."""

import io
import json
import zipfile
from collections import Counter

import pytest

from pipelines.ingest import blocks
from pipelines.refresh import steps
from pipelines.registry.new_home import create
from tests.faults.home import Home, lines, once
from tests.journey.commands import schoolbell

LATER = "later"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path, fmt=None)


def archive(count, each=20):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(count):
            begin = number * each
            made.writestr(f"{number:03}.log", lines(begin, begin + each))
    return out.getvalue()


def run_to_the_end(home, settle=0):
    """Runs without any time to spare, until nothing is put off; how many."""
    for number in range(1, 60):
        told = home.run(settle=settle, budget_seconds=0)
        assert sum(home.numbers().values()) == home.total("events")
        if all(one.kind != LATER for one in told.values()):
            return number
    pytest.fail("it never comes to its end")


def test_an_archive_is_put_off_between_members_and_others_are_read(home):
    home.put("a.zip", archive(5))
    home.put("b.log", lines(900, 920))
    told = home.run(budget_seconds=0)
    kinds = Counter(one.kind for one in told.values())
    assert kinds == {LATER: 4, "new": 2}
    assert home.numbers() == once(0, 20) + once(900, 920)
    assert run_to_the_end(home) >= 4
    assert home.numbers() == once(0, 100) + once(900, 920)
    assert {one.state for one in home.records()} == {"finished"}


def test_a_member_that_failed_before_and_is_put_off_is_not_taken_for_gone(home):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(3):
            made.writestr(f"{number}.txt", f"nobody reads {number}\n" * 5)
    home.put("a.zip", out.getvalue())
    home.run()
    assert home.total("pending_lines") == 15
    for _ in range(3):
        home.run(budget_seconds=0)
        assert {one.state for one in home.records()} == {"failed"}
        assert home.total("pending_lines") == 15


@pytest.mark.parametrize("settle", [0, 3_600])
@pytest.mark.parametrize("pack", ["plain", "gz"])
def test_a_file_is_put_off_between_blocks_and_goes_on_there(home, monkeypatch, settle, pack):
    monkeypatch.setattr(blocks, "MAX_LINES", 150)
    put = home.put if pack == "plain" else home.gz
    put("a.log", lines(0, 1_000))
    home.put("b.log", lines(2_000, 2_020))
    told = home.run(settle=settle, budget_seconds=0)
    assert told["a.log"].kind == LATER
    assert 0 < told["a.log"].record.events < 1_000
    assert home.numbers() >= once(2_000, 2_020)
    assert run_to_the_end(home, settle) > 2
    assert home.numbers() == once(0, 1_000) + once(2_000, 2_020)
    put("a.log", lines(0, 1_010))
    home.run()
    assert home.numbers() == once(0, 1_010) + once(2_000, 2_020)


def test_a_copy_of_what_was_put_off_is_taken_once(home, monkeypatch):
    monkeypatch.setattr(blocks, "MAX_LINES", 150)
    home.put("a.log", lines(0, 1_000))
    home.put("b.log", lines(0, 1_000))
    run_to_the_end(home)
    assert home.numbers() == once(0, 1_000)
    assert home.total("lines") == 2_000


def test_what_took_long_is_read_in_the_same_run_after_all_others(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "BUDGET_SECONDS", 0.0)
    home = create(tmp_path / "home").path
    for source, name, data in (
        ("a", "a.zip", archive(6)),
        ("b", "b.log", lines(900, 920)),
    ):
        (home / "landing" / source).mkdir(parents=True)
        (home / "landing" / source / name).write_bytes(data)
    done = schoolbell("ingest", "--home", home, "--settle-seconds", 0, "--json")
    told = [json.loads(one) for one in done.out.splitlines()]
    assert [one["events"] for one in told] == [20] * 7
    assert {one["kind"] for one in told} == {"new"}
    assert {one["state"] for one in told} == {"finished"}
