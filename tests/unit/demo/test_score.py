"""The score of the rules: arguments, and how measures are reported."""

import json

import pytest
from typer.testing import CliRunner

from tests.benchmarks import score as command
from tests.benchmarks.curves import Point
from tests.unit.demo.test_trial import HOURS, SITE, finding, trial


@pytest.fixture
def held(monkeypatch):
    """Trials without their districts; the arguments that asked for them."""
    asked = []

    def hold(home, seed, **others):
        asked.append((seed, others))
        return trial(finding("NA-1", "avega", SITE), finding("OH-1", "e|shaw\x1b", HOURS))

    monkeypatch.setattr(command, "hold_trial", hold)
    return asked


def test_seeds_and_sizes_reach_the_trials(held):
    done = CliRunner().invoke(
        command.app, ["--seed", "3", "--seed", "4", "--people", "80", "--null"]
    )
    assert done.exit_code == 0
    size = {"people": 80, "weeks": 3, "violations": False}
    assert held == [(3, size), (4, size)]


def test_measures_are_told_in_tables_and_lines(held):
    told = CliRunner().invoke(command.app, ["--seed", "3"]).stdout
    assert "| precision | 0.500 (1 of 2) | 0.013 to 0.987 |" in told
    assert "| SA-1 (not built) | 1 | 0 | 0 | 0 |" in told
    assert "False: seed 3" not in told  # the trial's own seed is reported
    assert "False: seed 1 OH-1 e|shaw\\x1b" in told
    assert "Missed: seed 1 case-4 NA-2" in told


def test_measures_as_json(held):
    told = CliRunner().invoke(command.app, ["--seed", "3", "--json"]).stdout
    measures = json.loads(told)
    assert measures["user_weeks"] == 200
    assert [row["rule"] for row in measures["false"]] == ["OH-1"]
    assert len(measures["missed"]) == 3


def test_curves_of_several_districts_are_told_together(held, monkeypatch):
    points = [
        Point(rule="NA-1", parameter="requests", value=value, is_now=value == 3, true=true, false=0)
        for value, true in ((2, 9), (3, 5))
    ]
    monkeypatch.setattr(command, "curves", lambda _home: points)
    words = ["--seed", "3", "--seed", "4", "--curves"]
    told = CliRunner().invoke(command.app, words).stdout
    assert "| NA-1 | requests | 3 | now | 10 | 0 |" in told
    assert told.endswith("- NA-1 requests\n")
    lines = CliRunner().invoke(command.app, [*words, "--json"]).stdout.splitlines()
    assert [json.loads(line)["is_slope"] for line in lines if line[0] == "{"] == [True] * 2


def test_a_seed_is_needed():
    assert CliRunner().invoke(command.app, []).exit_code == 2
