"""Report section: cases about students' accounts, apart from all others.

Students' records are confidential and another code of conduct binds them. No other
section, and no number of page one, counts these cases.
"""

from collections.abc import Sequence

from pipelines.reports.cards import CaseCard, cases_table, groups, week_cards
from pipelines.reports.language import plural, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.view import View
from pipelines.reports.words import number


def rows(view: View) -> list[CaseCard]:
    """Return the same as the section of cases, for students' accounts."""
    return week_cards(view.of_students)


def title(rows: Sequence[CaseCard]) -> str:
    """Return how many there are."""
    if not rows:
        return text("No case is about a student's account")
    return plural(
        "{n} case is about students' accounts",
        "{n} cases are about students' accounts",
        len(rows),
        n=number(len(rows)),
    )


def summary(rows: Sequence[CaseCard]) -> str:
    """Return why they are separate."""
    if not rows:
        return ""
    return text(
        "These cases are in no other list and no other number. Student records are "
        "confidential: review them with the person responsible for students, not as a staff "
        "matter."
    )


SECTION = Section(
    name="student-cases",
    editions=("principal",),
    order=12,
    label="Students' accounts",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=cases_table,
    template="cases.html.j2",
    more=groups,
    is_shown=bool,
    is_apart=True,
    stays=True,
)
