"""The API of the desk: what the pages show, by token and role, and nothing that acts."""

import json
from base64 import b64encode
from datetime import date, timedelta
from html import unescape

import pytest
from icalendar import Calendar
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from pipelines.desk.api import BASE, ENDPOINTS, MIN_TOKEN, document
from pipelines.findings.cases import queue
from pipelines.settings.roles import Tickets
from pipelines.state.audit import open_chain
from tests.desk.conftest import SETTINGS, with_settings
from tests.desk.visiting import open_desk

LAST_WEEK = date.today() - timedelta(days=7)  # noqa: DTZ011 - a day of the settings, any zone
WORDS = {role: f"{role}-" + "t" * MIN_TOKEN for role in ("analyst", "operator", "director", "old")}
TOKENS = "".join(
    f'[desk.tokens.{name}]\nrole = "{"analyst" if name == "old" else name}"\n'
    f'secret = {{ env = "SCHOOLBELL_TEST_TOKEN_{name.upper()}" }}\n'
    + (f"until = {LAST_WEEK}\n" if name == "old" else "")
    for name in WORDS
)
TICKETS = """
[desk.tickets]
new = "https://jira.example/new?summary=Case+{number}&description={address}"
view = "https://jira.example/browse/{ticket}"
mail = "helpdesk@school.example"
"""
ADDRESS = '[desk]\naddress = "https://desk.school.example"\n'


@pytest.fixture(scope="module")
def desk(district, tmp_path_factory, sockets, secret):
    settings = SETTINGS.replace("[desk]\n", ADDRESS) + TOKENS + TICKETS
    with pytest.MonkeyPatch.context() as patch:
        for name, word in WORDS.items():
            patch.setenv(f"SCHOOLBELL_TEST_TOKEN_{name.upper()}", word)
        home = with_settings(district.copy(tmp_path_factory.mktemp("api")), settings)
        with open_desk(home, sockets / "api") as opened:
            yield opened


def program(desk, name):
    return desk.visitor(headers={"Authorization": f"Bearer {WORDS[name]}"})


def read(desk, name, path):
    answer = program(desk, name).get(path)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def test_the_document_is_valid_and_lists_every_address(desk):
    made = json.loads(desk.visitor().get(f"{BASE}/openapi.json").text)
    assert made == json.loads(json.dumps(document()))
    validate(made)
    assert set(made["paths"]) == {one.path for one in ENDPOINTS}
    assert all(set(one) == {"get"} for one in made["paths"].values())


def test_cases_are_those_of_the_queue(desk):
    found = read(desk, "analyst", f"{BASE}/cases?limit=500")
    with_students = {one["case_id"] for one in found["cases"]}
    page = desk.by_proxy("analyst").get("/?show=waiting")
    for one in found["cases"]:
        assert one["sentence"] in unescape(page.text)
        assert one["number"] in page.text
        name = f"{one['week']}-{one['number'].rpartition('-')[2]}"
        assert one["address"] == f"https://desk.school.example/cases/{name}"
    waits = queue(desk.home.district.store, desk.home.district.home, desk.home.district.reading)
    assert with_students == {case.case_id for case in (*waits.cases, *waits.of_students)}
    assert found["total"] == len(with_students)
    anomalies = read(desk, "analyst", f"{BASE}/cases?kind=anomaly&show=all")["cases"]
    assert anomalies
    assert {one["kind"] for one in anomalies} == {"anomaly"}
    assert len(read(desk, "analyst", f"{BASE}/cases?limit=1&offset=1")["cases"]) == 1


def test_a_case_names_no_account_or_device_and_its_reading_is_recorded(desk):
    known = {case.case_id: case for case in desk.home.cases}
    accounts = {row["subject"] for case in known.values() for row in case.findings}
    devices = {
        name
        for case in known.values()
        for row in case.findings
        for name in row["record"]["devices"]
    }
    first = read(desk, "analyst", f"{BASE}/cases?show=all")["cases"][0]["case_id"]
    for one in read(desk, "analyst", f"{BASE}/cases?show=all&limit=500")["cases"]:
        text = json.dumps(read(desk, "analyst", f"{BASE}/cases/{one['case_id']}"))
        assert not [
            name for name in accounts | devices if f'"{name}"' in text or f" {name} " in text
        ]
    made = read(desk, "analyst", f"{BASE}/cases/{first}")
    assert len(made["findings"]) == len(known[first].counted)
    assert all(one["subject"] in one["sentence"] for one in made["findings"])
    noted = open_chain(desk.home.district.store, desk.home.home).entries()
    seen = [(one.actor, one.action) for one in noted if one.case == first]
    assert ("token analyst (token)", "read case") in seen
    assert program(desk, "analyst").get(f"{BASE}/cases/c-000000000000").status == 404


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.path)
def test_who_may_read_what(desk, one, cases_of_desk):
    path = one.path.replace("{case}", cases_of_desk[0])
    expected = 403 if one.right else 200
    assert program(desk, "operator").get(path).status == expected
    assert program(desk, "director").get(path).status == 200
    assert program(desk, "old").get(path).status == 401
    assert desk.visitor().get(path).status == 401
    assert desk.visitor().get(path).headers["www-authenticate"].startswith("Basic")
    wrong = desk.visitor(headers={"Authorization": "Bearer " + "x" * MIN_TOKEN})
    assert wrong.get(path).status == 401
    # a session of a person is not a token, and a token is not a session
    assert desk.by_proxy("director").get(path).status == 401
    assert program(desk, "director").get("/").headers["location"] == "/signin"
    assert program(desk, "director").post(path, {}).status in (404, 405)


@pytest.fixture
def cases_of_desk(desk):
    return [one["case_id"] for one in read(desk, "analyst", f"{BASE}/cases")["cases"]]


def test_a_token_cannot_act(desk, cases_of_desk):
    fields = {"case": cases_of_desk[0], "code": "benign", "reason": "it was allowed"}
    answer = program(desk, "director").post("/act/verdict", fields)
    assert answer.status in (303, 403)
    assert not [
        one
        for one in open_chain(desk.home.district.store, desk.home.home).entries()
        if one.action == "verdict"
    ]


def test_wrong_tokens_are_limited(district, tmp_path, sockets, secret, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_TEST_TOKEN_ANALYST", WORDS["analyst"])
    home = with_settings(district.copy(tmp_path), SETTINGS + TOKENS)
    with open_desk(home, sockets / "limit") as opened:
        wrong = opened.visitor(headers={"Authorization": "Bearer guess"})
        statuses = [wrong.get(f"{BASE}/runs").status for _ in range(31)]
        right = program(opened, "analyst").get(f"{BASE}/runs").status
    assert (statuses, right) == ([401] * 30 + [429], 200)


def test_a_short_token_is_not_accepted(district, tmp_path, sockets, secret, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_TEST_TOKEN_ANALYST", "short")
    home = with_settings(district.copy(tmp_path), SETTINGS + TOKENS)
    with open_desk(home, sockets / "short") as opened:
        assert (
            opened.visitor(headers={"Authorization": "Bearer short"}).get(f"{BASE}/runs").status
            == 401
        )
        assert (
            opened.visitor(headers={"Authorization": "Bearer "}).get(f"{BASE}/runs").status == 401
        )


def test_tokens_are_recorded_like_roles(desk):
    noted = open_chain(desk.home.district.store, desk.home.home).entries()
    (newest, *_) = [one.subject for one in noted if one.action == "roles"][::-1]
    assert "token director: director" in newest


def test_metrics_are_those_of_status(desk):
    text = program(desk, "operator").get("/metrics").text
    found = {
        (sample.name, sample.labels.get("source", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    runs = read(desk, "operator", f"{BASE}/runs")
    assert found["schoolbell_days_to_build", ""] == runs["days_to_build"]
    assert found["schoolbell_last_run_timestamp_seconds", ""] > 0
    sources = read(desk, "operator", f"{BASE}/sources")["sources"]
    assert sources
    for one in sources:
        assert found["schoolbell_source_lines", one["source"]] == one["lines"] > 0
        assert ("schoolbell_source_newest_event_timestamp_seconds", one["source"]) in found
    assert "case" not in text


def test_the_calendar_counts_what_waits(desk):
    word = b64encode(f"anyone:{WORDS['director']}".encode()).decode()
    answer = desk.visitor(headers={"Authorization": f"Basic {word}"}).get("/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.text).walk("VEVENT")
    waits = queue(desk.home.district.store, desk.home.district.home, desk.home.district.reading)
    cases = [*waits.cases, *waits.of_students]
    assert {event.decoded("dtstart") for event in events} == {case.due for case in cases}
    told = " ".join(str(event["description"]) for event in events)
    assert all(case.label in told for case in cases)
    assert sum(int(str(event["summary"]).split()[1]) for event in events) == len(cases)
    context = desk.home.context(None)
    assert not [case for case in cases if context.subject(case.heaviest) in told]


@pytest.mark.parametrize("template", ["{number", "number}", "{}", "{number.real}", "{number!r}"])
def test_a_ticket_address_with_other_braces_is_refused(template):
    """A lone brace passed the settings, and the page of each case failed."""
    assert Tickets(new="https://jira.example/new?summary={number}")
    with pytest.raises(ValueError, match="no other braces"):
        Tickets(new=f"https://jira.example/new?summary={template}")


def test_a_ticket_is_kept_at_its_case(desk, cases_of_desk):
    case, director = cases_of_desk[0], desk.by_proxy("director")
    page = director.get(f"/cases/{case}")
    label, name = next(
        (one.label, one.full_label) for one in desk.home.cases if one.case_id == case
    )
    # the id is a hash of the person, which others who read tickets could try
    link = f"https%3A%2F%2Fdesk.school.example%2Fcases%2F{name}"
    assert director.get(f"/cases/{name}").status == 200
    assert f"https://jira.example/new?summary=Case+{label}&description={link}" in unescape(
        page.text
    )
    assert f"mailto:helpdesk@school.example?subject=Case%20{label}" in unescape(page.text)
    assert director.act(f"/cases/{case}", "ticket", ticket="NET-1042").status == 303
    assert 'href="https://jira.example/browse/NET-1042"' in director.get(f"/cases/{case}").text
    assert read(desk, "analyst", f"{BASE}/cases/{case}")["ticket"] == "NET-1042"
    for wrong in ("javascript:alert(1)", "a b", "x" * 41):
        assert director.act(f"/cases/{case}", "ticket", ticket=wrong).status == 422
    assert director.act(f"/cases/{case}", "ticket", ticket="").status == 303
    assert read(desk, "analyst", f"{BASE}/cases/{case}")["ticket"] == ""
