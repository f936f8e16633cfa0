"""A blind window marks every number that it touches, and only those."""

from dataclasses import replace

import polars as pl
import pytest

from pipelines.reports.cards import COUNTS_NO_LINES, blind_days, card, card_rows
from pipelines.reports.headline import coverage
from pipelines.reports.page_one import lines
from pipelines.reports.pages import parts_of
from pipelines.reports.sections import sections
from pipelines.reports.view import View
from pipelines.reports.weekly import weekly_report
from tests.sections.fixtures import MONDAY, WEEKS

WHOLE = "busy"


def with_gap(inputs, hour_count=3):
    """Return the same week, but for some hours of the proxy on its third day."""
    day = pl.col("event_date") == MONDAY + pl.duration(days=2)
    lost = (pl.col("source") == "proxy") & day & pl.col("hour").is_between(10, 9 + hour_count)
    hours = inputs.source_hours.with_columns(
        line_count=pl.when(lost).then(0).otherwise("line_count"),
        is_expected=pl.col("is_expected") | lost,
    )
    return replace(inputs, source_hours=hours)


def without_gaps(inputs):
    hours = inputs.source_hours.with_columns(is_expected=pl.col("line_count") > 0)
    return replace(inputs, source_hours=hours)


@pytest.fixture(scope="module")
def whole():
    return View(without_gaps(WEEKS[WHOLE]()), MONDAY)


@pytest.fixture(scope="module")
def blind():
    return View(with_gap(without_gaps(WEEKS[WHOLE]())), MONDAY)


def test_a_gap_stands_beside_every_part_that_counts_lines(whole, blind):
    assert coverage(whole).missing == 0
    assert not any(one.blind for one in parts_of(whole, sections()))
    assert coverage(blind).missing == 3
    for one in parts_of(blind, sections()):
        said = one.blind
        assert bool(said) is (one.name not in COUNTS_NO_LINES), one.name
        if said:
            assert said.startswith("No lines: proxy, Wed, Nov 18, 10 AM to 1 PM.")


def test_the_parts_that_are_excused_exist():
    assert {one.name for one in sections()} >= COUNTS_NO_LINES


def test_the_counts_of_page_one_are_least_counts(whole, blind):
    assert not any(one.is_least for one in lines(whole))
    assert [one.key for one in lines(blind) if one.is_least] == [
        one.key for one in lines(blind)[2:]
    ]
    page = weekly_report(blind.inputs, MONDAY)["2026-W47/index.html"]
    mark = 'least" title="at least: source hours are missing"'
    assert page.count(mark) == 3
    assert mark not in weekly_report(whole.inputs, MONDAY)["2026-W47/index.html"]


def made(rows):
    return [card(row) for row in rows.iter_rows(named=True)]


def test_a_finding_of_such_a_day_says_what_was_not_there_to_be_seen(whole, blind):
    day = MONDAY.replace(day=18)
    assert blind_days(blind) == {day: "proxy, Wed, Nov 18, 10 AM to 1 PM"}
    rows = card_rows(blind, blind.known)
    said = "Source hours without lines on that day: proxy, Wed, Nov 18, 10 AM to 1 PM."
    on_day = rows.filter(pl.col("event_date") == day)
    assert on_day.height
    assert all(said in one.limits for one in made(on_day))
    others = rows.filter(pl.col("event_date") != day)
    assert not any(said in one.limits for one in made(others))
    assert not any(
        "Source hours" in " ".join(one.limits) for one in made(card_rows(whole, whole.known))
    )
