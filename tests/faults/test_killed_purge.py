"""A purge that is killed at any instant is reported, and finished by the next run."""

import shutil
import signal
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pytest

from pipelines.district import only_writer, open_district
from pipelines.operations.purge import finish_purge
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.connections import read_store
from pipelines.state.retention import begun
from tests.conftest import LONG
from tests.faults.conftest import Zygote
from tests.faults.home import BEGIN
from tests.journey.commands import schoolbell

MARK = "over-and-done"
KEPT = "stays-here"
DAY = 86_400
KILLS = 200 if LONG else 10
IN_PER_ROW = 4
RETENTION = """
[retention]
raw_days = 28
event_days = 28
finding_days = 28
report_days = 28
message_days = 28
"""


def line(second, mark):
    return (
        f"{BEGIN + second}.000    120 10.20.1.{second % 250 + 1} TCP_MISS/200 512 GET "
        f"http://{mark}.example.org/n/{second} {mark}-{second} HIER_DIRECT/192.0.2.1 "
        "text/html\n"
    )


def made(folder, later=()):
    """Return a home with two days that have ended, rejects among them, and `later` days."""
    home = create(folder)
    settings = home.settings_file.read_text().split("\n[retention]\n")[0]
    home.settings_file.write_text(settings + RETENTION)
    (home.registry / "calendar.csv").write_text(
        "date,day_type\n"
        + "".join(
            f"{datetime.fromtimestamp(BEGIN + n * DAY, UTC).date()},school\n"
            for n in range(-40, 200)
        )
    )
    (home.registry / "buildings.csv").write_text("org_id,building\no-1,HS\n")
    proxy = home.landing / "proxy"
    proxy.mkdir()
    for day in (0, 1):
        text = "".join(line(day * DAY + second, MARK) for second in range(5))
        # with later days there, a reject might carry the day on which it came
        reject = "" if later else f"{MARK} is no log line\n"
        (proxy / f"day{day}.log").write_text(text + reject)
    for day in later:
        text = "".join(line(day * DAY + second, KEPT) for second in range(5))
        (proxy / f"day{day}.log").write_text(text)
    run(home.path, settle_seconds=0)
    return home


def marks_in(home, mark):
    """Return files of the home that hold the mark, read as what they are."""
    found = []
    for path in sorted(home.path.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += str(pl.read_parquet(path).rows()).encode()
        if ".duckdb" in path.name and path.suffix in (".duckdb", ".tmp"):
            data += dumped(path).encode()
        if mark.encode() in data:
            found.append(path.relative_to(home.path).as_posix())
    return found


def dumped(path):
    try:
        with duckdb.connect(path, read_only=True) as connection:
            tables = connection.sql(
                "select schema_name || '.' || table_name from duckdb_tables()"
                " where schema_name != 'registry'"
            ).fetchall()
            return "".join(str(connection.sql(f"from {name}").fetchall()) for (name,) in tables)
    except duckdb.Error:
        return ""  # cut off in the middle of being written


def over(home):
    """Return an instant at which every day of the two has ended, rejects of today too."""
    with open_district(home.path) as district:
        days = [one.event_date for one in ledger.lake_files(district.store)]
    last = datetime.fromisoformat(max(days)).replace(tzinfo=UTC)
    return last + timedelta(days=60)


@pytest.fixture(scope="module")
def purging(tmp_path_factory):
    zygote = Zygote(tmp_path_factory.mktemp("purging") / "log", module="purging")
    yield zygote
    zygote.close()


def killed(purging, home, ats, now, copy):
    """Kill the purge of a copy at each of some points in turn; how often it was."""
    shutil.copytree(home.path, copy.path)
    for kills, at in enumerate(ats):
        code = purging.run(copy.path, at=at, now=now.isoformat())
        # what an earlier one did needs no more calls, so that a later may end
        assert code in (-signal.SIGKILL, 0), (at, code, purging.said())
        if code == 0:
            return kills
    return len(ats)


def is_begun(home):
    store = read_store(home.state_db)
    try:
        return begun(store) is not None
    finally:
        store.close()


def finished(home):
    """What a run does first."""
    with open_district(home.path) as district, only_writer(district.home):
        chain = open_chain(district.store, district.home)
        finish_purge(district, chain, datetime.now(UTC))


def check_finished(home, at, was_begun):
    assert not is_begun(home), at
    assert not home.old_warehouse.exists(), at
    if was_begun:  # killed before its first act, a purge did not begin
        assert marks_in(home, MARK) == [], at
        assert len(list(home.certificates.iterdir())) == 1, at


def points_of(purging, home, now, folder):
    """Return how many points an undisturbed purge passes."""
    copy = folder / "whole"
    shutil.copytree(home.path, copy)
    assert purging.run(copy, at=0, now=now.isoformat()) == 0, purging.said()
    assert marks_in(DistrictHome(copy), MARK) == []
    return int(copy.with_suffix(".points").read_text())


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory.mktemp("purged") / "home")


def test_a_killed_purge_is_finished_by_the_next(purging, home, tmp_path):
    assert len(marks_in(home, MARK)) > 5
    now = over(home)
    points = points_of(purging, home, now, tmp_path)
    ats = range(1, points + 1, max(1, points // KILLS))
    turns = len(ats) // IN_PER_ROW
    kills = 0
    for first in range(turns):
        copy = DistrictHome(tmp_path / f"at-{first}")
        kills += killed(purging, home, ats[first::turns], now, copy)
        was_begun = is_begun(copy)
        if was_begun:
            finished(copy)
        check_finished(copy, ats[first::turns], was_begun)
        shutil.rmtree(copy.path)
    assert kills >= (100 if LONG else 6)


def test_a_killed_purge_is_told_and_finished_by_a_run(purging, home, tmp_path):
    now = over(home)
    points = points_of(purging, home, now, tmp_path)
    for at in (points // 2,):
        copy = DistrictHome(tmp_path / f"at-{at}")
        assert killed(purging, home, [at], now, copy) == 1
        assert is_begun(copy)
        shown = schoolbell("status", "--home", copy.path)
        assert "is not finished" in shown.err
        assert shown.code == 1
        asked = schoolbell("doctor", "--home", copy.path)
        assert "is not finished" in asked.out
        done = schoolbell("run", "--home", copy.path, "--quiet", "--settle-seconds", 0)
        assert done.code == 0, done.err
        assert "interrupted purge first" in done.err
        check_finished(copy, at, was_begun=True)
        assert "is not finished" not in schoolbell("status", "--home", copy.path).err


def test_what_a_killed_rebuild_left_is_told_and_deleted(home, tmp_path):
    copy = DistrictHome(tmp_path / "home")
    shutil.copytree(home.path, copy.path)
    shutil.copy(copy.warehouse, copy.old_warehouse)
    assert "warehouse.old.duckdb" in schoolbell("status", "--home", copy.path).err
    run(copy.path, settle_seconds=0)
    assert not copy.old_warehouse.exists()


@pytest.mark.skipif(not LONG, reason="a rebuild for each of hundreds of kills")
def test_a_purge_that_is_killed_while_days_stay_is_finished(purging, tmp_path):
    home = made(tmp_path / "home", later=(14, 15))
    now = datetime.fromtimestamp(BEGIN + 14 * DAY + 28 * DAY, UTC)
    points = points_of(purging, home, now, tmp_path)
    kept = marks_in(home, KEPT)
    assert kept
    for at in range(1, points + 1, max(1, points // KILLS)):
        copy = DistrictHome(tmp_path / f"at-{at}")
        assert killed(purging, home, [at], now, copy) == 1
        was_begun = is_begun(copy)
        finished(copy)
        check_finished(copy, at, was_begun)
        assert any(one.startswith("lake/") for one in marks_in(copy, KEPT))
        shutil.rmtree(copy.path)
