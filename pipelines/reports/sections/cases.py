"""Report section: the cases themselves, what weighs most first."""

from collections.abc import Sequence

from pipelines.reports.cards import CaseCard, cases_table, groups, item_cards, week_cards
from pipelines.reports.language import plural, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.words import count


def title(rows: Sequence[CaseCard]) -> str:
    """Return how many wait, how many are decided."""
    waiting, items = sum(one.item is not None for one in rows), len(item_cards(rows))
    decided = sum(one.group == "decided" for one in rows)
    said = []
    if waiting:
        is_grouped = items not in (1, waiting)
        size, noun = (items, "item") if is_grouped else (waiting, "case")
        cases = count(size, noun)
        said.append(
            plural("{cases} waits for a decision", "{cases} wait for a decision", size, cases=cases)
        )
    if decided:
        cases = count(decided, "case")
        said.append(text("{cases} of this week already decided", cases=cases))
    return "; ".join(said) or text("No case needs a decision")


def summary(rows: Sequence[CaseCard]) -> str:
    """Return what a case is, and is not."""
    if not rows:
        return ""
    return text(
        "A case is the logged activity of an account or a device in one week. It does not show "
        "who was there, or why."
    )


SECTION = Section(
    name="cases",
    editions=("principal", "superintendent"),
    order=10,
    label="Cases",
    rows=week_cards,
    title=title,
    summary=summary,
    draw=no_chart,
    table=cases_table,
    template="cases.html.j2",
    more=groups,
)
