"""Runs notebooks from top to bottom in one process, each on the home it is given."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from tests.conftest import REPO_ROOT

FOLDER = REPO_ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("*.ipynb"))
BEGIN = """%reset -f
import os; os.environ["SCHOOLBELL_HOME"] = {home!r}
"""


@contextmanager
def kernel() -> Iterator[Any]:
    """Provide one process for all: to bring the libraries in takes longer than to run them."""
    said = {"PYTHONPATH": str(REPO_ROOT)}
    # anyone who opens a notebook does so in the folder that it is in
    manager, client = start_new_kernel(env=os.environ | said, cwd=str(FOLDER))
    client.stop_channels()
    try:
        yield manager
    finally:
        manager.shutdown_kernel(now=True)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def shown(path: Path, manager: Any, home: Path) -> list[Any]:
    """Return what each cell put out; none may fail or complain."""
    notebook = read(path)
    begin = nbformat.v4.new_code_cell(BEGIN.format(home=str(home)))
    notebook.cells.insert(0, begin)
    ran = NotebookClient(notebook, km=manager, timeout=60).execute()
    outputs = [out for cell in ran.cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert not [out for out in outputs if out.get("name") == "stderr"]
    return outputs
