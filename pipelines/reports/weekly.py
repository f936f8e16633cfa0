"""The weekly report: every page of it, the same text for the same inputs."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from pipelines.reports.cards import card, card_rows
from pipelines.reports.charts import library, spec
from pipelines.reports.corrections import digest, facts
from pipelines.reports.evidence import Proof, log_lines, proofs
from pipelines.reports.inputs import ReportInputs, week_of
from pipelines.reports.opening import opening
from pipelines.reports.page_one import lines
from pipelines.reports.pages import page
from pipelines.reports.sections import Section, sections
from pipelines.reports.shelf import archive_pages
from pipelines.reports.spark import spark
from pipelines.reports.static import drawing
from pipelines.reports.tables import to_csv
from pipelines.reports.view import View, week_label
from pipelines.reports.words import day_range, moment

Pages = Mapping[str, str | bytes]
PAPER = {"letter": "letter", "a4": "A4"}
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
        "paper": PAPER[inputs.paper],
        "pdf": inputs.pdf,
        "pdf_note": inputs.pdf_note,
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
    """A name for this report that changes with what it says."""
    revision = view.inputs.revision
    name = f"r-{view.label.replace('-', '').lower()}-{digest(facts(view))}"
    return name if revision == 1 else f"{name}-r{revision}"


def report_pages(
    view: View, proven: Mapping[str, Proof], shared: Mapping[str, Any]
) -> dict[str, str]:
    """The report itself and the CSV of every section."""
    five = lines(view)
    off = view.inputs.sections_off
    parts = parts_of(view, [one for one in sections() if one.name not in off])
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
    return {f"{view.label}/index.html": text} | shared_files(parts, view)


def shared_files(parts: Sequence[Mapping[str, Any]], view: View) -> dict[str, str]:
    """The tables of the sections as CSV, and the library of their charts."""
    name, text = library()
    exports = {
        f"{view.label}/data/{part['name']}.csv": to_csv(part["table"]) for part in parts
    }
    return exports | {f"assets/{name}": text}


def parts_of(view: View, wanted: Sequence[Section]) -> list[dict[str, Any]]:
    """All that the page needs of the sections that have something to say."""
    rows = [(section, section.rows(view)) for section in wanted]
    return [part(section, own) for section, own in rows if section.is_shown(own)]


def part(section: Section, rows: pl.DataFrame) -> dict[str, Any]:
    """All that the page needs of one section."""
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


def gone_page(inputs: ReportInputs, week_start: date) -> str:
    """What stands at the address of an item that the week no longer holds."""
    return page("gone.html.j2", **about(View(inputs, week_start)))
