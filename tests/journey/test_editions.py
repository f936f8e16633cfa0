"""Editions and corrections of a district's own week, and no name in any of them."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import insert, select, update

from pipelines.alerts.dispatch import send_alerts
from pipelines.district import open_district
from pipelines.reports.publication import is_set_up_today, publish_reports
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.settings.home import DistrictHome
from pipelines.state.connections import now_text
from pipelines.state.published_reports import first_publication
from pipelines.state.tables import FINDINGS, REPORTS, REVIEWS
from tests.journey.squid import free_port
from tests.journey.test_journey import names_of, words_in
from tests.unit.alerts.conftest import Post

SETTINGS = """[report]
mail = "office"
editions = ["director", "principal", "superintendent", "board", "public"]
"""
ALERTS = """
[alerts]
recipients = ["director@school.example"]

[alerts.channels.office]
type = "smtp"
host = "127.0.0.1"
port = {port}
tls = false
sender = "schoolbell@school.example"
recipients = ["director@school.example"]
"""


@pytest.fixture(scope="module")
def office():
    """A mail server on the loopback."""
    post = Post()
    post.port = free_port()
    server = Controller(post, hostname="127.0.0.1", port=post.port)
    server.start()
    yield post
    server.stop()


@pytest.fixture(scope="module")
def edited(district, office, tmp_path_factory):
    home = DistrictHome(district.copy(tmp_path_factory.mktemp("editions")))
    said = home.settings_file.read_text(encoding="utf-8")
    assert said.count("[report]\n") == 1
    said = said.replace("[report]\n", SETTINGS)
    said = re.sub(r"^\[alerts\]\n", "", said, flags=re.MULTILINE)
    home.settings_file.write_text(said + ALERTS.format(port=office.port))
    with open_district(home.path) as opened:
        weeks, steps = [], []
        published = publish_reports(
            opened,
            datetime(2026, 11, 2, 11, tzinfo=UTC),
            progress=lambda week, at, of: steps.append((week, at, of)),
        )
        weeks = [one.shown for one in published]
    assert [one["week"] for one in weeks] == [str(week) for week, _, _ in steps]
    assert steps[-1][1:] == (len(weeks), len(weeks))
    assert weeks[-1]["report_id"].startswith("r-2026w43-")
    return home


def test_each_edition_has_a_folder_of_its_own(edited):
    names = {path.name for path in edited.editions.iterdir()}
    assert {"superintendent", "board", "public"} < names
    assert any(name.startswith("principal-") for name in names)
    for name in names:
        folder = edited.editions / name
        assert (folder / "index.html").is_file()
        assert (folder / "2026-W43" / "index.html").is_file()


def test_no_edition_names_anybody(edited):
    names = names_of(edited.path)
    for path in edited.editions.rglob("*.html"):
        found = words_in(path.read_text(encoding="utf-8")) & names
        assert not found, (path, found)


def test_no_edition_links_out_of_its_folder(edited):
    for path in edited.editions.rglob("*.html"):
        assert "../../../" not in path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def corrected(edited):
    """The same week after a decision, and after an item became a lead."""
    with open_district(edited.path) as opened:
        with opened.store.writing() as connection:
            query = select(FINDINGS.c.finding_id).where(
                FINDINGS.c.status == "open", FINDINGS.c.confidence != "C1"
            )
            shown = edited.reports / "2026-W43" / "evidence"
            ids = [
                one
                for one in sorted(connection.execute(query).scalars())
                if (shown / f"{one}.html").is_file()
            ]
            for one, values in (
                (ids[0], {"status": "explained"}),
                (ids[1], {"confidence": "C1"}),
            ):
                connection.execute(
                    update(FINDINGS).where(FINDINGS.c.finding_id == one).values(**values)
                )
        when = datetime(2026, 11, 3, 11, tzinfo=UTC)
        publish_snapshot(opened, when)
        for _ in range(2):
            publish_reports(opened, when)
        with opened.store.reading() as connection:
            told = connection.execute(
                select(REPORTS.c.revision, REPORTS.c.report_id).order_by("revision")
            ).all()
    return edited, ids, told


def test_the_day_of_the_setup_ends_with_a_decision_and_with_the_day(district, tmp_path):
    """The first week of a newcomer was "Corrected report, revision 4" before anyone read it."""
    home = district.copy(tmp_path)
    with open_district(home) as opened:
        first = datetime.fromisoformat(first_publication(opened.store))
        assert is_set_up_today(opened.store, opened.zone, first)
        assert not is_set_up_today(opened.store, opened.zone, first + timedelta(days=1))
        with opened.store.writing() as connection:
            row = {"finding_id": "f", "verdict": "explained", "reason": "w", "reviewer": "ada"}
            connection.execute(insert(REVIEWS).values(**row, time=now_text()))
        assert not is_set_up_today(opened.store, opened.zone, first)


def test_a_correction_makes_revision_two_and_a_decision_none(corrected):
    home, ids, told = corrected
    page = (home.reports / "2026-W43" / "index.html").read_text(encoding="utf-8")
    assert "Corrected report, revision 2" in page
    corrections = page.split('id="corrections-part"')[1].split("</section>")[0]
    assert ids[0] not in corrections, "a decision corrects nothing"
    assert ids[1] in corrections
    assert [revision for revision, _ in told] == [1, 2]
    assert told[1][1].endswith("-r2")
    assert told[1][1] in page


def test_the_address_of_an_item_that_was_taken_back_says_so(corrected):
    home, ids, _ = corrected
    week = home.reports / "2026-W43"
    page = (week / "evidence" / f"{ids[1]}.html").read_text(encoding="utf-8")
    assert "This is no longer in the report" in page
    assert "log lines from" not in page
    assert not (week / "data" / f"finding-{ids[1]}.csv").exists()
    index = (week / "index.html").read_text(encoding="utf-8")
    assert ids[1] not in index.partition('id="corrections-part"')[0]


def test_the_report_is_mailed_once_a_revision(corrected, office):
    home, _, told = corrected
    with open_district(home.path) as opened:
        for _ in range(2):
            send_alerts(opened)
    mails = [message_from_bytes(one.content, policy=policy.default) for one in office.mails]
    sent = [one for one in mails if "report week" in one["Subject"]]
    ids = [one["Message-ID"] for one in sent]
    assert ids == [f"<{name}@school.example>" for _, name in told]
    names = names_of(home.path)
    for one in sent:
        assert one["List-ID"] == "Schoolbell reports <reports.school.example>"
        assert one["Auto-Submitted"] == "auto-generated"
        assert one["To"] == "director@school.example"
        assert not words_in(one["Subject"]) & names
        page = one.get_body(("html",)).get_content()
        text = one.get_body(("plain",)).get_content()
        assert not (words_in(page) | words_in(text)) & names
    assert "(revision 2)" in sent[-1]["Subject"]
    assert "What changed" in sent[-1].get_body(("html",)).get_content()
