"""Writing of a report's pages to disk, so that a reader never sees half of one.

Each file is written next to its place, synced to disk and renamed, after everything that
it links to: no page lacks its style, and no index names a missing week.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path, PurePosixPath

from pipelines.errors import SchoolbellError
from pipelines.reports.headline import NUMBERS
from pipelines.reports.language import term, text
from pipelines.reports.pages import page
from pipelines.reports.report_inputs import week_of
from pipelines.reports.report_rows import Number, Shared, WeekNumbers
from pipelines.reports.rollups import grouped, known_weeks, rollup_pages
from pipelines.reports.text_tables import Book, Page
from pipelines.reports.view import View, week_label
from pipelines.reports.words import NOT_KNOWN, day_range, number, share
from pipelines.settings.home import PLAIN_FILE, put_all, shared_folder

LAST = ("latest.html", "index.html")


def write_archive(pages: Mapping[str, Page], folder: Path) -> list[Path]:
    """Write the pages below `folder`; what is there already is left alone.

    Args:
        pages: Relative path to content, as `weekly_report` gives it.
        folder: The archive; made if it is not there.

    Returns:
        The files that were written, in the order of writing.

    Raises:
        SchoolbellError: A path leads out of the folder.
    """
    ordered = sorted(pages, key=lambda path: (turn(path), path))
    written: list[Path] = []
    for _, paths in groupby(ordered, key=turn):
        files = {folder / inside(path): as_bytes(pages[path]) for path in paths}
        changed = {
            target: content
            for target, content in files.items()
            if not target.is_file() or target.read_bytes() != content
        }
        for parent in {target.parent for target in changed}:
            shared_folder(parent)
        put_all(changed, PLAIN_FILE)
        written += changed
    return written


def as_bytes(page: Page) -> bytes:
    """Return the file's content; text as UTF-8, lone surrogates spelled out."""
    if isinstance(page, Book):
        return page.content()
    return page if isinstance(page, bytes) else page.encode("utf-8", "backslashreplace")


def left_over(pages: Mapping[str, Page], folder: Path, week: str) -> list[Path]:
    """Return the files of a week on disk that its pages no longer hold."""
    held = [path for path in (folder / week).rglob("*") if path.is_file()]
    return sorted(path for path in held if path.relative_to(folder).as_posix() not in pages)


def turn(path: str) -> int:
    """Return a file's position in the write order: after everything that it links to.

    Style and scripts first, then pages, the page of a week, the index of weeks.
    """
    if path in LAST:
        return 3 + LAST.index(path)
    if path.startswith("assets/"):
        return 0
    return 2 if path.endswith("/index.html") else 1


def inside(path: str) -> PurePosixPath:
    """Return the path, if it stays in the archive."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise SchoolbellError(
            f"a report page may not be written to {path!r}",
            where="reports.archive",
            remedy="Page paths are relative and stay inside the archive.",
        )
    return relative


def removed_page(shared: Mapping[str, str], week_start: date) -> str:
    """Return the page about a deleted report.

    Args:
        shared: The district's name as `district`, `report_title`, `paper`, and
            `made`, when it was deleted, in words.
    """
    return page(
        "removed.html.j2",
        **shared,
        week=text("Week {number}", number=week_start.isocalendar().week),
        dates=day_range(week_start, week_start + timedelta(days=6)),
        report_id=text("{week}, deleted", week=week_label(week_start)),
        pdf_note="",
        versions=[],
    )


def archive_pages(view: View, shared: Shared, *, numbers: bool = True) -> dict[str, Page]:
    """Return the index of weeks, and the pointer to the newest.

    Args:
        numbers: Whether the index includes each week's numbers.
    """
    keys = tuple(NUMBERS) if numbers else ()
    rows = known_weeks(view)[::-1]
    newest = week_label(week_of(rows[0]))
    entries = [entry(week, keys) for week in rows]
    is_newest = newest == view.label
    spans = grouped(view) if numbers else {}
    values: dict[str, object] = {
        "spans": [
            [name for name in reversed(spans) if name[0].startswith(folder)]
            for folder in ("months/", "semesters/")
        ]
    }
    values |= {"weeks": entries, "names": [NUMBERS[key] for key in keys], "newest": newest}
    pages: dict[str, Page] = {"index.html": page("archive.html.j2", **shared, **values)}
    if is_newest:
        pages["latest.html"] = page("latest.html.j2", **shared, **values)
    # each week's run would else draw all months again, as of that week
    return pages | (rollup_pages(view, shared) if numbers and is_newest else {})


def entry(week: WeekNumbers, keys: Sequence[Number]) -> dict[str, object]:
    """Return one week in the index."""
    start = week_of(week)
    whole = week.get("coverage")
    numbers = [week.get(key) for key in keys]
    return {
        "label": week_label(start),
        "name": text("Week {number}", number=start.isocalendar().week),
        "is_removed": bool(week.get("is_removed")),
        "dates": day_range(start, start + timedelta(days=6)),
        "numbers": [term(NOT_KNOWN) if n is None else number(n) for n in numbers],
        "coverage": term(NOT_KNOWN) if whole is None else share(round(whole * 1e4), 10_000),
    }
