"""Texts in the reader's language: one catalog, whole for the emails and summaries of editions."""

import re
from dataclasses import replace
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir

from pipelines.findings.grades import KINDS
from pipelines.reports.edition_mail import edition_mail, summary_page
from pipelines.reports.editions import TRANSLATED, editions
from pipelines.reports.language import catalog, in_locale, page_locale, text
from pipelines.reports.words import clock, day_range, distance, number, share
from pipelines.warehouse.models import models
from tests.conftest import REPO_ROOT
from tests.sections import fixtures
from tests.sections.fixtures import MONDAY
from tests.sections.reading import Page

SPANISH = "es-US"
KEYWORDS = {"text": None, "marked": None, "plural": (1, 2)}
MARTS = {
    name.partition(".")[2].replace("_", " ")
    for name in models()
    if name.startswith("marts.")
}  # fmt: skip


def extracted():
    """The texts of the code, as the catalog names them: the first of two forms."""
    found = extract_from_dir(
        REPO_ROOT / "pipelines" / "reports", keywords=KEYWORDS, strip_comment_tags=True
    )
    texts = {one if isinstance(one, str) else one[0] for _, _, one, _, _ in found}
    return texts | set(KINDS.values()) | MARTS


def fields(message):
    return {name for _, name, _, _ in Formatter().parse(message) if name is not None}


def test_every_text_is_translated_and_no_other_is_in_the_catalog():
    known = {
        entry.id if isinstance(entry.id, str) else entry.id[0]: entry
        for entry in catalog("es")
        if entry.id
    }
    untranslated = {
        name for name, entry in known.items() if not all(_strings(entry)) or entry.fuzzy
    }
    assert sorted(extracted() - known.keys() | untranslated) == []
    assert sorted(known.keys() - extracted()) == []


def _strings(entry):
    return [entry.string] if isinstance(entry.string, str) else list(entry.string)


def test_a_translation_has_the_values_of_its_text():
    wrong = [
        entry.id
        for entry in catalog("es")
        if entry.id
        for string in _strings(entry)
        if fields(string) != fields(entry.id if isinstance(entry.id, str) else entry.id[1])
    ]
    assert wrong == []


def test_a_text_without_a_translation_stays_english():
    with in_locale(SPANISH):
        assert text("There are {n} of them.", n=3) == "There are 3 of them."
        assert text("Week {number}", number=47) == "Semana 47"
    assert text("Week {number}", number=47) == "Week 47"


@pytest.fixture(params=["busy", "quiet", "partial", "nothing"])
def inputs(request):
    made = getattr(fixtures, request.param)()
    shrank = {"name": "accounts.csv", "day": "2026-11-12"}
    return replace(made, revision=2, not_believed=[shrank])


def mails(inputs, locale):
    with in_locale(locale):
        return [
            edition_mail(inputs, MONDAY, edition, "https://intranet.example/x")
            for edition in editions(inputs, TRANSLATED)
        ]


ENGLISH = re.compile(
    r"\b(the|of|with|and|cases?|week|not|these|was|were|report|hours)\b", re.IGNORECASE
)


def test_a_spanish_email_is_spanish_as_a_whole(inputs):
    english, spanish = mails(inputs, "en-US"), mails(inputs, SPANISH)
    assert len(english) == len(spanish) >= 1
    for one, other in zip(english, spanish, strict=True):
        assert one.report_id == other.report_id
        assert 'lang="es"' in other.html
        lines = zip(one.text.splitlines(), other.text.splitlines(), strict=True)
        same = [line for line, own in lines if line == own and line]
        assert same == []
        assert ENGLISH.findall(without_data(other.subject + other.text, inputs)) == []
        body = Page(other.html).text
        assert ENGLISH.findall(without_data(body, inputs)) == []


def without_data(said, inputs):
    """A text without the district's name, its buildings and its id."""
    for name in (inputs.district, *inputs.school_days["building"].unique()):
        said = said.replace(name, "")
    return said


def test_a_spanish_email_gives_the_same_numbers(inputs):
    for one, other in zip(mails(inputs, "en-US"), mails(inputs, SPANISH), strict=True):
        values = [
            [line.split(":")[0] for line in made.text.splitlines() if re.match(r"[\d,.]+%?:", line)]
            for made in (one, other)
        ]
        assert values[0] == values[1]


def test_a_summary_is_the_email_as_a_page(inputs):
    (edition, *_) = editions(inputs, ["superintendent"])
    with in_locale(SPANISH):
        (made,) = summary_page(inputs, MONDAY, edition).values()
    page = Page(made)
    assert "La semana en cifras" in page.text
    assert "Recibe este correo" not in page.text
    assert 'href="index.html"' in made
    assert "default-src 'none'" in made


@pytest.mark.parametrize(
    ("locale", "range_text", "time_text", "length"),
    [
        ("en-US", "Mon, Nov 16 to Sun, Nov 22, 2026", "2:02 PM", "8.1 miles"),
        ("en-GB", "Mon 16 Nov to Sun 22 Nov 2026", "2:02 pm", "13 km"),
        ("en-CA", "Mon, Nov 16 to Sun, Nov 22, 2026", "2:02 p.m.", "13 km"),
        (
            "es-US",
            "Del lunes, 16 de noviembre al domingo, 22 de noviembre de 2026",
            "2:02 p.m.",
            "8.1 miles",
        ),
    ],
)
def test_each_locale_writes_in_its_style(locale, range_text, time_text, length):
    sunday = MONDAY.replace(day=22)
    with in_locale(locale):
        assert day_range(MONDAY, sunday) == range_text
        assert clock(14, 2).replace("\u202f", " ").replace("\xa0", " ") == time_text
        assert distance(13) == length
        assert number(1_234_567) == "1,234,567"
    assert page_locale(locale) == (locale if locale.startswith("en") else "en-US")


def test_a_share_of_almost_all_is_in_the_reader_s_language():
    with in_locale(SPANISH):
        assert share(99_999_999, 100_000_000) == "más del 99.99%"
        assert share(0, 0) == "se desconoce"
