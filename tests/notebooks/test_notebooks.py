"""Every notebook runs from top to bottom, and none keeps what it showed."""

import pytest

from pipelines.notebook.figures import Answer
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


@each_notebook
def test_the_answer_comes_first(path, manager, district):
    """The first thing that a notebook shows, apart from the line of `connect`, is its answer."""
    outputs = [out for out in shown(path, manager, district.home) if out.get("name") != "stdout"]
    said = outputs[0]["data"].get("text/markdown", "")
    points = said.splitlines()
    assert 2 <= len(points) <= 5
    assert all(point.startswith("- ") and point[-1] in ".%)" for point in points), said
    assert "None" not in said
    assert not any("text/markdown" in out["data"] for out in outputs[1:])


def test_an_answer_shows_a_field_of_a_log_as_text():
    shown = Answer("site <img src=x> *bold* \x1b[2J")._repr_markdown_()
    assert shown == r"- site \<img src=x\> \*bold\* \x1b\[2J"
