"""The desk in a real browser: decided in four clicks, by keys, without scripts."""

import contextlib
import time

import pytest

from tests.browser.looking import CHROMIUM, RULES, SMALL, WIDE, _axe_source
from tests.conftest import LONG
from tests.desk.visiting import PEOPLE, SECRET

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
CASE = ".worklist a[href^='/cases/']"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
WIDE_SCREEN = {"viewport": {"width": 1366, "height": 768}}
PLACES = (
    "/", "/sites", "/proposals", "/start", "/requests", "/referrals", "/exceptions",
    "/missing", "/weeks", "/thresholds", "/thresholds/SA-1", "/use", "/apps?app=Khan+Academy",
    "/charts", "/readers", "/records", "/acts", "/signin",
)  # fmt: skip
SOME = ("/", "/exceptions", "/use", "/charts")


@pytest.fixture
def visit(browser, desk):
    """Opens pages of the desk as someone whom the proxy names."""
    made = []

    def opened(role="director", **options):
        headers = {
            "X-Remote-User": PEOPLE[role],
            "X-Remote-Groups": f"{role}s",
            "X-Schoolbell-Proxy": SECRET,
        }
        context = browser.new_context(extra_http_headers=headers, **options)
        page = context.new_page()
        made.append(context)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.at = lambda path: page.goto(f"http://127.0.0.1:{desk.port}{path}")
        return page

    yield opened
    for context in made:
        context.close()


def violations(page):
    page.evaluate(_axe_source())
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})",
        RULES,
    )
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]


def a_record(page):
    """Return a request for public records with a draft, made manually."""
    page.at("/records")
    page.evaluate(OPEN_ALL)
    page.get_by_label("Name and contact").fill("desk@news.example")
    page.get_by_label("Received on").fill("2026-10-26")
    page.get_by_label("Request, in").fill("All domains that were refused.")
    page.get_by_role("button", name="Save it").click()
    page.locator('main a[href^="/records/PR"]').last.click()
    page.get_by_label("First day").fill("2026-10-19")
    page.get_by_label("Last day").fill("2026-10-23")
    page.get_by_role("button", name="Create the draft").click()
    page.get_by_text("rows would be shown").wait_for()
    return page.url.partition("/records")[1] + page.url.partition("/records")[2]


OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


@pytest.mark.parametrize(
    "mode", [WIDE_SCREEN, WIDE_SCREEN | {"color_scheme": "dark"}, PHONE],
    ids=["light", "dark", "phone"],
)  # fmt: skip
def test_axe_finds_nothing_and_nothing_is_wider_than_its_screen(
    visit, cases, mode, pictures, request
):
    page = visit(bypass_csp=True, **mode)
    case, record = f"/cases/{cases[0]}", a_record(page)
    every = LONG or request.node.callspec.id == "light"
    for path in (*(PLACES if every else SOME), record, case, f"{case}/letter", f"{case}/days"):
        page.at(path)
        page.evaluate(OPEN_ALL)
        assert violations(page) == [], path
        assert page.evaluate(WIDE) <= 0, path
        if mode is PHONE:
            assert page.evaluate(SMALL) == [], path
        name = path.strip("/").replace("/", "-") or "queue"
        page.screenshot(path=pictures / f"desk-{request.node.callspec.id}-{name}.png")
    assert page.said == []


@pytest.mark.parametrize("mode", [WIDE_SCREEN, PHONE], ids=["light", "phone"])
def test_axe_finds_nothing_on_the_page_of_operators(visit, mode):
    page = visit("operator", bypass_csp=True, **mode)
    for path in ("/system", "/start", "/proposals"):
        page.at(path)
        page.evaluate(OPEN_ALL)
        assert violations(page) == [], path
        assert page.evaluate(WIDE) <= 0, path
    assert page.said == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("mode", [WIDE_SCREEN, PHONE], ids=["desk", "phone"])
def test_a_case_is_decided_in_four_clicks_and_ten_seconds(visit, mode, scripts):
    page = visit(java_script_enabled=scripts, **mode)
    page.at("/")
    began, clicks = time.monotonic(), 0
    first = page.locator(CASE).first
    claim = first.inner_text()
    first.click()
    clicks += 1
    page.get_by_label("Undetermined").click()
    clicks += 1
    page.locator(".first-reason").fill("asked the school, nobody knows")
    page.get_by_role("button", name="Record the verdict").click()
    clicks += 1
    page.locator(".told").wait_for()
    assert time.monotonic() - began < 10
    assert clicks <= 4
    assert "stays open: undetermined" in page.locator(".told").inner_text()
    assert claim.split()[1] not in page.locator("h1").inner_text()  # the next case
    page.go_back()
    page.reload()
    assert claim.split()[1] in page.locator("h1").inner_text()
    assert "nobody knows" in page.locator(".history").inner_text()


def test_keys_do_what_they_do_in_a_mail_inbox(visit):
    page = visit(**WIDE_SCREEN)
    page.at("/")
    at = "[...document.querySelectorAll('.queue a')].indexOf(document.activeElement)"
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        assert page.evaluate(at) == place
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type("jjku")  # letters, while someone writes
    assert page.evaluate("document.activeElement.value") == "jjku"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    page.wait_for_url(lambda url: "/cases/" not in url)
    assert page.said == []


def test_two_people_in_two_browsers(visit, cases, desk):
    """One asks for a name, another approves; the first sees it once."""
    case = f"/cases/{cases[8]}"
    director, keeper = visit(**WIDE_SCREEN), visit("custodian", **PHONE)
    director.at(case)
    label = director.title().partition(" - ")[0].removeprefix("Case ")
    token = director.locator("h1").inner_text().split()[1]

    def ask():
        director.at(case)
        director.get_by_text("Look up a code name").click()
        form = director.locator("form[action='/act/reveal']")
        form.get_by_label("Code name").fill(token)
        form.get_by_label("Reason").fill("the hearing of Monday")
        form.get_by_role("button").click()
        director.wait_for_load_state()

    ask()
    told = director.locator("h1").inner_text()
    assert told == "Sent to another director or the custodian or the superintendent for approval"
    assert "403" not in director.locator("body").inner_text()
    waits = director.get_by_role("button", name="Waiting for another person")
    assert waits.is_disabled()
    keeper.at("/requests")
    keeper.locator("summary", has_text="Menu 1 waiting for you").click()
    keeper.get_by_role("link", name="Requests 1 waiting for you").wait_for()
    keeper.locator("section", has_text=f"case {label}").get_by_role(
        "button", name="Approve"
    ).click()
    keeper.locator(".told").wait_for()
    director.reload()
    director.get_by_role("button", name="Show").click()
    director.wait_for_load_state()
    shown = director.locator("h1").inner_text()
    assert shown.startswith(f"{token} is account ")
    # a browser that goes back and forth has kept nothing of it
    director.go_back()
    with contextlib.suppress(Exception):
        director.go_forward()
    assert " is account " not in director.locator("body").inner_text()


def test_the_letter_is_two_pages_at_most(visit, desk):
    import re

    page = visit(**WIDE_SCREEN)
    context = desk.home.context(None)
    longest = sorted(context.cases, key=lambda case: -len(case.findings))[:3]
    for case in longest:
        page.at(f"/cases/{case.case_id}/letter")
        made = page.pdf(format="Letter", prefer_css_page_size=True)
        assert 1 <= len(re.findall(rb"/Type */Page\b", made)) <= 2
