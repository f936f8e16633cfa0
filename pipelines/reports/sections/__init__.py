"""The parts of the weekly report, one file a section; this is their contract.

A section says one thing. It takes its rows from a view of the week, and from
these rows alone come a sentence (its title), a summary in words, perhaps a
chart, and the table beneath it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from plotly.graph_objects import Figure

from pipelines.plugins import discover
from pipelines.reports.tables import Table
from pipelines.reports.view import View

EDITIONS = ("principal", "superintendent", "board", "public")
"""The editions beside the director's, which is the whole."""


def nothing_more(rows: pl.DataFrame) -> None:
    """For sections whose template needs nothing else."""


def always(rows: pl.DataFrame) -> bool:  # noqa: ARG001 - the contract's shape
    """For sections that say something every week."""
    return True


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the report.

    Attributes:
        name: Anchor in the page and name of the CSV.
        order: Place among the sections, low first.
        label: Two or three words for the contents list.
        rows: Takes the rows from the week's view.
        title: A sentence that says what the rows show.
        summary: What the chart shows, for who cannot see it.
        draw: The chart, or None where there is nothing to draw.
        table: The rows as text.
        template: Another way to show the rows than chart and table.
        more: What that template needs beside the rest.
        is_shown: Whether the rows are worth a place this week.
        editions: The editions that show it beside the director's, of `EDITIONS`. What
            each may know is narrowed before; see `reports.editions`.
        kind: The kind of findings whose absence its title would tell.
        is_quiet: Whether its title says that nothing was seen.
        stays: Whether no setting may leave it out: without it a reader would
            take the numbers for more than they are.
    """

    name: str
    order: int
    label: str
    rows: Callable[[View], pl.DataFrame]
    title: Callable[[pl.DataFrame], str]
    summary: Callable[[pl.DataFrame], str]
    draw: Callable[[pl.DataFrame], Figure | None]
    table: Callable[[pl.DataFrame], Table]
    template: str = "section.html.j2"
    more: Callable[[pl.DataFrame], Any] = nothing_more
    is_shown: Callable[[pl.DataFrame], bool] = always
    editions: Collection[str] = ()
    kind: str | None = None
    is_quiet: Callable[[pl.DataFrame], bool] = pl.DataFrame.is_empty
    stays: bool = False


def sections() -> list[Section]:
    """Every section of this folder, in the order of the report."""
    found: Mapping[str, Section] = discover(__name__, "SECTION", Section)
    return sorted(found.values(), key=lambda section: (section.order, section.name))


def no_chart(rows: pl.DataFrame) -> Figure | None:  # noqa: ARG001 - the contract's shape
    """For sections that words and a table say best."""
    return None
