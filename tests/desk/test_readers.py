"""Emails for principals and the superintendent: their page's numbers, no names, and a stop."""

import io
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pypdf
import pytest

from pipelines.alerts.dispatch import send_alerts
from pipelines.district import open_district
from pipelines.errors import SettingsError
from pipelines.reports.edition_mail import check_readers
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import open_chain
from tests.desk.conftest import SETTINGS, with_settings
from tests.desk.visiting import open_desk
from tests.journey.commands import schoolbell
from tests.sections.reading import Page
from tests.unit.alerts.conftest import post  # noqa: F401 - a fixture

MAIL = """
[report.readers.hs]
edition = "principal"
building = "HS"
address = "hs@school.example"
day = "tuesday"

[report.readers.chief]
edition = "superintendent"
address = "chief@school.example"
link = "https://intranet.example/superintendent"

[alerts.channels.mail]
type = "smtp"
host = "127.0.0.1"
port = {port}
tls = false
pdf = true
audience = ["operator"]
sender = "schoolbell@school.example"
recipients = ["it@school.example"]
"""
MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)


@pytest.fixture
def home(district, tmp_path, post):  # noqa: F811
    return published(district, tmp_path, post)


def published(district, tmp_path, post, locale="", reader_locale=""):  # noqa: F811
    """A home whose weeks are published, with two readers."""
    home = with_settings(district.copy(tmp_path), SETTINGS + MAIL.format(port=post.port))
    settings = home / "district.toml"
    text = settings.read_text(encoding="utf-8")
    allowed = "it@school.example", "hs@school.example", "chief@school.example"
    text = text.replace("[alerts]\n", f"[alerts]\nrecipients = {list(allowed)}\n")
    editions = 'editions = ["director", "principal", "superintendent"]\n'
    report = f'[report]\nlocale = "{locale}"\n{editions}'
    reader = f'[report.readers.hs]\nlocale = "{reader_locale}"\n'
    text = text.replace("[report]\n", report).replace("[report.readers.hs]\n", reader)
    settings.write_text(text, encoding="utf-8")
    assert not schoolbell("report", "--home", home).code
    return home


def mails(post, address, word="week"):  # noqa: F811
    return [
        message_from_bytes(one.content, policy=policy.default)
        for one in post.mails
        if address in one.rcpt_tos
        and word.encode() in one.content.lower()
        and b"List-ID: Schoolbell reports" in one.content
    ]


def deliver(home, when):
    with open_district(home) as district:
        return send_alerts(district, when)


def test_each_reader_gets_their_edition_once_from_their_day(home, post):  # noqa: F811
    deliver(home, MONDAY)
    assert mails(post, "hs@school.example") == []
    (mail,) = mails(post, "chief@school.example")
    assert "Superintendent's edition" in mail["Subject"]
    deliver(home, MONDAY + timedelta(days=1))
    (own,) = mails(post, "hs@school.example")
    deliver(home, MONDAY + timedelta(days=2))
    assert len(mails(post, "chief@school.example")) == len(mails(post, "hs@school.example")) == 1

    newest = max((home / "editions" / "principal-HS").glob("2*-W*"))
    page = (newest / "index.html").read_text(encoding="utf-8")
    tiles = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page)
    assert tiles
    plain = own.get_body(("plain",)).get_content()
    html = Page(own.get_body(("html",)).get_content()).text
    for label, value in tiles:
        assert f"{value}: {label}" in plain
        assert f"{value} {label}" in html
    (attached,) = own.iter_attachments()
    made = pypdf.PdfReader(io.BytesIO(attached.get_content()))
    text = " ".join(" ".join(one.extract_text() for one in made.pages).split())
    assert tiles[0][1] in text
    assert len(made.pages) == 1
    assert "https://intranet.example/superintendent/" in str(mail.get_body(("plain",)))


def test_no_email_names_an_account_a_device_or_a_site(home, post):  # noqa: F811
    deliver(home, MONDAY + timedelta(days=1))
    with open_district(home) as district:
        rows = [row for case in cases_in(district) for row in case.findings]
    secrets = {row["subject"] for row in rows}
    secrets |= {one for row in rows for one in row["record"]["sites"]}
    found = [*mails(post, "hs@school.example"), *mails(post, "chief@school.example")]
    assert len(found) == 2
    for mail in found:
        text = mail.get_body(("plain",)).get_content() + mail.get_body(("html",)).get_content()
        words = set(re.findall(r"[\w.-]+", text))
        assert not words & secrets


def test_a_reader_gets_the_email_in_spanish(district, tmp_path, post):  # noqa: F811
    home = published(district, tmp_path, post, locale="es-US", reader_locale="en-US")
    deliver(home, MONDAY + timedelta(days=1))
    (mail,) = mails(post, "chief@school.example", "semana")
    assert "Edición para el superintendente" in mail["Subject"]
    plain = mail.get_body(("plain",)).get_content()
    assert "casos en espera de una decisión" in plain
    assert "octubre de 2026" in plain
    (own,) = mails(post, "hs@school.example")
    assert "Principal's edition" in own["Subject"]
    newest = max((home / "editions" / "superintendent").glob("2*-W*"))
    index = (newest / "index.html").read_text(encoding="utf-8")
    assert '<html lang="es">' in index
    assert "19 de octubre" in index
    assert "Todas las semanas" in index
    # the only reader of the principal's edition has another locale than all others
    own = home / "editions" / "principal-HS" / newest.name
    assert '<html lang="en">' in (own / "index.html").read_text(encoding="utf-8")
    report = home / "reports" / newest.name
    assert '<html lang="en">' in (report / "index.html").read_text(encoding="utf-8")


def test_the_superintendent_reads_the_one_page_at_the_desk(home, sockets, secret):
    """The superintendent opened the director's list of work, "Do these 3 today"."""
    with open_desk(home, sockets / "chief") as desk:
        chief, director = desk.by_proxy("superintendent"), desk.by_proxy("director")
        newest = max((home / "editions" / "superintendent").glob("2*-W*")).name
        page = chief.get(f"/reports/{newest}/index.html").text
        assert "Superintendent&#39;s edition" in page
        assert "today" not in page
        for link in set(re.findall(r'href="((?:evidence/|details)[^"#]*)', page)):
            assert chief.get(f"/reports/{newest}/{link}").status == 200
        assert "Superintendent" not in director.get(f"/reports/{newest}/index.html").text


def cases_in(district):
    from pipelines.findings.cases import cases

    return cases(district.store)


def test_the_desk_stops_resumes_and_tests(home, post, sockets, secret):  # noqa: F811
    with open_desk(home, sockets / "readers") as desk:
        director = desk.by_proxy("director")
        assert 'href="/readers"' in director.get("/weeks").text
        page = director.get("/readers")
        assert "hs@school.example" in page.text
        assert "No email was sent yet." in page.text
        assert desk.by_proxy("analyst").get("/readers").status == 403
        fields = page.form("/act/stop-mail") | {"reader": "hs", "reason": "the principal asked"}
        assert director.post("/act/stop-mail", fields).status == 303
        assert "<b>Stopped.</b>" in director.get("/readers").text
        assert director.post("/act/stop-mail", fields).status == 422
        deliver(home, MONDAY + timedelta(days=1))
        assert mails(post, "hs@school.example") == []
        assert mails(post, "chief@school.example")
        fields = director.get("/readers").form("/act/resume-mail") | {"reason": "asked again"}
        assert director.post("/act/resume-mail", fields).status == 303
        deliver(home, MONDAY + timedelta(days=1))
        assert len(mails(post, "hs@school.example")) == 1
        before = len(post.mails)
        fields = director.get("/readers").form("/act/test-mail") | {"reader": "hs"}
        assert director.post("/act/test-mail", fields).status == 303
        (test,) = post.mails[before:]
        assert test.rcpt_tos == ["hs@school.example"]
        assert b"This is a test." in test.content
        assert "Last email: " in director.get("/readers").text
        done = [
            one.action for one in open_chain(desk.home.district.store, DistrictHome(home)).entries()
        ]
    assert [one for one in done if one.endswith("mail")] == [
        "stop mail",
        "resume mail",
        "test mail",
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"principal", "superintendent"', '"superintendent"', "principal's edition is not made"),
        ('building = "HS"', 'building = "XX"', "no building XX"),
        ("'hs@school.example', ", "", "is not in [alerts] recipients"),
    ],
)
def test_settings_that_cannot_work_are_refused(home, before, after, said):
    settings = home / "district.toml"
    text = settings.read_text(encoding="utf-8")
    assert before in text
    settings.write_text(text.replace(before, after), encoding="utf-8")
    with open_district(home) as district, pytest.raises(SettingsError, match=re.escape(said)):
        check_readers(district.settings, district.outline)
