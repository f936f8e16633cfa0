"""Makes homes of odd districts, and pictures of their report and desk to look at.

    python -m tests.benchmarks.odd_homes FOLDER [--only no_list]

Needs Chromium. Each home is made once; a second call only takes the pictures again.
"""

import argparse
import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, generate
from tests.browser.looking import chromium
from tests.desk.visiting import open_desk

SEED = 2026
SCHOOL = "HS"
ELSEWHERE = re.compile(r"\b(org-)?(?:MS|ES|DO|ms|es|do)\b")


@dataclass(frozen=True)
class OddHome:
    """A district that is unusual in one way.

    Attributes:
        change: Changes its registry before the first run.
    """

    change: Callable[[Path], None]
    people: int = 60
    weeks: int = 1
    violations: bool = True


def make(home: Path, odd: OddHome) -> Path:
    """Make a home, with its logs, and run it once; return it."""
    if not (home / "reports" / "index.html").is_file():
        create(home, account_domains=ACCOUNT_DOMAINS)
        generate(home, SEED, weeks=odd.weeks, people=odd.people, violations=odd.violations)
        odd.change(DistrictHome(home).registry)
        run(home, settle_seconds=0)
    return home


def no_list(registry: Path) -> None:
    """Empty the lists of sites."""
    _emptied(registry, ("approved_sites.csv", "site_categories.csv"))


def no_networks(registry: Path) -> None:
    """Empty the lists of networks, access points and buildings."""
    _emptied(registry, ("subnets.csv", "access_points.csv", "egress.csv", "buildings.csv"))


def one_school(registry: Path) -> None:
    """Move everyone and everything to the high school."""
    for name in ("orgs.csv", "buildings.csv"):
        _rewritten(registry / name, lambda rows: [row for row in rows if SCHOOL in row.values()])
    for path in registry.glob("*.csv"):
        _rewritten(path, _at_school)


def _at_school(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    places = ("building", "used_in", "orgSourcedIds", "orgSourcedId", "parentSourcedId")
    return [
        {name: _school_of(value) if name in places else value for name, value in row.items()}
        for row in rows
    ]


def _school_of(value: str) -> str:
    return ELSEWHERE.sub(lambda found: "org-hs" if found[1] else SCHOOL, value)


def _emptied(registry: Path, names: Iterable[str]) -> None:
    for name in names:
        _rewritten(registry / name, lambda _rows: [])


def _rewritten(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(line for line in file if not line.startswith("#"))
        columns, rows = list(reader.fieldnames or ()), list(reader)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def _unchanged(_registry: Path) -> None:
    """Leave the registry as it was made."""


ODD: Mapping[str, OddHome] = {
    "no_list": OddHome(no_list),
    "no_networks": OddHome(no_networks),
    "one_school": OddHome(one_school),
    "quiet": OddHome(_unchanged, weeks=3, violations=False),
    "large": OddHome(_unchanged, people=3_000),
}
"""Homes by name."""


@dataclass(frozen=True)
class Look:
    """How pages are looked at."""

    name: str
    context: Mapping[str, Any]


CASE = ".worklist a[href^='/cases/']"
LOOKS = (
    Look("light", {"viewport": {"width": 1366, "height": 768}}),
    Look("dark", {"viewport": {"width": 1366, "height": 768}, "color_scheme": "dark"}),
    Look("phone", {"viewport": {"width": 390, "height": 844}, "has_touch": True}),
)
REPORT = ("index", "pictures", "quality", "rules")
DESK = ("", "sites", "proposals", "start", "weeks", "use", "requests", "referrals", "exceptions",
        "records", "acts", "system")  # fmt: skip


def picture_report(browser: Any, home: Path, folder: Path) -> None:
    """Take pictures of the newest week's pages, and print its page one."""
    week = max((home / "reports").glob("20*-W*"))
    for look in LOOKS:
        context = browser.new_context(**look.context)
        page = context.new_page()
        for name in REPORT:
            page.goto((week / f"{name}.html").as_uri())
            page.wait_for_timeout(1_000)
            page.screenshot(path=folder / f"report-{name}-{look.name}.png", full_page=True)
        if look.name == "light":
            page.goto((week / "index.html").as_uri())
            page.pdf(path=folder / "report-index.pdf", format="Letter")
        context.close()


def picture_desk(browser: Any, home: Path, folder: Path) -> None:
    """Take pictures of the desk's pages and of the first case, as the home's owner."""
    with TemporaryDirectory() as place, open_desk(home, Path(place) / "desk") as desk:
        for look in LOOKS:
            base = f"http://127.0.0.1:{desk.port}"
            context = browser.new_context(base_url=base, **look.context)
            page = context.new_page()
            for name in DESK:
                page.goto(f"/{name}")
                picture = folder / f"desk-{name or 'queue'}-{look.name}.png"
                page.screenshot(path=picture, full_page=True)
            page.goto("/")
            if page.locator(CASE).count():
                page.locator(CASE).first.click()
                page.screenshot(path=folder / f"desk-case-{look.name}.png", full_page=True)
            context.close()


def main() -> None:
    """Make the homes and their pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=ODD)
    asked = parser.parse_args()
    with chromium() as browser:
        for name in [asked.only] if asked.only else ODD:
            home, pictures = asked.folder / name / "home", asked.folder / name / "pictures"
            make(home, ODD[name])
            pictures.mkdir(exist_ok=True)
            picture_report(browser, home, pictures)
            picture_desk(browser, home, pictures)
            print(pictures, flush=True)


if __name__ == "__main__":
    main()
