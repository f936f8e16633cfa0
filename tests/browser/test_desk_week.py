"""A director's week at the review desk: ten cases in 25 clicks, or with keys alone."""

import pytest

from tests.browser.looking import CHROMIUM, RULES, SMALL, WIDE, _axe_source
from tests.browser.person import Person
from tests.desk.conftest import with_settings
from tests.desk.visiting import PEOPLE, SECRET, open_desk
from tests.journey import small

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
SCREEN = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
REASON = "the schedule shows it was allowed"
CASE = ".worklist a[href^='/cases/']"
"""A case of its own on the list of work; others share one line."""
TEN = 10
MAX_CLICKS = 25
MAX_MINUTES = 2.75
"""Leaves fifteen seconds for twenty pages of the desk."""
FOCUSED = "document.activeElement.matches('.verdict-form button[type=submit]')"
NARROW = """() => [...document.querySelectorAll('td')]
    .filter(cell => !cell.dataset.label).map(cell => cell.outerHTML.slice(0, 80))"""

LABELS = """() => [...document.querySelectorAll('.sheet td')]
    .filter(cell => cell.offsetParent)
    .map(cell => [getComputedStyle(cell, '::before').content, cell.dataset.label])"""


@pytest.fixture
def desk(tmp_path_factory, tmp_path, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_TEST_PROXY", SECRET)
    home = small.small(tmp_path_factory.getbasetemp()).copy(tmp_path)
    with open_desk(with_settings(home), tmp_path / "desk.socket") as opened:
        yield opened


@pytest.fixture
def visit(browser, desk):
    """Open the desk as the director."""
    contexts = []

    def opened(role="director", **options):
        headers = {
            "X-Remote-User": PEOPLE[role],
            "X-Remote-Groups": f"{role}s",
            "X-Schoolbell-Proxy": SECRET,
        }
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{desk.port}", extra_http_headers=headers, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()


def decided(desk):
    return [one for one in desk.home.cases if one.status in ("explained", "confirmed")]


def test_ten_cases_are_decided_in_25_clicks_and_three_minutes(visit, desk):
    page = visit(**SCREEN)
    page.goto("/")
    person = Person(page)
    person.clicks_on(page.locator(CASE).first)
    for number in range(TEN):
        label = page.title().partition(" - ")[0].removeprefix("Case ")
        person.reads("#claim", ".notice", ".next")
        if number == 0:
            person.clicks_on(page.get_by_label("Authorized"))
            person.writes(page.locator(".first-reason"), REASON)
        else:
            person.clicks_on(page.locator(".reuse").first)
        person.clicks_on(page.get_by_role("button", name="Record the verdict"))
        page.locator(".told", has_text=f"{label} is decided: authorized").wait_for()
        assert "/cases/" in page.url
    assert len(decided(desk)) == TEN
    assert person.clicks <= MAX_CLICKS
    assert person.minutes <= MAX_MINUTES, person.seconds
    assert page.said == []


def test_keys_alone_decide_undo_and_go_on(visit, desk):
    page = visit(**SCREEN)
    page.goto("/?kind=shared_account")
    for key in ("j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/cases/**")
    first = page.url
    page.keyboard.press("4")
    assert page.get_by_label("Benign").is_checked()
    page.keyboard.press("r")
    page.keyboard.type(REASON)
    page.keyboard.press("Control+Enter")
    page.locator(".told", has_text="is decided: benign").wait_for()
    assert page.url != first
    assert "kind=shared_account" in page.url
    assert len(decided(desk)) == 1
    page.keyboard.press("z")
    page.locator(".told", has_text="Undone: the verdict on").wait_for()
    assert page.url == first
    assert decided(desk) == []
    page.keyboard.press("n")
    page.wait_for_url(lambda url: url != first)
    # the undone reason is not offered; the short list is
    texts = page.locator(".reuse:visible").all_inner_texts()
    assert texts[0] == "Confirmed with the supervisor"
    page.keyboard.press("3")
    page.keyboard.press("c")
    assert page.locator(".first-reason").input_value() == "Approved activity"
    assert page.evaluate(FOCUSED)
    page.keyboard.press("Enter")
    page.locator(".told", has_text="is decided: authorized").wait_for()
    page.keyboard.press("u")
    page.wait_for_url("**/?show=waiting&kind=shared_account")
    assert page.said == []


def test_offered_reasons_follow_the_verdict(visit):
    page = visit(**SCREEN)
    page.goto("/")
    page.locator(CASE).first.click()
    page.get_by_label("Benign").check()
    page.locator(".first-reason").fill(REASON)
    page.keyboard.press("Control+Enter")
    page.locator(".told").wait_for()
    chips = page.locator(".reuse:visible")
    assert chips.first.inner_text() == f"{REASON} benign"
    page.get_by_label("Violation").check()
    assert chips.first.inner_text() == "Confirmed with the supervisor"
    page.get_by_label("Benign").check()
    assert chips.first.inner_text() == f"{REASON} benign"
    assert chips.count() <= 6


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_group_is_decided_on_one_page(visit, desk, scripts):
    page = visit(java_script_enabled=scripts, **SCREEN)
    page.goto("/")
    if scripts:
        page.get_by_text("Decide several cases together").click()
        page.locator(".groups a").first.click()
    else:
        page.goto("/?kind=shared_account")  # of one week, as all of this home
        boxes = page.locator(".queue [name=case]")
        for at in range(2):
            boxes.nth(at).check()
        page.get_by_role("button", name="Decide the selected cases").click()
    size = page.locator(".covered .item").count()
    assert size >= 2
    page.locator(".covered input").first.uncheck()
    page.get_by_label("Undetermined").check()
    page.locator(".first-reason").fill("the logs cannot show it")
    page.get_by_role("button", name="Record for all of them").click()
    said = page.locator(".told").inner_text()
    assert ("1 case stays" if size == 2 else f"{size - 1} cases stay") in said
    assert page.said == []


def test_a_list_is_saved_opened_and_removed(visit):
    page = visit(**SCREEN)
    page.goto("/?kind=shared_account")
    page.get_by_text("Save this list").click()
    page.get_by_label("Name of the list").fill("Shared accounts")
    page.get_by_role("button", name="Save the list").click()
    page.locator(".told", has_text="Saved: Shared accounts.").wait_for()
    page.get_by_role("link", name="Queue").click()
    page.get_by_role("link", name="Shared accounts", exact=True).click()
    page.wait_for_url("**/?show=waiting&kind=shared_account")
    page.get_by_role("button", name="Remove").click()
    page.locator(".told", has_text="Removed: Shared accounts.").wait_for()
    assert page.locator(".saved").count() == 0
    assert page.said == []


def test_keys_select_cases_of_the_queue(visit):
    page = visit(**SCREEN)
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".queue [name=case]:checked").count() == 1
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"


@pytest.mark.parametrize("mode", [SCREEN, PHONE], ids=["screen", "phone"])
def test_queue_case_and_group_are_accessible_and_fit(visit, mode, pictures):
    page = visit(bypass_csp=True, **mode)
    page.goto("/")
    group = page.locator(".groups a").first.get_attribute("href")
    case = page.locator(".queue a").first.get_attribute("href")
    for name, where in (("queue", "/?q=hs"), ("case", case), ("group", group)):
        page.goto(where)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        page.evaluate(_axe_source())
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
        )
        named = [
            (one["id"], node["html"][:160], node["failureSummary"])
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert named == [], name
        assert page.evaluate(WIDE) <= 0, name
        assert page.evaluate(NARROW) == [], name
        if mode is PHONE:
            assert page.evaluate(SMALL) == [], name
        page.goto(where)
        page.screenshot(path=pictures / f"week-{name}-{mode['viewport']['width']}.png")
    assert page.said == []


def test_on_a_phone_the_decision_is_within_the_first_screen_everywhere(visit):
    page = visit(**PHONE)
    page.goto("/")
    page.locator(CASE).first.click()
    jump = page.locator(".jump")
    for scrolled in (0, 2_000):
        page.evaluate(f"window.scrollTo(0, {scrolled})")
        box = jump.bounding_box()
        assert 0 <= box["y"] < PHONE["viewport"]["height"] - box["height"]
    jump.click()
    page.wait_for_timeout(1_500)  # it scrolls smoothly
    assert page.evaluate(
        "(top => top >= 0 && top < innerHeight)"
        "(document.querySelector('#decide').getBoundingClientRect().top)"
    )


def test_after_a_referral_the_page_shows_it_next_to_the_download(visit):
    """The case kept its button "Refer", and the list called it overdue."""
    dana, sam = visit(**SCREEN), visit("superintendent", **SCREEN)
    dana.goto("/")
    dana.locator(CASE).first.click()
    case, label = dana.url, dana.title().partition(" - ")[0]
    dana.get_by_text("Refer to another office").click()
    dana.locator("form[action='/act/refer'] textarea").fill(REASON)
    dana.get_by_role("button", name="Refer", exact=True).click()
    dana.get_by_text("What happens next").wait_for()
    sam.goto("/requests")
    sam.get_by_role("button", name="Approve").first.click()
    sam.locator(".told", has_text="Approved: referral to human resources, case").wait_for()
    assert label.removeprefix("Case ") in sam.locator(".told").inner_text()
    dana.goto(case)
    with dana.expect_download() as got:
        dana.locator(".notice button", has_text="Refer").click()
    assert got.value.suggested_filename.endswith(".zip")
    dana.locator(".told", has_text="Referred to human resources.").wait_for()
    assert dana.locator(".notice button", has_text="Refer").count() == 0
    assert dana.locator(".tag.review").inner_text() == "referred"
    dana.goto("/?show=referred")
    assert dana.locator(".queue .tag").all_inner_texts() == ["referred"]
    assert dana.said == sam.said == []


def test_a_search_without_a_result_offers_the_other_lists(visit, desk):
    """A search for a site whose case is not in the list of waiting ones ended with nothing."""
    page = visit(**SCREEN)
    page.goto("/?show=decided&kind=shared_account")
    assert page.locator(".queue li").count() == 0
    page.get_by_role("link", name="in all lists").click()
    page.wait_for_url("**show=all**")
    assert page.locator(".queue li").count() > 0


@pytest.mark.parametrize("path", ["/acts", "/sites", "/start"])
def test_on_a_phone_every_cell_of_a_table_shows_its_label(visit, path):
    """The labels were in the page, and no rule of the style showed them at the desk."""
    page = visit(**PHONE)
    page.goto(path)
    labels = page.evaluate(LABELS)
    assert labels
    assert [one for one in labels if one[0] != f'"{one[1]}"'] == []


def test_a_button_that_waits_does_not_look_like_one_to_press(visit):
    page = visit(**SCREEN)
    page.goto("/")
    page.locator(CASE).first.click()
    page.get_by_text("Refer to another office").click()
    page.locator("form[action='/act/refer'] textarea").fill(REASON)
    page.get_by_role("button", name="Refer", exact=True).click()
    waiting = page.locator("button:disabled", has_text="Waiting for another person")
    waiting.wait_for()
    ground = "e => getComputedStyle(e).backgroundColor"
    assert waiting.evaluate(ground) == page.locator("body").evaluate(ground)
