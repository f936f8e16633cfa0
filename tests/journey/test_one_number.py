"""One number everywhere: every place that tells a figure of a home tells the same."""

import csv
import io
import json
import re

import pytest

from pipelines.district import open_district
from pipelines.settings.home import DistrictHome
from pipelines.state.alert_records import outbox
from pipelines.state.audit import open_chain
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of
from tests.sections.reading import Page
from tests.sections.test_weekly import numbers_by_link

REPORT = '[report]\nmail = "office"\neditions = ["director", "superintendent"]\n'
OFFICE = """
[alerts]
recipients = ["director@school.example"]

[alerts.channels.office]
type = "smtp"
host = "127.0.0.1"
port = 9
tls = false
sender = "schoolbell@school.example"
recipients = ["director@school.example"]
"""
DESK = '\n[alerts.channels.desk]\ntype = "file"\npath = "desk.jsonl"\n'


@pytest.fixture(scope="module")
def home(district, tmp_path_factory):
    """A home of whose cases one was decided, with a report and messages of after."""
    home = DistrictHome(district.copy(tmp_path_factory.mktemp("numbers")))
    plain = home.settings_file.read_text(encoding="utf-8")
    plain = re.sub(r"^\[alerts\]\n", "", plain, flags=re.MULTILINE)
    first = next(row for row in cases_of(home.path) if row["standing"] == "waiting")
    reason = "looked at with the principal"
    assert not schoolbell(
        "findings", "verdict", first["case_id"], "benign", "--reason", reason,
        "--home", home.path,
    ).code  # fmt: skip
    mailed = plain.replace("[report]\n", REPORT) + OFFICE
    home.settings_file.write_text(mailed, encoding="utf-8")
    assert not schoolbell("report", "--home", home.path).code
    # whoever gets the report by mail gets no list of the week: another reader does
    home.settings_file.write_text(plain + DESK, encoding="utf-8")
    assert not schoolbell("alerts", "send", "--home", home.path).code
    return home


def rows_of(command):
    assert not command.code, command.err
    return [json.loads(line) for line in command.out.splitlines()]


def cases_of(home):
    return rows_of(schoolbell("findings", "cases", "--json", "--home", home))


def table(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def newest(home):
    """The folder of the newest week."""
    return max(home.reports.glob("2*-W*"))


@pytest.fixture(scope="module")
def waiting(home):
    return [row for row in cases_of(home.path) if row["standing"] == "waiting"]


def test_cases_that_wait(home, newest, waiting):
    size = len(waiting)
    assert size > 1
    page = (newest / "index.html").read_text(encoding="utf-8")
    (week,) = {row["week"] for row in waiting}
    index = table_row(home.reports / "index.html", newest.name)
    month = next(home.reports.glob("months/*.csv"))
    csv_rows = table(newest / "data" / "cases.csv")
    with open_district(home.path) as district:
        (mail,) = [r for r in outbox(district.store) if r["class_name"] == "report"]
    lines = (home.path / "desk.jsonl").read_text().splitlines()
    (weekly,) = [m for m in map(json.loads, lines) if m["class_name"] == "weekly"]
    (status,) = rows_of_status(home.path)
    edition = home.editions / "superintendent" / newest.name / "index.html"
    seen = {
        "page one": numbers_by_link(page)["needs-you"],
        "its evidence": len(table(newest / "data" / "number-needs-you.csv")),
        "the title of the section": words_of(page, r"(\d+) cases wait for a decision"),
        "the cases of the report": sum(
            row["Standing"] == "waiting for a decision" for row in csv_rows
        ),
        "the index of weeks": index,
        "the month": int(table(month)[-1]["Cases to decide"]),
        "the superintendent": words_of(
            edition.read_text(encoding="utf-8"), r"wait for a decision (\d+)"
        ),
        "subject of the mail": words_of(mail["subject"], r"(\d+) cases? to decide"),
        "the mail": words_of(mail["message"], r"Needs you: (\d+)"),
        "the mail by kind": sum(
            map(int, re.findall(r"^  (\d+) about", mail["message"], re.MULTILINE))
        ),
        "subject of the list": words_of(weekly["subject"], r"(\d+) cases? to decide"),
        "the list": words_of(weekly["text"], r"(\d+) cases? waits? for a decision"),
        "the list by kind": sum(
            map(int, re.findall(r"^  (\d+) about", weekly["text"], re.MULTILINE))
        ),
        "status": status["cases_to_decide"],
    }
    assert set(seen.values()) == {size}, (week, seen)


def table_row(path, week):
    """The cases of a week in the index of weeks."""
    text = path.read_text(encoding="utf-8").rpartition(f"{week}/index.html")[2]
    head = path.read_text(encoding="utf-8").partition("</thead>")[0]
    at = re.findall(r'<th scope="col"[^>]*>([^<]*)<', head).index("Cases to decide")
    cells = re.findall(r"<td[^>]*>([^<]*)<", text)  # from the cell after the link's
    return int(cells[at - 1])


def words_of(text, pattern):
    plain = Page(text).text if "<html" in text else text
    return int(re.search(pattern, plain)[1].replace(",", ""))


def rows_of_status(home):
    """`status` ends with 1 where somebody should look; what it says is asked here."""
    done = schoolbell("status", "--json", "--home", home)
    return [json.loads(line) for line in done.out.splitlines()]


def test_mail_and_list_say_the_same_of_what_waits(home):
    with open_district(home.path) as district:
        (mail,) = [r for r in outbox(district.store) if r["class_name"] == "report"]
    lines = (home.path / "desk.jsonl").read_text().splitlines()
    (weekly,) = [m for m in map(json.loads, lines) if m["class_name"] == "weekly"]
    kinds = [
        re.findall(r"^  \d+ about: .*$", text, re.MULTILINE)
        for text in (mail["message"], weekly["text"])
    ]
    assert kinds[0] == kinds[1] != []


def test_sites_and_decided_cases(home, newest):
    (status,) = rows_of_status(home.path)
    standings = [row["standing"] for row in cases_of(home.path)]
    page = (newest / "index.html").read_text(encoding="utf-8")
    assert status["cases_about_sites"] == standings.count("site")
    asked = newest / "data" / "sites-to-decide.csv"
    assert asked.is_file() == bool(standings.count("site"))
    changes = table(newest / "data" / "changes.csv")
    assert numbers_by_link(page)["decided"] == len(changes)
    assert "explained" in {row["Standing"] for row in changes}


def test_findings_in_list_export_replay_and_cases(home):
    listed = rows_of(schoolbell("findings", "list", "--json", "--home", home.path))
    kept = {row["finding_id"] for row in listed if row["status"] != "withdrawn"}
    exported = rows_of(schoolbell("findings", "export", "--json", "--home", home.path))
    of_cases = {one for row in cases_of(home.path) for one in row["finding_ids"]}
    stored = {
        row["finding_id"]
        for row in findings_of(home.path)
        if row["confidence"] != "C1" and row["status"] != "withdrawn"
    }
    (told,) = rows_of(
        schoolbell("replay", "--set", "SA-1.turns=4", "--json", "--home", home.path)
    )
    moved = [row for row in told["differences"] if row["effect"] != "added"]
    assert {row["finding_id"] for row in exported} == kept == stored
    assert told["same"] - told["same_leads"] + len(moved) == len(stored)
    assert of_cases >= stored


def test_a_verdict_on_a_case_is_one_on_each_of_its_findings(district, tmp_path):
    home = district.copy(tmp_path)
    case = next(
        row for row in cases_of(home)
        if row["findings"] > 1 and row["standing"] == "waiting"
    )  # fmt: skip
    done = schoolbell(
        "findings", "verdict", case["case_id"], "authorized", "--reason",
        "the principal had asked for it", "--json", "--home", home,
    )  # fmt: skip
    (said,) = rows_of(done)
    listed = rows_of(schoolbell("findings", "list", "--json", "--home", home))
    own = [row for row in listed if row["case_id"] == case["case_id"]]
    assert {row["finding_id"] for row in own} == set(said["finding_ids"])
    assert {(row["status"], row["verdict"]) for row in own} == {
        ("explained", "authorized")
    }
    with open_district(home) as opened:
        entries = open_chain(opened.store, opened.home).entries()
    noted = [entry.subject for entry in entries if entry.action == "verdict"]
    assert sorted(noted) == sorted(said["finding_ids"])


def test_a_signed_week_says_by_whom_and_what_waited(home, newest, waiting):
    label = newest.name
    words = ("report", "sign", label, "--by", "Jo Park, director", "--home", home.path)
    (signed,) = rows_of(schoolbell(*words, "--json"))
    assert (signed["week"], signed["waiting"]) == (label, len(waiting))
    again = schoolbell(*words)
    assert again.code == 2
    assert "signed already, by Jo Park" in again.err
    for wrong in ("2020-W01", "week 43"):
        assert schoolbell(
            "report", "sign", wrong, "--by", "x", "--home", home.path
        ).code
    assert not schoolbell("report", "--home", home.path).code
    page = Page((newest / "index.html").read_text(encoding="utf-8")).text
    said = f"Signed by Jo Park, director on .*, with {len(waiting)} cases waiting"
    assert re.search(said, page)
    with open_district(home.path) as opened:
        assert open_chain(opened.store, opened.home).verify() is None
