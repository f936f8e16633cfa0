"""An inquiry of hours at the desk: two persons, a zip, and its page in every look."""

import zipfile

import pytest

from pipelines.state.reviews import inquiries
from tests.browser.looking import CHROMIUM, MODES, OPEN_ALL, WIDE, axe
from tests.browser.test_office_pages import MODES as FORM_MODES
from tests.browser.test_office_pages import opened
from tests.desk.conftest import with_settings
from tests.desk.visiting import SECRET, open_desk
from tests.journey import small

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
DIRECTOR, KEEPER = "director@school.example", "custodian@school.example"
PAGE = "shown-and-missed.html"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCHOOLBELL_TEST_PROXY", SECRET)
        folder = tmp_path_factory.mktemp("inquiry")
        home = small.small(tmp_path_factory.getbasetemp()).copy(folder)
        with open_desk(with_settings(home), folder / "desk.socket") as served:
            yield served


@pytest.fixture(scope="module")
def answer(browser, desk, tmp_path_factory):
    """The zip of an inquiry that one person asked and another approved."""
    registry = desk.home.district.registry.frames
    account = next(one for one in registry["accounts"]["account"] if one[-1].isdigit())
    device = registry["devices"].filter(registry["devices"]["device_class"] == "lab_pc")["device"]
    page = opened(browser, desk, DIRECTOR)
    page.goto("/referrals")
    page.get_by_text("Record an inquiry", exact=True).click()
    page.get_by_label("Account", exact=True).fill(account)
    page.get_by_label("First day").fill("2026-10-20")
    page.get_by_label("From this time").fill("08:00")
    page.get_by_label("Last day").fill("2026-10-20")
    page.get_by_label("To this time").fill("15:00")
    page.get_by_label("Device or building in question").fill(device[0])
    page.get_by_label("Authorized by").fill("J. Park, HR")
    page.get_by_label("Reason").last.fill("the hearing of Monday")
    page.get_by_role("button", name="Record it").click()
    page.locator(".told", has_text="is recorded").wait_for()
    shown = page.locator("main").inner_text()
    assert "2026-10-20 08:00 to 2026-10-20 15:00, device " in shown
    assert account not in shown
    assert device[0] not in shown
    # one person alone releases nothing
    page.get_by_role("button", name="Release the answer").click()
    page.get_by_role("heading", name="for approval").wait_for()
    assert page.get_by_role("button", name="Release the answer").count() == 0
    request = page.url
    page.goto("/referrals")
    page.get_by_role("button", name="Release the answer").click()
    page.get_by_role("heading", name="for approval").wait_for()
    assert [one["released_time"] for one in inquiries(desk.home.district.store)] == [None]
    keeper = opened(browser, desk, KEEPER)
    keeper.goto(request)
    # whoever approves sees what is released
    assert "2026-10-20 08:00 to 2026-10-20 15:00, device " in keeper.locator("main").inner_text()
    keeper.get_by_role("button", name="Approve").click()
    keeper.context.close()
    page.goto(request)
    with page.expect_download() as got:
        page.get_by_role("button", name="Release the answer").click()
    target = tmp_path_factory.mktemp("answer") / "answer.zip"
    got.value.save_as(target)
    page.context.close()
    with zipfile.ZipFile(target) as files:
        files.extract(PAGE, target.parent)
    return target.parent / PAGE


@pytest.mark.parametrize("mode", FORM_MODES)
def test_the_form_is_accessible_and_fits(browser, desk, mode, pictures):
    page = opened(browser, desk, DIRECTOR, bypass_csp=True, **FORM_MODES[mode])
    page.goto("/referrals")
    page.evaluate(OPEN_ALL)
    page.screenshot(path=pictures / f"inquiry-form-{mode}.png", full_page=True)
    assert axe(page) == []
    assert page.evaluate(WIDE) <= 0
    page.context.close()


@pytest.mark.parametrize("mode", MODES, ids=[one.name for one in MODES])
def test_the_page_is_accessible_fits_and_asks_no_server(browser, answer, mode, pictures):
    context = browser.new_context(bypass_csp=True, **mode.context)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(media=mode.media)
    page.goto(answer.as_uri())
    page.screenshot(path=pictures / f"inquiry-{mode.name}.png", full_page=True)
    assert axe(page) == []
    assert page.evaluate(WIDE) <= 0
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    context.close()


def test_on_a_phone_every_cell_shows_its_label_and_captions_are_whole(browser, answer):
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(answer.as_uri())
    widths = page.evaluate(
        "[...document.querySelectorAll('caption, td')].filter(e => e.offsetHeight)"
        ".map(e => e.getBoundingClientRect().width)"
    )
    assert min(widths) > 250
    labels = page.evaluate(
        "[...document.querySelectorAll('td:not(.blank)')]"
        ".map(e => getComputedStyle(e, '::before').content)"
    )
    assert all('": "' in one or ": " in one for one in labels)
    context.close()
