"""Puts a report's pages on disk, so that a reader never sees half of one.

Each file is written beside its place, forced to disk and renamed, after all that
it points to: no page lacks its style, and no index names a week that is not there.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.errors import SchoolbellError
from pipelines.findings.cases import Case
from pipelines.reports.exports import Export, Page, exports
from pipelines.reports.headline import NUMBERS, is_whole, this_week
from pipelines.reports.inputs import week_of
from pipelines.reports.pages import page
from pipelines.reports.sections import trend
from pipelines.reports.static_charts import drawing
from pipelines.reports.tables import Cell, Table, table
from pipelines.reports.view import View, week_label
from pipelines.reports.words import (
    KINDS,
    MONTHS,
    NOT_KNOWN,
    count,
    day_range,
    number,
    share,
)
from pipelines.settings.home import PLAIN_FILE, put, shared_folder

TO_THURSDAY = timedelta(days=3)
FALL_BEGINS = 8


def month_of(start: date) -> tuple[str, str]:
    """File name and title of the month that a week belongs to."""
    middle = start + TO_THURSDAY
    return f"months/{middle:%Y-%m}", f"{MONTHS[middle.month - 1]} {middle.year}"


def semester_of(start: date) -> tuple[str, str]:
    """File name and title of the semester that a week belongs to."""
    middle = start + TO_THURSDAY
    if middle.month >= FALL_BEGINS:
        return f"semesters/{middle.year}-2-fall", f"Fall {middle.year}"
    return f"semesters/{middle.year}-1-spring", f"Spring {middle.year}"


def known_weeks(view: View) -> list[Mapping[str, Any]]:
    """The headline numbers of every week, this one's as they are now."""
    others = [week for week in view.inputs.previous if week_of(week) != view.start]
    now = this_week(view) | {"week_start": view.start}
    return sorted([*others, now], key=lambda week: str(week_of(week)))


def grouped(view: View) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """The weeks of each month and each semester, oldest first."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for week in known_weeks(view):
        if not week.get("is_last_year") and not week.get("is_removed"):
            for name in (month_of(week_of(week)), semester_of(week_of(week))):
                found.setdefault(name, []).append(week)
    return found


def rollup_pages(view: View, shared: Mapping[str, Any]) -> dict[str, Page]:
    """A page and files for each month and semester with a published week.

    One that reaches back before all findings are kept stays as it was published.
    """
    pages: dict[str, Page] = {}
    first = view.inputs.kept_from or date.min
    for (path, title), weeks in grouped(view).items():
        if week_of(weeks[0]) < first:
            continue
        side_by_side, cases = weeks_table(weeks), cases_by_kind(view, weeks)
        figure = trend.draw(trend.rows_of(weeks))
        text = page(
            "rollup.html.j2",
            **shared,
            drawn=[drawing(figure), drawing(figure, is_narrow=True)] if figure else [],
            name=title,
            path=path,
            lead=lead(weeks),
            tables=[side_by_side, cases],
        )
        pages[f"{path}.html"] = text
        pages |= exports(path, side_by_side, {**shared, "dates": title})
    return pages


def lead(weeks: list[Mapping[str, Any]]) -> str:
    """How many weeks there are, and how many of them are not whole."""
    said = f"{count(len(weeks), 'week')} with a report"
    broken = sum(not is_whole(week) for week in weeks)
    if broken:
        said += f", {count(broken, 'of them a partial week', 'of them partial weeks')}"
    return f"{said}."


def weeks_table(weeks: list[Mapping[str, Any]]) -> Table:
    """The numbers of each week; a week that is not whole is marked."""
    return table(
        "One row per week",
        ["Week", "Dates", "School days", *NUMBERS.values(), "Arrived"],
        (
            [
                _link(week_of(week)),
                day_range(week_of(week), week_of(week) + timedelta(days=6)),
                week.get("school_days"),
                *(week.get(key) for key in NUMBERS),
                _arrived(week),
            ]
            for week in weeks
        ),
    )


def _link(start: date) -> Cell:
    name = f"Week {start.isocalendar().week}"
    return Cell(name, name, href=f"../{week_label(start)}/index.html")


def _arrived(week: Mapping[str, Any]) -> str:
    whole = week.get("coverage")
    if whole is None:
        return NOT_KNOWN
    part = share(round(whole * 1e4), 10_000)
    return part if is_whole(week) else f"{part} (partial week)"


def cases_by_kind(view: View, weeks: list[Mapping[str, Any]]) -> Table:
    """Cases of those weeks by what they are about and where review stands."""
    first, last = week_of(weeks[0]), week_of(weeks[-1])
    own = [case for case in view.all_cases if first <= case.monday <= last]
    asked = [case for case in own if case.standing(view.start) != "site"]
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in asked:
        key = (case.heaviest["kind"], case.standing(view.start))
        groups.setdefault(key, []).append(case)
    return table(
        "Cases of these weeks. Each is counted once, however many weeks it waits.",
        ["About", "Accounts or devices", "Cases", *STATES.values()],
        (
            [
                label,
                len(
                    {
                        row["subject"]
                        for (of, _), held in groups.items()
                        for case in held
                        for row in case.counted
                        if of == kind
                    }
                ),
                sum(len(held) for (of, _), held in groups.items() if of == kind),
                *(len(groups.get((kind, state), ())) for state in STATES),
            ]
            for kind, label in KINDS.items()
        ),
    )


STATES = {
    "waiting": "Waiting",
    "trial": "On trial",
    "expired": "Expired",
    "explained": "Explained",
    "confirmed": "Confirmed",
    "withdrawn": "Withdrawn",
}


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
    written = []
    for path in ordered:
        target = folder / inside(path)
        content = as_bytes(pages[path])
        if not target.is_file() or target.read_bytes() != content:
            shared_folder(target.parent)
            put(target, content, PLAIN_FILE)
            written.append(target)
    return written


def as_bytes(page: Page) -> bytes:
    """What stands in the file; text as UTF-8, lone surrogates spelled out."""
    if isinstance(page, Export):
        return page.content()
    return page if isinstance(page, bytes) else page.encode("utf-8", "backslashreplace")


def left_over(pages: Mapping[str, Page], folder: Path, week: str) -> list[Path]:
    """The files of a week on disk that its pages no longer hold."""
    held = [path for path in (folder / week).rglob("*") if path.is_file()]
    return sorted(
        path for path in held if path.relative_to(folder).as_posix() not in pages
    )


def turn(path: str) -> int:
    """When a file is written: after all that it points to.

    Style and scripts first, then pages, the page of a week, the index of weeks.
    """
    if path in LAST:
        return 3 + LAST.index(path)
    if path.startswith("assets/"):
        return 0
    return 2 if path.endswith("/index.html") else 1


def inside(path: str) -> PurePosixPath:
    """The path, if it stays in the archive."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise SchoolbellError(
            f"a report page may not be written to {path!r}",
            where="reports.archive",
            remedy="Page paths are relative and stay inside the archive.",
        )
    return relative


def removed_page(shared: Mapping[str, str], week_start: date) -> str:
    """The page that says so.

    Args:
        shared: The district's name as `district`, `report_title`, `paper`, and
            `made`, when it was deleted, in words.
    """
    return page(
        "removed.html.j2",
        **shared,
        week=f"Week {week_start.isocalendar().week}",
        dates=day_range(week_start, week_start + timedelta(days=6)),
        report_id=f"{week_label(week_start)}, deleted",
        pdf_note="",
        versions=[],
    )


def spans_of(week_start: date) -> list[str]:
    """The pages of month and semester that a week stands in, without their endings."""
    return [month_of(week_start)[0], semester_of(week_start)[0]]


def is_last_of(path: str, week_start: date) -> bool:
    """Whether a month's or semester's page ends with a week."""
    after = week_start + timedelta(days=7)
    return path not in (month_of(after)[0], semester_of(after)[0])


def archive_pages(
    view: View, shared: Mapping[str, Any], *, numbers: bool = True
) -> dict[str, Page]:
    """The index of weeks, and the pointer to the newest.

    Args:
        numbers: Whether the index tells each week's numbers.
    """
    keys = NUMBERS if numbers else {}
    now = this_week(view) | {"week_start": view.start}
    weeks = [dict(week) for week in view.inputs.previous if week_of(week) != view.start]
    rows = sorted([*weeks, now], key=lambda week: str(week_of(week)), reverse=True)
    newest = week_label(week_of(rows[0]))
    entries = [entry(week, keys) for week in rows]
    spans = grouped(view) if numbers else {}
    values: dict[str, Any] = {
        "spans": [
            [name for name in reversed(spans) if name[0].startswith(folder)]
            for folder in ("months/", "semesters/")
        ]
    }
    values |= {"weeks": entries, "names": list(keys.values()), "newest": newest}
    pages: dict[str, Page] = {"index.html": page("archive.html.j2", **shared, **values)}
    if newest == view.label:
        pages["latest.html"] = page("latest.html.j2", **shared, **values)
    return pages | (rollup_pages(view, shared) if numbers else {})


def entry(week: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """One week in the index."""
    start = week_of(week)
    whole = week.get("coverage")
    numbers = [week.get(key) for key in keys]
    return {
        "label": week_label(start),
        "name": f"Week {start.isocalendar().week}",
        "is_removed": bool(week.get("is_removed")),
        "dates": day_range(start, start + timedelta(days=6)),
        "numbers": [NOT_KNOWN if n is None else number(n) for n in numbers],
        "coverage": NOT_KNOWN if whole is None else share(round(whole * 1e4), 10_000),
    }
