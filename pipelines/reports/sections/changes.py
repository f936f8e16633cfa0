"""Report section: what changed since last week: decisions, withdrawals, corrections."""

from collections import Counter
from collections.abc import Sequence

from pipelines.reports.cards import CaseCard, case_cards, cases_table
from pipelines.reports.language import term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.view import View
from pipelines.reports.words import REVIEW, count, listed


def rows(view: View) -> list[CaseCard]:
    """Return the cases that were decided since the week began."""
    return case_cards(view, view.decided)


def title(rows: Sequence[CaseCard]) -> str:
    """Return how many were decided, how."""
    if not rows:
        return text("Nothing was decided since last week")
    sizes = sorted(Counter(one.standing for one in rows).items())
    said = [f"{count(size, 'case')} {standing}" for standing, size in sizes]
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
