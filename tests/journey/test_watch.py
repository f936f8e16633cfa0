"""A look between two nights: reads what arrived, judges today by the rules that ring, alerts."""

import json
from datetime import timedelta
from threading import Event, Thread

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.district import District, only_writer, open_district
from pipelines.run.run import run
from pipelines.run.watch import open_days, ringing, watch
from pipelines.settings.home import DistrictHome
from pipelines.state.findings import stored_findings
from pipelines.state.source_records import dirty_days
from pipelines.warehouse.models import models
from tests.journey.watched import AT_TWO, NIGHT, attack, deliver, ran_on_monday
from tests.scenarios import places
from tests.scenarios.scenario import TUESDAY
from tests.scenarios.story import Story


@pytest.fixture
def home(tmp_path):
    return ran_on_monday(tmp_path / "home")


def findings(home):
    with open_district(home) as district:
        return {
            row["finding_id"]: (row["rule"], row["subject"], row["status"], row["revision"])
            for row in stored_findings(district.store)
        }


def test_a_look_finds_what_rings_and_the_night_finds_the_same(home):
    before = findings(home)
    attack(home)
    done = watch(home, now=AT_TWO, settle_seconds=0)
    assert done.days == [TUESDAY]
    assert done.rules == ["AN-1"]
    new = {one: what for one, what in findings(home).items() if one not in before}
    assert {what[:2] for what in new.values()} == {("AN-1", "hs-lab-1")}
    assert done.alerts.new == 1
    sent = [json.loads(line) for line in (home / "alerts.jsonl").read_text().splitlines()]
    assert sent[-1]["class_name"] == "notice"
    night = run(home, now=NIGHT, settle_seconds=0)
    assert night.alerts.new == 0
    after = findings(home)
    assert {one: after[one] for one in new} == new


def test_a_contact_with_a_host_of_a_bad_list_rings_on_its_day(home):
    (home / "bad.txt").write_text("bad.example\n")
    with (home / places.DISTRICT).open("a", encoding="utf-8") as file:
        file.write('[lists.feed]\norigin = "bad.txt"\nformat = "hosts"\nbad = true\n')
        file.write('[detections.AN-25]\nstage = "live"\n')
    taken = CliRunner().invoke(app, ["lists", "update", "--home", str(home)])
    assert taken.exit_code == 0, taken.output
    run(home, now=AT_TWO - timedelta(hours=9), settle_seconds=0)
    before = findings(home)
    story = Story(TUESDAY)
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "08:00", ("cdn.bad.example",), minutes=1)
    story.logon("bsun", "hs-bsun", "07:41")
    story.surf("bsun", "hs-bsun", "08:00", ("notbad.example",), minutes=1)
    deliver(home, story, "tuesday")
    done = watch(home, now=AT_TWO, settle_seconds=0)
    new = {one: what for one, what in findings(home).items() if one not in before}
    assert {what[:2] for what in new.values()} == {("AN-25", "hs-avega")}
    assert done.alerts.new == 1
    night = run(home, now=NIGHT, settle_seconds=0)
    assert night.alerts.new == 0
    after = findings(home)
    assert {one: after[one] for one in new} == new
    shown = CliRunner().invoke(app, ["lists", "show", "--home", str(home)]).output
    assert "latest week: 3 requests and flows let through, 0 refused" in shown


def test_a_look_marks_no_day_as_built(home):
    attack(home)
    watch(home, now=AT_TWO, settle_seconds=0)
    with open_district(home) as district:
        assert dirty_days(district.store) == [TUESDAY]
        assert open_days(district, AT_TWO) == [TUESDAY]
        assert open_days(district, AT_TWO + timedelta(days=3)) == []
    again = watch(home, now=AT_TWO, settle_seconds=0)
    assert again.changes.new == ()
    assert list(again.days) == []  # no line is new


def test_after_an_upgrade_the_next_run_comes_first(home, monkeypatch):
    attack(home)
    changed = dict.fromkeys(models(), "another version")
    monkeypatch.setattr(District, "model_versions", changed)
    look = watch(home, now=AT_TWO, settle_seconds=0)
    assert (list(look.days), look.changes.new) == ([], ())


def test_only_live_rules_that_may_judge_an_open_day_ring(home):
    with open_district(home) as district:
        assert ringing(district) == ["AN-1"]


def test_while_a_run_holds_the_home_the_ledger_alone_is_looked_at(home):
    attack(home)
    held, done = Event(), Event()

    def hold():
        with only_writer(DistrictHome(home)):
            held.set()
            done.wait(30)

    run_in_progress = Thread(target=hold)
    run_in_progress.start()
    held.wait(30)
    try:
        look = watch(home, now=AT_TWO, settle_seconds=0)
    finally:
        done.set()
        run_in_progress.join()
    assert look.is_busy
    assert look.outcomes == ()


def test_the_command_says_what_it_did(home):
    words = ["watch", "--settle-seconds", "0", "--json", "--home", str(home)]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    facts = json.loads(said.stdout)
    assert facts["new_files"] == 0
    assert facts["days"] == []
