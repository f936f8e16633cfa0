"""Figures from the text of the pages: words, weight, numbers, links, mail, colors."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import polars as pl

from pipelines.reports.archive import as_bytes, write_archive
from pipelines.reports.charts import DARK, LIGHT, contrast
from pipelines.reports.mail import mail
from pipelines.reports.publication import _replace as replace_week
from pipelines.reports.report_inputs import ReportInputs, empty_frame
from pipelines.reports.sections import PAGES
from pipelines.reports.weekly import Pages, weekly_report
from pipelines.reports.words import lint, reading_grade
from tests.benchmarks.figures import Figure, least, most, nothing
from tests.sections.fixtures import MONDAY, WEEKS
from tests.sections.reading import Page, texts
from tests.sections.test_mail import ALLOWED, PLACE
from tests.sections.test_palette import SERIES, SIGHT, distance, lab, seen
from tests.sections.test_weekly import csv_rows, numbers_by_link, sheets_of
from tests.sections.year import cases_of, year

WEEK = "2026-W47"
INDEX = f"{WEEK}/index.html"
CLAIM = re.compile('<(?:h3 id="h-|h1 id="claim)[^>]*>(.*?)</h[13]>', re.DOTALL)
HOLDS = re.compile(r"limits and ([0-9,]+) log lines? are in")
SUBJECT = re.compile(r"\b(account|device)\b", re.IGNORECASE)


@dataclass
class Tally:
    """What was found over all weeks."""

    weeks: int = 0
    words: int = 0
    grade: float = 0.0
    first: int = 0
    report: int = 0
    bytes: int = 0
    mail: int = 0
    numbers: int = 0
    pages: int = 0
    unequal: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    differ: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


def figures(weeks: int, folder: Path) -> Iterator[Figure]:
    """Yield every figure that needs no browser."""
    tally = Tally()
    for name, inputs in year(weeks):
        pages = weekly_report(inputs, MONDAY)
        count(tally, name, inputs, pages)
        write_archive(pages, folder / name.replace(" ", "-"))
    among = f"{tally.weeks} weeks"
    yield most("words of page one", tally.words, 150)
    yield most("reading grade of page one", tally.grade, 8)
    yield from colours()
    yield from weights(tally, weeks)
    yield nothing("tags in mails that mail programs refuse", tally.foreign, among)
    numbers = f"{tally.numbers} numbers"
    yield nothing("numbers unequal to their evidence", tally.unequal, numbers)
    yield nothing("links that lead nowhere", tally.dead, f"{tally.pages} pages")
    yield nothing("item addresses dead after a change", gone(folder), "two revisions")
    yield nothing("weeks that differ when made twice", twice(), f"{len(WEEKS)} weeks")
    yield nothing("words that must not be said", tally.said, among)
    yield nothing("mail, page, rows and files disagree", tally.differ, among)


def count(tally: Tally, name: str, inputs: ReportInputs, pages: Pages) -> None:
    """Take one week into the tally."""
    index = str(pages[INDEX])
    first = Page(index, within="headline").text
    made = mail(inputs, MONDAY, where=PLACE)
    tally.weeks += 1
    tally.pages += len(texts(pages))
    tally.words = max(tally.words, len(first.split()))
    tally.grade = max(tally.grade, reading_grade(first))
    tally.first = max(tally.first, page_one_bytes(index))
    whole = [str(pages[f"{WEEK}/{file}"]) for file, _ in PAGES.values()]
    tally.report = max(tally.report, *(len(text.encode()) for text in whole))
    tally.mail = max(tally.mail, len(made.html.encode()))
    own = [page for path, page in pages.items() if path.startswith(WEEK)]
    tally.bytes += sum(len(as_bytes(page)) for page in own)
    tally.foreign += sorted({tag for tag, _ in Page(made.html).tags} - ALLOWED)
    tally.unequal += [f"{name}: {key}" for key in unequal(tally, inputs, pages)]
    tally.dead += [f"{name}: {link}" for link in dead(pages)]
    tally.said += [f"{name}: {text}" for text in said(pages)]
    tally.differ += [f"{name}: {key}" for key in differing(inputs, pages, made.text)]


def page_one_bytes(index: str) -> int:
    """Return the page without the parts below its first section."""
    begin, end = index.index('<section class="part"'), index.index("</main>")
    return len((index[:begin] + index[end:]).encode())


def unequal(tally: Tally, inputs: ReportInputs, pages: Pages) -> Iterator[str]:
    """Yield numbers of page one, and of items, that differ from the rows behind them.

    The rows are one click away (the number's page), the log lines two; those of a
    carried case are in another week, and its page shows how many.
    """
    for key, number in numbers_by_link(pages[INDEX]).items():
        tally.numbers += 1
        proof = Page(str(pages[f"{WEEK}/evidence/{key}.html"]))
        column = proof.attribute("data-adds-up")[0]
        rows = csv_rows(pages[f"{WEEK}/data/number-{key}.csv"])
        held = sum(int(row[column]) for row in rows) if column else len(rows)
        shown = held if column else proof.row_count()
        if not number == held == shown:
            yield key
    for path, text in texts(pages).items():
        if "/evidence/" in path and 'id="log-lines"' in text:
            tally.numbers += 1
            if carried := HOLDS.search(Page(text).text):
                told, shown = int(carried[1].replace(",", "")), held_by(inputs, path)
            else:
                lines = Page(text, within="log-lines")
                told = int(lines.attribute("data-count")[0])
                shown = sum(map(int, lines.attribute("data-lines")))
            if told != shown:
                yield path


def held_by(inputs: ReportInputs, path: str) -> int:
    """Log lines of the case that a page is about."""
    own = inputs.findings.filter(pl.col("case_id") == Path(path).stem)["finding_id"]
    lines = inputs.evidence.filter(pl.col("finding_id").is_in(own.to_list()))
    return lines.select("source", "path", "line_no").unique().height


def dead(pages: Pages) -> Iterator[str]:
    """Yield links within the week that no page or file answers."""
    for path, text in texts(pages).items():
        if not path.endswith(".html"):
            continue
        for link in Page(text).links:
            target, _, anchor = link.partition("#")
            whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if not target and f'id="{anchor}"' not in text:
                yield link
            if target and whole.startswith(WEEK) and whole not in pages:
                yield link


def said(pages: Pages) -> Iterator[str]:
    """Banned words, raw values, and claims about neither account nor device."""
    for path, text in texts(pages).items():
        if path.endswith(".html"):
            yield from lint(Page(text).text)
            for claim in CLAIM.findall(text):
                if not (SUBJECT.search(claim) and "other explanations" in text.lower()):
                    yield claim


def differing(inputs: ReportInputs, pages: Pages, plain: str) -> Iterator[str]:
    """Yield numbers that mail, page one, rows, workbook and frame do not share."""
    labels = {"needs-you": "Needs you", "shared-accounts": "Shared accounts",
              "new-sites": "Not on the list",
              "off-hours-accounts": "Outside hours"}  # fmt: skip
    shown = numbers_by_link(pages[INDEX])
    _, sheets = sheets_of(pages)
    for key, label in labels.items():
        if key not in shown:
            continue
        rows = csv_rows(pages[f"{WEEK}/data/number-{key}.csv"])
        sizes = {shown[key], len(rows), len(sheets[f"number-{key}"]) - 1}
        if key == "needs-you":
            sizes.add(cases_of(inputs))
        if len(sizes) > 1 or f"{label}: {shown[key]:,} " not in plain:
            yield key


def gone(folder: Path) -> list[str]:
    """Return items of a first revision whose address shows nothing after a second."""
    place, first = folder / "again", WEEKS["busy"]()
    pages = weekly_report(first, MONDAY)
    replace_week(pages, place, first, MONDAY)
    later = replace(first, findings=empty_frame("findings"))
    replace_week(weekly_report(later, MONDAY), place, later, MONDAY)
    items = [path for path in pages if "/evidence/f-" in path]
    return [
        path
        for path in items
        if not (place / path).is_file()
        or "no longer in the report" not in (place / path).read_text("utf-8")
    ]


def twice() -> list[str]:
    """Return weeks of which some file is not the same bytes when rebuilt."""
    return [
        name
        for name, make in WEEKS.items()
        if all_bytes(weekly_report(make(), MONDAY)) != all_bytes(weekly_report(make(), MONDAY))
    ]


def all_bytes(pages: Pages) -> dict[str, bytes]:
    """Return every file as it is written."""
    return {path: as_bytes(page) for path, page in pages.items()}


def weights(tally: Tally, weeks: int) -> Iterator[Figure]:
    """Yield bytes of pages, library, archive and mail."""
    yield most("page one alone", tally.first, 150_000, "bytes")
    yield most("heaviest report page", tally.report, 600_000, "bytes")
    scaled = tally.bytes * 52 // max(weeks, 1)
    yield most("52 weeks with all their files", scaled, 60_000_000, "bytes")
    yield most("heaviest mail", tally.mail, 95_000, "bytes")


def colours() -> Iterator[Figure]:
    """Contrast of text and marks, and how far apart the series are."""
    text, marks, apart = [], [], []
    for palette in (LIGHT, DARK):
        grounds = (palette["page"], palette["surface"])
        text += [contrast(palette[t], g) for t in ("ink", "muted", "accent") for g in grounds]
        marks += [contrast(palette[m], palette["surface"]) for m in (*SERIES, "border")]
        apart += [
            distance(lab(seen(palette[a], sight)), lab(seen(palette[b], sight)))
            for a, b in combinations(SERIES, 2)
            for sight in SIGHT
        ]
    yield least("contrast of text, both themes", min(text), 4.5)
    yield least("contrast of marks, both themes", min(marks), 3.0)
    yield least("series apart, every kind of sight", min(apart), 15.0, "CIEDE2000")
