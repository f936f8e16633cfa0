"""Texts in the reader's language: one catalog, whole for two editions and their emails."""

import json
import re
from dataclasses import replace

import polars as pl
import pytest

from pipelines.reports import language
from pipelines.reports.archive import removed_page
from pipelines.reports.edition_mail import edition_mail
from pipelines.reports.editions import TRANSLATED, edition_report, editions
from pipelines.reports.language import (
    FIELD,
    KEPT,
    PART,
    Quoted,
    catalog,
    in_locale,
    page_locale,
    restated,
    series,
    templates,
    text,
)
from pipelines.reports.weekly import weekly_report
from pipelines.reports.words import clock, day_range, distance, number, share
from pipelines.warehouse.models import every_model
from pipelines.warehouse.sentences import fill
from tests.sections import fixtures
from tests.sections.catalog_texts import kept, messages
from tests.sections.fixtures import MONDAY
from tests.sections.reading import Page

SPANISH = "es-US"
SAMPLES = {
    "date": "2026-11-09", "int": 3, "double": 600.0, "varchar": "morning",
    "varchar[]": ["one.example", "two.example"], "boolean": True,
}  # fmt: skip
"""A value of each type of fact."""


def entries():
    """The texts of the catalog, by context and text; two forms are a pair."""
    return {
        (entry.context, entry.id if isinstance(entry.id, str) else tuple(entry.id)): entry
        for entry in catalog("es")
        if entry.id
    }


def test_every_text_is_translated_and_no_other_is_in_the_catalog():
    wanted = {(None, one) for one in messages()} | {(KEPT, one) for one in kept()}
    known = entries()
    untranslated = {
        name for name, entry in known.items() if not all(_strings(entry)) or entry.fuzzy
    }
    assert sorted(map(str, wanted - known.keys() | untranslated)) == []
    assert sorted(map(str, known.keys() - wanted)) == []


def _strings(entry):
    return [entry.string] if isinstance(entry.string, str) else list(entry.string)


def fields(message):
    return {(denied, name, asked) for denied, name, asked, *_ in FIELD.findall(message)}


def test_a_translation_has_the_values_and_the_parts_of_its_text():
    wrong = []
    for (_, texts), entry in entries().items():
        pair = [texts] if isinstance(texts, str) else texts
        for one, string in zip(pair, _strings(entry), strict=True):
            # "the week before" need not state that it is one
            is_single = len(pair) == 2 and one == pair[0] and fields(string) < fields(one)
            is_same = is_single or fields(one) == fields(string)
            if not is_same or len(PART.findall(one)) != len(PART.findall(string)):
                wrong.append(one)
    assert wrong == []


def made_sentences():
    """Each template of a rule, and the sentence that it makes of sample facts."""
    for model in every_model().values():
        header = model.header
        if not header.code:
            continue
        details = {name: SAMPLES.get(kind, "") for name, kind in header.details.items()}
        no = {name: False for name, kind in header.details.items() if kind == "boolean"}
        said = [one.says for one in header.claim]
        said += [
            getattr(one, name)
            for one in header.explanations
            for name in ("says", "fits", "ruled_out", "not_testable", "by_design")
        ]
        for template in map(" ".join, (one.split() for one in said if one)):
            for facts in (details, details | no):
                sentence = fill(template, facts).replace("{account}", "falcon-27")
                if FIELD.search(template) and sentence.strip() and "None" not in sentence:
                    yield template, " ".join(sentence.split()), facts


def test_a_sentence_that_a_rule_made_is_restated_by_its_own_template():
    wrong = []
    known = {key: entry for (context, key), entry in entries().items() if context == KEPT}
    for template, sentence, facts in made_sentences():
        if template not in known:
            continue  # the sentence is a fact, and is a text of the catalog itself
        with in_locale(SPANISH):
            own = language._template(template, known[template].string).restate(sentence, facts)
            said = restated(sentence, facts)
        if isinstance(said, Quoted) or said != own:
            wrong.append((template, sentence, said))
    assert wrong == []


def test_a_restated_sentence_has_the_numbers_and_names_of_its_finding():
    names = ["Elm Elementary", "North High and Annex"]
    claim = (
        "Account falcon-27 was used at Elm Elementary and North High and Annex at about the same "
        "time: 6 switches between them, each faster than the drive of at least 1 minute."
    )
    with in_locale(SPANISH):
        said = restated(claim, {"buildings": names})
        assert said.startswith(
            "La cuenta falcon-27 se usó en Elm Elementary y North High and Annex casi al mismo"
        )
        assert "6 cambios" in said
        assert said.endswith("al menos 1 minuto.")
        assert restated("Device cedar-04 reported 1 time that an account became an administrator.")
        hostile = "Account {account} [x] {0} did <b>what</b> no template made."
        assert restated(hostile) == hostile
        assert isinstance(restated(hostile), Quoted)
        assert text("{n} min", n="{0} {account}") == "{0} {account} min"
    assert restated(claim) == claim


def test_a_sentence_that_ends_with_a_time_has_one_period():
    with in_locale(SPANISH):
        assert text("Decided since last week: {cases}", cases="2:02 p.m..") == (
            "Decididos desde la semana pasada: 2:02 p.m."
        )
        kept_whole = "x.m..log, a.m..b"
        assert text("{n} min", n=kept_whole) == f"{kept_whole} min"


def test_the_page_of_a_deleted_week_is_in_the_language_of_its_edition():
    shared = {"district": "Sampleton", "report_title": "x", "paper": "letter", "made": "2:02 p.m."}
    with in_locale(SPANISH):
        said = Page(removed_page(shared, MONDAY)).text
    assert "El informe de esta semana se eliminó" in said
    assert "2026-W47, eliminado" in said
    assert "The report of this week was deleted" in Page(removed_page(shared, MONDAY)).text


def test_spanish_writes_e_before_the_sound_of_i():
    with in_locale(SPANISH):
        assert series(["a.example", "instagram.example"]) == "a.example e instagram.example"
        assert series(["a", "b", "hielo"]) == "a, b y hielo"
    assert series(["a", "instagram.example"]) == "a and instagram.example"


def test_templates_with_more_fixed_text_are_tried_first():
    sizes = [
        len(FIELD.sub("", str(entry.id)))
        for entry in catalog("es")
        if entry.context == KEPT and FIELD.search(str(entry.id))
    ]
    assert len(templates("es")) == len(sizes)


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


SPOKEN = {
    "alternatives": [
        {
            "name": "A clock that is wrong",
            "test": "the hosts' clocks agree with another log's",
            "result": "ruled out",
        },
        {
            "name": "A mistake in one log",
            "test": "only one source shows this",
            "result": "not testable",
        },
        {
            "name": "The device acting by itself",
            "test": "even, machine-timed and background traffic is left out",
            "result": "excluded by design",
        },
    ],
    "limits": ["Whether the use served the job: that is a person's judgment."],
    "would_change": ["a correction of the host's clock"],
    "next_step": "Find out what answers at the address.",
}
"""What a finding of a rule keeps; those of the fixtures are invented."""


def spoken(inputs):
    """The same inputs, with sentences that rules make."""
    rows = []
    for row in inputs.findings.iter_rows(named=True):
        claim = f"Account {row['subject']} was used 3 days after its last day on the account list."
        rows.append(
            row | {"claim": claim, "record": json.dumps(json.loads(row["record"]) | SPOKEN)}
        )
    rules = [
        rule
        | {
            "title": "An account was used after its last day",
            "summary": "A page that was left open",
            "false_positives": ["A look over the shoulder."],
            "response": SPOKEN["next_step"],
            "params": [{"name": "days", "value": 3, "why": "longer than anyone sits there"}],
        }
        for rule in inputs.rules
    ]
    frame = inputs.findings.clear().vstack(
        type(inputs.findings)(rows, schema=inputs.findings.schema)
    )
    evidence = inputs.evidence.with_columns(role=pl.lit("request"))
    return replace(inputs, findings=frame, rules=rules, evidence=evidence)


def test_the_two_editions_ask_for_no_text_that_the_catalog_lacks(inputs, monkeypatch):
    asked, found = set(), language._forms

    def forms(message, context=None):
        made = found(message, context)
        if not made and message and language.language() != "en" and context is None:
            asked.add(message)
        return made

    monkeypatch.setattr(language, "_forms", forms)
    with in_locale(SPANISH):
        for edition in editions(spoken(inputs), TRANSLATED):
            edition_report(spoken(inputs), MONDAY, edition)
    assert sorted(asked) == []


class InSpanish(Page):
    """The text of a page and its drawings, without what is marked as English."""

    silent = frozenset({"script", "style", "head"})

    def inside(self):
        return super().inside() and not any(attrs.get("lang") == "en" for _, attrs in self.stack)


def test_no_english_sentence_is_on_a_page_of_the_two_editions(inputs):
    sentences = {
        one
        for _, texts in entries()
        for one in ([texts] if isinstance(texts, str) else texts)
        if len(one.split()) > 2 and not FIELD.search(one)
    }
    with in_locale(SPANISH):
        made = {
            path: InSpanish(content).text
            for edition in editions(spoken(inputs), TRANSLATED)
            for path, content in edition_report(spoken(inputs), MONDAY, edition).items()
            if path.endswith(".html")
        }
    left = {
        (path, one)
        for path, content in made.items()
        for one in sentences
        if one in content and re.search(rf"(?<!\w){re.escape(one)}(?!\w)", content)
    }
    assert left == set()
    assert len(made) > 3


def test_a_page_of_an_edition_names_its_language_and_marks_the_policy_as_english(inputs):
    (edition, *_) = editions(inputs, ["superintendent"])
    with in_locale(SPANISH):
        pages = edition_report(inputs, MONDAY, edition)
    index = pages["2026-W47/index.html"]
    assert '<html lang="es">' in index
    assert "Todas las semanas" in index
    english = edition_report(inputs, MONDAY, edition)
    assert '<html lang="en">' in english["2026-W47/index.html"]
    if inputs.clauses and "Política" in index:
        assert '<span lang="en">' in index


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
            "8.1 millas",
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


AMERICAN_DAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?:Oct|Nov) [0-9]")


def test_times_of_cards_and_sources_follow_the_locale_too():
    """A function that Polars called in another thread wrote them for Americans."""
    with in_locale("en-GB"):
        british = weekly_report(fixtures.busy(), MONDAY)
    for name in ("index", "pictures", "quality"):
        page = british[f"2026-W47/{name}.html"]
        assert AMERICAN_DAY.findall(page) == []
        assert "Nov" in page


def test_a_share_of_almost_all_is_in_the_reader_s_language():
    with in_locale(SPANISH):
        assert share(99_999_999, 100_000_000) == "más del 99.99%"
        assert share(0, 0) == "se desconoce"
