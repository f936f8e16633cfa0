"""A log that is missing, what it is expected to decide, and what happened once it was there.

Two people work in the evening at computers that forward no Security log. One had unlocked the
computer (4801); the other one's screen was locked (4800), and its pages refreshed by themselves.
"""

from datetime import date
from types import SimpleNamespace

import pytest

from pipelines.desk.missing_page import missing_page
from pipelines.desk.open_homes import OpenHome
from pipelines.district import open_district
from pipelines.findings.cases import cases
from pipelines.gaps.decision_plan import plan
from pipelines.gaps.forecast import results
from pipelines.gaps.losses import SECURITY_LOG
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.settings.roles import Principal
from pipelines.state.findings import remove_findings, stored_findings
from pipelines.state.forecasts import forecasts
from tests.journey.commands import schoolbell
from tests.journey.small import copied
from tests.scenarios import places
from tests.scenarios.off_hours import evening_at_the_desk
from tests.scenarios.running import deliver
from tests.scenarios.story import Story

TUESDAY, MONDAY = date(2026, 3, 3), date(2026, 3, 2)
DIRECTOR, OPERATOR = Principal(1, "ada", ("director",)), Principal(2, "bo", ("operator",))


def told():
    """Return the story, and its registry."""
    story = Story(TUESDAY)
    evening_at_the_desk(story)
    story.logon("cpark", "es-cpark", "07:45")
    story.surf("cpark", "es-cpark", "08:00", ("mail.school.example",), minutes=20)
    story.lock("cpark", "es-cpark", "15:35")
    story.surf("cpark", "es-cpark", "19:40", ("video.example", "news.example"), minutes=20)
    return story, places.registry(TUESDAY, {})


def seen(path):
    """Return the plan, the results and both pages of a home."""
    with open_district(path) as district:
        known = cases(district.store)
        found = SimpleNamespace(
            plan=plan(district, known, MONDAY),
            results=results(district, known),
            expected=forecasts(district.store),
        )
    home = OpenHome(path)
    try:
        found.director, found.operator = (
            missing_page(home, home.context(asker)) for asker in (DIRECTOR, OPERATOR)
        )
    finally:
        home.close()
    found.path, found.status = path, schoolbell("status", "--home", path)
    return found


@pytest.fixture(scope="module")
def told_twice(tmp_path_factory):
    """The home without the Security log, and with it."""
    path = tmp_path_factory.mktemp("missing") / "home"
    create(path)
    story, registry = told()
    (path / "district.toml").write_text(places.SETTINGS)
    for name, text in registry.items():
        (path / "registry" / name).write_text(text)
    windows = {"windows": story.lines.pop("windows")}
    deliver(path, [story])
    run(path, settle_seconds=0)
    before = seen(path)
    story.lines = windows
    deliver(path, [story])
    run(path, settle_seconds=0)
    return before, seen(path)


def test_the_log_that_would_decide_most_is_the_first_step(told_twice):
    before, _ = told_twice
    first, *others = before.plan.steps
    assert first.remedies == (SECURITY_LOG,)
    assert (len(first.cases), len(first.leads), first.devices) == (0, 2, 2)
    assert not any(step.cases or step.leads for step in others)
    assert [gap.lost for gap in first.gaps] == [15]


def test_a_run_notes_what_it_expects(told_twice):
    before, after = told_twice
    assert [(row["remedy"], row["standing"]) for row in before.expected] == [
        (SECURITY_LOG, "lead")
    ] * 2
    assert after.expected == before.expected
    assert before.results == []


def test_what_happened_is_compared_with_what_was_expected(told_twice):
    """One unlocked the computer; the locked screen of the other one shows no one."""
    _, after = told_twice
    (result,) = after.results
    assert (result.remedies, result.cases, result.leads) == ((SECURITY_LOG,), 0, 2)
    assert result.outcomes == {"ruled out": 1, "gone": 1}
    assert SECURITY_LOG not in {words for step in after.plan.steps for words in step.remedies}
    assert (after.plan.waiting, after.plan.tested) == (1, 1)


def test_the_page_shows_the_way_and_the_work(told_twice):
    before, after = told_twice
    first = before.director["steps"][0]
    assert (first["title"], first["leads"], first["devices"]) == ("The Security logs", "2", "2")
    assert "Audit Other Logon/Logoff Events" in first["ways"][0]["steps"][0]
    assert first["work"].startswith("about half a day or more: one policy, and a collector")
    assert first["where"] == "ES and HS"
    assert {name for name, _ in first["links"]} == {row["case_id"] for row in before.expected}
    assert before.director["results"] == []
    (row,) = after.director["results"]
    assert (row["leads"], row["ends"]) == ("2", ["1", "0", "1", "0", "0"])


def test_an_operator_sees_no_small_count_and_no_place_of_a_case(told_twice):
    before, after = told_twice
    first = before.operator["steps"][0]
    assert (first["leads"], first["devices"], first["where"]) == (*["fewer than 5"] * 2, "")
    assert first["links"] == []
    assert after.operator["waiting"] == "fewer than 5"
    assert (after.operator["tested"], after.operator["rest"]) == ("", "")
    assert (after.director["tested"], after.director["rest"]) == ("1", "0")
    assert set(after.operator["results"][0]["ends"]) == {"fewer than 5", "0"}


def test_status_names_the_log_as_long_as_it_is_missing(told_twice):
    before, after = told_twice
    assert "2 of 4 open findings, leads included, could be decided with" in before.status.err
    assert "could be decided with" not in after.status.err


def test_an_expectation_is_deleted_with_its_case(told_twice, tmp_path):
    _, after = told_twice
    path = copied(after.path, tmp_path / "home")
    with open_district(path) as district:
        with district.store.writing() as connection:
            remove_findings(
                connection, [row["finding_id"] for row in stored_findings(district.store)]
            )
        assert forecasts(district.store) == []
