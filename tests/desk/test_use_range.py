"""Use over any whole weeks: the numbers of the report, and no range that shows a person."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from itertools import combinations_with_replacement

import polars as pl
import pytest

from pipelines.desk.use_range import MIN_DAYS, UseFilter, use_page, weeks_of
from pipelines.errors import SettingsError
from pipelines.reports.report_inputs import SCHEMAS
from pipelines.reports.sections.top_sites import rows as top_sites
from pipelines.reports.top_lists import hours
from pipelines.reports.view import View, week_label
from tests.sections.fixtures import MONDAY, busy

FIRST = MONDAY - timedelta(weeks=1)


def use(*rows):
    """Return rows of use: site, accounts and minutes on each of some days."""
    found = [
        {
            "event_date": day, "site": site, "verdict": "external", "site_class": None,
            "category": category, "category_source_count": 1, "account_count": accounts,
            "minutes": float(minutes), "request_count": 1, "first_seen_date": day,
            "unjudged_minutes": 0.0,
        }
        for site, category, accounts, minutes, days in rows
        for day in days
    ]  # fmt: skip
    return pl.DataFrame(found, schema=dict(SCHEMAS["site_use"]))


def days(monday, count=3):
    return [monday + timedelta(days=at) for at in range(count)]


def page_of(site_use, **chosen):
    inputs = replace(busy(), site_use=site_use)
    return use_page(inputs, UseFilter(**chosen))


SMALL = use(
    ("wide.example", "news", 9, 60, [*days(FIRST), *days(MONDAY)]),
    ("few.example", "games", 4, 90, [*days(FIRST), *days(MONDAY)]),
    ("once.example", "games", 9, 90, days(MONDAY, 1)),
    ("grows.example", "games", 9, 30, days(FIRST)),
    ("grows.example", "games", 1, 77, days(MONDAY)),
)


def names(bars):
    return [bar.name for bar in bars]


def test_few_accounts_and_few_days_are_in_no_range():
    weeks = [week_label(one) for one in weeks_of(replace(busy(), site_use=SMALL))]
    assert len(weeks) == 2
    for first, last in combinations_with_replacement(weeks, 2):
        shown = names(page_of(SMALL, first=first, last=last)["sites"])
        assert "few.example" not in shown
        assert "once.example" not in shown


def test_no_difference_of_ranges_shows_what_a_week_withholds():
    """One account's minutes of the second week are in no sum, so no subtraction finds them."""
    first, last = week_label(FIRST), week_label(MONDAY)
    one = page_of(SMALL, first=first, last=first)
    both = page_of(SMALL, first=first, last=last)
    assert names(page_of(SMALL, first=last, last=last)["sites"]) == ["wide.example"]
    minutes = {bar.name: bar.text for bar in both["sites"]}
    school_days = len(View(busy(), FIRST, weeks=2).on_site_dates) or 14
    assert minutes["grows.example"] == hours(3 * 30 / school_days)
    assert "grows.example" in names(one["sites"])
    # a category is the sum of the sites that are shown, so nothing is left over either
    assert {bar.name: bar.text for bar in both["categories"]}["games"] == minutes["grows.example"]


def test_shown_sites_have_the_numbers_of_the_report():
    inputs = busy()
    made = use_page(inputs, UseFilter(first=week_label(MONDAY)))
    report = {
        name: (hours(minutes), accounts, days)
        for name, minutes, accounts, days in top_sites(View(inputs, MONDAY))
        .rows.select("name", "minutes", "accounts", "days")
        .iter_rows()
    }
    assert made["sites"]
    for bar in made["sites"]:
        text, accounts, used = report[bar.name]
        assert bar.text == text
        assert accounts >= inputs.least_count
        assert used >= MIN_DAYS


def test_a_click_filters_and_a_second_one_shows_all():
    made = page_of(SMALL, first=week_label(FIRST), category="games")
    assert names(made["sites"]) == ["grows.example"]
    (chosen,) = [bar for bar in made["categories"] if bar.is_chosen]
    assert chosen.name == "games"
    assert "category" not in chosen.href
    (other,) = [bar for bar in made["categories"] if not bar.is_chosen]
    assert "category=news" in other.href


@pytest.mark.parametrize(
    "chosen",
    [
        {"first": "2026-W47", "last": "2026-W46"},
        {"first": "2026-W99"},
        {"first": "yesterday"},
        {"last": "2020-W01"},
    ],
)
def test_other_ranges_are_refused(chosen):
    with pytest.raises(SettingsError):
        page_of(SMALL, **chosen)


def test_a_home_without_use_has_a_page():
    assert page_of(SMALL.clear())["weeks"] == {}


def test_the_desk_shows_it_by_role(desk):
    page = desk.by_proxy("director").get("/use")
    assert page.status == 200
    assert "only whole weeks can be chosen" in page.text
    for link in [unescape(one) for one in page.links() if one.startswith("/use?")]:
        assert desk.by_proxy("analyst").get(link).status == 200
    assert desk.by_proxy("operator").get("/use").status == 403
    assert desk.by_proxy("director").get("/use?first=2001-W01").status == 422
