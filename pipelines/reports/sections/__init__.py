"""The parts of the weekly report, one file per section; this is their contract.

A section has one topic. It takes its rows from a view of the week. Its title (a
sentence), its summary, its chart and its table come from these rows alone.
"""

from collections.abc import Callable, Collection, Mapping, Sized
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pipelines.plugins import discover
from pipelines.reports.charts import Figure
from pipelines.reports.text_tables import Table
from pipelines.reports.view import View

EDITIONS = ("principal", "superintendent", "board", "public")
"""The editions in addition to the director's, which is complete."""


Page = Literal["decide", "pictures", "quality", "rules"]

PAGES: Mapping[Page, tuple[str, str]] = {
    "decide": ("index.html", "Decide"),
    "pictures": ("pictures.html", "The week in pictures"),
    "quality": ("quality.html", "Data quality"),
    "rules": ("rules.html", "Rules and policy"),
}
"""The pages of a week: the file of each, and what it is called."""


Rows = TypeVar("Rows", bound=Sized)


def nothing_more(rows: object) -> None:
    """Do nothing, for sections whose template needs nothing else."""


def always(rows: object) -> bool:  # noqa: ARG001 - the contract's shape
    """Return true, for sections that appear every week."""
    return True


def is_empty(rows: Sized) -> bool:
    """Return whether there are no rows."""
    return len(rows) == 0


@dataclass(frozen=True, kw_only=True)
class Section(Generic[Rows]):
    """One part of the report.

    Attributes:
        name: Anchor in the page and name of the CSV.
        order: Place among the sections, low first.
        label: Two or three words for the contents list.
        page: The page of the week that shows it.
        rows: Gets the rows from the week's view: a frame, or a list.
        title: A sentence about what the rows show.
        summary: Description of the chart for readers who cannot see it.
        draw: The chart, or None if there is nothing to draw.
        table: The rows as text.
        template: Another way to show the rows than chart and table.
        more: Further values of that template.
        is_shown: Whether the rows are worth a place this week.
        editions: The editions that show it in addition to the director's, of `EDITIONS`.
            Their inputs are narrowed before; see `reports.editions`.
        kind: The kind of findings whose absence its title would state.
        is_quiet: Whether its title states that nothing was seen.
        is_for_spans: Whether the pages of months and semesters show it too: it
            works for any number of days.
        is_apart: Whether its rows are left out of the week's workbook, which is one file.
        stays: Whether no setting may leave it out: without it, a reader would
            overestimate the numbers.
    """

    name: str
    order: int
    label: str
    page: Page = "decide"
    rows: Callable[[View], Rows]
    title: Callable[[Rows], str]
    summary: Callable[[Rows], str]
    draw: Callable[[Rows], Figure | None]
    table: Callable[[Rows], Table]
    template: str = "details.html.j2"
    more: Callable[[Rows], object] = nothing_more
    is_shown: Callable[[Rows], bool] = always
    editions: Collection[str] = ()
    kind: str | None = None
    is_quiet: Callable[[Rows], bool] = is_empty
    is_for_spans: bool = False
    is_apart: bool = False
    stays: bool = False


AnySection = Section[Any]
"""A section whose rows only its own functions read."""


def sections() -> list[AnySection]:
    """Return every section of this folder, in the order of the report."""
    found: Mapping[str, AnySection] = discover(__name__, "SECTION", Section)
    return sorted(found.values(), key=lambda section: (section.order, section.name))


def no_chart(rows: object) -> Figure | None:  # noqa: ARG001 - the contract's shape
    """Return no chart, for sections that words and a table show best."""
    return None
