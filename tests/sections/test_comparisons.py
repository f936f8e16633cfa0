"""A school day is compared with a school day, and only where enough arrived."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipelines.reports.comparisons import change, chip, compared
from pipelines.reports.page_one import lines
from pipelines.reports.rollups import span_of
from pipelines.reports.sections import glance, top_sites, use_by_hour
from pipelines.reports.view import View
from pipelines.reports.words import number
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, WEEKS, at, frame, hourly_use, previous
from tests.sections.reading import Page

LAST = MONDAY - timedelta(days=7)


def view(**more):
    return View(replace(WEEKS["busy"](), **more), MONDAY)


def steady(minutes, weeks=6):
    """Return the same use in every hour of every week, weekends too."""
    rows = [row | {"minutes": minutes} for row in hourly_use(weeks)]
    return frame("hourly_use", rows)


def with_holiday(days, *closed):
    """Return the calendar with some days closed."""
    is_closed = pl.col("event_date").is_in(list(closed))
    kind = pl.when(is_closed).then(pl.lit("holiday")).otherwise("day_type")
    return days.with_columns(day_type=kind)


def test_a_week_with_a_holiday_compares_a_school_day():
    days = with_holiday(view().inputs.school_days, LAST, LAST + timedelta(days=1))
    same = compared(view(hourly_use=steady(60.0), school_days=days), glance.use)
    assert same.now == same.before
    assert same.chip(glance.hours) == "no change"


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(12, 3, "▲9"), (3, 12, "▼9"), (110, 100, "▲10%"), (100, 125, "▼20%"),
     (1000, 1001, "no change"), (7, 7, "no change")],
)  # fmt: skip
def test_small_counts_have_no_percentages(now, before, said):
    assert chip(now, before, number) == said


def test_what_did_not_arrive_whole_is_compared_with_nothing():
    half = [one | {"coverage": 0.5} for one in previous(13)]
    assert compared(view(previous=half), glance.use).before is None
    assert compared(view(), glance.use).before
    partial = replace(WEEKS["partial"](), hourly_use=steady(60.0))
    found = compared(View(partial, MONDAY), glance.use)
    assert (found.before, found.usual) == (None, None)
    assert change(View(partial, MONDAY), "new_sites", 7) == ""


def test_a_week_that_is_not_over_is_compared_with_nothing():
    early = view(generated_time=at(3, 12))
    assert compared(early, glance.use).before is None
    assert [line.chip for line in lines(early)] == [""] * 5


def test_page_one_says_what_changed_since_last_week():
    last = previous(13)[-1]
    for line in lines(view()):
        if line.chip:
            key = {"needs-you": "needs_review"}.get(line.key, line.key.replace("-", "_"))
            difference = line.value - last[key]
            assert line.chip == f"{'▲' if difference > 0 else '▼'}{abs(difference)}"
    chips = Page(pages_of("busy")["2026-W47/index.html"], within="headline").tags
    assert sum(attrs.get("class") == "chip" for _, attrs in chips) == sum(
        bool(line.chip) for line in lines(view())
    )


def test_weeks_of_other_lengths_change_by_the_day():
    short = [one | {"school_days": 2, "new_sites": 1} for one in previous(13)]
    assert change(view(previous=short), "new_sites", 5) == "▲0.5/day"


def test_an_hour_with_more_use_than_usual_is_named():
    found = use_by_hour.rows(view())
    assert [h for h in range(24) if use_by_hour.is_unusual(found, h)] == [14]
    assert use_by_hour.title(found).endswith("1 hour was different from the weeks before")
    assert "unlike" not in use_by_hour.title(use_by_hour.rows(view(hourly_use=steady(60.0))))


def test_the_use_of_a_site_is_that_of_its_school_days():
    found = top_sites.rows(view())
    lessons = found.rows.row(by_predicate=pl.col("name") == "lessons.example", named=True)
    assert (lessons["minutes"], lessons["before"]) == (160 / 5, 90 / 5)
    assert lessons["is_listed"]
    rows = {row[0].text: row for row in top_sites.sites_table(found).rows}
    assert rows["lessons.example"][3].text == "▲78%"
    shares = [row[2].share for row in rows.values()]
    assert max(shares) == 1.0
    assert all(0 <= share <= 1 for share in shares)


def test_a_span_of_weeks_is_counted_as_one():
    weeks = [{"week_start": LAST}, {"week_start": MONDAY}]
    both = span_of(view(hourly_use=steady(60.0)), weeks)
    assert (both.start, both.end) == (LAST, MONDAY + timedelta(days=6))
    assert both.school_day_count == 10
    assert glance.use(both) == glance.use(view(hourly_use=steady(60.0)))
    assert glance.rows(both)[0].before_said == "the 2 weeks before"


def test_week_month_and_semester_lead_to_each_other():
    pages = pages_of("busy")
    week = Page(pages["2026-W47/pictures.html"], within="main")
    for path in ("months/2026-11.html", "semesters/2026-2-fall.html"):
        assert f"../{path}" in week.links
        span = Page(pages[path], within="main")
        assert "../2026-W47/pictures.html" in span.links
        assert 'id="use-by-hour-part"' in pages[path]
        assert 'id="top-sites-part"' in pages[path]
        assert {link.removeprefix("../") for link in span.links if "/20" in link} <= {
            *pages,
            *(f"{label}/index.html" for label in LABELS),
        }
    assert "../months/2026-10.html" in Page(pages["months/2026-11.html"]).links


LABELS = {f"2026-W{number}" for number in range(30, 48)}
