"""Tickets: opened once, without names, in each kind of system; their status comes back."""

import json
import re
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.actions.ticket_actions import SendTicketInput, send_ticket
from pipelines.alerts.ticket_services import SERVICES
from pipelines.alerts.tickets import send_tickets, tried_tickets, why_not
from pipelines.cli.options import open_context
from pipelines.district import open_district
from pipelines.errors import SettingsError
from pipelines.findings.cases import cases, queue
from pipelines.run.run import run
from pipelines.state.audit import open_chain
from pipelines.state.reviews import put_ticket, tickets
from pipelines.state.sent_tickets import newest_of_cases, ticket_problem
from tests.desk.visiting import open_desk
from tests.journey.commands import schoolbell
from tests.tickets.systems import LOST, SETTINGS, TOKEN

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def sent(context, case, now=NOW):
    """Request a ticket, and do what follows in the background."""
    send_ticket.perform(context, SendTicketInput(case=case.case_id))
    return send_tickets(context.district, now, sleep=lambda _seconds: None)


def again(context, now=LATER):
    return send_tickets(context.district, now, sleep=lambda _seconds: None)


@pytest.fixture
def opened(home_of):
    """Open the home of a system as its owner."""
    with ExitStack() as stack:
        yield lambda system, **more: stack.enter_context(
            open_context(home_of(system, **more), "verdict")
        )


def first(context):
    return queue(context.district.store, context.district.home, context.district.reading).cases[0]


def row_of(context, case):
    return newest_of_cases(context.district.store)[case.case_id]


def test_a_ticket_is_opened_and_its_status_comes_back(opened, system):
    context = opened(system)
    case = first(context)
    number = sent(context, case).opened[0]
    assert tickets(context.district.store)[case.case_id] == number
    (ident,) = system.tickets
    title = system.tickets[ident][0]
    assert title.startswith(f"Case {case.week}-{case.number[3:]}: ")
    assert row_of(context, case)["status"] == "open"
    system.tickets[ident][1] = True
    assert again(context).problem == ""
    assert row_of(context, case)["status"] == "closed"
    # a closed ticket decides nothing
    now = next(one for one in cases(context.district.store) if one.case_id == case.case_id)
    assert now.status == "open"
    system.tickets[ident][1] = False
    again(context)
    assert row_of(context, case)["status"] == "open"
    assert system.asked.count("create") == 1


def test_no_name_and_nothing_that_names_leaves(opened, system):
    context = opened(system)
    found = cases(context.district.store)[:12]
    for case in found:
        if case.number:
            sent(context, case)
    told = " ".join(system.bodies)
    assert f"https://desk.school.example/cases/{found[0].full_label}" in told
    for case in found:
        canaries = {case.case_id, case.person.removeprefix("nobody:")}
        for row in case.findings:
            canaries |= {row["subject"], context.subject(row), row["finding_id"]}
            canaries |= set(row["record"]["devices"])
        assert not [one for one in canaries if str(one) in told]
    assert TOKEN not in told


def test_a_ticket_whose_answer_was_lost_is_not_opened_twice(opened, system):
    context = opened(system)
    case = first(context)
    system.faults = [("create", LOST, {})]
    lost = sent(context, case)
    assert (lost.opened, lost.waiting) == ((), 1)
    assert "no whole answer" in lost.problem
    assert len(system.tickets) == 1
    assert again(context).opened == (tickets(context.district.store)[case.case_id],)
    assert system.asked.count("create") == len(system.tickets) == 1


def test_a_search_that_does_not_show_the_ticket_yet_opens_none(opened, jira):
    context = opened(jira)
    jira.faults = [("create", LOST, {})]
    sent(context, first(context))
    jira.hidden = set(jira.tickets)
    assert "may not show the ticket yet" in again(context, NOW + timedelta(minutes=2)).problem
    jira.hidden = set()
    assert len(again(context).opened) == len(jira.tickets) == 1


def test_a_failure_of_the_server_before_it_acted_is_tried_again(opened, system):
    context = opened(system)
    system.faults = [("create", 502, {})]
    assert sent(context, first(context)).waiting == 1
    assert len(again(context).opened) == len(system.tickets) == 1


def test_a_limit_is_kept_to_and_the_ticket_opened_once(opened, system):
    context = opened(system)
    system.faults = [("create", 429, {"Retry-After": "2"})]
    slept = []
    send_ticket.perform(context, SendTicketInput(case=first(context).case_id))
    assert send_tickets(context.district, NOW, sleep=slept.append).opened
    assert slept == [2.0]
    assert len(system.tickets) == 1


def test_a_long_limit_waits_for_the_next_run(opened, jira):
    context = opened(jira)
    jira.faults = [("create", 429, {"Retry-After": "3600"})]
    assert "more than this run has" in sent(context, first(context)).problem
    assert again(context).opened


def test_a_refused_sign_in_is_a_clear_problem(opened, system):
    context = opened(system)
    system.faults = [("create", 401, {})]
    problem = sent(context, first(context)).problem
    assert "it answers 401" in problem
    assert "Renew the secret of [desk.tickets]" in problem
    assert TOKEN not in problem
    assert "1 ticket is not opened" in ticket_problem(context.district.store)
    assert again(context).opened
    assert ticket_problem(context.district.store) == ""


def test_a_ticket_that_was_deleted_there_may_be_sent_again(opened, system):
    context = opened(system)
    case = first(context)
    sent(context, case)
    with pytest.raises(SettingsError, match="it has ticket"):
        sent(context, case)
    system.tickets.clear()
    again(context)
    assert row_of(context, case)["status"] == "gone"
    assert len(again(context).opened) == 0
    sent(context, case)
    assert len(system.tickets) == 1


def test_a_redirect_is_not_followed(opened, jira):
    context = opened(jira)
    jira.faults = [("create", 302, {"Location": "https://elsewhere.example/"})]
    problem = sent(context, first(context)).problem
    assert "a redirect to elsewhere.example, which is not followed" in problem
    assert "[desk.tickets]" in problem


def test_a_number_that_a_person_stored_stays(opened, jira):
    context = opened(jira)
    case = first(context)
    with context.district.store.writing() as connection:
        put_ticket(connection, case.case_id, "NET-7", "ada")
    with pytest.raises(SettingsError, match="it has ticket NET-7"):
        sent(context, case)
    assert jira.asked == []


def test_a_run_sends_new_cases_by_itself_and_goes_on_when_the_system_is_gone(home_of, jira):
    home = home_of(jira, automatic=True)
    port = jira.server.server_port
    done = run(home, settle_seconds=0)
    assert done.tickets.opened
    with open_district(home) as district:
        found = queue(district.store, district.home, district.reading)
        numbered = newest_of_cases(district.store)
        assert numbered.keys() <= {case.case_id for case in found.cases}
        assert not numbered.keys() & {case.case_id for case in found.of_students}
    jira.close()
    done = run(home, settle_seconds=0)
    assert "no whole answer" in done.tickets.problem
    status = schoolbell("status", "--home", home)
    assert "the status of tickets is not current" in status.err
    assert f":{port}" not in status.err
    jira.server = type("Closed", (), {"shutdown": lambda _: None, "server_close": lambda _: None})()


def test_a_case_without_a_number_gets_no_ticket_because_its_id_would_leave(opened, jira):
    context = opened(jira)
    case = first(context)
    assert not why_not(context.district.store, case)
    assert why_not(context.district.store, replace(case, number="")) == "it has no number yet"


def test_nothing_is_sent_without_a_service(district, tmp_path):
    with open_context(district.copy(tmp_path / "plain"), "verdict") as context:
        with pytest.raises(SettingsError, match="no ticket system is configured"):
            sent(context, first(context))
        assert send_tickets(context.district, NOW).lines is not None
        assert newest_of_cases(context.district.store) == {}


def test_doctor_searches_for_a_ticket_that_does_not_exist(opened, system):
    context = opened(system)
    assert tried_tickets(context.district.settings) == ""
    assert system.asked == ["search"]
    system.faults = [("search", 403, {})]
    assert "a right is missing" in tried_tickets(context.district.settings)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('service = "jiro"', "this kind of ticket system does not exist"),
        ('service = "jira"\nurl = "http://jira.example"', "is not the address of a service"),
        ('service = "jira"\nurl = "https://jira.example"\ntoken = "x"', "must be a reference"),
        ('url = "https://jira.example"', "is an unknown key as long as service is empty"),
    ],
)
def test_check_names_the_line_of_a_wrong_setting(district, tmp_path, table, words):
    home = district.copy(tmp_path / "wrong")
    file = home / "district.toml"
    kept = file.read_text(encoding="utf-8").replace("\n[desk.tickets]\n", "\n# tickets\n")
    file.write_text(f"{kept}\n[desk.tickets]\n{table}\n", encoding="utf-8")
    told = schoolbell("check", "--home", home)
    assert words in " ".join((told.out + told.err).split())
    assert re.search(r"district\.toml:\d+: desk\.tickets", told.out + told.err)


def test_every_kind_is_tested():
    assert set(SERVICES) == set(SETTINGS)


def test_text_of_a_system_that_is_no_number_is_not_stored():
    for name, service in SERVICES.items():
        fields = {"id": "<b>", "TicketId": "<b>", "title": "x"}
        assert service.ticket(None, json.loads(json.dumps(fields))) is None, name


def acts(home):
    with open_district(home) as district:
        found = open_chain(district.store, district.home).entries()
        return [(one.action, one.subject) for one in found if "ticket" in one.action]


def test_the_button_and_the_command_leave_the_same_entries(home_of, jira, tmp_path):
    home = home_of(jira)
    with open_context(home, "verdict") as context:
        here, there = queue(
            context.district.store, context.district.home, context.district.reading
        ).cases[:2]
    assert schoolbell("findings", "send-ticket", here.full_label, "--home", home).code == 0
    socket = Path(tempfile.mkdtemp(prefix="sb-")) / "desk"
    with open_desk(home, socket) as desk:
        visitor = desk.visitor()
        form = visitor.get(f"/cases/{there.case_id}").form("/act/send-ticket")
        assert visitor.post("/act/send-ticket", form).status == 303
        for _ in range(200):
            if len(jira.tickets) == 2 and len(acts(home)) == 4:
                break
            time.sleep(0.05)
        page = visitor.get(f"/cases/{there.case_id}").text
        link = f'<a href="{jira.url}/browse/NET-1001" rel="noreferrer">NET-1001</a>'
        assert f"{link} (open there, " in page
        assert "The ticket decides nothing about the case." in page
        assert "/act/send-ticket" not in page
        assert "ticket NET-1001: open" in visitor.get("/?show=all").text
    assert acts(home) == [
        (action, case.case_id) for case in (here, there) for action in ("send ticket", "ticket")
    ]
