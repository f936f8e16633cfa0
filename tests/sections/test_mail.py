"""The mail: small, without names, in tables, with the same facts as page one."""

import re
from dataclasses import replace

import pytest

from pipelines.reports.corrections import facts
from pipelines.reports.evidence_pages import proofs
from pipelines.reports.mail import mail
from pipelines.reports.view import View
from pipelines.reports.words import lint
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, WEEKS, busy
from tests.sections.reading import Page
from tests.sections.test_editions import held, secrets
from tests.sections.test_weekly import INDEX, numbers_by_link

MAX_BYTES = 95_000
PLACE = "https://intranet.example/reports/2026-W47/index.html"
ALLOWED = {
    "html", "head", "meta", "title", "body", "table", "caption", "tr", "th", "td", "p",
    "h1", "b", "ul", "li", "a",
}  # fmt: skip


def mail_of(inputs):
    return mail(inputs, MONDAY, where=PLACE)


@pytest.fixture
def made(week):
    return mail_of(WEEKS[week]())


def test_a_mail_is_small_and_has_tables_and_inline_styles_only(made):
    assert len(made.html.encode()) <= MAX_BYTES
    page = Page(made.html)
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert page.links == [PLACE]
    for _, attrs in page.tags:
        assert not {"src", "background", "class", "srcset"} & set(attrs)
        assert "url(" not in attrs.get("style", "")
        assert "flex" not in attrs.get("style", "")


@pytest.mark.parametrize("week", sorted(set(WEEKS) - {"hostile"}))
def test_a_mail_names_no_account_device_site_or_item(week):
    inputs, made = WEEKS[week](), mail_of(WEEKS[week]())
    wanted = secrets(inputs) | set(inputs.site_use["site"])
    for text in (made.subject, made.text, Page(made.html).text):
        assert not held(text, wanted)
    assert "\n" not in made.subject


def test_text_and_page_hold_the_same_facts(made):
    numbers = re.compile(r"[0-9]+")
    page = Page(made.html).text
    assert set(numbers.findall(page)) == set(numbers.findall(made.text))


def test_the_numbers_of_the_mail_are_those_of_page_one(week, made):
    shown = numbers_by_link(pages_of(week)[INDEX])
    view = View(WEEKS[week](), MONDAY)
    proven = {key: one.number for key, one in proofs(view).items()}
    for key, label in (
        ("needs-you", "Needs you"),
        ("shared-accounts", "Shared accounts"),
        ("new-sites", "Not on the list"),
        ("off-hours-accounts", "Outside hours"),
    ):
        if key in shown:
            assert shown[key] == proven[key]
            assert f"{label}: {shown[key]:,} " in made.text


@pytest.mark.parametrize("week", sorted(set(WEEKS) - {"hostile"}))
def test_a_mail_says_nothing_that_must_not_be_said(week):
    made = mail_of(WEEKS[week]())
    for text in (made.subject, made.text, Page(made.html).text):
        assert lint(text.replace(PLACE, "")) == []


def test_the_subject_counts_what_waits():
    assert mail_of(busy()).subject == "Network report week 47: 3 cases to decide"
    empty = mail_of(WEEKS["empty"]())
    assert empty.subject == "Network report week 47: no log lines arrived"


def test_a_correction_is_a_mail_of_its_own():
    before = facts(View(WEEKS["quiet"](), MONDAY))
    later = replace(busy(), revision=2, earlier_facts=[before])
    made = mail_of(later)
    assert made.report_id != mail_of(busy()).report_id
    assert "(revision 2)" in made.subject
    assert "What changed:\n  Shared accounts: 0, now 3" in made.text


def test_an_address_that_is_no_web_address_is_text():
    made = mail(busy(), MONDAY, where="javascript:alert(1)")
    assert Page(made.html).links == []
