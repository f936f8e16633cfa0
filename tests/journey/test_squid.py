"""A real Squid with logins: what is in the lake is exactly what its clients did."""

import shutil
import socket
import tempfile
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.district import only_writer, open_district
from pipelines.refresh.steps import ingest_sources
from pipelines.registry.account_names import canonical
from pipelines.registry.new_home import create
from pipelines.state import ledger
from tests.journey.squid import (
    BANNED,
    NOTHING,
    PROGRAM,
    Act,
    echo_server,
    free_port,
    opening,
    running,
    serving,
    web_server,
)

pytestmark = [
    pytest.mark.skipif(not PROGRAM.is_file(), reason="no squid here: apt-get install squid"),
]
TICK = timedelta(milliseconds=2)
"""Squid cuts its stamps and durations to milliseconds, each on its own."""


@dataclass
class Seen:
    acts: list[Act]
    lines: list[bytes]
    events: pl.DataFrame
    rejects: int
    state: str


def school_day(squid, web, echo):
    """What three users and one outsider do in a few seconds."""
    www = f"http://www.school.example:{web}"
    squid.ask("GET", f"{www}/bytes/1000")
    squid.ask("GET", f"{www}/bytes/1000", "ada")
    squid.ask("GET", f"{www}/bytes/1000", "ada", "a wrong word")
    squid.ask("GET", f"{www}/bytes/70000?q=private&n=1", "ada")
    squid.ask("POST", f"http://files.school.example:{web}/new", "ben", body=b"y" * 500)
    squid.ask("GET", f"http://{BANNED}:{web}/bytes/10", "ben")
    with squid.tunnel(f"quiet.example:{echo}", "example\\cyd") as echoed:
        echoed(b"z" * 5_000)
        squid.ask("GET", f"{www}/slow", "ben")
        echoed(b"z" * 20_000)
    squid.ask("GET", f"{www}/missing", "dee@school.example")
    with squid.tunnel(f"{BANNED}:443", "ada"):
        pass
    with squid.tunnel(f"quiet.example:{echo}"):
        pass
    squid.ask("GET", f"http://quiet.example:{free_port()}/bytes/10", "ada")
    squid.hang_up()


@pytest.fixture(scope="module")
def seen():
    # squid gives up its rights and could not reach into pytest's own folder
    folder = Path(tempfile.mkdtemp(prefix="schoolbell-squid-"))
    folder.chmod(0o755)
    try:
        yield what_was_seen(folder)
    finally:
        shutil.rmtree(folder)


def what_was_seen(folder):
    home = create(folder / "home", account_domains=("EXAMPLE", "school.example"))
    for path in (home.path, home.landing):
        path.chmod(0o755)
    log = home.landing / "proxy" / "access.log"
    log.parent.mkdir()
    work = folder / "squid"
    work.mkdir()
    with (
        serving(web_server()) as web,
        serving(echo_server()) as echo,
        running(work, log) as squid,
    ):
        school_day(squid, web, echo)
    with open_district(home.path) as district, only_writer(district.home):
        (outcome,) = ingest_sources(district, settle_seconds=0)
        events = [
            pl.read_parquet(district.home.lake / one.path)
            for one in ledger.lake_files(district.store, "http_requests")
        ]
    record = outcome.record
    assert record.format == "squid_access"
    rows = pl.concat(events).sort("line_no")
    return Seen(squid.acts, squid.lines(), rows, record.rejects, record.state)


def test_a_page_of_refusal_that_comes_in_two_pieces_is_counted_whole():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n")
        later = threading.Timer(0.1, theirs.sendall, [b"refused!\n"])
        later.start()
        assert opening(ours).endswith(b"\r\n\r\nrefused!\n")
        later.join()


def test_every_line_is_an_event(seen):
    assert len(seen.lines) == len(seen.acts) == seen.events.height
    assert (seen.rejects, seen.state) == (0, "finished")
    assert seen.events["line_no"].to_list() == list(range(1, len(seen.lines) + 1))


def test_each_act_is_one_event_in_the_order_of_ending(seen):
    found = seen.events.select(
        user=canonical(pl.col("user_name"), ["EXAMPLE", "school.example"]),
        method="method",
        host="url_hostname",
        status="status_code",
        size="bytes_in",
    )
    expected = [
        (
            None if act.user is None else act.user.split("\\")[-1].split("@")[0],
            act.method or None,
            act.host or None,
            act.status or None,
            act.size,
        )
        for act in seen.acts
    ]
    assert found.rows() == expected


def test_urls_are_those_asked_for_less_the_query(seen):
    asked = [act.url if "?" not in act.url else act.url.split("?")[0] + "?" for act in seen.acts]
    assert seen.events["url"].to_list() == asked
    ports = [
        int(act.url.rsplit(":", 1)[1]) if act.method == "CONNECT" else None for act in seen.acts
    ]
    assert seen.events["dst_port"].to_list() == ports


def test_what_the_proxy_did_is_told_apart(seen):
    said = {200: "allowed", 201: "allowed", 404: "allowed", 503: "allowed"}
    said |= {403: "blocked", 407: "challenged"}
    expected = [said.get(act.status) for act in seen.acts]
    assert seen.events["disposition"].to_list() == expected
    nothing = seen.events.filter(pl.col("url") == NOTHING)
    assert nothing["disposition"].null_count() == nothing.height == 2
    assert set(expected) == {None, "allowed", "blocked", "challenged"}


def test_times_are_those_of_the_clients(seen):
    rows = seen.events.select("start_time", "time").rows()
    for act, (start, end) in zip(seen.acts, rows, strict=True):
        assert act.began - TICK <= start <= end <= act.ended + TICK
    assert set(seen.events["time_quality"]) == {"exact"}


def test_a_tunnel_began_before_what_ended_sooner(seen):
    tunnel = seen.events.filter(pl.col("status_code") == 200, method="CONNECT")
    slow = seen.events.filter(pl.col("url").str.ends_with("/slow"))
    assert tunnel["line_no"].item() == slow["line_no"].item() + 1
    assert tunnel["start_time"].item() <= slow["start_time"].item()
    lasted = slow["time"].item() - slow["start_time"].item()
    assert lasted >= timedelta(milliseconds=390)
