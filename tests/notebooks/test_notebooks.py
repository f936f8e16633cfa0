"""Every notebook runs from top to bottom, and none keeps what it showed."""

import pytest

from tests.notebooks.running import NOTEBOOKS, kernel, read, shown

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def manager():
    with kernel() as started:
        yield started


@each_notebook
def test_the_notebook_runs(path, manager, district):
    outputs = shown(path, manager, district.home)
    drawn = "application/vnd.plotly.v1+json"
    assert any(drawn in out.get("data", {}) for out in outputs)
    assert "No finding is open." not in "".join(out.get("text", "") for out in outputs)


@each_notebook
def test_no_notebook_stores_outputs(path):
    for cell in read(path).cells:
        assert not cell.get("outputs"), cell["id"]
        assert cell.get("execution_count") is None, cell["id"]
        assert not cell.metadata, cell["id"]


def test_there_is_a_notebook():
    assert NOTEBOOKS
