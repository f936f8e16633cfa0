"""What every engine promises, and what becomes of workers that end."""

import os
import threading
import time
from pathlib import Path

import pytest

from pipelines.engines import ATTEMPTS, EngineError, open_engine
from tests.conftest import REPO_ROOT
from tests.engines import tasks
from tests.unit.test_floors import imported


@pytest.fixture(params=["local", "pool"])
def engine(request):
    with open_engine(request.param, workers=2) as opened:
        yield opened


def test_results_come_in_the_order_of_the_tasks(engine):
    assert list(engine.map(range(8), tasks.twice)) == [2 * n for n in range(8)]
    assert list(engine.map([], tasks.twice)) == []


def test_tasks_are_taken_as_they_are_begun(engine):
    taken = []

    def found():
        for number in range(50):
            taken.append(number)
            yield number

    results = engine.map(found(), tasks.twice)
    assert next(results) == 0
    assert len(taken) <= 2 * engine.at_once
    results.close()
    assert len(taken) <= 2 * engine.at_once


def test_an_error_is_raised_in_its_place(engine):
    seen = []
    with pytest.raises(ValueError, match="three is not wanted"):
        seen.extend(engine.map(iter(range(50)), tasks.refuse_three))
    assert seen == [0, 1, 2]
    # the engine goes on
    assert list(engine.map([4], tasks.refuse_three)) == [4]


def test_a_worker_that_ends_is_told_and_its_task_begun_again(pool, told, tmp_path):
    files = [tmp_path / str(number) for number in range(3)]
    assert list(pool.map(files, tasks.end_once)) == ["done"] * 3
    assert len(told) == 3
    assert all("SIGKILL" in text and "its task is restarted" in text for text in told)


def test_what_ends_every_worker_is_given_up(pool, told):
    with pytest.raises(EngineError, match=f"{ATTEMPTS} times"):
        list(pool.map([1], tasks.end))
    assert len(told) == ATTEMPTS
    assert list(pool.map([1], tasks.twice)) == [2]


def is_running(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


def test_no_worker_outlives_its_pool():
    with open_engine("pool", workers=2) as engine:
        workers = set(engine.map([0.2] * 4, tasks.where))
        assert len(workers) == 2
        assert os.getpid() not in workers
        begun = engine.submit(tasks.where, 60)
        time.sleep(0.2)
    assert not any(map(is_running, workers))
    with pytest.raises(EngineError, match="closed"):
        begun.result()


def test_workers_share_the_cores(pool):
    threads = pool.submit(os.getenv, "POLARS_MAX_THREADS").result()
    assert int(threads) == max(1, len(os.sched_getaffinity(0)) // 2)


def test_local_work_shares_memory_and_others_do_not(pool):
    assert not pool.shares_memory
    with open_engine("local") as engine:
        assert engine.shares_memory
        own = threading.get_native_id()
        assert engine.submit(lambda _: threading.get_native_id(), 0).result() != own


def test_an_engine_knows_no_district_and_nobody_knows_an_engine():
    root = REPO_ROOT / "pipelines"
    for path in root.rglob("*.py"):
        names = {name for name in imported(path) if name.startswith("pipelines")}
        if path.parent.name == "engines":
            below = ("pipelines.engines", "pipelines.errors")
            assert all(name.startswith(below) for name in names), path
        else:
            assert not any(name.startswith("pipelines.engines.") for name in names)
            assert '"spark"' not in path.read_text(encoding="utf-8"), path
