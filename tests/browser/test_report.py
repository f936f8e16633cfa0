"""The report in a browser: quiet, complete without scripts, fit for a phone."""

from itertools import pairwise

import pytest

from tests.browser.looking import CHROMIUM, SCROLL, SMALL, WIDE, Visit, tabbed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


def report(archive, week="busy"):
    return archive / week / "2026-W47" / "index.html"


@pytest.mark.parametrize("week", ["busy", "hostile", "empty", "quiet"])
def test_nothing_is_said_asked_or_shared(browser, archive, week):
    visit = Visit(browser, report(archive, week))
    visit.page.evaluate(SCROLL)
    visit.page.wait_for_timeout(200)
    assert visit.said == []
    assert not [url for url in visit.asked if not url.startswith("file://")]
    assert len(visit.asked) == 2, "the page and one library"
    charts = visit.page.locator(".chart").count()
    assert visit.page.locator(".drawn .main-svg").count() >= charts
    assert visit.page.locator('[data-title^="Share"], .modebar-btn').count() == 0


def test_the_library_is_asked_for_when_somebody_moves_towards_a_chart(browser, archive):
    visit = Visit(browser, report(archive))
    visit.page.wait_for_timeout(300)
    assert len(visit.asked) == 1, "the page alone"
    assert visit.page.locator(".still svg").first.is_visible()
    visit.page.evaluate(SCROLL)
    assert len(visit.asked) == 2


def test_without_scripts_every_fact_and_drawing_is_there(browser, archive):
    plain = Visit(browser, report(archive), java_script_enabled=False).page
    full = Visit(browser, report(archive)).page
    wanted = full.locator("#main").inner_text()
    assert plain.locator("#main").inner_text() == wanted
    stills = plain.locator(".still svg")
    assert stills.count() == full.locator(".chart").count() > 5
    for place in range(stills.count()):
        assert stills.nth(place).is_visible()


def test_page_one_is_in_the_first_view(browser, archive):
    page = Visit(browser, report(archive), viewport={"width": 1366, "height": 768}).page
    box = page.locator(".first").bounding_box()
    assert box["y"] + box["height"] <= 768


@pytest.mark.parametrize(
    ("week", "width"), [("busy", 390), ("hostile", 320), ("busy", 768)]
)
def test_no_page_scrolls_sideways(browser, archive, week, width):
    view = {"width": width, "height": 844}
    pages = [report(archive, week), archive / week / "index.html"]
    pages += sorted((archive / week / "2026-W47" / "evidence").glob("*.html"))[:2]
    for path in pages:
        page = Visit(browser, path, viewport=view).page
        page.evaluate(SCROLL)
        assert page.evaluate(WIDE) <= 0, path
        page.context.close()


def test_what_is_tapped_is_big_enough(browser, archive):
    view = {"width": 390, "height": 844}
    page = Visit(browser, report(archive), viewport=view).page
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_wear_the_colours_of_the_page(browser, archive, scheme):
    page = Visit(browser, report(archive), color_scheme=scheme).page
    page.evaluate(SCROLL)
    ground = "getComputedStyle(document.querySelector('.part')).backgroundColor"
    sheet = """getComputedStyle(document.querySelector('.drawn .main-svg'))
      .backgroundColor"""
    assert page.evaluate(ground) == page.evaluate(sheet)


def test_the_switch_changes_page_and_charts(browser, archive):
    page = Visit(browser, report(archive), color_scheme="light").page
    page.evaluate(SCROLL)
    sheet = "getComputedStyle(document.querySelector('.main-svg')).backgroundColor"
    before = page.evaluate(sheet)
    page.get_by_role("button", name="Dark").click()
    page.wait_for_timeout(300)
    assert page.evaluate(sheet) != before
    assert page.get_by_role("button", name="Light").is_visible()


def test_paper_is_light_and_shows_the_still_drawings(browser, archive):
    page = Visit(browser, report(archive), color_scheme="dark").page
    page.evaluate(SCROLL)
    page.emulate_media(media="print", color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    assert page.locator(".still svg").first.is_visible()
    assert not page.locator(".plot").first.is_visible()


def test_a_week_is_found_in_the_archive(browser, archive):
    page = Visit(browser, archive / "busy" / "index.html").page
    page.get_by_label("Find a week").fill("nov 16 to sun, nov 22")
    assert page.locator(".weeks tbody tr:visible").count() == 1


def test_latest_leads_to_the_newest_week(browser, archive):
    page = Visit(browser, archive / "busy" / "latest.html").page
    page.wait_for_url("**/2026-W47/index.html")


def test_landmarks_headings_and_names(browser, archive):
    for path in (report(archive), archive / "busy" / "index.html",
                 archive / "busy/2026-W47/evidence/f-2026w47-001.html"):  # fmt: skip
        page = Visit(browser, path).page
        for landmark in ("main", "header", "footer"):
            assert page.locator(landmark).count() == 1
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.lang") == "en"
        levels = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
        )
        steps = pairwise(levels)
        assert all(after - before <= 1 for before, after in steps)
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))
        assert page.locator("table:not(:has(caption))").count() == 0
        assert page.locator("th:not([scope])").count() == 0
        assert page.locator("figure:not([role=group][aria-label])").count() == 0
        unnamed = (
            "[...document.querySelectorAll('a')].filter(a => !a.textContent.trim())"
        )
        assert page.evaluate(f"{unnamed}.length") == 0


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser, archive):
    page = Visit(browser, report(archive)).page
    reached, wanted, unmarked = tabbed(page)
    assert unmarked == []
    assert reached >= wanted * 0.9  # a few links look alike
