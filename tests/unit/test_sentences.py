"""Sentence templates: what they say of facts, and which of them are refused."""

import pytest

from pipelines.warehouse.sentences import (
    condition_problems,
    fill,
    holds,
    in_general,
    template_problems,
)

TYPES = {
    "sites": "varchar[]", "seconds": "double", "days": "int", "share": "double",
    "part": "varchar", "is_seen": "boolean",
}  # fmt: skip
FACTS = {
    "sites": ["a.example", "b.example", "c.example"], "seconds": 930.0, "days": 1,
    "share": 0.704, "part": "am", "is_seen": True, "none": None, "zero": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("Account {account} was seen.", "Account {account} was seen."),
        ("{sites:names}", "a.example, b.example and c.example"),
        ("{sites:then}", "a.example and then at b.example and then at c.example"),
        ("{seconds:duration}", "16 minutes"),
        ("{days:duration}", "1 minute"),
        ("{seconds:seconds} apart", "930 seconds apart"),
        ("{days:count day}", "1 day"),
        ("{zero:count address}", "0 addresses"),
        ("{days:count another person|# other people}", "another person"),
        ("{zero:count another person|# other people}", "0 other people"),
        ("{share:percent}", "70%"),
        ("{part:map am=morning|pm=afternoon|full-day}", "morning"),
        ("{none:map am=morning|pm=afternoon|full-day}", "full-day"),
        ("it[, {days} times]", "it, 1 times"),
        ("it[, {none} times]", "it"),
        ("it[, {zero} times]", "it, 0 times"),
        ("it[{zero?}, {zero} times]", "it"),
        ("it[{!zero?} never]", "it never"),
        ("[{is_seen?}yes][{!is_seen?}no]", "yes"),
    ],
)
def test_a_template_is_filled(template, sentence):
    assert fill(template, FACTS) == sentence


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{hosts:names}", "no fact 'hosts'"),
        ("{sites}", "needs a format"),
        ("{sites:duration}", "shows int or double"),
        ("{days:names}", r"shows varchar\[\]"),
        ("{days:minutes}", "none of"),
        ("{days:count}", "needs its words"),
        ("{is_seen?} seen", "outside of brackets"),
        ("it [is", "no partner"),
        ("{Days}", "no partner"),
    ],
)
def test_a_template_that_its_facts_do_not_carry_is_refused(template, why):
    with pytest.raises(AssertionError, match=why):
        assert not list(template_problems(template, TYPES))


@pytest.mark.parametrize(
    "template",
    ["{account} {sites:names}", "[{is_seen?}{days:count day}][{!is_seen?}never]"],
)
def test_a_sound_template_has_no_problem(template):
    assert not list(template_problems(template, TYPES))


@pytest.mark.parametrize(
    ("condition", "is_so"),
    [
        ("is_seen", True), ("not is_seen", False), ("not zero", True),
        ("part = am", True), ("part = pm", False), ("none", False),
    ],
)  # fmt: skip
def test_a_condition_asks_for_a_fact(condition, is_so):
    assert holds(condition, FACTS) is is_so


def test_a_condition_on_an_unknown_fact_is_refused():
    assert not list(condition_problems("not is_seen", TYPES))
    (why,) = condition_problems("hosts = a", TYPES)
    assert "no fact 'hosts'" in why


def test_a_template_without_facts_shows_every_part_and_no_field():
    """The page about rules printed the conditions of AN-2's next step in braces."""
    template = "[{a?}Block it.][{!a?}Examine it.][{n?} Change {n:count password}.] End[, {x}]."
    assert in_general(template) == "Block it. Or: Examine it. Change passwords. End, ."
    assert in_general("Look at the log.") == "Look at the log."
