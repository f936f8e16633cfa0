"""The weekly report: every page of it, the same text for the same inputs."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from pipelines.reports.archive import archive_pages
from pipelines.reports.cards import Card, cards, case_cards, page_name
from pipelines.reports.charts import case_lines, cited_lines, in_words, swim_lane
from pipelines.reports.corrections import digest, facts
from pipelines.reports.evidence_pages import Proof, by_minute, log_lines, proofs
from pipelines.reports.language import term, text
from pipelines.reports.page_one import lines, opening
from pipelines.reports.pages import BOOK, Part, asset_files, page, parts_of, said_once, wanted
from pipelines.reports.report_inputs import ReportInputs, week_of
from pipelines.reports.report_rows import Shared
from pipelines.reports.rollups import switch
from pipelines.reports.sections import PAGES, sections
from pipelines.reports.static_charts import drawing, spark
from pipelines.reports.text_tables import Page, Table, book_of, to_csv
from pipelines.reports.view import View, week_label
from pipelines.reports.words import count, day, day_range, listed, moment, number
from pipelines.settings.model import REPORT_TITLE
from pipelines.state.audit import AUDIT_RECORD
from pipelines.state.rows import ReportFacts

Pages = Mapping[str, Page]
PAPER = {"letter": "letter", "a4": "A4"}


def weekly_report(inputs: ReportInputs, week_start: date) -> Pages:
    """Return every file of one week's report and of the archive's index.

    Returns:
        Relative path to text. `latest.html` is there if no later week is known.

    Raises:
        ValueError: `week_start` is not a Monday.
        ModelError: A finding's record cannot be read.
    """
    view = View(inputs, week_start)
    proven = proofs(view)
    shared = about(view)
    pages = report_pages(view, proven, shared) | number_pages(view, proven, shared)
    pages |= case_pages(view, shared) | case_pages(view.of_students, shared)
    pages |= archive_pages(view, shared)
    return pages


def about(view: View) -> Shared:
    """Return the common values of every page of the week."""
    inputs = view.inputs
    known = sorted({week_of(week) for week in inputs.previous} | {view.start})
    place = known.index(view.start)
    return {
        "district": inputs.district,
        "report_title": term(inputs.title) if inputs.title == REPORT_TITLE else inputs.title,
        "week": text("Week {number}", number=view.start.isocalendar().week),
        "dates": day_range(view.start, view.end),
        "report_id": report_id(view),
        "made": moment(inputs.generated_time, view.zone),
        "revision": inputs.revision,
        "paper": PAPER[inputs.paper],
        "accents": (inputs.accent, inputs.accent_dark),
        "pdf": inputs.pdf,
        "pdf_note": inputs.pdf_note,
        "desk": inputs.desk,
        "decides": inputs.reader == "director",
        "versions": versions(inputs),
        "before": week_label(known[place - 1]) if place else "",
        "after": week_label(known[place + 1]) if place + 1 < len(known) else "",
    }


def versions(inputs: ReportInputs) -> list[tuple[str, str]]:
    """Return the versions behind the numbers."""
    return [
        (text("Snapshot"), inputs.snapshot_id),
        (text("Settings"), inputs.settings_hash),
        (text("Registry"), inputs.registry_version),
        (text("Time zone"), inputs.zone),
        *([(text("Account names"), listed(inputs.account_names))] if inputs.account_names else []),
        (term(AUDIT_RECORD), inputs.audit_head or text("no entry yet")),
    ]


def report_id(view: View) -> str:
    """Return a name for this report that changes with its facts."""
    return name_of(view.start, view.inputs.revision, facts(view))


def name_of(week: date, revision: int, said: ReportFacts) -> str:
    """Return the name of a report with these facts."""
    name = f"r-{week_label(week).replace('-', '').lower()}-{digest(said)}"
    return name if revision == 1 else f"{name}-r{revision}"


def report_pages(view: View, proven: Mapping[str, Proof], shared: Shared) -> dict[str, Page]:
    """Return the report itself and the rows of every section as files."""
    five = lines(view)
    parts = parts_of(view, wanted(sections(), view.inputs.sections_off))
    values = {
        **shared,
        **opening(
            view,
            five,
            has_corrections=any(part.name == "corrections" for part in parts),
        ),
        "lines": [(line, spark(line.history)) for line in five],
        "done": proven["decided"],
        "signed": signed(view),
        "tabs": list(PAGES.values()),
        "places": {part.name: f"{PAGES[part.page][0]}#{part.name}-part" for part in parts},
    }
    pages: dict[str, Page] = {}
    for key, (file, name) in PAGES.items():
        blind, own = said_once([part for part in parts if part.page == key])
        pages[f"{view.label}/{file}"] = page(
            "week.html.j2" if key == "decide" else "week_page.html.j2",
            **values,
            file=file,
            name=name,
            blind=blind,
            switch=switch(view) if key == "pictures" else [],
            parts=own,
        )
    return pages | shared_files(parts, view, shared, proven)


def signed(view: View) -> str:
    """Return the signer of the week, and the cases that waited; empty for an unsigned one."""
    one = view.inputs.signed.get(view.start)
    if one is None:
        return ""
    revision = f", revision {number(one.revision)}" if one.revision > 1 else ""
    waits = count(one.waiting, "case")
    when = day(one.time.astimezone(view.zone).date())
    return f"Signed by {one.by} on {when}{revision}, with {waits} waiting."


def shared_files(
    parts: Sequence[Part],
    view: View,
    shared: Shared,
    proven: Mapping[str, Proof] = MappingProxyType({}),
) -> dict[str, Page]:
    """Return the tables of the week as files, and what the archive holds once.

    Each table is a CSV file, and a sheet of the week's one workbook: a workbook each
    would be a sixth of a year's archive, most of it the wrapping of a workbook.
    """
    numbers = {f"number-{key}": proof.table for key, proof in proven.items()}
    tables = {part.name: part.table for part in parts} | numbers
    together = {part.name: part.table for part in parts if part.book} | numbers
    return {
        **asset_files(shared["accents"], shared["paper"]),
        **{f"{view.label}/data/{name}.csv": to_csv(t) for name, t in tables.items()},
        **({f"{view.label}/{BOOK}": book_of(together, shared)} if together else {}),
    }


def number_pages(view: View, proven: Mapping[str, Proof], shared: Shared) -> dict[str, Page]:
    """Return the page behind each number."""
    return {
        f"{view.label}/evidence/{key}.html": page("number.html.j2", **shared, proof=proof)
        for key, proof in proven.items()
    }


def case_pages(view: View, shared: Shared, *, whole: bool = False) -> dict[str, Page]:
    """Return the page of every case that the week's pages link to, and of its findings.

    The archive has chart, tests and log lines of a carried case once, in its own
    week: a long-waiting case would otherwise be rewritten every week.

    Args:
        whole: Write those of carried cases too, for an archive that may have begun
            later.
    """
    pages: dict[str, Page] = {}
    kept = {} if whole else view.kept_weeks
    chosen: list[str] = []
    for case, one in zip(view.paged, case_cards(view, view.paged), strict=True):
        path = f"{view.label}/evidence/{one.page}"
        if case.week in kept:
            pages[path] = page(
                "carried.html.j2",
                **shared,
                case=one,
                earlier=kept[case.week],
                where=f"../../{case.week}/evidence/{one.page}",
                lines=count(one.line_count, "log line"),
            )
            continue
        chosen += [row["finding_id"] for row in case.findings]
        pages[path] = page(
            "case.html.j2",
            **shared,
            case=one,
            picture=picture(view, [c.finding_id for c in one.findings], one.kind),
        )
    for finding_id, cited in view.evidence_of(chosen).items():
        rows = log_lines(view, cited)
        pages |= finding_pages(view, shared, cards(view)[finding_id], rows)
    return pages


def picture(view: View, findings: Sequence[str], kind: str) -> dict[str, object] | None:
    """Return the swim lanes of some findings, wide and for a phone, and in words."""
    lines = case_lines(view, findings, kind)
    figure = swim_lane(view, lines)
    if figure is None:
        return None
    return {
        "drawing": drawing(figure),
        "phone": drawing(figure, is_narrow=True),
        "said": in_words(view, lines, len(cited_lines(view, findings))),
    }


def finding_pages(view: View, shared: Shared, made: Card, rows: Table) -> dict[str, Page]:
    """Return the evidence page of one finding, and its log lines as a file."""
    name = made.page.removesuffix(".html")
    return {
        f"{view.label}/evidence/{made.page}": page(
            "item.html.j2",
            **shared,
            card=made,
            case_page=page_name(made.case_id),
            case_label=view.labels.get(made.case_id, made.case_id),
            table=by_minute(rows),
        ),
        f"{view.label}/data/finding-{name}.csv": to_csv(rows),
    }


def gone_page(inputs: ReportInputs, week_start: date) -> str:
    """Return the page at the address of a case or finding that the week no longer has."""
    return page("gone.html.j2", **about(View(inputs, week_start)))
