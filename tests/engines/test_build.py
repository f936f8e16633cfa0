"""Days of models that an engine builds are those that the driver builds.

In the short run some models of a week that was built before; in the long run all
models of two days, in parts of the accounts.
"""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from pipelines.district import open_district
from pipelines.engines import open_engine
from pipelines.refresh import steps
from pipelines.refresh.spans import RemoteExecutor
from pipelines.refresh.steps import build_and_judge, builder_of
from pipelines.state.source_records import quarantined
from pipelines.warehouse.inputs import lake_files
from pipelines.warehouse.repair import fingerprints, opened
from tests.conftest import only_long
from tests.engines.cluster import cluster, executors, killing, needs_spark
from tests.journey import small as made
from tests.journey.small import MODELS, rows_of, told_of


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    return made.small(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def two_days(tmp_path_factory):
    return made.two_days(tmp_path_factory.getbasetemp())


@contextmanager
def building(home, engine, **limits):
    """Provide a district, its warehouse, and what builds a day as a task, or as several."""
    with open_district(home) as district, opened(district.home.warehouse) as database:
        folder = district.home.parts
        folder.mkdir()
        away = RemoteExecutor(
            engine=engine,
            warehouse=district.home.warehouse,
            folder=folder,
            memory_mb=500,
        )
        files = lake_files(district.store, district.home.lake)
        builder = builder_of(database, district, files)
        yield district, replace(builder, away=away, most_rows=1, **limits)


def test_what_workers_build_is_the_same(tmp_path, pool, week, monkeypatch):
    home = week.copy(tmp_path)
    asked = []
    real = pool.submit
    monkeypatch.setattr(pool, "submit", lambda *given: asked.append(given[1]) or real(*given))
    with building(home, pool, most_parts=3) as (district, builder):
        before = fingerprints(builder.database, MODELS)
        days = builder.files.days()[1:3]
        for name, days_built in {
            "core.http_requests": days,  # reads events, and is compared with before
            "core.engaged_requests": days[:1],  # in parts of the accounts
            "detections.site_not_approved": days,  # packs its facts
        }.items():
            done = builder.attempt(district.models[name], days_built)
            assert done.days == days_built
            assert not done.held_back
        assert fingerprints(builder.database, MODELS) == before
    assert [(task.model.table_name, task.part) for task in asked] == [
        ("http_requests", (0, 1)),
        ("http_requests", (0, 1)),
        *(("engaged_requests", (number, 3)) for number in range(3)),
        ("site_not_approved", (0, 1)),
        ("site_not_approved", (0, 1)),
    ]


def test_a_day_that_fails_elsewhere_is_named_here(tmp_path, pool, week):
    home = week.copy(tmp_path)
    with building(home, pool) as (district, builder):
        days = builder.files.days()[:3]
        model = district.models["core.use_hours"]
        fails = f"case when $event_date = date '{days[1]}' then error('no') end"
        query = f"select * from ({model.query}\n) where {fails} is null"
        done = builder.attempt(model.model_copy(update={"query": query}), days)
        assert done.days == [days[0], days[2]]
        assert [one.event_date for one in quarantined(district.store)] == [days[1]]


@only_long
@pytest.mark.parametrize("parts", [1, 2, 4, 8])
def test_findings_are_equal_in_parts_of_the_accounts(tmp_path, pool, two_days, parts):
    home = two_days.copy(tmp_path)
    build_again(home, pool, parts)
    check_same(home, two_days.home)


@only_long
@needs_spark
def test_findings_are_equal_when_an_executor_ends_in_the_build(tmp_path, two_days):
    home = two_days.copy(tmp_path)
    made = home / "warehouse.parts.tmp"
    with (
        cluster(tmp_path) as engine,
        killing(lambda: executors() if any(made.glob("*.parquet")) else []) as killed,
    ):
        build_again(home, engine, 4)
    assert killed
    check_same(home, two_days.home)


def build_again(home, engine, parts):
    """The whole warehouse and all findings, each day in that many parts."""
    (home / "warehouse.duckdb").unlink()

    def builder(*given):
        return replace(builder_of(*given), most_rows=1, most_parts=parts)

    with pytest.MonkeyPatch.context() as patch, open_district(home) as district:
        patch.setattr(steps, "builder_of", builder)
        patch.setattr(engine, "has_machines", True)
        build_and_judge(district, engine=engine)
    assert not (home / "warehouse.parts.tmp").exists()


def check_same(home, expected_home):
    """Every row of every table, and every finding."""
    rows, expected = rows_of(home), rows_of(expected_home)
    assert rows.keys() == expected.keys()
    for name, frame in expected.items():
        assert rows[name].equals(frame), name
    assert told_of(home) == told_of(expected_home)


def test_what_a_killed_run_left_is_swept(tmp_path, week):
    home = week.copy(tmp_path)
    left = home / "warehouse.parts.tmp"
    left.mkdir()
    with open_district(home) as district, open_engine("local") as engine:
        build_and_judge(district, engine=engine)
    assert not left.exists()
