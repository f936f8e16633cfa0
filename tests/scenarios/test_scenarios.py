"""Each scenario from raw lines to findings: who is named, by what, from which lines.

The scenarios that must name someone are reported again in other words: names in
every spelling, other weeks, a log missing. The same account is named, or no one. The
short run shows a quarter of them in one of these ways, in turns, and asks the
scenario's own rules alone, every rule of an eighth and where no one is named; the long
run all of them in all ways.
"""

from datetime import timedelta
from functools import cache
from itertools import cycle

import pytest

from pipelines.gaps.families import KEYBOARD
from pipelines.warehouse.models import rules as rule_models
from tests.conftest import LONG
from tests.scenarios import (
    chromebooks,
    facts,
    leave,
    off_hours,
    one_building,
    outside,
    risks,
    sharing,
    sites,
    strangers,
    ways_around,
    without_windows,
)
from tests.scenarios.running import run
from tests.scenarios.story import plain

SCENARIOS = (
    *sharing.SCENARIOS,
    *one_building.SCENARIOS,
    *leave.SCENARIOS,
    *sites.SCENARIOS,
    *ways_around.SCENARIOS,
    *off_hours.SCENARIOS,
    *risks.SCENARIOS,
    *outside.SCENARIOS,
    *strangers.SCENARIOS,
    *chromebooks.SCENARIOS,
    *without_windows.SCENARIOS,
    *facts.SCENARIOS,
)
FOUND = [one for one in SCENARIOS if one.rules]
SPELT, MOVED, LACKING = ([FOUND] * 3) if LONG else (FOUND[way::12] for way in (0, 4, 8))
ASKED_ALL = {
    one
    for n, one in enumerate(SCENARIOS)
    if one.is_alone or not (one.rules or one.about) or n % 8 == 0
}
"""Of which the short run asks every rule too: those in which nobody is named."""
WEEK = timedelta(weeks=1)
TOLD_ONCE = {"AN-2", "AN-11"}
"""What goes on is told on its first day; it is new again after two quiet weeks."""

REMOTE = {"S48", "S49"}  # one tool on two days once ended every later run
TWICE = [one for n, one in enumerate(FOUND) if LONG or n % 12 == 0 or one.code in REMOTE]
SHIFTS = (timedelta(weeks=1), *([timedelta(weeks=35)] if LONG else []))
SOURCES = ("windows", "dhcp")
WITHOUT = [
    (one, source)
    for place, one in enumerate(LACKING)
    for source in (SOURCES if LONG else SOURCES[place % 2 :][:1])
]
LEVELS = ("C1", "C2", "C3")


QUICK = SCENARIOS[::8]
"""Those that `make test` tells as they are; CI tells all."""


def each(scenarios):
    told_quickly = [
        one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in scenarios
    ]
    return pytest.mark.parametrize("scenario", told_quickly, ids=lambda one: one.name)


def told(home, scenario, *, day=None, spell=plain, without="", rules=()):
    """Return the findings of a scenario by rule; whatever is left out, no one else's.

    Leads name no one: only those that the scenario expects are looked for.
    """
    story = scenario.words(day or scenario.day, spell)
    extra = scenario.act(story) or {}
    story.lines.pop(without, None)
    found = run(home, story, extra, rules)
    shown = [one for one in found if one.finding.confidence != "C1"]
    assert {one.account for one in shown} <= {scenario.account}
    if not without:
        assert set(scenario.leads) <= {one.rule for one in found if one not in shown}
    return {one.rule: one for one in shown}


@pytest.fixture(scope="session")
def as_it_was(tmp_path_factory):
    """The findings of each scenario unchanged, run once."""

    @cache
    def findings(scenario):
        rules = () if scenario in ASKED_ALL else asked(scenario)
        return told(tmp_path_factory.mktemp(scenario.code), scenario, rules=rules)

    return findings


@each([one for one in SCENARIOS if LONG or not one.is_long])
def test_scenario(scenario, as_it_was):
    found = as_it_was(scenario)
    assert sorted(found) == sorted(scenario.rules), found
    for rule in scenario.rules[:1]:
        check(found[rule], scenario)


def check(shown, scenario):
    """A finding for a person: sure enough, and shown by enough lines of logs."""
    finding = shown.finding
    assert finding.confidence != "C1", finding.alternatives
    assert finding.alternatives
    assert all(one.result != "fits" and one.test for one in finding.alternatives)
    assert finding.severity == scenario.severity
    assert len(shown.lines) >= scenario.least_lines
    assert len(set(shown.lines)) == len(shown.lines)
    assert set(scenario.cites) <= set(shown.sources)
    assert finding.confidence != "C3" or len(set(shown.sources)) >= 2


def asked(scenario):
    """Return the rules that a variation asks: the scenario's own, in the long run all."""
    return () if LONG else scenario.asked


def in_every_spelling():
    """Each line writes the account in the next of its forms."""
    forms = cycle(
        (
            "{}".format,
            "EXAMPLE\\{}".format,
            "{}@school.example".format,
            str.upper,
            "{}@SCHOOL.EXAMPLE".format,
        )
    )
    return lambda name: next(forms)(name)  # noqa: PLW0108 - a form for each call


@each(SPELT)
def test_spellings_of_the_account_change_nothing(scenario, as_it_was, tmp_path):
    rules = asked(scenario)
    after = told(tmp_path, scenario, spell=in_every_spelling(), rules=rules)
    before = as_it_was(scenario)
    assert after.keys() == before.keys()
    for rule, shown in before.items():
        assert after[rule].finding.details == shown.finding.details
        assert after[rule].finding.evidence == shown.finding.evidence


@each(MOVED)
@pytest.mark.parametrize("shift", SHIFTS, ids=lambda one: f"{one.days}d")
def test_another_week_changes_nothing(scenario, shift, tmp_path):
    day = scenario.day + shift
    found = told(tmp_path, scenario, day=day, rules=asked(scenario))
    assert sorted(found) == sorted(scenario.rules)


@each(TWICE)
def test_what_happens_once_happens_twice(scenario, tmp_path):
    """The same week again, with other dice: every model's promises hold."""
    later = WEEK * (4 if TOLD_ONCE & {*scenario.rules} else 1)
    story = scenario.words(scenario.day)
    again = scenario.words(scenario.day + later, dice=5)
    extra = dict(scenario.act(story) or {})
    for name, rows in (scenario.act(again) or {}).items():
        if name != "accounts.csv" and rows != extra[name]:
            extra[name] += rows
    for source, lines in again.lines.items():
        story.lines.setdefault(source, []).extend(lines)
    found = run(tmp_path, story, extra, asked(scenario))
    named = {one.account for one in found if one.finding.confidence != "C1"}
    assert named <= {scenario.account}
    for rule in scenario.rules:
        days = {one.finding.event_date for one in found if one.rule == rule}
        assert min(days) < again.day - WEEK / 2 < max(days), rule


@pytest.mark.parametrize(("scenario", "source"), WITHOUT, ids=lambda one: getattr(one, "name", one))
def test_a_missing_log_never_makes_it_surer(scenario, source, as_it_was, tmp_path):
    full = as_it_was(scenario)
    found = told(tmp_path, scenario, without=source, rules=asked(scenario))
    for rule, shown in found.items():
        now, before = (LEVELS.index(one.finding.confidence) for one in (shown, full[rule]))
        assert now < before if source in full[rule].sources else now <= before


def test_headers_say_what_each_rule_makes_of_each_witness():
    """A header's word is what a story reported with that witness comes to."""
    told_of = {}
    for one in SCENARIOS:
        for rule in one.asked if one.witness else ():
            found = "finding" if rule in one.rules else "lead"
            kind = "nothing" if rule in one.about else found
            told_of[rule, one.witness] = told_of.get((rule, one.witness), set()) | {kind}
    stated = {
        (code, witness): {kind}
        for code, rule in rule_models().items()
        for witness, kind in rule.header.session_policy.items()
    }
    assert {key: stated.get(key) for key in told_of} == told_of
    untold = {key for key in stated if key[1] in ("keyboard", "network")} - set(told_of)
    assert not untold


def test_a_keyboard_is_asked_by_rules_that_the_network_tells_nothing():
    for code, rule in rule_models().items():
        by_network = rule.header.session_policy.get("network")
        assert (KEYBOARD in rule.header.requires_fields) == (by_network == "nothing"), code
