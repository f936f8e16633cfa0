"""A snapshot that follows another as a changed copy is what a whole one would be."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import polars as pl
import pytest

from pipelines.warehouse import snapshots
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.snapshots import (
    LONGEST,
    current,
    kept,
    publish,
    reading,
    set_broken_aside,
)
from tests.journey.small import held

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = [date(2026, 3, 2) + timedelta(days=number) for number in range(8)]
USE, HOSTS = "core.use", "core.hosts"
NAMED = {"account": "account", "event_date": None, "sites": None}
PLAIN = dict.fromkeys(NAMED)
TABLES = {USE: NAMED, HOSTS: {"host": None}}
ROWS = 100


class KilledError(BaseException):
    """Stands for the process being gone."""


def copied(_number, name, kind):
    if kind is None:
        return name, ""
    return f"names.name as {name}", f"left join main.names on rows.{name} = value"


def use(days, account="ada", sites=("a.example",)):
    rows = [
        {"account": account, "event_date": day, "sites": sites and [*sites]}
        for day in days
        for _ in range(ROWS)
    ]
    kinds = {"event_date": pl.Date, "sites": pl.List(pl.String)}
    return pl.DataFrame(rows, schema={"account": pl.String, **kinds})


@pytest.fixture
def database(tmp_path):
    with writing(tmp_path / "warehouse.duckdb") as opened:
        opened.replace(USE, use(DAYS))
        opened.replace(HOSTS, pl.DataFrame({"host": ["a.example"]}))
        call(opened, ada="falcon-27", ben="heron-31")
        yield opened


def call(database, **names):
    rows = {"value": [*names], "name": [*names.values()]}
    database.replace("main.names", pl.DataFrame(rows))


def published(database, folder, hours, tables=TABLES, **more):
    queries = {name: database.shown(name, columns, copied) for name, columns in tables.items()}
    frames = {"marts.about": pl.DataFrame({"hours": [hours]})}
    notes = {
        name: (f"what {name} is", dict.fromkeys(("host", "hours", *NAMED), "a note"))
        for name in (*tables, *frames)
    }
    now = NOW + timedelta(hours=hours)
    return publish(database, folder, queries, frames, now, notes, **more)


def chain(path):
    return path.stem.split("-")[2]


def check(database, tmp_path, tables=TABLES, *, follows=True):
    """Publish after another snapshot, and whole, and compare."""
    folder = tmp_path / "snapshots"
    before = current(folder)
    found = published(database, folder, 1, tables)
    assert (chain(found) == chain(before)) is follows
    assert held(found) == held(published(database, tmp_path / "whole", 1, tables))
    assert not [*folder.glob("*.tmp*"), *folder.glob("*.wal")]
    assert not set_broken_aside(folder)
    return found


@pytest.fixture
def first(database, tmp_path):
    return published(database, tmp_path / "snapshots", 0)


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize(
    "days",
    [DAYS[:-1], [*DAYS, DAYS[-1] + timedelta(days=1)], DAYS],
    ids=["a day less", "a day more", "the same"],
)
def test_days_that_came_and_went(database, tmp_path, days):
    database.replace(USE, use(days))
    check(database, tmp_path)


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("sites", [[], None, [None], ["a", "b"], ["a, b"]])
def test_one_day_that_differs(database, tmp_path, sites):
    """A list of nothing has the hash of no list at all."""
    database.replace(USE, pl.concat([use(DAYS[:-1]), use(DAYS[-1:], sites=[])]))
    check(database, tmp_path)
    rows = use(DAYS[-1:]).with_columns(sites=pl.lit(sites, pl.List(pl.String)))
    database.replace(USE, pl.concat([use(DAYS[:-1]), rows]))
    assert (
        held(published(database, tmp_path / "snapshots", 2))[1]
        == held(published(database, tmp_path / "whole", 2))[1]
    )


@pytest.mark.usefixtures("first")
def test_a_row_without_a_day(database, tmp_path):
    database.append(USE, use([None]))
    check(database, tmp_path, follows=False)


@pytest.mark.usefixtures("first")
def test_another_name_is_in_no_byte_of_the_next(database, tmp_path):
    call(database, ada="osprey-11", ben="heron-31")
    found = check(database, tmp_path, follows=False)
    assert b"falcon-27" not in found.read_bytes()


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize(
    "columns",
    [
        {"event_date": None, "account": "account", "sites": None},
        {"account": "account", "event_date": None},
    ],
    ids=["in another order", "one less"],
)
def test_other_columns(database, tmp_path, columns, monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_CHANGED", 1)
    check(database, tmp_path, TABLES | {USE: columns})


@pytest.mark.usefixtures("first")
def test_another_type_of_the_same_values(database, tmp_path):
    before = pl.DataFrame({"host": [1, 2]}, schema={"host": pl.Int32})
    database.replace(HOSTS, before)
    published(database, tmp_path / "snapshots", 0)
    database.replace(HOSTS, before.cast(pl.Int64))
    check(database, tmp_path)


@pytest.mark.usefixtures("first")
def test_a_table_that_no_model_makes_any_more(database, tmp_path):
    check(database, tmp_path, {USE: NAMED})
    check_back = published(database, tmp_path / "snapshots", 2)
    assert held(check_back) == held(published(database, tmp_path / "whole", 2))


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("step", ["copy_out", "write_out", "finish_out"])
def test_killed_midway(database, tmp_path, monkeypatch, step):
    folder = tmp_path / "snapshots"
    before = current(folder), current(folder).read_bytes()
    database.replace(USE, use(DAYS[1:]))

    def killed(*_args):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Database, step, killed)
        with pytest.raises(KilledError):
            published(database, folder, 1)
    assert (current(folder), current(folder).read_bytes()) == before
    check(database, tmp_path)


def test_a_damaged_snapshot_is_followed_by_a_whole_one(database, tmp_path, first):
    """Wherever the damage lies, nothing of it is handed on."""
    good = first.read_bytes()
    first.chmod(0o600)
    for at in range(0, len(good), len(good) // 12):
        first.write_bytes(good[:at] + bytes(64) + good[at + 64 :])
        found = published(database, tmp_path / "snapshots", 1)
        assert held(found) == held(published(database, tmp_path / "whole", 1))
        for path in (*tmp_path.glob("*/*.duckdb"), *tmp_path.glob("*/CURRENT")):
            if path != first:
                path.unlink()
        (tmp_path / "snapshots" / "CURRENT").write_text(first.name)
    first.write_bytes(good[: len(good) // 2])
    check(database, tmp_path, follows=False)


def test_a_reader_keeps_what_it_opened(database, tmp_path, first):
    with reading(first) as before:
        database.replace(USE, use(DAYS[1:]))
        check(database, tmp_path)
        assert before.rows(f"select count(*) from {USE}") == [(ROWS * len(DAYS),)]


def test_a_whole_one_comes_in_time_and_where_it_is_asked_for(database, tmp_path):
    folder = tmp_path / "snapshots"
    found = []
    for hours in range(LONGEST + 1):
        found.append(published(database, folder, hours))
        assert not set_broken_aside(folder)
    assert len({chain(path) for path in found[:-1]}) == 1
    assert chain(found[-1]) != chain(found[0])
    assert chain(published(database, folder, 50, is_whole=True)) != chain(found[-1])
    # two of one second have different names
    assert published(database, folder, 60) != published(database, folder, 60)


def test_a_free_block_at_the_end_is_no_cut(tmp_path):
    """DuckDB cuts it off, and goes on counting it."""
    folder, queries = tmp_path / "snapshots", {"core.big": "select a from core.big"}
    notes = dict.fromkeys(("core.big", "marts.about"), ("a table", {"a": "a note"}))
    number = Random(1)
    with writing(tmp_path / "warehouse.duckdb") as database:
        database.rows(
            "create table core.big as select md5(i::varchar) as a from range(200_000) as numbers(i)"
        )
        for hours in range(4):
            frame = pl.DataFrame({"a": [number.random() for _ in range(100)]})
            now = NOW + timedelta(hours=hours)
            publish(database, folder, queries, {"marts.about": frame}, now, notes)
            assert not set_broken_aside(folder)


def test_a_file_does_not_grow_with_every_change(database, tmp_path):
    """What one snapshot set free, the next uses."""
    sizes = []
    for hours in range(LONGEST):
        # a day of it is another one each time, and none can be pressed to nothing
        database.rows(
            f"create or replace table {USE} as select"
            " md5((i + if(i % 8 = 0, $hours, 0))::varchar) as account,"
            " date '2026-03-02' + (i % 8)::int as event_date,"
            " null::varchar[] as sites from range(400_000) as numbers(i)",
            {"hours": hours},
        )
        found = published(database, tmp_path / "snapshots", hours, {USE: PLAIN})
        sizes.append(found.stat().st_size)
        assert not set_broken_aside(tmp_path / "snapshots")
    assert max(sizes) <= 2.5 * sizes[0], sizes
    assert sizes.count(sizes[0]) > 1  # and then it is written whole


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_district_keeps_as_many_snapshots_as_it_sets(database, tmp_path, most):
    """Fewer than a chain of changed copies has: a whole one is still written in between."""
    folder = tmp_path / "snapshots"
    made = [published(database, folder, hours, most=most) for hours in range(5)]
    assert [path for _, path in kept(folder)] == made[-most:]
    assert len({chain(path) for path in made}) == -(-5 // most)
    assert current(folder) == made[-1]
