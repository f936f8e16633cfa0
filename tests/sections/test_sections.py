"""Every section says and draws what is recorded, and has a table for its chart."""

import json
from pathlib import Path

import pytest

from pipelines.reports.charts import spec
from pipelines.reports.palette import LIGHT
from pipelines.reports.sections import sections
from pipelines.reports.static import drawing
from pipelines.reports.view import View
from tests.sections.fixtures import MONDAY, WEEKS

GOLDEN = Path(__file__).parent / "golden"
NAMES = [section.name for section in sections()]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_section_golden(section, golden):
    rows = section.rows(View(WEEKS["busy"](), MONDAY))
    figure = section.draw(rows)
    shown = section.table(rows)
    said = {
        "title": section.title(rows),
        "summary": section.summary(rows),
        "figure": spec(figure) if figure else None,
        "labels": shown.labels,
        "rows": [[cell.value for cell in row] for row in shown.rows],
    }
    text = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
    golden.check(text, GOLDEN / f"{section.name}.json")


@pytest.mark.parametrize("week", sorted(WEEKS))
@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_a_chart_has_a_summary_a_table_and_a_still_drawing(section, week):
    rows = section.rows(View(WEEKS[week](), MONDAY))
    assert section.title(rows)
    figure = section.draw(rows)
    if figure is None:
        return
    assert section.summary(rows)
    assert section.table(rows).rows
    assert drawing(figure).shapes
    assert "base64" not in json.dumps(spec(figure)), "arrays must stay readable"


@pytest.mark.parametrize("week", sorted(WEEKS))
def test_every_mark_of_a_still_drawing_is_on_its_sheet(week):
    for section in sections():
        figure = section.draw(section.rows(View(WEEKS[week](), MONDAY)))
        if figure is None:
            continue
        sheet = drawing(figure)
        for shape in sheet.shapes:
            if shape.kind == "rect":
                assert shape.x >= -1
                assert shape.x + shape.width <= sheet.width + 1
                assert shape.y >= -1
                assert shape.y + shape.height <= sheet.height + 1
            assert shape.role in LIGHT


def test_sections_are_in_order_and_named_once():
    assert NAMES[0] == "items"
    assert NAMES[-1] == "limits"
    assert len(set(NAMES)) == len(NAMES)
