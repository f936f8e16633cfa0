"""Opens pages of a report in one Chromium, and looks at them the way a test can.

Used by the tests and by the figures that `tests.benchmarks.experience` prints.
"""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from pipelines.reports.archive import write_archive
from pipelines.reports.editions import edition_report, editions
from pipelines.reports.mail import mail
from pipelines.reports.publication import _replace as replace_week
from pipelines.reports.report_inputs import empty_frame
from pipelines.reports.text_tables import Book
from pipelines.reports.weekly import Pages, weekly_report
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, WEEKS, busy

CHROMIUM = os.environ.get("SCHOOLBELL_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WEEK = "2026-W47"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 400) {
    scrollTo({top: y, behavior: "instant"});
    await new Promise(done => setTimeout(done, 40));
  }
  scrollTo({top: 0, behavior: "instant"});
  // a phone keeps the drawings, and so does a chart without data of its own
  const due = matchMedia("(max-width: 600px)").matches
    ? [] : [...document.querySelectorAll(".chart:has(script)")];
  const drawn = () => due.every(c => c.querySelector(".main-svg"));
  for (let turn = 0; turn < 500 && !drawn(); turn += 1) {
    await new Promise(done => setTimeout(done, 40));
  }
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
# Text that sticks out of the page, and tap targets that are too small.
WIDE = "document.documentElement.scrollWidth - innerWidth"
SMALL = """() => [...document.querySelectorAll("a, button, summary, input")]
  .filter(e => e.offsetParent && !e.closest("p, li, dd, td, .skip"))
  .filter(e => e.getBoundingClientRect().height < 24)
  .map(e => e.outerHTML.slice(0, 90))"""
HERE = """(e => [e.outerHTML.slice(0, 200), getComputedStyle(e).outlineStyle])
  (document.activeElement)"""


@dataclass(frozen=True)
class Mode:
    """How a page is looked at: what the browser's context and media are set to."""

    name: str
    context: dict
    media: str = "screen"


MODES = (
    Mode("light", {"viewport": {"width": 1366, "height": 768}}),
    Mode("dark", {"viewport": {"width": 1366, "height": 768}, "color_scheme": "dark"}),
    Mode("print", {"viewport": {"width": 816, "height": 1056}}, "print"),
    Mode("320 px", {"viewport": {"width": 320, "height": 640}}),
    # what 200 % of zoom leaves of a window of 1366 x 768
    Mode("200 % zoom",
         {"viewport": {"width": 683, "height": 384}, "device_scale_factor": 2}),
)  # fmt: skip


@contextmanager
def chromium():
    """Provide the system's Chromium, once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield made
        finally:
            made.close()


class Visit:
    """An open page, with all that it stated and asked for."""

    def __init__(self, browser, path: Path, **options) -> None:
        self.page = browser.new_context(**options).new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.goto(path.as_uri())

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.page.context.close()


def axe(page) -> list[str]:
    """Return what axe-core finds against WCAG 2.0 and 2.1, levels A and AA."""
    page.evaluate(_axe_source())
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def _axe_source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def looked_at(browser, path: Path, mode: Mode) -> list[str]:
    """Return what axe finds on one page in one mode; every part of it is opened first."""
    # axe is put in by the test, which the page's own policy would refuse
    options = mode.context | {"bypass_csp": True}
    with Visit(browser, path, **options) as visit:
        visit.page.evaluate(OPEN_ALL)
        visit.page.evaluate(SCROLL)
        visit.page.emulate_media(
            media=mode.media, color_scheme=mode.context.get("color_scheme", "light")
        )
        return axe(visit.page)


def tabbed(page) -> tuple[int, int, list[str]]:
    """Return what the Tab key reaches, what it should, and what shows no focus."""
    wanted = page.locator("a:visible, button:visible, summary:visible").count()
    seen, unmarked = set(), []
    for _ in range(wanted + 40):
        page.keyboard.press("Tab")
        html, outline = page.evaluate(HERE)
        if html.startswith("<body"):
            return len(seen), wanted, unmarked
        if outline == "none":
            unmarked.append(html)
        seen.add(html)
    return len(seen), wanted, ["the Tab key never came back to the page"]


def write_all(folder: Path, weeks=tuple(WEEKS)) -> Path:
    """Return an archive a fixture week, with editions, a removed item and the mail."""
    for week in weeks:
        write_archive(without_files(pages_of(week)), folder / week)
    first = busy()
    for edition in editions(first, ("principal", "superintendent", "board", "public")):
        pages = without_files(edition_report(first, MONDAY, edition))
        write_archive(pages, folder / "editions" / edition.name)
    gone = folder / "gone"
    replace_week(without_files(pages_of("busy")), gone, first, MONDAY)
    later = replace(first, findings=empty_frame("findings"))
    replace_week(without_files(weekly_report(later, MONDAY)), gone, later, MONDAY)
    made = mail(first, MONDAY, where="/srv/schoolbell/reports/2026-W47/index.html")
    (folder / "mail.html").write_text(made.html, encoding="utf-8")
    return folder


def without_files(pages: Pages) -> Pages:
    """Return the pages alone: no one opens a workbook here, and to write them takes long."""
    return {path: page for path, page in pages.items() if not isinstance(page, Book)}


def page_types(folder: Path) -> dict[str, Path]:
    """Return one page of each type."""
    week = folder / "busy" / WEEK
    return {
        "report": week / "index.html",
        "quiet week": folder / "quiet" / WEEK / "index.html",
        "week without data": folder / "empty" / WEEK / "index.html",
        "hostile week": folder / "hostile" / WEEK / "index.html",
        "pictures": week / "pictures.html",
        "data quality": week / "quality.html",
        "rules": week / "rules.html",
        "case": week / "evidence" / "c-2026w47-001.html",
        "finding": week / "evidence" / "f-2026w47-001.html",
        "carried case": week / "evidence" / "c-2026w46-007.html",
        "number": week / "evidence" / "new-sites.html",
        "removed finding": folder / "gone" / WEEK / "evidence" / "f-2026w47-001.html",
        "archive": folder / "busy" / "index.html",
        "month": folder / "busy" / "months" / "2026-11.html",
        "principal": next((folder / "editions").glob("principal-North*")) / WEEK / "index.html",
        "superintendent": folder / "editions" / "superintendent" / WEEK / "index.html",
        "board": folder / "editions" / "board" / WEEK / "index.html",
        "public": folder / "editions" / "public" / WEEK / "index.html",
        "mail": folder / "mail.html",
    }
