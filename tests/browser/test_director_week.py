"""A director's week at the desk, from the mail's link to the signature, in fifteen minutes.

The person clicks what the pages offer: no address is typed, and no shortcut is used.
"""

import re

import pytest

from pipelines.district import open_district
from pipelines.reports.sign_off import signatures
from pipelines.settings.roles import Principal
from pipelines.state.alert_records import outbox
from pipelines.state.reviews import requests
from tests.browser.looking import CHROMIUM
from tests.browser.person import Person
from tests.desk.conftest import SETTINGS, with_settings
from tests.desk.visiting import PEOPLE, SECRET, open_desk
from tests.journey import small
from tests.journey.commands import schoolbell
from tests.journey.test_one_number import (
    DESK,
    OFFICE,
    REPORT,
    dagster_numbers,
    rows_of_status,
    words_of,
)
from tests.sections.test_weekly import numbers_by_link

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
SCREEN = {"viewport": {"width": 1366, "height": 768}}
MAX_MINUTES = 15
"""For thirty cases; `tests/desk/test_speed.py` measures the time of the pages themselves."""
READ = (
    "#claim", ".notice", ".next", "dt:has-text('What was seen') + dd",
    "dt:has-text('How sure') + dd",
)  # fmt: skip
"""Parts of a case that a director reads before a verdict.

*How sure* counts the explanations that were ruled out; their list is below it.
"""
DECIDED = ("explained", "confirmed")


@pytest.fixture
def desk(tmp_path_factory, tmp_path, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_TEST_PROXY", SECRET)
    home = small.small(tmp_path_factory.getbasetemp()).copy(tmp_path)
    with open_desk(with_settings(home, SETTINGS), tmp_path / "desk.socket") as opened:
        yield opened


@pytest.fixture
def director(browser, desk):
    headers = {
        "X-Remote-User": PEOPLE["director"],
        "X-Remote-Groups": "directors",
        "X-Schoolbell-Proxy": SECRET,
    }
    base = f"http://127.0.0.1:{desk.port}"
    context = browser.new_context(base_url=base, extra_http_headers=headers, **SCREEN)
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.goto("/")
    yield Person(page)
    context.close()


def waiting(desk):
    return [
        case
        for case in desk.home.cases
        if case.standing(case.monday) == "waiting" and case.undecided
    ]


def decide_group(person):
    """Decide like cases on the page that lists them."""
    page = person.page
    person.reads(".notice", ".covered")
    record(person, "Authorized", "the schedule shows it was allowed", "Record for all of them")
    page.locator(".told", has_text="decided: authorized").wait_for()


def record(person, verdict, reason, button):
    page = person.page
    person.clicks_on(page.get_by_label(verdict))
    if page.locator(".reuse:visible", has_text=reason).count():
        person.clicks_on(page.locator(".reuse:visible", has_text=reason).first)
    else:
        person.writes(page.locator(".first-reason"), reason)
    person.clicks_on(page.get_by_role("button", name=button))


def decide_one(person):
    """Decide the case that is open."""
    page = person.page
    label = page.title().partition(" - ")[0].removeprefix("Case ")
    person.reads(*READ)
    record(person, "Benign", "the supervisor confirmed it", "Record the verdict")
    page.locator(".told", has_text=f"{label} is decided").wait_for()


def test_a_week_is_decided_and_signed_in_fifteen_minutes(director, desk):
    page, person = director.page, director
    total = len(waiting(desk))
    assert total >= 10
    person.reads(".worklist")
    # a case that another office has to look at goes there first, by two people
    person.clicks_on(page.locator(".worklist a[href^='/cases/']").first)
    person.reads(*READ)
    person.clicks_on(page.get_by_text("Refer to another office"))
    reason = page.locator("form[action='/act/refer'] textarea")
    person.writes(reason, "the owner was away that day")
    person.clicks_on(page.get_by_role("button", name="Refer", exact=True))
    page.get_by_text("What happens next").wait_for()
    assert len(requests(desk.home.district.store)) == 1
    # then the list of work: like cases together, the others one by one
    while waiting(desk):
        person.clicks_on(page.get_by_role("link", name="Queue").first)
        person.reads(".worklist li")
        person.clicks_on(page.locator(".worklist a").first)
        if "/cases/" in page.url:
            decide_one(person)
        else:
            decide_group(person)
    assert sum(case.status in DECIDED for case in desk.home.cases) >= total
    # sites: one is put on the list, after its effect was shown
    person.clicks_on(page.get_by_role("link", name="Sites"))
    person.reads("main table")
    person.clicks_on(page.locator("main table a").first)
    person.writes(page.locator("form[action='/try/site'] textarea"), "used in lessons")
    person.clicks_on(page.get_by_role("button", name="Preview the effect"))
    page.get_by_role("button", name="Put it on the list").wait_for(timeout=60_000)
    person.reads("main")
    person.clicks_on(page.get_by_role("button", name="Put it on the list"))
    page.locator(".told", has_text="is on the list").wait_for()
    # the week is signed with the count that its page shows
    person.clicks_on(page.get_by_role("link", name="Weeks", exact=True))
    week = page.locator("section.part", has=page.get_by_text("Sign the week")).first
    shown = re.search(r"(\d+) cases? needs? a decision", week.inner_text())[1]
    person.reads("section.part")
    person.clicks_on(week.get_by_text("Sign the week"))
    confirm = week.locator("input[type=checkbox]")
    if confirm.count():
        person.clicks_on(confirm)
    person.clicks_on(week.get_by_role("button", name="Sign"))
    page.locator(".told", has_text="is signed by").wait_for()
    (signed,) = signatures(desk.home.district.store, desk.home.district.home).values()
    assert signed.waiting == int(shown)
    seen = f"{person.minutes:.1f} minutes, {person.clicks} clicks, {total} cases"
    print(seen)
    assert person.minutes <= MAX_MINUTES, seen
    assert page.said == []


def sign(person):
    """Sign the newest week; return the number of open cases that its page shows."""
    page = person.page
    person.clicks_on(page.get_by_role("link", name="Weeks", exact=True))
    week = page.locator("section.part", has=page.get_by_text("Sign the week")).first
    shown = int(re.search(r"(\d+) cases? needs? a decision", week.inner_text())[1])
    person.clicks_on(week.get_by_text("Sign the week"))
    if week.locator("input[type=checkbox]").count():
        person.clicks_on(week.locator("input[type=checkbox]"))
    person.clicks_on(week.get_by_role("button", name="Sign"))
    page.locator(".told", has_text="is signed by").wait_for()
    return shown


def written(home, plain):
    """Write report, mail and list of the week anew, as the nightly run does."""
    settings = home / "district.toml"
    without = re.sub(r"^\[alerts\]\n", "", plain, flags=re.MULTILINE)
    mailed = without.replace("\n[report]\n", f"\n{REPORT}") + OFFICE
    settings.write_text(mailed, encoding="utf-8")
    assert not schoolbell("report", "--home", home).code
    # anyone who gets the report by mail gets no list of the week: another reader does
    settings.write_text(without + DESK, encoding="utf-8")
    assert not schoolbell("alerts", "send", "--home", home).code
    settings.write_text(plain, encoding="utf-8")


def test_no_number_differs_after_a_week_decided_by_clicks(director, desk):
    """Page, mail, list, `status`, desk and Dagster: each counts what the clicks left."""
    page, person, home = director.page, director, desk.home.home.path
    plain = (home / "district.toml").read_text(encoding="utf-8")
    total = len(waiting(desk))
    for _ in range(2):
        person.clicks_on(page.get_by_role("link", name="Queue").first)
        person.clicks_on(page.locator(".worklist a").first)
        if "/cases/" in page.url:
            decide_one(person)
        else:
            decide_group(person)
    left = len(waiting(desk))
    assert 0 < left < total
    signed = sign(person)
    written(home, plain)
    with open_district(home) as district:
        mail = [row for row in outbox(district.store) if row["class_name"] == "report"][-1]
        (sheet,) = [row for row in outbox(district.store) if row["class_name"] == "weekly"][-1:]
    newest = max((home / "reports").glob("2*-W*"))
    report = (newest / "index.html").read_text(encoding="utf-8")
    (status,) = rows_of_status(home)
    page.goto("/")
    queue = page.locator("main").inner_text()
    page.goto("/weeks")
    opened = desk.home, desk.home.context(Principal(0, "root", (), is_alone=True))
    facts = dagster_numbers(opened, newest)
    cases = r"(\d+) cases?"
    seen = {
        "the signature": signed,
        "page one": numbers_by_link(report)["needs-you"],
        "its signature": words_of(report, rf"Signed by [^<]*, with {cases} waiting"),
        "the mail": words_of(mail["message"], r"Needs you: (\d+)"),
        "its subject": words_of(mail["subject"], rf"{cases}(?: in \d+ items?)? to decide"),
        "the list": words_of(sheet["message"], rf"{cases}(?: in \d+ items?)? waits? for"),
        "status": status["cases_to_decide"],
        "the queue": words_of(queue, r"(\d+) needs? a decision in total"),
        "the week at the desk": words_of(
            page.locator("main").inner_text(), rf"{cases} needs? a decision up to this week"
        ),
        "Dagster": facts["cases_to_decide"],
    }
    assert seen == dict.fromkeys(seen, left)
    others = {"shared-accounts": "shared_accounts", "new-sites": "new_sites"}
    told = {key: facts[name] for key, name in others.items()}
    assert told == {key: numbers_by_link(report)[key] for key in others}
    assert page.said == []
