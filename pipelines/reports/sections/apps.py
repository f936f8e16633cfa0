"""Report section: apps and AI tools in use, their agreements, and what needs a decision."""

from collections.abc import Callable, Iterator, Mapping

from pipelines.reports.app_rows import (
    AI,
    ENDED,
    ENDING,
    IDLE,
    KIND_LABELS,
    NEW,
    NO_AGREEMENT,
    AppRow,
    Apps,
    agreement,
    app_rows,
    decision,
    parts_said,
)
from pipelines.reports.language import marked, plural, term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Cell, Table, Value, table
from pipelines.reports.words import day_range, number


def title(rows: Apps) -> str:
    """Return how many apps are in use, and how many of them are generative AI."""
    if not len(rows):
        return text("No use of a known app could be counted")
    ai = len(rows.of_kind(AI))
    return text(
        "{apps}, {ai} for generative AI",
        apps=plural("{n} app", "{n} apps", len(rows), n=number(len(rows))),
        ai=number(ai),
    )


def summary(rows: Apps) -> str:
    """Return what is counted, and what needs a look."""
    if rows.end is None:
        return ""
    counted = text(
        "Accounts that used an app at the pace of a person in four weeks ({dates}). Background "
        "traffic is not counted, and no one is named.",
        dates=day_range(rows.start, rows.end),
    )
    return " ".join([counted, *_to_look_at(rows)])


def _to_look_at(rows: Apps) -> Iterator[str]:
    """Yield a sentence for each reason to look at apps."""
    if n := len(rows.flagged(NEW)):
        yield plural("{n} app is new this month.", "{n} apps are new this month.", n, n=number(n))
    if n := len(rows.flagged(NO_AGREEMENT)):
        yield plural(
            "{n} app has no agreement on file.",
            "{n} apps have no agreement on file.",
            n,
            n=number(n),
        )
    if n := len(rows.flagged(ENDING)):
        yield plural(
            "The agreement of {n} app ends within 60 days.",
            "The agreements of {n} apps end within 60 days.",
            n,
            n=number(n),
        )
    if n := len(rows.flagged(ENDED)):
        yield plural(
            "The agreement of {n} app has ended.",
            "The agreements of {n} apps have ended.",
            n,
            n=number(n),
        )
    if n := len(rows.flagged(IDLE)):
        yield plural(
            "{n} paid app is used by fewer people than a tenth of its licenses.",
            "{n} paid apps are used by fewer people than a tenth of their licenses.",
            n,
            n=number(n),
        )


def apps_table(rows: Apps) -> Table:
    """Return every app, generative AI first; a published one without what its office notes."""
    left_out = OF_THE_OFFICE if rows.is_banded else ()
    labels = [label for label in COLUMNS if label not in left_out]
    if rows.is_banded:
        caption = text("One row per app. A count is a range.")
    else:
        caption = text("One row per app. Each account counts once, in one role and one building.")
    return table(
        caption,
        labels,
        ([COLUMNS[label](row) for label in labels] for row in rows.rows),
        only_in_files=[label for label in labels if label in IN_FILES],
    )


def _accounts(row: AppRow) -> Cell:
    is_number = row.people.replace(",", "").isdecimal()
    return Cell(row.people, row.people, is_number=is_number, order=f"{row.accounts or 0:09}")


def _yes_or_no(value: bool | None) -> str:  # noqa: FBT001 - a cell of the registry
    return text("not known") if value is None else text("yes") if value else text("no")


COLUMNS: Mapping[str, Callable[[AppRow], Value]] = {
    marked("App"): lambda row: Cell.of_site(row.name),
    marked("Kind"): lambda row: term(KIND_LABELS[row.kind]),
    marked("Accounts"): _accounts,
    marked("On the list"): decision,
    marked("Agreement"): agreement,
    marked("By role"): lambda row: parts_said(row.roles) or "-",
    marked("By building"): lambda row: parts_said(row.places) or "-",
    marked("Vendor"): lambda row: row.facts["vendor"] or "-",
    marked("Owner"): lambda row: row.facts["owner"] or "-",
    marked("Data about students"): lambda row: _yes_or_no(row.facts["student_data"]),
    marked("Licenses"): lambda row: row.facts["licenses"] or "-",
    marked("Hosts"): lambda row: ", ".join(str(row.facts["hosts"]).split("|")),
}
OF_THE_OFFICE = ("By role", "By building", "Owner", "Licenses")
IN_FILES = ("Vendor", "Owner", "Data about students", "Licenses", "Hosts")

SECTION = Section(
    name="apps",
    editions=("superintendent", "board", "public"),
    order=71,
    label="Apps and AI tools",
    page="pictures",
    rows=app_rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=apps_table,
    is_shown=lambda rows: len(rows) > 0,
)
