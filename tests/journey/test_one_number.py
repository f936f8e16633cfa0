"""One number everywhere: every place that shows a figure of a home shows the same."""

import csv
import io
import json
import re
from datetime import date
from typing import get_args

import pytest

from pipelines.actions.queue_filter import QueueFilter
from pipelines.actions.referrals import letter
from pipelines.defs.catalog import week_shown
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.queue import queue_page
from pipelines.desk.views import sites_page, start_page, weeks_page
from pipelines.district import open_district
from pipelines.errors import capital
from pipelines.findings.cases import monday_of, week_of
from pipelines.gaps.now import gaps
from pipelines.gaps.relation import LIMITING, Reason
from pipelines.operations.checks.logs import MAX_GAPS
from pipelines.reports.words import day
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import Principal
from pipelines.state.alert_records import outbox
from pipelines.state.audit import open_chain
from pipelines.state.published_reports import report_facts
from tests.benchmarks.odd_homes import no_list, no_networks
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
ITEMS = r"(?: in \d+ items?)?"
DESK = '\n[alerts.channels.desk]\ntype = "file"\npath = "desk.jsonl"\n'


def odd(district, folder):
    """Return a home without a list of sites and without networks."""
    home = DistrictHome(district.copy(folder, of="delivered"))
    no_list(home.registry)
    no_networks(home.registry)
    run(home.path, settle_seconds=0)
    return home


@pytest.fixture(scope="module", params=["usual", "odd"])
def home(request, district, tmp_path_factory):
    """A home of whose cases one was decided, with a report and messages of after."""
    folder = tmp_path_factory.mktemp("numbers")
    is_odd = request.param == "odd"
    home = odd(district, folder) if is_odd else DistrictHome(district.copy(folder))
    plain = home.settings_file.read_text(encoding="utf-8")
    plain = re.sub(r"^\[alerts\]\n", "", plain, flags=re.MULTILINE)
    first = next(row for row in cases_of(home.path) if row["standing"] == "waiting")
    reason = "looked at with the principal"
    assert not schoolbell(
        "findings",
        "verdict",
        first["case_id"],
        "benign",
        "--reason",
        reason,
        "--home",
        home.path,
    ).code
    mailed = plain.replace("[report]\n", REPORT) + OFFICE
    home.settings_file.write_text(mailed, encoding="utf-8")
    assert not schoolbell("report", "--home", home.path).code
    # anyone who gets the report by mail gets no list of the week: another reader does
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


def test_cases_that_wait(home, newest, waiting, desk):
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
        "the first line": words_of(page, r"(\d+) cases need a decision"),
        "the cases of the report": sum(
            row["Standing"] == "waiting for a decision" for row in csv_rows
        ),
        "the index of weeks": index,
        "the month": int(table(month)[-1]["Cases to decide"]),
        "the superintendent": words_of(
            edition.read_text(encoding="utf-8"), r"wait for a decision (\d+)"
        ),
        "subject of the mail": words_of(mail["subject"], rf"(\d+) cases?{ITEMS} to decide"),
        "the mail": words_of(mail["message"], r"Needs you: (\d+)"),
        "the mail by kind": sum(
            map(int, re.findall(r"^  (\d+) about", mail["message"], re.MULTILINE))
        ),
        "subject of the list": words_of(weekly["subject"], rf"(\d+) cases?{ITEMS} to decide"),
        "the list": words_of(weekly["text"], rf"(\d+) cases?{ITEMS} waits? for a decision"),
        "the list by kind": sum(
            map(int, re.findall(r"^  (\d+) about", weekly["text"], re.MULTILINE))
        ),
        "status": status["cases_to_decide"],
        "the queue of the desk": queue_page(*desk, QueueFilter(), 0)["waiting"],
        "the week at the desk": weeks_page(*desk)["weeks"][0]["waiting"],
        "Dagster": dagster_numbers(desk, newest)["cases_to_decide"],
    }
    assert set(seen.values()) == {size}, (week, seen)
    items = {
        "the headline": words_of(page, r"(\d+) items on your list"),
        "the section": words_of(page, r"(\d+) items wait for a decision"),
        "subject of the mail": words_of(mail["subject"], r"in (\d+) items"),
        "subject of the list": words_of(weekly["subject"], r"in (\d+) items"),
        "status": status["items_to_decide"],
        "desk": len(queue_page(*desk, QueueFilter(), 0)["work"]),
    }
    assert len(set(items.values())) == 1, items
    assert items["status"] < size


def dagster_numbers(desk, newest):
    """Return the numbers that Dagster shows at the report of the newest week."""
    district = desk[1].district
    facts = report_facts(district.store, monday_of(newest.name))
    return {name: one.value for name, one in week_shown(district, facts[-1]).items()}


def test_the_numbers_of_page_one_are_those_of_dagster(newest, desk):
    page = numbers_by_link((newest / "index.html").read_text(encoding="utf-8"))
    found = dagster_numbers(desk, newest)
    names = {
        "needs-you": "cases_to_decide",
        "shared-accounts": "shared_accounts",
        "new-sites": "new_sites",
        "off-hours-accounts": "accounts_outside_hours",
    }
    known = {key: found[name] for key, name in names.items() if name in found}
    assert known == {key: page[key] for key in known}
    assert {"needs-you", "new-sites"} <= set(known)
    # a number that is not known is in neither
    assert set(known) == set(names) & set(page)


def test_hours_and_sites_add_up_to_the_time_on_sites(newest, desk):
    """A reader who added the bars got half of the total above them."""
    inputs = desk[0].base()
    hours, sites = inputs.hourly_use["minutes"].sum(), inputs.site_use["minutes"].sum()
    assert hours == pytest.approx(sites, rel=0.002)
    pictures = Page((newest / "pictures.html").read_text(encoding="utf-8")).text
    (total,) = set(re.findall(r"Time on sites: (about [\d.,]+ \w+) a school day", pictures))
    for start in ("Bars: time on sites of all accounts in each hour of a school day, ",
                  "Bars show the time on each site, all accounts together: "):  # fmt: skip
        assert f"{start}{total}" in pictures


def table_row(path, week):
    """Return the cases of a week in the index of weeks."""
    text = path.read_text(encoding="utf-8").rpartition(f"{week}/index.html")[2]
    head = path.read_text(encoding="utf-8").partition("</thead>")[0]
    at = re.findall(r'<th scope="col"[^>]*>([^<]*)<', head).index("Cases to decide")
    cells = re.findall(r"<td[^>]*>([^<]*)<", text)  # from the cell after the link's
    return int(cells[at - 1])


def words_of(text, pattern):
    plain = Page(text).text if "<html" in text else text
    return int(re.search(pattern, plain)[1].replace(",", ""))


def rows_of_status(home):
    """`status` ends with 1 where someone should look; what it states is asked here."""
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
    has_cases = asked.is_file() and any(int(row["Cases"]) for row in table(asked))
    assert has_cases == bool(standings.count("site"))
    changes = table(newest / "data" / "changes.csv")
    assert numbers_by_link(page)["decided"] == len(changes)
    assert "explained" in {row["Standing"] for row in changes}


@pytest.fixture(scope="module")
def desk(home):
    """The desk of the home, and what its owner may see there."""
    opened = OpenHome(home.path)
    context = opened.context(Principal(0, "root", (), is_alone=True))
    yield opened, context
    opened.close()


def test_sites_that_need_a_decision(home, newest, desk):
    """The report counted those of its week, `status` and the desk all that wait."""
    sites = {
        row["site"] for row in rows_of(schoolbell("sites", "list", "--json", "--home", home.path))
    }
    # a site that only leads are about has no case and needs no decision
    in_report = {
        row["Site"] for row in table(newest / "data" / "sites-to-decide.csv") if int(row["Cases"])
    }
    page = Page((newest / "index.html").read_text(encoding="utf-8")).text
    assert in_report == sites == {row["site"] for row in sites_page(*desk)["sites"]}
    assert f"{len(sites)} sites need your decision" in page


def test_overdue_is_one_measure(newest, waiting, desk):
    """Every card said that a decision was due; the desk called some overdue."""
    page = Page((newest / "index.html").read_text(encoding="utf-8")).text
    ids = {row["case_id"] for row in waiting}
    (due,) = {case.due for case in desk[1].cases if case.case_id in ids}
    late = len(waiting) if due < desk[1].today else 0
    assert queue_page(*desk, QueueFilter("overdue"), 0)["size"] == late
    assert (f"All {late} are overdue." in page) == bool(late)
    cards = set(re.findall(r"A decision was due (\w+, \w+ \d+)|decide by (\w+,)", page))
    assert cards == {(day(due), "")} if late else cards


def test_the_weeks_of_the_desk_are_those_of_the_report(home, desk):
    with open_district(home.path) as district:
        facts = {
            row["week"]: row["facts"]["numbers"]["needs_review"]
            for row in report_facts(district.store)
        }
    shown = {row["label"]: row["waiting"] for row in weeks_page(*desk)["weeks"]}
    assert shown == {week_of(date.fromisoformat(one)): n for one, n in facts.items()}


def test_a_line_that_two_findings_cite_counts_once(newest, desk):
    """A letter said 109 log lines, the case's page 104, its card 103."""
    rows = {row["Case"]: row for row in table(newest / "data" / "cases.csv")}
    several = [case for case in desk[1].cases if len(case.counted) > 1 and case.case_id in rows]
    assert several
    for case in several:
        size = int(rows[case.case_id]["Log lines"])
        lines = [one for row in case.counted for one in row["record"]["evidence"]]
        assert size == len(set(lines))
        text = Page(letter(desk[1], case, "the office")).text
        assert f"It is based on {size} log line" in text
        shown = (newest / "evidence" / f"{case.case_id}.html").read_text(encoding="utf-8")
        assert f"{size} log line" in Page(shown).text


def test_the_desk_names_schools_and_miles_like_the_report(newest, desk):
    """The desk wrote "1,029 km away" and "at ES and HS", the report neither."""
    rows = {row["Case"]: row for row in table(newest / "data" / "cases.csv")}
    shown = queue_page(*desk, QueueFilter("all"), 0)["rows"]
    both = [(one.claim, rows[one.case_id]["What was seen"]) for one in shown if one.case_id in rows]
    assert len(both) > 5
    assert [pair for pair in both if pair[0] != pair[1]] == []


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
    (told,) = rows_of(schoolbell("replay", "--set", "SA-1.turns=4", "--json", "--home", home.path))
    moved = [row for row in told["differences"] if row["effect"] != "added"]
    assert {row["finding_id"] for row in exported} == kept == stored
    assert told["same"] - told["same_leads"] + len(moved) == len(stored)
    assert of_cases >= stored


def test_a_verdict_on_a_case_is_one_on_each_of_its_findings(district, tmp_path):
    home = district.copy(tmp_path)
    case = next(
        row for row in cases_of(home) if row["findings"] > 1 and row["standing"] == "waiting"
    )
    done = schoolbell(
        "findings",
        "verdict",
        case["case_id"],
        "authorized",
        "--reason",
        "the principal had asked for it",
        "--json",
        "--home",
        home,
    )
    (said,) = rows_of(done)
    listed = rows_of(schoolbell("findings", "list", "--json", "--home", home))
    own = [row for row in listed if row["case_id"] == case["case_id"]]
    assert {row["finding_id"] for row in own} == set(said["finding_ids"])
    assert {(row["status"], row["verdict"]) for row in own} == {("explained", "authorized")}
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
    assert "already signed by Jo Park" in again.err
    for wrong in ("2020-W01", "week 43"):
        assert schoolbell("report", "sign", wrong, "--by", "x", "--home", home.path).code
    assert not schoolbell("report", "--home", home.path).code
    page = Page((newest / "index.html").read_text(encoding="utf-8")).text
    said = f"Signed by Jo Park, director on .*, with {len(waiting)} cases waiting"
    assert re.search(said, page)
    with open_district(home.path) as opened:
        assert open_chain(opened.store, opened.home).verify() is None


def test_what_was_not_judged_is_one_relation(home, newest, desk):
    """Each surface had reasons and sentences of its own."""
    context = desk[1].district
    relation = list(gaps(context.store, context.settings, context.outline, *get_args(Reason)))
    lines = {
        reason: [gap.line for gap in relation if gap.reason == reason]
        for reason in get_args(Reason)
    }
    every = [str(gap) for gap in relation if gap.reason != "field"]
    less = [line for reason in LIMITING for line in lines[reason]]
    (status,) = rows_of_status(home.path)
    reasons = [reason.removesuffix("; next: schoolbell doctor") for reason in status["reasons"]]
    assert [line for line in every if line not in reasons] == []
    checked = schoolbell("check", "--home", home.path).out
    assert [line for line in less + lines["fixed"] if f"{capital(line)}." not in checked] == []
    answers = schoolbell("doctor", "--json", "--home", home.path).out.splitlines()
    (judged,) = [one for one in map(json.loads, answers) if one["check"] == "judged"]
    assert [line for line in less[:MAX_GAPS] if line not in judged["said"]] == []
    steps = start_page(desk[1])["steps"]
    idle = [line for reason in ("rows", "log", "all_lost") for line in lines[reason]]
    assert list(steps.judged.idle) == idle
    absent = [line for reason in ("networks", "keyboards", "events") for line in lines[reason]]
    assert [line for line in absent if line not in steps.absent] == []
    rules = Page((newest / "rules.html").read_text(encoding="utf-8")).text
    files = {file for gap in relation if gap.reason == "rows" for file in gap.what.split(", ")}
    shown = re.findall(r"not yet \(no rows in ([^)]*)\)", rules)
    assert {file for names in shown for file in re.split(", | and ", names)} <= files
    done = json.loads(schoolbell("run", "--json", "--home", home.path).out.splitlines()[-1])
    assert done["cannot_judge"] == less
