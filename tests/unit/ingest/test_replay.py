"""Rejects become events once the format reads them; the books always balance."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipelines.formats import formats
from pipelines.ingest import line_account
from pipelines.ingest.replay import Replay
from pipelines.lake.files import sweep
from tests.faults.home import Home, lines, once


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def replay(home: Home) -> Replay:
    return Replay(
        store=home.store,
        lake=home.lake,
        zone="America/Chicago",
        source="proxy",
        source_zone="UTC",
    )


def test_a_format_that_learned_more_reads_its_rejects_again(home):
    odd = lines(100, 120).replace(b"TCP_MISS/200", b"tcp_miss/200")
    home.put("a.log", lines(0, 50) + odd + b"nothing\n\n")
    home.run()
    assert home.total("rejects") == 21
    fmt = formats()["squid_access"]
    lenient = pl.col("result").str.contains("^[A-Za-z_]+/[0-9]{3}$")
    newer = replace(fmt, must={**fmt.must, "result is not CODE/status": lenient})
    done = replay(home).rejects_of(newer)
    assert (done.lines, done.events, done.rejects) == (21, 20, 1)
    home.check_books()
    assert home.numbers() == once(0, 50) + once(100, 120)
    assert home.rejects() == ["nothing"]
    assert line_account.unbalanced(home.store, home.lake) == []
    assert replay(home).rejects_of(newer).events == 0
    home.run()
    assert home.numbers() == once(0, 50) + once(100, 120)


def test_rejects_that_still_do_not_read_are_left_alone(home):
    home.put("a.log", lines(0, 5) + b"nothing\n")
    home.run()
    before = home.frame_paths()
    assert replay(home).rejects_of(formats()["squid_access"]).events == 0
    assert home.frame_paths() == before


def test_a_file_that_is_replaced_stays_until_its_readers_are_done(home):
    home.put("a.log", lines(0, 5) + b"177")
    home.run()
    reading = home.frame_paths()
    home.put("a.log", lines(0, 5) + b"177 more\n")
    home.run()
    assert set(home.frame_paths()).isdisjoint(reading[-1:])
    assert all((home.lake / path).exists() for path in reading)
    sweep(home.store, home.lake)
    assert all((home.lake / path).exists() for path in reading)
    sweep(home.store, home.lake, grace=timedelta(days=-1))
    assert sum((home.lake / path).exists() for path in reading) == len(reading) - 1
    assert home.numbers() == once(0, 5)
    assert home.rejects() == ["177 more"]


def test_accounts_say_where_every_line_is(home):
    home.put("a.log", lines(0, 50) + b"nothing\n\n")
    home.put("b.log", lines(20, 60))
    home.put("c.log", lines(60, 61) + b"177")
    home.run()
    home.put("d.log", b"177")
    home.run(settle=3_600)
    kinds = ("events", "duplicates", "blanks", "rejects", "pending_lines")
    totals = {kind: home.total(kind) for kind in kinds}
    assert home.total("lines") == sum(totals.values())
    assert list(totals.values()) == [61, 30, 1, 2, 1]
    (day,) = line_account.days(home.store)
    assert (day.events, day.duplicates) == ({"http_requests": 61}, 30)
    assert len(home.rejects()) == 2
    shown = line_account.arrival_lags(home.store)
    assert shown.drop("event_date").rows() == [("proxy", "http_requests", "longer", 61)]
    assert line_account.unbalanced(home.store, home.lake) == []
    (home.lake / home.frame_paths()[0]).unlink()
    assert line_account.unbalanced(home.store, home.lake)
