"""Engines for tests: workers find the tests' own functions too."""

import os

import pytest

from pipelines.engines import open_engine
from pipelines.ingest import portions
from pipelines.ingest.blocks import blocks
from tests.conftest import REPO_ROOT


@pytest.fixture(autouse=True, scope="session")
def found_by_workers():
    paths = [str(REPO_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        yield


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def pool_of_module(told):
    with open_engine("pool", workers=2, tell=told.append) as engine:
        yield engine


@pytest.fixture
def pool(pool_of_module, told):
    """Two workers, which serve all tests of a module: to start one takes a second."""
    told.clear()
    return pool_of_module


@pytest.fixture
def small_portions(monkeypatch):
    """Files of some hundred kilobytes have several portions of several blocks."""
    monkeypatch.setitem(blocks.__kwdefaults__, "size", 1 << 16)
    monkeypatch.setattr(portions, "PORTION", 200_000)
    monkeypatch.setattr(portions, "PORTIONS_PER_WORKER", 1)
