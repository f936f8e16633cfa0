"""A section is one file: laid into the folder, it is found, drawn and kept apart."""

import importlib
import sys

import pytest

from pipelines import plugins
from pipelines.reports import sections as folder
from pipelines.reports.editions import Edition, edition_report
from pipelines.reports.sections import sections
from pipelines.reports.snapshot_inputs import known_sections
from pipelines.reports.weekly import weekly_report
from tests.sections.fixtures import MONDAY, busy

TALLY = '''"""Report section: requests of the week, one number."""

from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import table


def rows(view):
    return view.of_week(view.inputs.daily_use)


def tally(frame):
    days = [[str(day)] for day in frame["event_date"]]
    return table("One row per day", ["Day"], days)


SECTION = Section(
    name="tally",
    order=65,
    label="Tally",
    rows=rows,
    title=lambda frame: f"The week holds {frame.height} rows",
    summary=lambda frame: "",
    draw=no_chart,
    table=tally,
    editions=("board",),
)
'''


@pytest.fixture
def one_more(tmp_path, monkeypatch):
    (tmp_path / "tally.py").write_text(TALLY)
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    plugins.discover.cache_clear()
    yield
    sys.modules.pop(f"{folder.__name__}.tally", None)
    plugins.discover.cache_clear()


def test_a_section_is_one_file(one_more):
    assert "tally" in [section.name for section in sections()]
    assert "tally" in known_sections()
    pages = weekly_report(busy(), MONDAY)
    assert 'id="tally-part"' in pages["2026-W47/index.html"]
    assert "2026-W47/data/tally.csv" in pages
    board = edition_report(busy(), MONDAY, Edition("board"))["2026-W47/index.html"]
    public = edition_report(busy(), MONDAY, Edition("public"))["2026-W47/index.html"]
    assert 'id="tally-part"' in board
    assert 'id="tally-part"' not in public
