"""Figures that Chromium measures: first view, axe, keyboard, time, paper, phone."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pypdf

from pipelines.reports.publication import print_page
from tests.benchmarks.figures import Figure, least, most, nothing
from tests.browser.looking import (
    CHROMIUM,
    MODES,
    SCROLL,
    SMALL,
    WEEK,
    WIDE,
    Visit,
    chromium,
    looked_at,
    page_types,
    tabbed,
    write_all,
)

SLOWER = 4
LOADS = 5  # one alone may fall into whatever else the machine does at that moment
NOTHING_MORE_MS = 2_500
WATCH = """() => {
  window.seen = {longest: 0, last: 0};
  new PerformanceObserver(list => list.getEntries().forEach(task => {
    seen.longest = Math.max(seen.longest, task.duration);
    seen.last = Math.max(seen.last, task.startTime + task.duration);
  })).observe({type: "longtask", buffered: true});
}"""
TOLD = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const page = performance.getEntriesByType("navigation")[0];
  return {
    paint: paint ? paint.startTime : -1,
    ready: Math.max(seen.last, page.domContentLoadedEventEnd),
    longest: seen.longest,
  };
}"""


def figures(weeks: Path, folder: Path, pictures: Path) -> Iterator[Figure]:
    """Yield every figure that needs a browser; `weeks` holds an archive a fixture week."""
    archive = write_all(folder / "all")
    types = page_types(archive)
    pictures.mkdir(parents=True, exist_ok=True)
    indexes = sorted(weeks.glob(f"*/{WEEK}/index.html"))
    with chromium() as browser:
        yield first_view(browser, indexes)
        yield decide_page(browser, indexes)
        yield accessible(browser, types)
        yield from keyboard(browser, types)
        yield from speed(browser, archive / "busy")
        yield from quiet(browser, types, pictures)
        yield without_scripts(browser, types)
        yield from phone(browser, types)
    yield from paper(types["report"], folder)


def first_view(browser, indexes: list[Path]) -> Figure:
    """Return how far down page one ends, in a window of 1366 x 768."""
    lowest = 0.0
    for path in indexes:
        with Visit(
            browser, path, viewport={"width": 1366, "height": 768}, java_script_enabled=False
        ) as visit:
            box = visit.page.locator(".first").bounding_box()
            lowest = max(lowest, box["y"] + box["height"])
    what = f"page one ends at, lowest of {len(indexes)} weeks"
    return most(what, round(lowest), 768, "px")


def decide_page(browser, indexes: list[Path]) -> Figure:
    """Return how long the page of what is to be decided is, in windows of 1366 x 768."""
    longest = 0.0
    for path in indexes:
        view = {"width": 1366, "height": 768}
        with Visit(browser, path, viewport=view) as visit:
            height = visit.page.evaluate("document.documentElement.scrollHeight")
            longest = max(longest, height / 768)
    what = f"screens of what is to be decided, most of {len(indexes)} weeks"
    return most(what, round(longest, 1), 3.0)


def accessible(browser, types: dict[str, Path]) -> Figure:
    """Return violations on every type of page in every mode."""
    found = [
        f"{name}, {mode.name}: {one}"
        for name, path in types.items()
        for mode in MODES
        for one in looked_at(browser, path, mode)
    ]
    return nothing("axe violations, WCAG 2.1 AA", found, f"{len(types)} types x {len(MODES)} modes")


def keyboard(browser, types: dict[str, Path]) -> Iterator[Figure]:
    """Yield what the Tab key reaches of what it should, and what shows no focus."""
    reached = wanted = 0
    unmarked: list[str] = []
    for name in ("report", "case", "finding", "archive", "board"):
        with Visit(browser, types[name]) as visit:
            seen, all_, bad = tabbed(visit.page)
        reached, wanted, unmarked = reached + seen, wanted + all_, unmarked + bad
    yield least("reached by the Tab key", 100 * min(reached / wanted, 1), 100, "%")
    yield nothing("focus that does not show, or a trap", unmarked, f"{wanted} stops")


def speed(browser, folder: Path) -> Iterator[Figure]:
    """Yield time to first content and to rest, from disk and the web; medians of loads."""
    with served(folder) as address:
        places = {"disk": (folder / WEEK / "pictures.html").as_uri(),
                  "web": f"{address}/{WEEK}/pictures.html"}  # fmt: skip
        for name, url in places.items():
            loads = [timed(browser, url) for _ in range(LOADS)]
            told = {what: median(one[what] for one in loads) for what in loads[0]}
            with_cpu = f"from {name}, CPU {SLOWER} times slower"
            yield most(f"first content {with_cpu}", round(told["paint"]), 1_000, "ms")
            yield most(f"interactive {with_cpu}", round(told["ready"]), 2_500, "ms")
            yield most(f"longest task {with_cpu}", round(told["longest"]), 200, "ms")


def timed(browser, url: str) -> dict:
    """Return the page's own measurements of its loading."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(f"({WATCH})()")
    page.goto(url)
    page.wait_for_timeout(NOTHING_MORE_MS)
    told = page.evaluate(TOLD)
    page.context.close()
    return told


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Provide the folder on a web server of the loopback."""
    handler = functools.partial(Silent, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Silent(http.server.SimpleHTTPRequestHandler):
    """Writes no line a request."""

    def log_message(self, *_) -> None:
        pass


def quiet(browser, types: dict[str, Path], pictures: Path) -> Iterator[Figure]:
    """Yield what pages say to the console or request of others; a picture of each is kept."""
    said, asked = [], []
    for name, path in types.items():
        with Visit(browser, path, viewport={"width": 1366, "height": 900}) as visit:
            visit.page.evaluate(SCROLL)
            said += visit.said
            asked += [url for url in visit.asked if not url.startswith("file://")]
            visit.page.screenshot(path=pictures / f"{name.replace(' ', '-')}.png")
    among = f"{len(types)} types"
    yield nothing("console messages and dialogs", said, among)
    yield nothing("requests that leave", asked, among)


def without_scripts(browser, types: dict[str, Path]) -> Figure:
    """Return types of page whose text differs without scripts."""
    differ = []
    for name, path in types.items():
        texts = []
        for is_on in (True, False):
            with Visit(browser, path, java_script_enabled=is_on) as visit:
                within = "main" if visit.page.locator("main").count() else "body"
                main = visit.page.locator(within)
                texts.append(" ".join(main.inner_text().split()))
        # what filters a table needs a script, and is not there without one
        for field in ("Find a week", "Show rows with"):
            texts[0] = texts[0].replace(field, "")
        if texts[0].split() != texts[1].split():
            differ.append(name)
    return nothing("pages with less text without scripts", differ, f"{len(types)} types")


def phone(browser, types: dict[str, Path]) -> Iterator[Figure]:
    """Yield pages wider than a phone, and targets too small for a thumb."""
    wide, small = [], []
    for name, path in types.items():
        with Visit(browser, path, viewport={"width": 390, "height": 844}) as visit:
            visit.page.evaluate(SCROLL)
            if visit.page.evaluate(WIDE) > 0:
                wide.append(name)
            small += visit.page.evaluate(SMALL)
    yield nothing("pages wider than 390 px", wide, f"{len(types)} types")
    yield nothing("targets below 24 px", small, f"{len(types)} types")


def paper(index: Path, folder: Path) -> Iterator[Figure]:
    """Yield the PDF of a busy week: pages, size of the text, tags, title, language."""
    target = folder / "report.pdf"
    print_page(CHROMIUM, index, target)
    made = pypdf.PdfReader(target)
    texts = [page.extract_text() for page in made.pages]
    cards = next(n for n, text in enumerate(texts, 1) if "wait for a decision" in text)
    yield most("pages up to the first cases, on paper", cards, 1)
    yield most("pages in all, on paper", len(made.pages), 2)
    yield least("most used size of text, on paper", body_size(made), 10.0, "pt")
    root, lacking = made.root_object, []
    for key in ("/Lang", "/StructTreeRoot", "/MarkInfo"):
        lacking += [] if key in root else [key]
    lacking += [] if made.metadata.title else ["title"]
    numbered = [f"{n} of {len(texts)}" in text for n, text in enumerate(texts, 1)]
    lacking += [] if all(numbered) else ["page numbers"]
    yield nothing("lacking: tags, language, title, page x of y", lacking, "5 things")


def body_size(made: pypdf.PdfReader) -> float:
    """Return the size in points in which most letters are set."""
    letters: dict[float, int] = {}

    def visit(text, matrix, text_matrix, _font, size) -> None:
        points = round(abs(size * matrix[3] * text_matrix[3]), 1)
        letters[points] = letters.get(points, 0) + len(text.strip())

    for page in made.pages:
        page.extract_text(visitor_text=visit)
    return max(letters, key=lambda points: letters[points])
