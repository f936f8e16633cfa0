"""Figures of whole districts: what a director meets there, in the report and at the desk.

    python -m tests.benchmarks.experience_districts [--home HOME] [--seed N] [--only NAME]

The districts: HOME (such as the demo's; left out without one), the two judges' districts
by exports of an hour (left out where their generators are not next to the checkout), and
a home without logs. Each is copied before anyone decides in it. Prints one line per figure,
and fails nothing. Needs Chromium.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.registry.new_home import create
from pipelines.run.run import run
from tests.benchmarks.figures import Figure, most, nothing
from tests.benchmarks.judge import GENERATORS, JUDGE, Generator, by_exports, made
from tests.browser.looking import CHROMIUM, MODES, OPEN_ALL, SCROLL, WIDE, axe, chromium
from tests.browser.person import Person
from tests.desk.visiting import open_desk

REPORT = ("index", "pictures", "quality", "rules")
DESK = ("", "sites", "proposals", "start", "weeks", "readers", "use", "requests", "referrals",
        "exceptions", "records", "acts", "system")  # fmt: skip
LOOKED_AT = [mode for mode in MODES if mode.name in ("light", "dark", "320 px")]
SCREEN, PHONE = (768, 1366), (844, 390)
TEN = 10
CASE = ".worklist a[href^='/cases/']"
SEED = 31_415
REASON = "the schedule shows it was allowed"
READ = ("#claim", ".notice", ".next")
"""Parts of a case that a director reads before a verdict."""
HEIGHT = "document.documentElement.scrollHeight"


@dataclass
class Seen:
    """What was found on all pages of a district."""

    pages: int = 0
    axe: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)

    def figures(self, name: str) -> Iterator[Figure]:
        among = f"{self.pages} pages and modes"
        yield nothing(f"{name}: axe violations", self.axe, among)
        yield nothing(f"{name}: console messages", self.console, among)
        yield nothing(f"{name}: requests that leave", self.asked, among)
        yield nothing(f"{name}: pages wider than the window", self.wide, among)


def districts(home: Path | None, seed: int) -> Mapping[str, Callable[[Path], Path]]:
    """Return by name what makes the home of a district in a folder; it may be changed."""
    own = {"demo": partial(copied, home)} if home is not None else {}
    generators = GENERATORS if JUDGE.is_dir() else ()
    return {
        **own,
        **{f"{one.name}, by exports": partial(exported, one, seed) for one in generators},
        "home without logs": without_logs,
    }


def copied(home: Path, folder: Path) -> Path:
    """Return a copy of a home, without its logs."""
    ignored = shutil.ignore_patterns("landing", "openings")
    copy = Path(shutil.copytree(home, folder / "home", ignore=ignored))
    (copy / "landing").mkdir()
    return copy


def exported(generator: Generator, seed: int, folder: Path) -> Path:
    """Return a home with a judge's logs and the exports of an hour."""
    one = by_exports(generator, folder, made(generator, folder, seed, generator.sizes))
    run(one.home, settle_seconds=0)
    return one.home


def without_logs(folder: Path) -> Path:
    """Return a new home after a run that found nothing."""
    create(folder / "home")
    run(folder / "home", settle_seconds=0)
    return folder / "home"


def figures(name: str, home: Path, browser: Any, sockets: Path) -> Iterator[Figure]:
    """Yield every figure of one district."""
    seen = Seen()
    weeks = sorted((home / "reports").glob("20*-W*"))
    if weeks:
        yield from report(name, weeks[-1], browser, seen)
    with open_desk(home, sockets / "desk") as desk:
        base = f"http://127.0.0.1:{desk.port}"
        yield from pages_of_desk(name, base, browser, seen)
        yield from decide(name, base, browser, seen)
    yield from seen.figures(name)


def report(name: str, week: Path, browser: Any, seen: Seen) -> Iterator[Figure]:
    """Yield screens and weight of the newest week; look at its pages."""
    pages = {one: week / f"{one}.html" for one in REPORT}
    for one, path in pages.items():
        for mode in LOOKED_AT:
            look(browser, path.as_uri(), f"{one}, {mode.name}", mode.context, seen)
    for title, (height, width) in (("1366 x 768", SCREEN), ("a phone", PHONE)):
        size = {"viewport": {"width": width, "height": height}}
        tall = height_of(browser, pages["index"].as_uri(), size) / height
        goal = 3.0 if width > PHONE[1] else 9.0
        yield most(f"{name}: screens of page one, {title}", round(tall, 1), goal)
    yield most(f"{name}: page one", pages["index"].stat().st_size, 150_000, "bytes")
    heaviest = max(path.stat().st_size for path in pages.values())
    yield most(f"{name}: heaviest page", heaviest, 600_000, "bytes")


def pages_of_desk(name: str, base: str, browser: Any, seen: Seen) -> Iterator[Figure]:
    """Yield the slowest page of the desk, and screens of its queue; look at its pages."""
    slowest, which = 0.0, ""
    for one in DESK:
        took = []
        for mode in LOOKED_AT:
            title = f"/{one}, {mode.name}"
            took.append(look(browser, f"{base}/{one}", title, mode.context, seen))
        if min(took) > slowest:
            slowest, which = min(took), one or "queue"
    yield most(f"{name}: slowest page of the desk ({which})", round(slowest, 2), 2.0, "s")
    height, width = SCREEN
    size = {"viewport": {"width": width, "height": height}}
    tall = height_of(browser, f"{base}/", size) / height
    yield most(f"{name}: screens of the queue", round(tall, 1), 10.0)


def height_of(browser: Any, url: str, options: dict[str, Any]) -> float:
    """Return the height of a page as it opens."""
    page = browser.new_context(**options).new_page()
    page.goto(url)
    tall = float(page.evaluate(HEIGHT))
    page.context.close()
    return tall


def look(browser: Any, url: str, title: str, options: dict[str, Any], seen: Seen) -> float:
    """Note what axe, the console and the network say of a page; return seconds to open it."""
    page = watched(browser, title, seen, bypass_csp=True, **options)
    began = time.monotonic()
    answer = page.goto(url)
    took = time.monotonic() - began
    if answer is not None and answer.status >= 400:
        seen.console.append(f"{title}: {answer.status}")
    page.evaluate(OPEN_ALL)
    if url.startswith("file:"):  # pages of the report draw their charts when they are scrolled to
        page.evaluate(SCROLL)
    said = len(seen.console)
    seen.axe += [f"{title}: {one}" for one in axe(page)]
    del seen.console[said:]  # axe itself asks for the style, which a browser refuses a file
    if page.evaluate(WIDE) > 0:
        seen.wide.append(title)
    seen.pages += 1
    page.context.close()
    return took


def watched(browser: Any, title: str, seen: Seen, **options: Any) -> Any:
    """Return a new page whose console and requests are noted."""
    page = browser.new_context(**options).new_page()
    page.on("console", lambda message: seen.console.append(f"{title}: {message.text}"))
    page.on("pageerror", lambda error: seen.console.append(f"{title}: {error}"))
    local = ("file://", "http://127.0.0.1:", "data:")
    page.on("request", lambda one: one.url.startswith(local) or seen.asked.append(one.url))
    return page


def decide(name: str, base: str, browser: Any, seen: Seen) -> Iterator[Figure]:
    """Yield clicks and time for ten cases, one after another; none where no case waits."""
    height, width = SCREEN
    page = watched(browser, "deciding", seen, viewport={"width": width, "height": height})
    page.goto(f"{base}/")
    if not page.locator(CASE).count():
        page.context.close()
        return
    person, done, waits = Person(page), 0, 0.0
    person.clicks_on(page.locator(CASE).first)
    while done < TEN and "/cases/" in page.url:
        label = page.title().partition(" - ")[0].removeprefix("Case ")
        person.reads(*READ)
        if done == 0:
            person.clicks_on(page.get_by_label("Authorized"))
            person.writes(page.locator(".first-reason"), REASON)
        else:
            person.clicks_on(page.locator(".reuse").first)
        began = time.monotonic()
        person.clicks_on(page.get_by_role("button", name="Record the verdict"))
        page.locator(".told", has_text=f"{label} is decided: authorized").wait_for()
        waits, done = waits + time.monotonic() - began, done + 1
    yield most(f"{name}: clicks for {done} cases", person.clicks, 25)
    yield most(f"{name}: minutes of the person for them", round(person.minutes, 1), 3.0)
    yield most(f"{name}: seconds of the desk for a verdict", round(waits / done, 2), 1.0, "s")
    page.context.close()


def main() -> None:
    """Print the figures of each district."""
    from tests.benchmarks.experience import say

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="part of a district's name")
    asked = parser.parse_args()
    if not CHROMIUM:
        print("No Chromium: the figures of districts are left out.")
        return
    if not JUDGE.is_dir():
        print("The judges' generators are not here: their districts are left out.")
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        for title, make in districts(asked.home, asked.seed).items():
            if asked.only in title:
                folder = Path(tempfile.mkdtemp(dir=name))
                for one in figures(title, make(folder), browser, folder):
                    say(one)
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
