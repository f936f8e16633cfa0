"""A rule of a home: tried without a trace, then run on trial, and no bad one stops the others."""

import hashlib
import json
from collections import Counter

import pytest

from pipelines.district import open_district
from pipelines.settings.home import DistrictHome
from pipelines.state.findings import stored_findings
from pipelines.warehouse.snapshots import reading
from tests.journey.commands import schoolbell
from tests.journey.small import DAYS, findings_of
from tests.unit.test_own_rules import FILE, RULE

# fewer devices, so that two days of a small district have some
COMMON = RULE.replace("default: 6, min: 2", "default: 1, min: 1").replace(
    "severity: low", "stage: live\nseverity: low"
)
FAILS = RULE.replace("X-1", "X-2").replace("logons.account as subject", "logons.acount as subject")
READS = RULE.replace("X-1", "X-3").replace("from core.presences", "from read_csv('/etc/hosts')")


def contents(home):
    return {
        path.relative_to(home): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal", ".lock"))
    }


def judged(home):
    return Counter(one["rule"] for one in findings_of(home) if one["status"] != "withdrawn")


@pytest.fixture(scope="module")
def home(two_days, tmp_path_factory):
    return two_days.copy(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def tried(home, tmp_path_factory):
    file = tmp_path_factory.mktemp("try") / FILE
    file.write_text(COMMON, encoding="utf-8")
    before = contents(home)
    done = schoolbell("rule", "try", file, "--home", home, "--json", "--quiet")
    assert done.code == 0, done.err
    assert contents(home) == before
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture(scope="module")
def ran(home, tried):
    before = judged(home)
    folder = DistrictHome(home).own_rules
    folder.mkdir()
    for name, text in {FILE: COMMON, "x_fails.sql": FAILS, "x_reads.sql": READS}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return before, schoolbell("run", "--home", home, "--quiet")


def test_a_trial_counts_what_a_run_then_finds(home, tried, ran):
    counts, *rows = tried
    assert counts["findings"] + counts["leads"] == len(rows) == judged(home)["X-1"] > 0
    assert (counts["first"], counts["last"]) == DAYS
    with open_district(home) as district:
        names = {one["subject"] for one in stored_findings(district.store)}
    assert not names & {row["account"] for row in rows}  # code names


def test_its_findings_are_on_trial_and_those_of_others_stay(home, ran):
    before, _ = ran
    now = judged(home)
    assert {rule: now[rule] for rule in before} == before
    stages = {one["record"]["stage"] for one in findings_of(home) if one["rule"] == "X-1"}
    assert stages == {"trial"}


def test_a_bad_one_is_told_with_its_line_and_stops_no_other(home, ran):
    _, done = ran
    line = READS[: READS.index("from read_csv")].count("\n") + 1
    assert f"detections/x_reads.sql, line {line}: the function read_csv" in done.err + done.out
    assert "detections.x_fails could not be built" in done.err + done.out
    checked = schoolbell("check", "--home", home)
    assert f"detections/x_reads.sql:{line}" in checked.out
    assert checked.code != 0
    assert "left out: x_reads.sql" in schoolbell("doctor", "--home", home).out


def test_a_trial_of_a_bad_one_says_what_is_wrong(home, tmp_path):
    for text, what in ((FAILS, '"acount"'), (READS, "read_csv is not allowed")):
        file = tmp_path / "x_bad.sql"
        file.write_text(text, encoding="utf-8")
        done = schoolbell("rule", "try", file, "--home", home, "--quiet")
        assert done.code == 1
        assert what in done.err


def test_settings_of_a_rule_that_is_left_out_stop_nothing(home, ran):
    settings = DistrictHome(home).settings_file
    said = settings.read_text(encoding="utf-8")
    settings.write_text(f"{said}\n[detections.X-3]\nstage = 'live'\n", encoding="utf-8")
    try:
        with open_district(home) as district:
            assert "X-1" in district.detections
            assert "X-3" not in district.detections
        wrong = f"{said}\n[detections.X-1]\nrooms = 3\n"
        settings.write_text(wrong, encoding="utf-8")
        with open_district(home) as district:
            assert "X-1" not in district.detections
            assert "SA-1" in district.detections
            assert len(district.values) > 20
    finally:
        settings.write_text(said, encoding="utf-8")


def test_its_table_goes_with_its_file(home, ran):
    folder = DistrictHome(home).own_rules
    for path in folder.iterdir():
        path.unlink()
    was = judged(home)["X-1"]
    assert schoolbell("run", "--home", home, "--quiet").code == 0
    with reading(DistrictHome(home).warehouse) as database:
        assert "detections.x_many_devices" not in database.tables
    assert judged(home)["X-1"] == was  # as of any rule that is switched off
