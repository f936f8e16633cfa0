"""Every section says and draws what is recorded, and has a table for its chart."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from plotly.graph_objects import Figure

from pipelines.reports.charts import LIGHT, Axis, spec
from pipelines.reports.charts import Figure as ChartFigure
from pipelines.reports.headline import coverage
from pipelines.reports.sections import sections
from pipelines.reports.static_charts import drawing
from pipelines.reports.view import View
from tests.sections.fixtures import MONDAY, WEEKS, ZONE, at, frame

GOLDEN = Path(__file__).parent / "golden"
SECTIONS = {section.name: section for section in sections()}
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
    if figure:
        plain = spec(figure)
        Figure(
            {part: plain[part] for part in ("data", "layout")}
        )  # the library itself knows each key and likes each value


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


@pytest.mark.parametrize("is_narrow", [False, True], ids=["screen", "phone"])
def test_the_last_time_of_a_lane_is_whole_and_covers_no_other(is_narrow):
    """A case's last time was cut at the edge; on a phone it covered the one before it."""
    times = ["9:50 AM", "10 AM", "10:10 AM", "10:20 AM", "10:30 AM"]
    across = Axis(0, 4.02, tuple(enumerate(times)))
    figure = ChartFigure((), ((across, Axis(-0.5, 0.5, ((0, "maple-31 (MS)"),))),), 90)
    sheet = drawing(figure, is_narrow=is_narrow)
    labels = [one for one in sheet.shapes if one.text in times]
    assert labels[0].text == "9:50 AM"
    spans = [(one.x - len(one.text) * 3.7, one.x + len(one.text) * 3.7) for one in labels]
    assert spans[-1][1] <= sheet.width
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


IN_RANKED = ("top-sites", "top-categories", "sites", "line-account", "policy-map")
"""Sections whose bars have their number next to them."""


@pytest.mark.parametrize("is_narrow", [False, True], ids=["screen", "phone"])
@pytest.mark.parametrize("name", IN_RANKED)
def test_no_number_is_over_its_bar(name, is_narrow):
    """A phone showed "59 min on 3 days" in black on the longest bar."""
    section = SECTIONS[name]
    sheet = drawing(section.draw(section.rows(View(WEEKS["busy"](), MONDAY))), is_narrow=is_narrow)
    bars = [one for one in sheet.shapes if one.kind == "rect" and one.height < 40 and one.role]
    numbers = [one for one in sheet.shapes if one.kind == "text" and one.role == "ink" and one.y]
    assert len(numbers) > 1
    covered = [
        text.text
        for text in numbers
        for bar in bars
        if bar.x < text.x < bar.x + bar.width and bar.y < text.y - 4.5 < bar.y + bar.height
    ]
    assert covered == []


SCALED = (*IN_RANKED, "use-by-hour", "trend", "buildings", "off-hours", "shared-accounts")


@pytest.mark.parametrize("name", SCALED)
def test_every_axis_of_measures_has_ticks(name):
    section = SECTIONS[name]
    figure = section.draw(section.rows(View(WEEKS["busy"](), MONDAY)))
    assert figure.panels
    assert [panel for panel in figure.panels for axis in panel if not axis.ticks] == []


def test_sections_are_in_order_and_named_once():
    assert NAMES[0] == "cases"
    assert NAMES[-1] == "limits"
    assert len(set(NAMES)) == len(NAMES)


def hours_of(source, *starts, lines=5):
    return [
        {
            "source": source,
            "hour_start": start,
            "event_date": start.astimezone(ZONE).date(),
            "hour": start.astimezone(ZONE).hour,
            "line_count": lines,
            "is_expected": True,
        }
        for start in starts
    ]


def strip(rows):
    inputs = replace(WEEKS["quiet"](), source_hours=frame("source_hours", rows))
    return SECTIONS["source-coverage"].rows(View(inputs, rows[0]["event_date"]))


def test_the_hour_that_comes_twice_is_one_run():
    first = datetime(2026, 10, 26, 5, tzinfo=UTC)  # midnight of the Monday
    week = [first + timedelta(hours=hour) for hour in range(7 * 24 + 1)]
    rows = strip(hours_of("proxy", *week))
    assert rows.select("place", "width", "hour_count").row(0) == (0, 168, 169)


def test_hours_that_nobody_told_of_are_not_drawn_over():
    rows = strip(hours_of("proxy", *(at(0, hour) for hour in (8, 9, 12))))
    told = rows.select("state", "place", "width").rows()
    assert told == [("arrived", 8, 2), ("idle", 10, 2), ("arrived", 12, 1)]


def test_page_one_and_the_strip_name_the_same_hours():
    rows = SECTIONS["source-coverage"].rows(View(WEEKS["partial"](), MONDAY))
    arrived = coverage(View(WEEKS["partial"](), MONDAY))
    assert rows["expected_count"].sum() == arrived.expected
    missing = rows.filter(pl.col("state") == "missing")
    assert missing["hour_count"].sum() == arrived.missing


def test_lines_in_hours_not_expected_do_not_raise_the_coverage():
    extra = hours_of("proxy", at(0, 8)) + hours_of("proxy", at(0, 9), lines=0)
    extra[0]["is_expected"] = False
    assert "0% of 1 expected hour arrived" in SECTIONS["source-coverage"].summary(strip(extra))
