"""Cases about students' accounts: in a separate section, and in no number."""

import csv
import io
from dataclasses import replace

import polars as pl
import pytest

from pipelines.reports.corrections import facts
from pipelines.reports.editions import Edition, edition_report
from pipelines.reports.headline import this_week
from pipelines.reports.mail import mail
from pipelines.reports.view import View
from pipelines.reports.weekly import weekly_report
from tests.sections.fixtures import BUILDINGS, MONDAY, WEEKS

THEIRS = {"f-2026w47-001", "f-2026w47-004"}  # one account's
THEIR_CASES = {"c-2026w47-001", "c-2026w47-004"}
NAME = "student-tulip-27"


@pytest.fixture(scope="module")
def both():
    """A busy week, and the same with one account that is a student's."""
    staff = WEEKS["busy"]()
    is_theirs = pl.col("finding_id").is_in(list(THEIRS))
    findings = staff.findings.with_columns(
        is_student=is_theirs,
        subject=pl.when(is_theirs).then(pl.lit(NAME)).otherwise("subject"),
        claim=pl.when(is_theirs).then(pl.lit(f"Account {NAME}")).otherwise("claim"),
    )
    rest = staff.findings.filter(~is_theirs)
    return replace(staff, findings=rest), replace(staff, findings=findings)


def ids_in(text):
    return {row[0] for row in csv.reader(io.StringIO(text.lstrip("\ufeff")))}


def test_no_number_counts_them_and_none_is_lost(both):
    without, with_them = (View(inputs, MONDAY) for inputs in both)
    assert this_week(with_them) == this_week(without)
    assert len(with_them.of_students.waiting) == len(THEIRS)
    lost = set(facts(with_them)["items"]) - set(facts(without)["items"])
    assert lost == THEIRS


def test_their_section_their_pages_and_no_other_file_name_them(both):
    pages = weekly_report(both[1], MONDAY)
    texts = {name: text for name, text in pages.items() if isinstance(text, str)}
    naming = {name.partition("/")[2] for name, text in texts.items() if NAME in text}
    assert naming - {f"data/finding-{one}.csv" for one in THEIRS} == {
        "index.html",
        "data/student-cases.csv",
        *(f"evidence/{one}.html" for one in THEIRS | THEIR_CASES),
    }
    index = next(text for name, text in texts.items() if name.endswith("W47/index.html"))
    before, _, rest = index.partition('id="student-cases-part"')
    theirs, _, after = rest.partition("</section>")
    assert NAME in theirs
    assert NAME not in before + after
    assert "2 cases about students' accounts wait" in before.replace("&#39;", "'")
    listed = {name: ids_in(text) for name, text in texts.items() if "/data/" in name}
    (cases,) = (ids for name, ids in listed.items() if name.endswith("/cases.csv"))
    (own,) = (ids for name, ids in listed.items() if name.endswith("t-cases.csv"))
    assert not cases & THEIR_CASES
    assert own >= THEIR_CASES


def test_each_edition_keeps_them_apart(both):
    for kind in ("superintendent", "board", "public"):
        pages = edition_report(both[1], MONDAY, Edition(kind))
        assert not [name for name, page in pages.items() if NAME in str(page)]
    for building in BUILDINGS:
        pages = edition_report(both[1], MONDAY, Edition("principal", building))
        for name, page in pages.items():
            if "/data/" in name and NAME in str(page):
                assert "student-cases" in name or any(one in name for one in THEIRS)


def test_a_week_of_students_alone_is_no_quiet_week(both):
    only = replace(both[1], findings=both[1].findings.filter("is_student"))
    made = mail(only, MONDAY, where="-")
    assert ("Nothing needs your decision except cases about students' accounts") in made.text
    assert NAME not in made.text + made.html
