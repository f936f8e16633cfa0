"""On Spark the same comes out, also when executors are killed.

One test in the short run: to start the cluster costs more than all that it does.
"""

import time

import pytest

from pipelines.lake.files import sweep
from pipelines.warehouse.repair import fingerprints
from tests.engines import deliveries, tasks
from tests.engines.cluster import cluster, executors, killing, needs_spark
from tests.engines.deliveries import left_behind, made_of
from tests.engines.test_build import building, check_same
from tests.engines.test_same_lake import two_homes
from tests.journey import small as made
from tests.journey.small import MODELS

pytestmark = needs_spark


@pytest.fixture(scope="module")
def two_days(tmp_path_factory):
    return made.two_days(tmp_path_factory.getbasetemp())


@pytest.mark.first
def test_what_spark_carries_is_the_same(tmp_path, two_days, small_portions):
    with cluster(tmp_path) as engine:
        keeps_the_promises_of_engines(engine, tmp_path)
        parses_the_same_lake(engine, tmp_path / "lake")
        builds_days_alike(engine, tmp_path / "days", two_days)
        runs_homes_alike(engine, tmp_path / "homes", two_days)
    until = time.monotonic() + 20
    while executors() and time.monotonic() < until:
        time.sleep(0.1)
    assert not executors()


def keeps_the_promises_of_engines(engine, folder):
    assert not engine.shares_memory
    assert engine.has_machines
    assert list(engine.map(range(4), tasks.twice)) == [0, 2, 4, 6]
    seen = []
    with pytest.raises(ValueError, match="three is not wanted"):
        seen.extend(engine.map(iter(range(50)), tasks.refuse_three))
    assert seen == [0, 1, 2]
    assert engine.submit(tasks.end_once, folder / "once").result() == "done"


def parses_the_same_lake(engine, folder):
    """An executor is killed when the first file is there."""
    home, other = two_homes(folder, deliveries.plain)
    home.run()
    with killing(lambda: executors() if any(other.lake.rglob("*.parquet")) else []) as killed:
        other.run(engine=engine)
    assert killed
    assert made_of(other) == made_of(home)
    sweep(other.store, other.lake)
    assert not left_behind(other)


def runs_homes_alike(engine, folder, two_days):
    """A district inside a task, whose executor ends in the build, then in judging."""
    folder.mkdir()
    home = two_days.copy(folder, of="delivered")
    assert engine.submit(tasks.judge_killed, home).result() > 0
    assert all((folder / point).exists() for point in tasks.POINTS)
    check_same(home, two_days.home)


def builds_days_alike(engine, folder, two_days):
    """A day of one model in parts of its accounts, by two executors."""
    folder.mkdir()
    with building(two_days.copy(folder), engine, most_parts=2) as (district, builder):
        before = fingerprints(builder.database, MODELS)
        (day, _) = builder.files.days()
        model = district.models["core.engaged_requests"]
        assert builder.attempt(model, [day]).rows
        assert fingerprints(builder.database, MODELS) == before
