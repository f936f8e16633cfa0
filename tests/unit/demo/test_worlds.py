"""Many worlds: what nine in ten reach, and how a world is reported."""

from dataclasses import replace

import polars as pl
import pytest

from pipelines.synthetic.habits import FRIENDLY, BuildingHabits
from tests.benchmarks.worlds import (
    BUDGET,
    WorldScore,
    hold_world,
    most_people,
    summary,
    world_row,
    world_score,
    worst_decile,
)
from tests.conftest import only_long
from tests.unit.demo.test_trial import HOURS, SITE, finding, trial

WORLD = WorldScore(
    seed=1,
    habits=FRIENDLY,
    planted=10,
    found=9,
    unproven=0,
    asked=0,
    findings=8,
    true=8,
    people_falsely_named=0,
    seconds=9.6,
)


def test_the_worst_tenth_is_what_nine_in_ten_reach():
    assert worst_decile([0.9] * 27 + [0.5, 0.3, 0.1]) == 0.5
    assert worst_decile([0.9] * 9 + [0.1]) == 0.1
    assert worst_decile([0.9] * 10 + [0.1]) == 0.9
    assert worst_decile([0.4]) == 0.4
    assert worst_decile([0.7, None]) == 0.7
    assert worst_decile([None]) is None


def test_a_mean_would_hide_what_the_summary_tells():
    bad = replace(WORLD, found=1, true=2, people_falsely_named=5)
    worlds = [WORLD] * 18 + [bad] * 2
    told = {row[0]: row[1:] for row in summary(worlds)}
    assert told["recall"] == ("0.100", "0.100")
    assert told["precision"] == ("0.250", "0.250")
    assert told["people falsely named"] == ("5", "5")
    assert {row[0]: row[1:] for row in summary([WORLD] * 19 + [bad])}["people falsely named"] == (
        "0",
        "5",
    )


def test_where_nothing_is_found_there_is_no_precision():
    nothing = replace(WORLD, findings=0, true=0)
    assert nothing.precision is None
    assert world_row(nothing)["precision"] == "none"
    assert summary([nothing])[0] == ("precision", "none", "none")


def test_a_world_is_counted_from_its_trial():
    known = trial(
        finding("NA-1", "avega", SITE),
        finding("NA-1", "x", SITE),
        finding("OH-1", "x", HOURS),
    )
    score = world_score(FRIENDLY, known, 3)
    assert (score.planted, score.found) == (4, 1)
    assert (score.findings, score.true, score.people_falsely_named) == (3, 1, 1)
    assert score.unproven == 0


def test_what_the_logs_cannot_prove_is_told_apart_from_what_was_missed():
    known = trial(finding("NA-1", "avega", SITE))
    why = known.cases["case_id"].replace_strict(
        {"case-3": "the device writes no logons"}, default=""
    )
    score = world_score(FRIENDLY, replace(known, cases=known.cases.with_columns(unproven=why)), 1)
    assert (score.planted, score.found, score.unproven) == (4, 1, 1)
    assert score.recall == 0.25
    assert score.provable_recall == pytest.approx(1 / 3)
    assert score.told_recall == score.provable_recall
    assert world_row(score)["not provable"] == 1


def test_a_site_that_is_asked_about_is_told_and_not_found():
    known = trial(finding("NA-1", "avega", SITE))
    asked = known.cases.with_columns(is_asked=pl.col("account") == "bortiz")
    score = world_score(FRIENDLY, replace(known, cases=asked), 1)
    assert (score.planted, score.found, score.asked) == (4, 1, 1)
    assert (score.provable_recall, score.told_recall) == (0.25, 0.5)


def test_a_row_tells_the_habits_beside_the_figures():
    buildings = dict(FRIENDLY.buildings)
    buildings["MS"] = BuildingHabits(page_bytes=9_000, decrypts=True, pause_seconds=90)
    habits = replace(FRIENDLY, buildings=buildings, tunnels_logged=0.0)
    row = world_row(replace(WORLD, habits=habits))
    assert row["page kB"] == "9 to 40"
    assert row["pause s"] == "26 to 90"
    assert row["TLS opened"] == "MS"
    assert row["VPN lines"] == "0%"
    assert row["recall"] == "0.900"


@pytest.mark.parametrize(("weeks", "people"), [(1, 3_000), (1, 80), (2, 240), (9, 240)])
def test_a_world_keeps_to_its_budget_as_far_as_the_least_roster_lets_it(weeks, people):
    most = most_people(weeks, people)
    assert most <= people
    assert most == 60 or most * weeks <= BUDGET


@only_long
def test_a_world_is_held_and_scored(tmp_path):
    score, held = hold_world(tmp_path / "home", 11, people=70, weeks=1)
    assert score.habits.people <= 70
    assert score.planted > 20
    assert held.rules
