"""The list of work: like cases are one item, new ones come first, and it stays short."""

from datetime import date, timedelta

import pytest

from pipelines.findings.cases import Case, week_of
from pipelines.findings.grades import KINDS
from pipelines.findings.work_list import MAX_ITEMS, TODAY, in_items, work_items

MONDAY = date(2026, 11, 16)


def case(name, rule="SA-3", kind="shared_account", severity="medium", weeks_back=0):
    day = MONDAY - timedelta(weeks=weeks_back)
    finding = {
        "finding_id": f"f-{name}", "rule": rule, "kind": kind, "severity": severity,
        "confidence": "C2", "status": "open", "subject": f"s-{name}",
        "event_date": day.isoformat(),
        "record": {"details": {}, "start_time": f"{day}T10:00:00+00:00",
                   "end_time": f"{day}T11:00:00+00:00"},
    }  # fmt: skip
    return Case(case_id=f"c-{name}", person="", clause="1", week=week_of(day), findings=(finding,))


def names(item):
    return [one.case_id for one in item.cases]


def test_cases_of_one_rule_are_one_item_and_new_ones_are_first():
    waiting = [
        case("a", severity="high", weeks_back=2),
        case("b"),
        case("c", weeks_back=1),
        case("d", rule="NA-1", kind="non_approved_site"),
        case("e", severity="high"),
    ]
    items = work_items(waiting, MONDAY)
    assert [(one.code, one.is_new, names(one)) for one in items] == [
        ("SA-3", True, ["c-e", "c-b"]),
        ("NA-1", True, ["c-d"]),
        ("SA-3", False, ["c-a", "c-c"]),
    ]
    assert items[0].parts == {"rule": "SA-3", "first": "2026-W47"}
    assert items[2].parts == {"rule": "SA-3", "last": "2026-W46"}
    assert work_items([], MONDAY) == []


@pytest.mark.parametrize("new", [0, 3, 40])
def test_the_list_has_at_most_fifteen_items_and_loses_no_case(new):
    kinds = sorted(KINDS)
    waiting = [
        case(f"{at}", rule=f"R-{at % 37}", kind=kinds[at % 4], weeks_back=0 if at < new else 1)
        for at in range(90)
    ]
    items = work_items(waiting, MONDAY)
    assert TODAY <= len(items) <= MAX_ITEMS
    assert sorted(name for one in items for name in names(one)) == sorted(
        one.case_id for one in waiting
    )
    if new == 3:  # the new ones were few: each keeps its rule
        assert [one.by for one in items[:3]] == ["rule"] * 3
    assert [one.is_new for one in items] == sorted((one.is_new for one in items), reverse=True)


def test_every_kind_fits_twice():
    assert 2 * len(KINDS) <= MAX_ITEMS


def test_items_are_named_where_they_say_more_than_cases():
    assert in_items(1, 1) == "1 case"
    assert in_items(4, 1) == "4 cases"
    assert in_items(3, 3) == "3 cases"
    assert in_items(50, 12) == "50 cases in 12 items"
