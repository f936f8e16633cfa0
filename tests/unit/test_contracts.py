"""How far a changed contract reaches."""

from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.registry import frames
from pipelines.registry.tables.staff_duty import contracts_moved

WEEKEND = timedelta(days=2)


def windows(*spans):
    rows = [
        {"person_id": person, "kind": kind, "event_date": day}
        for person, kind, first, last in spans
        for day in (first, last)
    ]
    return pl.DataFrame(rows, schema=frames.schema("duty_windows"))


def day(month, number):
    return date(2026, month, number)


ONE = ("p-1", "contract", day(8, 24), day(12, 18))


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        (ONE, []),
        (
            ("p-1", "contract", day(8, 24), day(10, 2)),
            [(day(10, 2) + WEEKEND, day(12, 18) + WEEKEND)],
        ),
        (("p-1", "contract", day(8, 31), day(12, 18)), [(day(8, 24), day(8, 31))]),
        (("p-1", "extra", day(8, 24), day(12, 18)), [(ONE[2], ONE[3] + WEEKEND)]),
    ],
)
def test_the_days_between_the_old_end_and_the_new_one_are_touched(now, moved):
    assert contracts_moved(windows(ONE), windows(now)).rows() == moved


def test_a_contract_that_is_new_touches_all_its_days():
    found = contracts_moved(windows(), windows(ONE))
    assert found.rows() == [(ONE[2], ONE[3] + WEEKEND)]
