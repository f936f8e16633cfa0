"""`replay`: says beforehand what a run would find, and changes nothing."""

import hashlib
import json
import re

import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.refresh.steps import build_and_judge
from pipelines.settings.home import DistrictHome
from tests.conftest import LONG, REPO_ROOT
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of


@pytest.fixture(scope="module")
def home(two_days, tmp_path_factory):
    return two_days.copy(tmp_path_factory.mktemp("replay"))


def replay(home, *words, code=0):
    done = schoolbell("replay", *words, "--home", home, "--json", "--quiet")
    assert done.code == code, done.err
    return json.loads(done.out) if code == 0 else done.err


def effects(told):
    return {(one["effect"], one["finding_id"]) for one in told["differences"]}


def contents(home):
    """Return everything in the home, but what SQLite keeps next to a file that is open."""
    return {
        path.relative_to(home): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal", ".lock"))
    }


def standing(home):
    return {
        one["finding_id"]: one["status"]
        for one in findings_of(home)
        if one["status"] != "withdrawn"
    }


@pytest.fixture(scope="module")
def trial(home, tmp_path_factory):
    """No leave, tried and then done; a threshold too, where there is time for it."""
    leave = tmp_path_factory.mktemp("try") / "leave.csv"
    real = DistrictHome(home).registry / "leave.csv"
    leave.write_text(pl.read_csv(real, infer_schema=False).head(0).write_csv())
    before, was = contents(home), standing(home)
    words = ("--set", "NA-1.longest_seconds=1200") if LONG else ()
    told = replay(home, *words, "--registry", leave)
    assert contents(home) == before
    real.write_text(leave.read_text())
    assert schoolbell("check", "--accept", "leave.csv", "--home", home).code == 0
    if LONG:
        settings = DistrictHome(home).settings_file
        said = "\n[detections.NA-1]\nlongest_seconds = 1200\n"
        settings.write_text(settings.read_text(encoding="utf-8") + said)
    with open_district(home) as district:
        build_and_judge(district)
    return told, was, standing(home)


def test_a_run_then_finds_what_was_told(trial):
    told, was, now = trial
    gone = {("removed", one) for one in was if one not in now}
    come = {("added", one) for one in now if one not in was}
    found = {one for one in effects(told) if one[0] in ("added", "removed")}
    assert gone
    assert found == gone | come
    assert "SA-3" in {one["rule"] for one in told["counts"]}
    assert "core.http_requests" not in told["models"]


def test_the_notebook_that_tunes_a_threshold_is_right(district, tmp_path):
    """Its example runs unchanged, and its count of what would go is replay's."""
    home = district.copy(tmp_path)  # two days hold no use after hours
    text = (REPO_ROOT / "notebooks" / "tune_threshold.ipynb").read_text()
    (words,) = re.findall(r"`schoolbell replay ([^`]+)`", text)
    looser = replay(home, *words.split())
    assert looser["models"] == ["detections.off_hours_external", "marts.rule_ends"]
    assert {one["effect"] for one in looser["counts"]} <= {"added", "changed"}
    assert looser["same"] > 0

    record = {row["finding_id"]: row["record"] for row in findings_of(home)}
    wanted = {
        ("removed", name)
        for name in standing(home)
        if "non_work_seconds" in record[name]["details"]
        and record[name]["details"]["non_work_seconds"] < 1500
    }
    assert wanted
    assert effects(replay(home, "--set", "OH-1.non_work_seconds=1500")) == wanted


def test_what_an_exception_would_hide(home, trial, tmp_path):
    real = DistrictHome(home).registry / "exceptions.csv"
    tried = tmp_path / "exceptions.csv"
    row = "X-900,NA-1,rule,,a quiet week,p-1000,2026-10-01,2026-12-18\n"
    tried.write_text(real.read_text() + row)
    told = replay(home, "--registry", tried)
    wanted = {
        ("hidden", one["finding_id"])
        for one in findings_of(home)
        if one["rule"] == "NA-1" and one["status"] == "open"
    }
    assert effects(told) == wanted
    assert wanted
    assert told["models"] == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "--set SA-1.turns=6"),
        (("--set", "turns"), 2, "RULE.PARAMETER=VALUE"),
        (("--set", "XX-1.turns=6"), 2, "there is no rule"),
        (("--set", "SA-1.turns=900"), 1, "from 2 to 50"),
        (("--set", "SA-1.legs=2"), 1, "turns"),
        (("--registry", "somewhere.csv"), 2, "leave.csv"),
    ],
)
def test_what_can_not_be_tried_is_told(home, words, code, said):
    assert said in replay(home, *words, code=code)


def test_a_row_that_the_registry_refuses_can_not_be_tried(home, tmp_path):
    tried = tmp_path / "leave.csv"
    tried.write_text("person_id,date,part,kind,status\np-1,soon,full,x,approved\n")
    assert "2026-08-24" in replay(home, "--registry", tried, code=2)


def test_a_sweep_says_of_each_value_what_replay_says_of_it(two_days, tmp_path):
    home = two_days.copy(tmp_path)
    said = schoolbell(
        "replay",
        "--sweep",
        "NA-1.longest_seconds=240..1200:960",
        "--home",
        home,
        "--json",
        "--quiet",
    )
    assert said.code == 0, said.err
    now, far = [json.loads(line) for line in said.out.splitlines()]
    assert (now["value"], now["added"], now["removed"]) == (240, 0, 0)
    told = replay(home, "--set", "NA-1.longest_seconds=1200")
    gone = [one for one in told["differences"] if one["effect"] == "removed"]
    assert far["removed"] == len(gone) > 0
    assert far["same"] == told["same"] - told["same_leads"]


@pytest.mark.parametrize(
    "words", ["SA-1.turns", "SA-1.turns=4", "SA-1.turns=20..4", "SA-1.turns=1..99:1"]
)
def test_a_sweep_without_values_to_try_is_told(home, words):
    done = schoolbell("replay", "--sweep", words, "--home", home)
    assert done.code == 2
    assert "4..20:4" in done.err
