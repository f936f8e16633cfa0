"""On Spark the same comes out, also when executors are killed.

One test in the short run: to start the cluster costs more than all that it does.
"""

import os
import time

import pytest

from pipelines.fleet.settings import Budget, Member
from pipelines.fleet.work import Visit, visit
from pipelines.ingest.lake import sweep
from tests.engines import deliveries, tasks
from tests.engines.cluster import cluster, executors, killing, needs_spark
from tests.engines.deliveries import left_behind, made_of
from tests.engines.test_same_lake import two_homes
from tests.journey import small as made
from tests.journey.small import rows_of, told_of

pytestmark = [pytest.mark.slow, needs_spark]
ME = "root" if os.geteuid() == 0 else ""


@pytest.fixture(scope="module")
def two_days(tmp_path_factory):
    return made.two_days(tmp_path_factory.getbasetemp())


def test_what_spark_carries_is_the_same(
    tmp_path, two_days, small_portions, monkeypatch
):
    with cluster(tmp_path) as engine:
        keeps_the_promises_of_engines(engine, tmp_path)
        parses_the_same_lake(engine, tmp_path / "lake")
        runs_homes_alike(engine, tmp_path / "homes", two_days)
    until = time.monotonic() + 20
    while executors() and time.monotonic() < until:
        time.sleep(0.1)
    assert not executors()


def keeps_the_promises_of_engines(engine, folder):
    assert not engine.shares_memory
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
    with killing(lambda: any(other.lake.rglob("*.parquet"))) as killed:
        other.run(engine=engine)
    assert killed
    assert made_of(other) == made_of(home)
    sweep(other.store, other.lake)
    assert not left_behind(other)


def runs_homes_alike(engine, folder, two_days):
    """Whole runs inside a task; an executor is killed while models are built."""
    folder.mkdir()
    home = two_days.copy(folder, of="delivered")
    task = Visit(
        Member("north", home, ME), ("run", "--quiet"), Budget(free_gb=0), is_away=True
    )
    begun = engine.submit(visit, task)
    is_building = (home / "warehouse.duckdb.wal").exists
    with killing(is_building, running=str(home)) as killed:
        outcome = begun.result()
    assert killed
    assert outcome.exit_code in (0, 1), outcome
    assert outcome.out == ""
    rows, expected = rows_of(home), rows_of(two_days.home)
    assert rows.keys() == expected.keys()
    for name, frame in expected.items():
        assert rows[name].equals(frame), name
    assert told_of(home) == told_of(two_days.home)
