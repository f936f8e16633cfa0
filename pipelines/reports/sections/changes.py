"""Report section: what changed since last week: decisions, withdrawals, corrections."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from pipelines.reports.cards import CaseCard, case_cards, cases_table
from pipelines.reports.language import term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.view import View
from pipelines.reports.words import REVIEW, count, listed

DECIDED: Mapping[str, Callable[[int], str]] = {
    "confirmed": lambda size: count(size, "case confirmed by review", "cases confirmed by review"),
    "explained": lambda size: count(size, "case explained", "cases explained"),
    "withdrawn": lambda size: count(size, "case withdrawn", "cases withdrawn"),
}
"""Status -> cases with it in words; other languages decline both words."""


def rows(view: View) -> list[CaseCard]:
    """Return the cases that were decided since the week began."""
    return case_cards(view, view.decided)


def title(rows: Sequence[CaseCard]) -> str:
    """Return how many were decided, how."""
    if not rows:
        return text("Nothing was decided since last week")
    sizes = Counter(one.standing for one in rows)
    said = [
        words(sizes[term(REVIEW[status])])
        for status, words in DECIDED.items()
        if sizes[term(REVIEW[status])]
    ]
    return text("Decided since last week: {cases}", cases=listed(said))


def summary(rows: Sequence[CaseCard]) -> str:
    """Return what withdrawn means, if there is one."""
    if not any(one.standing == term(REVIEW["withdrawn"]) for one in rows):
        return ""
    return text(
        "A withdrawn case was wrong or is no longer supported by logs. It is listed only here, to "
        "explain numbers that changed."
    )


SECTION = Section(
    name="changes",
    editions=("principal", "superintendent"),
    order=15,
    label="What changed",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=cases_table,
    is_shown=bool,
)
