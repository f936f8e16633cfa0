"""Every notebook runs from top to bottom, and none keeps what it showed."""

import os

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from tests.conftest import REPO_ROOT

FOLDER = REPO_ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def kernel(district):
    """One process for all: to bring the libraries in takes longer than to run them."""
    said = {"SCHOOLBELL_HOME": str(district.home), "PYTHONPATH": str(REPO_ROOT)}
    # whoever opens a notebook does so in the folder that it lies in
    manager, client = start_new_kernel(env=os.environ | said, cwd=str(FOLDER))
    client.stop_channels()
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.slow
@each_notebook
def test_the_notebook_runs(path, kernel):
    notebook = read(path)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    ran = NotebookClient(notebook, km=kernel, timeout=60).execute()
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
