"""The weekly report: every page of it, the same text for the same inputs."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pipelines.reports.cards import card, card_rows
from pipelines.reports.charts import library, spec
from pipelines.reports.coverage import Coverage, coverage
from pipelines.reports.evidence import Proof, log_lines, proofs
from pipelines.reports.headline import NUMBERS, this_week
from pipelines.reports.inputs import ReportInputs, week_of
from pipelines.reports.page_one import Line, lines
from pipelines.reports.pages import page
from pipelines.reports.sections import Section, sections
from pipelines.reports.spark import spark
from pipelines.reports.static import drawing
from pipelines.reports.tables import to_csv
from pipelines.reports.view import View, week_label
from pipelines.reports.words import (
    NOT_KNOWN,
    count,
    day_range,
    listed,
    moment,
    number,
    share,
)

Pages = Mapping[str, str]
ROWS_SHOWN = 60  # of a section's table in the page; the CSV holds all


def weekly_report(inputs: ReportInputs, week_start: date) -> Pages:
    """Every file of one week's report and of the archive's index.

    Returns:
        Relative path to text. `latest.html` is there if no later week is known.

    Raises:
        ValueError: `week_start` is not a Monday.
        ModelError: A finding's record can not be read.
    """
    view = View(inputs, week_start)
    proven = proofs(view)
    shared = about(view)
    pages = report_pages(view, proven, shared)
    pages |= number_pages(view, proven, shared)
    pages |= item_pages(view, shared)
    pages |= archive_pages(view, shared)
    name, text = library()
    pages[f"assets/{name}"] = text
    return pages


def about(view: View) -> dict[str, Any]:
    """What every page of the week says of itself."""
    inputs = view.inputs
    known = sorted({week_of(week) for week in inputs.previous} | {view.start})
    place = known.index(view.start)
    return {
        "district": inputs.district,
        "report_title": inputs.title,
        "week": f"Week {view.start.isocalendar().week}",
        "dates": day_range(view.start, view.end),
        "report_id": report_id(view),
        "made": moment(inputs.generated_time, view.zone),
        "revision": inputs.revision,
        "versions": versions(inputs),
        "before": week_label(known[place - 1]) if place else "",
        "after": week_label(known[place + 1]) if place + 1 < len(known) else "",
    }


def versions(inputs: ReportInputs) -> list[tuple[str, str]]:
    """What the numbers were made from."""
    return [
        ("Snapshot", inputs.snapshot_id),
        ("Settings", inputs.settings_hash),
        ("Registry", inputs.registry_version),
        ("Time zone", inputs.zone),
    ]


def report_id(view: View) -> str:
    """A name for this report that changes with what it was made from."""
    inputs = view.inputs
    parts = (inputs.snapshot_id, inputs.settings_hash, inputs.registry_version)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:4]
    name = f"r-{view.label.replace('-', '').lower()}-{digest}"
    return name if inputs.revision == 1 else f"{name}-r{inputs.revision}"


def report_pages(
    view: View, proven: Mapping[str, Proof], shared: Mapping[str, Any]
) -> dict[str, str]:
    """The report itself and the CSV of every section."""
    five = lines(view)
    off = view.inputs.sections_off
    parts = [part(one, view) for one in sections() if one.name not in off]
    text = page(
        "week.html.j2",
        **shared,
        **opening(view, five),
        lines=[(line, spark(line.history)) for line in five],
        aside=proven["lines-set-aside"],
        done=proven["decided"],
        parts=parts,
        names=[one["name"] for one in parts],
    )
    exports = {
        f"{view.label}/data/{part['name']}.csv": to_csv(part["table"]) for part in parts
    }
    return {f"{view.label}/index.html": text} | exports


def part(section: Section, view: View) -> dict[str, Any]:
    """All that the page needs of one section."""
    rows = section.rows(view)
    figure = section.draw(rows)
    return {
        "name": section.name,
        "label": section.label,
        "title": section.title(rows),
        "summary": section.summary(rows),
        "figure": spec(figure) if figure else None,
        "drawing": drawing(figure) if figure else None,
        "table": section.table(rows),
        "template": section.template,
        "more": section.more(rows),
        "rows_shown": ROWS_SHOWN,
    }


def opening(view: View, five: list[Line]) -> dict[str, Any]:
    """The headline, and what must be said before any number."""
    arrived = coverage(view)
    whole = arrived.expected - arrived.missing
    notices = []
    if not view.is_over:
        notices.append("The week is not over: these numbers will change.")
    if arrived.has_data and arrived.is_partial:
        part = share(whole, arrived.expected)
        notices.append(f"Partial week: {part} of hours arrived. Do not compare.")
    if view.inputs.revision > 1:
        said = f"Corrected report, revision {number(view.inputs.revision)}."
        notices.append(f"{said} See what changed.")
    return {
        "headline": headline(view, five),
        "notices": notices,
        "school_days": school_days(view),
    }


def school_days(view: View) -> str:
    """How many there were, if the calendar says."""
    if view.of_week(view.inputs.school_days).is_empty():
        return "school days not known"
    return count(view.school_day_count, "school day")


def headline(view: View, five: list[Line]) -> str:
    """The week in a few words."""
    arrived = coverage(view)
    if not arrived.has_data:
        return "No log lines arrived"
    if five[0].value:
        verb = "needs" if five[0].value == 1 else "need"
        return f"{count(five[0].value, 'item')} {verb} you"
    if any(line.value for line in five):
        return "Nothing needs you"
    return f"A quiet week, and {came(arrived)}"


def came(arrived: Coverage) -> str:
    """Whether every source arrived."""
    if arrived.missing:
        return f"{count(arrived.missing, 'source hour is', 'source hours are')} missing"
    if len(arrived.sources) <= 2:
        return f"{listed(arrived.sources)} arrived in full"
    return f"all {number(len(arrived.sources))} sources arrived"


def number_pages(
    view: View, proven: Mapping[str, Proof], shared: Mapping[str, Any]
) -> dict[str, str]:
    """The page and the CSV behind each number."""
    pages = {}
    for key, proof in proven.items():
        text = page("number.html.j2", **shared, proof=proof)
        pages[f"{view.label}/evidence/{key}.html"] = text
        pages[f"{view.label}/data/number-{key}.csv"] = to_csv(proof.table)
    return pages


def item_pages(view: View, shared: Mapping[str, Any]) -> dict[str, str]:
    """The evidence page and CSV of every item that the week's pages can link to."""
    pages = {}
    ids = {*view.waiting["finding_id"], *view.decided["finding_id"]}
    ids |= {*view.of_week(view.known)["finding_id"]}
    for row in card_rows(view, view.known).iter_rows(named=True):
        if row["finding_id"] not in ids:
            continue
        made, rows = card(row), log_lines(view, row)
        text = page("item.html.j2", **shared, card=made, table=rows)
        pages[f"{view.label}/evidence/{made.page}"] = text
        name = made.page.removesuffix(".html")
        pages[f"{view.label}/data/item-{name}.csv"] = to_csv(rows)
    return pages


def archive_pages(view: View, shared: Mapping[str, Any]) -> dict[str, str]:
    """The index of weeks, and the pointer to the newest."""
    now = this_week(view) | {"week_start": view.start}
    weeks = [dict(week) for week in view.inputs.previous if week_of(week) != view.start]
    rows = sorted([*weeks, now], key=lambda week: str(week_of(week)), reverse=True)
    newest = week_label(week_of(rows[0]))
    entries = [entry(week) for week in rows]
    values = {"weeks": entries, "names": list(NUMBERS.values()), "newest": newest}
    pages = {"index.html": page("archive.html.j2", **shared, **values)}
    if newest == view.label:
        pages["latest.html"] = page("latest.html.j2", **shared, **values)
    return pages


def entry(week: Mapping[str, Any]) -> dict[str, Any]:
    """One week in the index."""
    start = week_of(week)
    whole = week.get("coverage")
    numbers = [week.get(key) for key in NUMBERS]
    return {
        "label": week_label(start),
        "name": f"Week {start.isocalendar().week}",
        "dates": day_range(start, start + timedelta(days=6)),
        "numbers": [NOT_KNOWN if n is None else number(n) for n in numbers],
        "coverage": NOT_KNOWN if whole is None else share(round(whole * 1e4), 10_000),
    }
