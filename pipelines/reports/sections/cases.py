"""Report section: the cases themselves, what weighs most first."""

from collections.abc import Sequence

from pipelines.findings.work_list import RULE_OF_GROUPING, in_items
from pipelines.reports.cards import CaseCard, cases_table, groups, item_cards, week_cards
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.words import count


def title(rows: Sequence[CaseCard]) -> str:
    """Return how many wait, how many are decided."""
    waiting, items = sum(one.item is not None for one in rows), len(item_cards(rows))
    decided = sum(one.group == "decided" for one in rows)
    done = f"{count(decided, 'case')} of this week already decided" if decided else ""
    verb = "waits" if waiting == 1 else "wait"
    said = f"{in_items(waiting, items)} {verb} for a decision" if waiting else ""
    return "; ".join(filter(None, (said, done))) or "No case needs a decision"


def summary(rows: Sequence[CaseCard]) -> str:
    """Return what a case is, and is not."""
    if not rows:
        return ""
    meaning = (
        "A case is the logged activity of an account or a device in one week. It does not show "
        "who was there, or why."
    )
    waiting = sum(one.item is not None for one in rows)
    is_grouped = len(item_cards(rows)) < waiting
    return f"{RULE_OF_GROUPING} {meaning}" if is_grouped else meaning


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
