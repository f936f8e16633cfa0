"""The space of facts, and the rules in each of its combinations."""

from itertools import combinations
from pathlib import Path

import pytest

from docs.fact_space import (
    CLASSES,
    cases,
    chosen,
    every,
    excluded_by,
    possible,
    space,
    values_of,
    verdict,
)
from tests.space.comparison import PAGE, compared, counts, differences, listed, published


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("space")
    return compared(folder / "home")


def test_each_value_has_a_class_and_a_meaning():
    for values in space().values.values():
        for fact_class, meaning in values.values():
            assert fact_class in CLASSES
            assert meaning


def test_each_row_of_the_judgment_decides_a_combination():
    for act in space().acts.values():
        deciding = {verdict(act, one).row for one in possible(act)}
        assert deciding == {row.row for row in act.rows}, act.name


def test_each_row_of_what_cannot_occur_excludes_something_alone():
    alone = set()
    for act in space().acts.values():
        for one in every(act):
            rows = excluded_by(one)
            alone |= {*rows} if len(rows) == 1 else set()
    assert alone == {*range(len(space().impossible))}


def test_what_is_tested_contains_every_pair_and_every_set_that_belongs_together():
    for act in space().acts.values():
        sets = [*combinations(act.dimensions, 2), *map(tuple, act.together)]
        able, taken = (
            {(names, *(one[name] for name in names)) for names in sets for one in rows}
            for rows in (possible(act), chosen(act))
        )
        assert able == taken, act.name


def test_an_unknown_word_of_the_judgment_is_an_error():
    with pytest.raises(ValueError, match="keyboard_guessed is not a value"):
        values_of(["keyboard_guessed"], space().values["who"], {})


def test_a_leading_exclamation_mark_takes_from_all_values():
    known = {"a", "b", "c"}
    assert values_of(["!a"], known, {}) == {"b", "c"}
    assert values_of(["two", "!a"], known, {"two": ["a", "b"]}) == {"b"}


def test_a_finding_has_a_confidence_and_coverage_a_missing_fact():
    for act in space().acts.values():
        for row in act.rows:
            assert (row.outcome == "finding") == bool(row.confidence)
            assert row.outcome != "coverage" or row.missing
            assert row.reason
            # what names no one may do without an innocent reading
            assert row.outcome not in ("finding", "lead") or row.innocent


def test_ignorance_never_accuses():
    """What is missing makes no finding of what was none."""
    poorer = {
        "shared_account": {"who": "no_name", "elsewhere": "nothing"},
        # hours play no part there
        "site": {"who": "no_name", "what": "flows"},
        "off_hours": {"who": "no_name", "what": "flows", "duty": "no_hours"},
        "upload": {"what": "look_ups", "which": "no_lease"},
        "scan": {"which": "no_lease"},
    }
    for act, facts, _ in cases():
        for name, value in poorer[act.name].items():
            less = {**facts, name: value}
            assert excluded_by(less) or verdict(act, less).outcome != "finding"


def test_a_row_that_the_inventory_lacks_accuses_no_more():
    for act, facts, listed_device in cases():
        less = {**facts, "whose": "unlisted"}
        if excluded_by(less) or verdict(act, less).outcome != "finding":
            continue
        assert listed_device.outcome == "finding", (act.name, facts)
        assert verdict(act, less).confidence <= listed_device.confidence, (act.name, facts)


def test_rules_agree_with_the_judgment(results):
    """A new difference is a mistake of the rules or of the judgment; `open.csv` only shrinks."""
    found, known = set(differences(results)), set(listed())
    assert not found - known, "new differences: mend them, or give the reason in open.csv"
    assert not known - found, (
        "these differences are gone: python -m tests.space.comparison --rewrite"
    )


def test_the_published_counts_are_current(results):
    text = PAGE.read_text(encoding="utf-8")
    assert published(text, counts(results, differences(results))) == text, "make space REWRITE=1"


def test_no_one_else_is_named(results):
    assert [answer.others for _, answer in results if answer.others] == []
