"""The list of work: cases that need a decision, with like cases as one item.

Cases whose main finding is by the same rule are one item. Cases of the report's week and
older cases are separate items, new ones first, then the highest weight. While that makes
more than 15 items, the older items of one kind become one item, beginning with the kind
that has most items; then new ones. There are four kinds, so the list ends within 15 items.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pipelines.findings.cases import Case, week_of

MAX_ITEMS = 15
TODAY = 3
"""Items to do first, the same at every place that names them."""
RULE_OF_GROUPING = (
    "Cases that the same rule found are one item. New cases come before older ones, then the "
    f"highest weight. If that makes more than {MAX_ITEMS} items, cases of the same kind are one "
    "item, older ones first."
)

GroupBy = Literal["rule", "kind"]


@dataclass(frozen=True)
class WorkItem:
    """Like cases, which a person looks through together.

    Attributes:
        code: The rule, or the kind, that they have in common.
        is_new: They are of the week of the report; otherwise all are older.
        week: The Monday of that week.
        cases: Highest weight first.
    """

    by: GroupBy
    code: str
    is_new: bool
    week: date
    cases: tuple[Case, ...]

    @property
    def parts(self) -> dict[str, str]:
        """The same selection for the queue of the desk: names and values of its filter."""
        label = week_of(self.week)
        before = week_of(self.week - timedelta(days=7))
        return {self.by: self.code} | ({"first": label} if self.is_new else {"last": before})


def work_items(waiting: Iterable[Case], week: date) -> list[WorkItem]:
    """Return the list of work of a week, given by its Monday.

    Args:
        waiting: Cases that need a decision; those about students separately.
    """
    found = sorted(waiting, key=lambda case: (case.weight, case.case_id))
    merged: set[tuple[bool, str]] = set()
    made = _items(found, week, merged)
    while len(made) > MAX_ITEMS:
        sizes = Counter((one.is_new, str(one.cases[0].heaviest["kind"])) for one in made)
        merged.add(max(sizes, key=lambda key: (sizes[key] > 1, not key[0], sizes[key], key[1])))
        made = _items(found, week, merged)
    return made


def _items(
    found: Sequence[Case], week: date, merged: Collection[tuple[bool, str]]
) -> list[WorkItem]:
    """Return items by rule, and by kind where `merged` names that kind of new or older cases."""
    held: dict[tuple[bool, GroupBy, str], list[Case]] = {}
    for case in found:
        is_new, kind = case.monday >= week, str(case.heaviest["kind"])
        by: GroupBy = "kind" if (is_new, kind) in merged else "rule"
        held.setdefault((is_new, by, str(case.heaviest[by])), []).append(case)
    return [
        WorkItem(by, code, is_new, week, tuple(cases))
        for (is_new, by, code), cases in sorted(held.items(), key=lambda one: not one[0][0])
    ]


def in_items(cases: int, items: int) -> str:
    """Return text such as "50 cases in 12 items"; no items if they say nothing more."""
    said = "1 case" if cases == 1 else f"{cases:,} cases"
    return said if items in (1, cases) else f"{said} in {items} items"
