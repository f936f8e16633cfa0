"""The pages of another office in a browser: accessible, on a phone too, and complete."""

import pytest

from tests.browser.looking import CHROMIUM, OPEN_ALL, SMALL, WIDE, axe
from tests.desk.conftest import with_settings
from tests.desk.test_office import HR, give, referred
from tests.desk.test_second_person import waiting_case
from tests.desk.visiting import SECRET, open_desk
from tests.journey import small

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
MODES = {
    "light": {"viewport": {"width": 1366, "height": 768}},
    "dark": {"viewport": {"width": 1366, "height": 768}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCHOOLBELL_TEST_PROXY", SECRET)
        folder = tmp_path_factory.mktemp("office")
        home = small.small(tmp_path_factory.getbasetemp()).copy(folder)
        with open_desk(with_settings(home), folder / "desk.socket") as opened:
            yield opened


@pytest.fixture(scope="module")
def referral(desk):
    ident = referred(desk, waiting_case(desk))
    give(desk, ident)
    return ident


def opened(browser, desk, login, **options):
    headers = {
        "X-Remote-User": login,
        "X-Remote-Groups": f"{login.partition('@')[0]}s",
        "X-Schoolbell-Proxy": SECRET,
    }
    base = f"http://127.0.0.1:{desk.port}"
    context = browser.new_context(base_url=base, extra_http_headers=headers, **options)
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    return page


@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_and_everything_fits(browser, desk, referral, mode, pictures):
    office = opened(browser, desk, HR, bypass_csp=True, **MODES[mode])
    director = opened(browser, desk, "director@school.example", bypass_csp=True, **MODES[mode])
    places = [(office, "/office"), (office, f"/office/{referral}"),
              (office, f"/office/{referral}/letter"), (director, "/referrals"),
              (director, "/?show=all&kind=shared_account")]  # fmt: skip
    for page, path in places:
        page.goto(path)
        name = path.strip("/").replace("/", "-").partition("?")[0] or "queue"
        page.screenshot(path=pictures / f"office-{mode}-{name}.png", full_page=True)
        page.evaluate(OPEN_ALL)
        assert axe(page) == [], path
        assert page.evaluate(WIDE) <= 0, path
        if mode == "phone" and not path.endswith("letter"):
            assert page.evaluate(SMALL) == [], path
        assert page.said == []
    for page in (office, director):
        page.context.close()


def test_an_office_reads_downloads_and_answers_on_a_phone(browser, desk, referral):
    page = opened(browser, desk, HR, **MODES["phone"])
    page.goto("/")
    page.get_by_role("link", name="Case").first.click()
    page.get_by_role("link", name="Read the letter with names").click()
    page.get_by_text("What the logs show").first.wait_for()
    page.go_back()
    page.get_by_role("button", name="Confirm receipt").click()
    page.locator(".told", has_text="Receipt is confirmed.").wait_for()
    with page.expect_download() as got:
        page.get_by_role("button", name="Download the bundle").click()
    assert got.value.suggested_filename.startswith("referral-c-")
    page.get_by_label("Undetermined").check()
    page.get_by_role("button", name="Send the answer").click()
    page.locator(".told", has_text="Answered: undetermined.").wait_for()
    assert page.get_by_role("button", name="Send the answer").count() == 0
    assert page.said == []
    page.context.close()
