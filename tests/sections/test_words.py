"""Sentences for people: short, calm, and true to what is known."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pipelines.reports import words
from pipelines.reports.cards import in_units
from pipelines.reports.text_tables import with_looks
from pipelines.reports.weekly import weekly_report
from pipelines.reports.words import in_locale
from pipelines.warehouse.models import models
from tests.conftest import REPO_ROOT
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, WEEKS
from tests.sections.reading import Page

CALM = sorted(set(WEEKS) - {"hostile"})  # attacks may say what they like
CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize("week", CALM)
def test_no_page_says_what_must_not_be_said(week):
    for path, text in pages_of(week).items():
        if path.endswith(".html"):
            assert words.lint(Page(text).text) == [], path


FIELD = re.compile(r"\{[^{}]*\}")


def printed(head):
    """Return every text of a rule that a report can print, without its fields."""
    others = (
        text
        for one in head.explanations
        for text in (one.name, one.says, one.fits, one.ruled_out, one.not_testable, one.by_design)
    )
    texts = (head.title, head.summary, head.triage, *head.refuted_by,
             *head.false_positives, *(one.says for one in head.claim), *others,
             *(one.why for one in head.params.values()))  # fmt: skip
    return [FIELD.sub("", text) for text in texts if text]


def test_no_rule_and_no_clause_says_what_must_not_be_said():
    said = [text for rule in models().values() if rule.header.code for text in printed(rule.header)]
    assert len(said) > 500
    policy = tomllib.loads((REPO_ROOT / "pipelines/registry/policy.toml").read_text())
    said += [one[key] for one in policy["clauses"] for key in ("title", "paraphrase")]
    found = {text: words.lint(text) for text in said if words.lint(text)}
    assert found == {}


@pytest.mark.parametrize("week", CALM)
def test_page_one_is_short_and_plain(week):
    text = Page(pages_of(week)["2026-W47/index.html"], within="headline").text
    assert len(text.split()) <= 150
    assert words.reading_grade(text) <= 8


@pytest.mark.parametrize("week", CALM)
def test_every_case_names_an_account_or_a_device_a_count_and_another_cause(week):
    pages = pages_of(week)
    index = Page(pages["2026-W47/index.html"], within="cases-part")
    cards = [attrs["id"] for tag, attrs in index.tags if tag == "article"]
    for card in cards:
        text = Page(pages["2026-W47/index.html"], within=card).text
        assert text.startswith(("Account ", "Device "))
        assert "log lines from" in text
        assert "other explanations were tested" in text
        assert "Logs cannot show: " in text
        assert re.search(r"Please decide by Fri, Nov 2[07]\.|A decision was due ", text)
        name = card.removeprefix("case-")
        assert f"Case {name}." in text
        whole = Page(pages[f"2026-W47/evidence/{name}.html"]).text
        if "This case is carried over" in whole:  # its tests are in the week that showed it first
            continue
        _, _, excluded = whole.partition("How the rule handles other explanations")
        excluded, _, rest = excluded.partition("What logs cannot show")
        assert "an account that several people may use" in excluded
        assert "ruled out" not in excluded
        assert rest


@pytest.mark.parametrize("week", CALM)
def test_no_page_asks_a_reader_to_type_a_command(week):
    for path, text in pages_of(week).items():
        if path.endswith(".html"):
            assert "<code>schoolbell" not in text, path


def test_an_open_case_links_to_the_review_desk():
    inputs = replace(WEEKS["busy"](), desk="https://desk.school.example")
    pages = weekly_report(inputs, MONDAY)
    index = Page(pages["2026-W47/index.html"], within="cases-part")
    links = {attrs.get("href") for tag, attrs in index.tags if tag == "a"}
    cards = [attrs["id"].removeprefix("case-") for tag, attrs in index.tags if tag == "article"]
    assert cards
    for name in cards:
        assert f"https://desk.school.example/cases/{name}" in links
    assert "decided at the review desk, by number" not in index.text


@pytest.mark.parametrize(
    "text",
    [
        "A suspicious user",
        "N/A",
        "None",
        "2026-11-17 21:42:00",
        "shared_account",
        "NaN",
    ],
)
def test_lint_finds_what_must_not_be_said(text):
    assert words.lint(text)


def test_lint_leaves_words_that_only_look_alike():
    assert not words.lint("The nanny's nonesuch: a device named none-such was used")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (words.moment(datetime(2026, 11, 18, 3, 42, tzinfo=UTC), CHICAGO),
         "Tue, Nov 17, 9:42 PM"),
        (words.moment(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), CHICAGO),
         "Sun, Nov 1, 1:30 AM (first)"),
        (words.moment(datetime(2026, 11, 1, 7, 30, tzinfo=UTC), CHICAGO),
         "Sun, Nov 1, 1:30 AM (second)"),
        (words.clock(0), "12 AM"),
        (words.clock(12, 5), "12:05 PM"),
        (words.clock(24), "12 AM"),
        (words.day_range(date(2026, 11, 16), date(2026, 11, 22)),
         "Mon, Nov 16 to Sun, Nov 22, 2026"),
        (words.day_range(date(2026, 12, 28), date(2027, 1, 3)),
         "Mon, Dec 28, 2026 to Sun, Jan 3, 2027"),
        (words.count(1, "account"), "1 account"),
        (words.count(1200, "account"), "1,200 accounts"),
        (words.listed(["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more"),
        (words.share(999_999, 1_000_000), "over 99.99%"),
        (words.share(1, 1_000_000), "under 0.1%"),
        (words.share(0, 0), "not known"),
        (words.duration(170), "about 3 hours (estimate)"),
        (words.duration(0.4), "under a minute (estimate)"),
    ],
)  # fmt: skip
def test_how_it_is_said(value, said):
    assert value == said


def test_an_encoded_host_is_shown_with_its_letters():
    said = with_looks("Device elm-1 asked for xn--smpleton-16g.example, which")
    assert said == (
        "Device elm-1 asked for xn--smpleton-16g.example (may read "
        '"s\u0430mpleton.example", in Cyrillic and Latin letters), which'
    )
    assert with_looks("xn--mnchen-3ya.example").endswith("in Latin letters)")
    for plain in ("sampleton.example", "xn--", "not-xn--a.example", "xn--\u00e9"):
        assert with_looks(plain) == plain
    assert with_looks("xn--99999999999.example") == "xn--99999999999.example"


def test_a_distance_is_in_the_units_of_the_readers():
    claim = "Account elm-1 signed in from two places about 1,029 km apart."
    assert "639 miles apart" in in_units(claim, {"kilometers": 1029})
    assert in_units(claim, {"kilometers": "x"}) == claim
    with in_locale("en-GB"):
        assert in_units(claim, {"kilometers": 1029}) == claim
