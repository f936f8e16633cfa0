"""The desk on its first day and in the words of its users."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.actions.queue_filter import QueueFilter
from pipelines.desk.queue import matching
from pipelines.registry.new_home import create
from pipelines.settings.roles import Principal
from tests.desk.visiting import open_desk


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    home = tmp_path_factory.mktemp("empty") / "home"
    create(home)
    with tempfile.TemporaryDirectory() as folder, open_desk(home, Path(folder) / "desk") as desk:
        yield desk


@pytest.mark.parametrize("page", ["/", "/use", "/proposals", "/weeks"])
def test_a_home_without_logs_leads_to_the_first_steps(empty, page):
    """Use and Proposals ended in "NOT DONE (422)", with a path and a command."""
    answer = empty.visitor().get(page)
    assert answer.status == 200
    assert "No log has been read yet." in answer.text
    assert 'href="/start"' in answer.text
    assert "schoolbell run" not in answer.text
    assert str(empty.home.home.path) not in answer.text
    assert empty.visitor().get("/start").status == 200


def test_new_cases_come_before_older_ones_as_on_page_one(desk):
    """The list of work began with new cases, and "Next case" with the oldest heavy one."""
    home = desk.home
    context = home.context(Principal(0, "root", (), is_alone=True))
    found = matching(home, context, QueueFilter("all"))
    week = found[0].case.monday

    class LaterWeek:
        """The same home, with the report of the week after for half of its cases."""

        def week(self, _context):
            return week

        def known(self, context, monday):
            held = home.known(context, monday)
            return [
                replace(one, case=replace(one.case, week="2020-W01")) if at % 2 else one
                for at, one in enumerate(held)
            ]

    order = matching(LaterWeek(), context, QueueFilter("all"))
    places = [(one.is_student, one.case.monday < week) for one in order]
    assert len(set(places)) > 1
    assert places == sorted(places)
    for place in set(places):
        weights = [one.weight for one, at in zip(order, places, strict=True) if at == place]
        assert weights == sorted(weights)


def test_the_activity_log_has_no_raw_time_and_names_cases_by_number(desk, cases):
    visitor = desk.by_proxy("director")
    visitor.get(f"/cases/{cases[0]}")
    text = visitor.get("/acts").text
    assert '<h1 class="page-title">My activity</h1>' in text or "Activity log</h1>" in text
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d", text)
    assert f">{cases[0]}</a>" not in text
    assert f'href="/cases/{cases[0]}"' in text


def test_a_site_is_for_a_job_of_the_list_and_no_bar_is_typed(desk):
    text = desk.by_proxy("director").get("/sites").text
    choice = text.partition('name="roles"')[2].partition("</select>")[0]
    assert '<option value="staff">Staff</option>' in choice
    assert '<option value="teacher">Staff: teacher</option>' in choice
    assert "separate several" not in text


def test_first_steps_name_rules_by_title_and_one_source_first(empty):
    """A row had 25 codes of rules and a paragraph of commands of a dozen products."""
    text = empty.visitor().get("/start").text
    row = text.partition(">devices.csv</td>")[2].partition("</tr>")[0]
    assert not re.search(r">\s*[A-Z]{2}-\d+", row)
    assert "An account was used on two campuses at the same time" in row
    assert "Get-ADComputer" not in row.partition("<details")[0]
    assert "Get-ADComputer" in row


def test_a_letter_has_no_command_and_begins_with_the_heaviest_finding(desk, cases):
    """It ended "run python3 verify.py", and claimed that every explanation was ruled out."""
    home = desk.home
    context = home.context(Principal(0, "root", (), is_alone=True))
    several = next(case for case in context.cases if len(case.counted) > 1)
    visitor = desk.by_proxy("director")
    text = visitor.get(f"/cases/{several.case_id}/letter").text
    assert "<code>" not in text
    assert "Each innocent explanation that we know of" not in text
    title = re.search(
        r'id="claim" class="claim">([^<]*)', visitor.get(f"/cases/{several.case_id}").text
    )[1]
    first = text.partition("What the logs show</h2>")[2].partition("</li>")[0]
    assert title.rstrip(".") in first


def test_the_queue_asks_no_one_to_decide_who_may_not(desk):
    """The superintendent read "Do these 3 today" above cases that the role cannot decide."""
    asked = {role: desk.by_proxy(role).get("/").text for role in ("director", "superintendent")}
    assert re.search(r"Do these \d today", asked["director"])
    assert "today" not in asked["superintendent"].partition('class="worklist"')[0]
    assert "Open cases:" in asked["superintendent"]
    # on the first page the cases are one folded list under the items
    for text in asked.values():
        assert text.index('class="worklist"') < text.index('<details class="closed one-by-one">')
