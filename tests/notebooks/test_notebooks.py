"""Every notebook runs from top to bottom, and none keeps what it showed."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import REPO_ROOT

FOLDER = REPO_ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.mark.slow
@each_notebook
def test_the_notebook_runs(path, district, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_HOME", str(district.home))
    monkeypatch.setenv("PYTHONPATH", str(REPO_ROOT))
    # the same place must serve whoever opens it in the folder it lies in
    where = {"metadata": {"path": str(path.parent)}}
    ran = NotebookClient(read(path), timeout=40, resources=where).execute()
    shown = [out for cell in ran.cells for out in cell.get("outputs", [])]
    assert any("application/vnd.plotly.v1+json" in out.get("data", {}) for out in shown)
    assert not [out for out in shown if out["output_type"] == "error"]
    assert not [out for out in shown if out.get("name") == "stderr"]


@each_notebook
def test_no_notebook_stores_outputs(path):
    for cell in read(path).cells:
        assert not cell.get("outputs"), cell["id"]
        assert cell.get("execution_count") is None, cell["id"]
        assert not cell.metadata, cell["id"]


def test_there_is_a_notebook():
    assert NOTEBOOKS
