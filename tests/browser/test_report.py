"""The report in a browser: quiet, complete without scripts, fit for a phone."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from pipelines.reports.archive import write_archive
from pipelines.reports.editions import edition_report, editions
from pipelines.reports.language import in_locale
from pipelines.reports.weekly import weekly_report
from tests.browser.looking import (
    CHROMIUM,
    SCROLL,
    SMALL,
    WIDE,
    Visit,
    tabbed,
    without_files,
)
from tests.conftest import LONG
from tests.sections.fixtures import MONDAY, busy, frame

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


def report(archive, week="busy", page="index"):
    return archive / week / "2026-W47" / f"{page}.html"


@pytest.mark.parametrize("week", ["busy", "hostile", "empty", "quiet"])
def test_nothing_is_said_asked_or_shared(browser, archive, week):
    visit = Visit(browser, report(archive, week, "pictures"))
    visit.page.evaluate(SCROLL)
    visit.page.wait_for_timeout(200)
    assert visit.said == []
    assert not [url for url in visit.asked if not url.startswith("file://")]
    charts = visit.page.locator(".chart").count()
    assert len(visit.asked) == 3 + bool(charts), "the page, its look, one library"
    assert visit.page.locator(".drawn .main-svg").count() >= charts
    assert visit.page.locator('[data-title^="Share"], .modebar-btn').count() == 0


PATH = re.compile(r"(?:M-?[\d.]+ -?[\d.]+h[\d.]+v[\d.]+h-[\d.]+z)+")
COORDINATES = """() => [...document.querySelectorAll(".still path")]
  .map(path => [path.getAttribute("d"), path.getTotalLength()])"""


def test_no_drawing_is_cut_like_text(browser, tmp_path):
    """The empty cells of a heat map are one path, longer than text may be."""
    cells = [
        {"event_date": MONDAY, "weekday": 6, "hour": hour, "minutes": 35.0,
         "building": "North High", "account_count": 1}
        for hour in (9, 12, 16)
    ]  # fmt: skip
    quiet = replace(busy(), off_hours=frame("off_hours", cells))
    write_archive(without_files(weekly_report(quiet, MONDAY)), tmp_path)
    visit = Visit(browser, report(tmp_path.parent, tmp_path.name, "pictures"))
    paths = visit.page.evaluate(COORDINATES)
    assert max(len(drawn) for drawn, _ in paths) > 2_000
    assert not [drawn[-80:] for drawn, _ in paths if not PATH.fullmatch(drawn)]
    assert all(length > 0 for _, length in paths)
    assert visit.said == []


def test_the_library_is_asked_for_when_somebody_moves_towards_a_chart(browser, archive):
    visit = Visit(browser, report(archive, page="pictures"))
    visit.page.wait_for_timeout(300)
    assert len(visit.asked) == 3, "the page, style and script"
    assert visit.page.locator(".still svg").first.is_visible()
    visit.page.evaluate(SCROLL)
    assert len(visit.asked) == 4
    alone = Visit(browser, report(archive))
    alone.page.wait_for_timeout(300)
    assert len(alone.asked) == 1, "page one is whole in itself"


def test_without_scripts_every_fact_and_drawing_is_there(browser, archive):
    where = report(archive, page="pictures")
    plain = Visit(browser, where, java_script_enabled=False).page
    full = Visit(browser, where).page
    wanted = full.locator("#main").inner_text()
    assert plain.locator("#main").inner_text() == wanted
    stills = plain.locator(".still svg.wide")
    assert stills.count() == full.locator(".chart").count() >= 5
    for place in range(stills.count()):
        assert stills.nth(place).is_visible()


def test_page_one_is_in_the_first_view(browser, archive):
    page = Visit(browser, report(archive), viewport={"width": 1366, "height": 768}).page
    box = page.locator(".first").bounding_box()
    assert box["y"] + box["height"] <= 768


WIDTHS = [("hostile", 320), ("busy", 390), ("busy", 768)]


@pytest.mark.parametrize(("week", "width"), WIDTHS if LONG else WIDTHS[:1])
def test_no_page_scrolls_sideways(browser, archive, week, width):
    view = {"width": width, "height": 844}
    pages = [report(archive, week, page) for page in ("index", "pictures")]
    if LONG:
        pages.append(archive / week / "index.html")
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
    page = Visit(browser, report(archive, page="pictures"), color_scheme=scheme).page
    page.evaluate(SCROLL)
    ground = "getComputedStyle(document.querySelector('.part')).backgroundColor"
    sheet = """getComputedStyle(document.querySelector('.drawn .main-svg'))
      .backgroundColor"""
    assert page.evaluate(ground) == page.evaluate(sheet)


def test_the_switch_changes_page_and_charts(browser, archive):
    page = Visit(browser, report(archive, page="pictures"), color_scheme="light").page
    page.evaluate(SCROLL)
    sheet = "getComputedStyle(document.querySelector('.main-svg')).backgroundColor"
    before = page.evaluate(sheet)
    page.get_by_role("button", name="Dark").click()
    page.wait_for_timeout(300)
    assert page.evaluate(sheet) != before
    assert page.get_by_role("button", name="Light").is_visible()


def test_paper_is_light_and_shows_the_still_drawings(browser, archive):
    page = Visit(browser, report(archive, page="pictures"), color_scheme="dark").page
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


def test_a_table_is_sorted_by_a_column_and_filtered(browser, archive):
    page = Visit(browser, report(archive, page="pictures")).page
    part = page.locator("#top-sites-part")
    assert part.locator("input").count() == 0, "a folded field costs a layout each"
    part.locator("summary", has_text="Table:").click()
    part.locator("input").wait_for()
    rows, sites = part.locator("tbody tr"), part.locator("tbody td:nth-child(1)")
    as_written = sites.all_inner_texts()
    heads = part.locator("th")
    days = [int(text) for text in part.locator("td:nth-child(5)").all_inner_texts()]
    heads.get_by_role("button", name="Days").click()
    found = [int(text) for text in part.locator("td:nth-child(5)").all_inner_texts()]
    assert found == sorted(days, reverse=True) != days
    assert heads.nth(4).get_attribute("aria-sort") == "descending"
    heads.get_by_role("button", name="Site", exact=True).click()
    heads.get_by_role("button", name="Site", exact=True).click()
    assert sites.all_inner_texts() == sorted(as_written)
    part.get_by_label("Show rows with").fill("LESSONS")
    assert rows.locator("visible=true").count() == 1
    plain = Visit(browser, report(archive, page="pictures"), java_script_enabled=False).page
    assert plain.locator(".sorter, .filter").count() == 0


def test_latest_leads_to_the_newest_week(browser, archive):
    page = Visit(browser, archive / "busy" / "latest.html").page
    page.wait_for_url("**/2026-W47/index.html")


def test_landmarks_headings_and_names(browser, archive):
    for path in (
        report(archive),
        archive / "busy" / "index.html",
        archive / "busy/2026-W47/evidence/f-2026w47-001.html",
    ):
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
        unnamed = "[...document.querySelectorAll('a')].filter(a => !a.textContent.trim())"
        assert page.evaluate(f"{unnamed}.length") == 0


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser, archive):
    page = Visit(browser, report(archive)).page
    reached, wanted, unmarked = tabbed(page)
    assert unmarked == []
    assert reached >= wanted * 0.9  # a few links look the same


BOXES = """() => [...document.querySelectorAll(".sheet, .chart, .still, table")]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.className || e.tagName}: ${e.scrollWidth} in ${e.clientWidth}`)"""
# text of a paragraph, cell, caption or heading that breaks below eight letters a line
LETTERS = """() => [...document.querySelectorAll(
    "p, td, caption, h1, h2, h3, dd, li, figcaption, summary")]
  .filter(e => e.offsetParent && e.textContent.trim().length > 20
               && !e.querySelector("table, ul, dl, svg, div"))
  .filter(e => e.getBoundingClientRect().width < 8 * 7.2)
  .map(e => `${e.tagName}: ${e.textContent.trim().slice(0, 40)}`)"""
OFF_SHEET = """() => [...document.querySelectorAll(".still svg")]
  .filter(svg => svg.getBoundingClientRect().width)
  .flatMap(svg => [...svg.querySelectorAll("text")].filter(text => {
    const own = text.getBoundingClientRect(), whole = svg.getBoundingClientRect();
    return own.left < whole.left - 1 || own.right > whole.right + 1;
  }).map(text => text.textContent))"""
SMALL_PRINT = """() => [...document.querySelectorAll(".still svg")]
  .filter(svg => svg.getBoundingClientRect().width)
  .map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width * 13)
  .filter(size => size < 10.5)"""


@pytest.mark.parametrize("name", ["index", "pictures", "quality", "rules"])
def test_a_phone_has_a_layout_of_its_own(browser, archive, name):
    view = {"width": 360, "height": 740}
    page = Visit(browser, report(archive, page=name), viewport=view).page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for fault in (BOXES, LETTERS, OFF_SHEET, SMALL_PRINT):
        assert page.evaluate(fault) == [], fault
    assert page.locator(".still .wide:visible").count() == 0
    assert page.locator(".still .narrow:visible").count() == page.locator(".chart").count()


@pytest.mark.parametrize("width", [360, 1280])
def test_an_edition_in_spanish_fits_a_phone_and_a_desk(browser, tmp_path, width):
    """Long labels of columns made a phone's page wider, and squeezed the buildings' names."""
    (edition, *_) = editions(busy(), ["superintendent"])
    with in_locale("es-US"):
        write_archive(without_files(edition_report(busy(), MONDAY, edition)), tmp_path)
    visit = Visit(
        browser, tmp_path / "2026-W47" / "index.html", viewport={"width": width, "height": 800}
    )
    assert visit.page.evaluate(WIDE) <= 0
    visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert visit.page.evaluate(LETTERS) == []
    assert visit.page.locator("html").get_attribute("lang") == "es"
    visit.page.locator("button.theme").click()
    assert visit.page.locator("button.theme").text_content() == "Claro"
    assert visit.said == []


UNNAMED = """() => [...document.querySelectorAll(".sheet table")].flatMap(table => {
  const names = [...table.querySelectorAll("th")].map(th => th.textContent);
  return [...table.querySelectorAll("tbody tr")].flatMap(row => [...row.children]
    .filter((td, at) => getComputedStyle(td, "::before").content
                        !== `"${names[at]}"`).map(td => td.textContent));
})"""


@pytest.mark.parametrize("name", ["index", "pictures", "rules"])
def test_a_phone_names_the_column_of_each_cell(browser, archive, name):
    view = {"width": 360, "height": 740}
    page = Visit(browser, report(archive, page=name), viewport=view).page
    assert page.locator(".sheet td").count() > 10
    assert page.evaluate(UNNAMED) == []


def test_a_case_opens_with_its_picture(browser, archive):
    path = archive / "busy" / "2026-W47" / "evidence" / "c-2026w47-001.html"
    for width, height in ((1366, 768), (360, 740)):
        view = {"width": width, "height": height}
        page = Visit(browser, path, viewport=view).page
        lanes = page.locator(".lanes svg:visible")
        assert lanes.count() == 1
        box = lanes.bounding_box()
        assert box["y"] + box["height"] <= height
        assert page.evaluate(OFF_SHEET) == []
        assert page.evaluate(BOXES) == []


def test_what_is_to_be_decided_is_three_screens_at_most(browser, archive):
    page = Visit(browser, report(archive), viewport={"width": 1366, "height": 768}).page
    assert page.evaluate("document.documentElement.scrollHeight") <= 3 * 768


def test_page_one_is_two_sheets_of_paper(browser, archive):
    page = Visit(browser, report(archive)).page
    made = page.pdf(format="Letter", prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type */Page\b", made)) <= 2
    page.emulate_media(media="print")
    # a heading with nothing below it, such as of a table that paper does not show
    bare = """() => [...document.querySelectorAll("details.closed > summary")]
      .filter(e => e.getBoundingClientRect().height
                   && !e.closest(".rows.closed, .settled, .foot"))
      .map(e => e.textContent)"""
    assert page.evaluate(bare) == []
