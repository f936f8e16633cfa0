"""Every format keeps what "parsed rightly" requests of all of them."""

import pytest

from tests.formats.clause_reasons import excused
from tests.formats.clauses import CLAUSES, asks, shown, tried
from tests.formats.test_formats import FORMATS

NAMES_THE_OPENER_FIRST = "turned"
"""Most products do; then there is nothing to turn."""


@pytest.mark.parametrize("name", FORMATS)
def test_each_clause_is_shown_or_has_a_reason(name):
    held, failed = tried(name)
    assert not failed, failed[:5]
    counts = shown(name) + held
    for clause in asks(name) - {NAMES_THE_OPENER_FIRST}:
        assert (counts[clause] > 0) != (name in excused(clause)), clause


def test_reasons_are_given_for_formats_and_clauses_that_exist():
    assert all(excused(clause) <= set(FORMATS) for clause in CLAUSES)
    assert all(excused(clause) <= _asked(clause) for clause in CLAUSES)


def _asked(clause: str) -> set[str]:
    return {name for name in FORMATS if clause in asks(name)}
