"""A threshold is tried on a copy, approved by a second person, and written as a line."""

import subprocess
import sys
import time
import tomllib
from html import unescape

import pytest

from pipelines.settings.home import DistrictHome
from pipelines.state.reviews import requests
from tests.desk.test_acts import REASON, entries, listed, run, tried
from tests.desk.visiting import open_desk

RULE, NAME = "SA-1", "turns"
FIELDS = {"rule": RULE, "threshold": NAME, "reason": REASON}


HOLDER = """
import sys, time
from pathlib import Path
from pipelines.district import only_writer
from pipelines.settings.home import DistrictHome
with only_writer(DistrictHome(Path(sys.argv[1]))):
    print("holds", flush=True)
    time.sleep(14)
"""


def settings_of(home):
    return DistrictHome(home).settings_file.read_bytes()


def values(page, value):
    return {"token": page.hidden("token")} | FIELDS | {"value": value}


def case_of(home):
    """Return a case with a finding of the rule."""
    return next(one["case_id"] for one in listed(home) if one["rule"] == RULE)


def test_page_and_command_write_the_same_bytes_and_the_default_takes_them_back(
    district, tmp_path, sockets, secret
):
    """Both leave the same entries; what reviewers decided about the cases is on the page."""
    by_command, by_page = (district.copy(tmp_path / name) for name in ("command", "page"))
    before = settings_of(by_page)
    changed, steps = b"", ("50", "4")
    for home in (by_command, by_page):
        case = case_of(home)
        run(home, "findings", "verdict", case, "violation", "--reason", REASON)
    with open_desk(by_page, sockets / "thresholds") as desk:
        visitor = desk.visitor()
        assert f"/thresholds/{RULE}" in visitor.get("/thresholds").links()
        for value in steps:
            page = visitor.get(f"/thresholds/{RULE}")
            sent = values(page, value)
            shown = tried(visitor, sent, "threshold")
            assert settings_of(by_page) == (before if value == "50" else changed)
            if value == "50":
                assert "Of 2 cases that would go, reviewers confirmed 1 and cleared 0." in shown
                assert "The decided case about" in shown
            else:  # nothing was built with the first change
                assert "We cannot show this now: the warehouse is not up to date" in shown
            done = visitor.post("/act/threshold", sent)
            assert (done.status, done.headers["location"]) == (303, f"/thresholds/{RULE}")
            changed = settings_of(by_page)
            if value == "50":
                read = tomllib.loads(changed.decode())
                assert read["detections"][RULE] == {NAME: 50}
                assert "turns: 50 instead of 4" in visitor.get("/thresholds").text
        after = settings_of(by_page)
    run(by_command, "rule", "set", RULE, NAME, "50", "--reason", REASON)
    assert settings_of(by_command) == before
    for value in steps:
        run(by_command, "rule", "set", RULE, NAME, value, "--reason", REASON, "--save")
    assert settings_of(by_command) == after
    assert NAME not in tomllib.loads(after.decode())["detections"][RULE]
    assert entries(by_page)[-4:] == entries(by_command)[-4:]
    assert [one[1] for one in entries(by_page)[-4:]] == [
        "threshold, alone",
        "threshold changed",
    ] * 2


def test_a_change_waits_for_a_second_person_who_reads_its_effect(fresh):
    """The request shows value and effect; the file changes only after the approval, once."""
    director, keeper = fresh.by_proxy("director"), fresh.by_proxy("custodian")
    file = fresh.home.home.settings_file
    before = file.read_bytes()
    page = director.get(f"/thresholds/{RULE}")
    assert "A second person must approve the change" in page.text
    sent = values(page, "50")
    tried(director, sent, "threshold")
    asked = director.post("/act/threshold", sent)
    (row,) = requests(fresh.home.district.store)
    assert asked.headers["location"] == f"/requests/{row['request_id']}"
    assert file.read_bytes() == before
    seen = keeper.get(asked.headers["location"]).text
    assert f"New value: 50. Reason: {REASON} (effect on the last 8 weeks: the case about" in seen
    assert keeper.act("/requests", "approve", request=row["request_id"]).status == 303
    assert file.read_bytes() == before
    ready = director.get(asked.headers["location"])
    assert "Change the threshold</button>" in ready.text
    again = ready.form("/act/threshold")
    assert director.post("/act/threshold", again).status == 303
    assert tomllib.loads(file.read_text())["detections"][RULE] == {NAME: 50}
    (row,) = requests(fresh.home.district.store)
    assert row["used_time"]


def test_only_who_may_correct_lists_changes_a_threshold(fresh):
    analyst = fresh.by_proxy("analyst")
    page = analyst.get(f"/thresholds/{RULE}")
    assert page.status == 200
    assert "/try/threshold" not in page.text
    sent = {"token": page.hidden("token")} | FIELDS | {"value": "50"}
    assert analyst.post("/try/threshold", sent).status == 403
    assert fresh.by_proxy("operator").get("/thresholds").status == 403


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((RULE, NAME, "51"), "turns = 51 is not a whole number from 2 to 50"),
        ((RULE, NAME, "4.5"), "turns = 4.5 is not a whole number from 2 to 50"),
        ((RULE, "travel_share", "nan"), "travel_share = nan is not a number from 0.1 to 1"),
        ((RULE, NAME, "4"), "SA-1.turns already is 4"),
        ((RULE, "trns", "5"), "It has: silent_minutes, travel_share, turns."),
        (("SA-0", NAME, "5"), "no rule 'SA-0' is switched on"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(desk, words, said):
    director = desk.by_proxy("director")
    page = director.get(f"/thresholds/{RULE}")
    sent = dict(zip(("rule", "threshold", "value"), words, strict=True))
    refused = director.post("/try/threshold", values(page, "") | sent)
    assert refused.status == 422
    assert unescape(said) in unescape(refused.text)


def test_numbers_of_a_regulation_are_changed_where_it_is_named(district, tmp_path):
    """A form that left the approver's name below another number would state what is not so."""
    home = district.copy(tmp_path)
    file = DistrictHome(home).settings_file
    file.write_text(file.read_text() + '\n[detections.SA-1]\nturns = 6\nregulation = "713-R1"\n')
    refused = run(home, "rule", "set", RULE, NAME, "8", "--reason", REASON, code=2)
    assert "regulation 713-R1 sets the numbers of SA-1" in refused.err


def test_a_threshold_is_changed_where_the_file_has_it(district, tmp_path):
    """Under the rule's name and in a table of parameters; elsewhere it would count twice."""
    home = district.copy(tmp_path)
    file = DistrictHome(home).settings_file
    before = file.read_text()
    table = "\n[detections.account_on_two_campuses.parameters]\nturns = {}\n"
    file.write_text(before + table.format(6))
    run(home, "rule", "set", RULE, NAME, "8", "--reason", REASON, "--save")
    assert file.read_text() == before + table.format(8)


def test_a_change_at_the_desk_waits_while_another_process_uses_the_home(
    district, tmp_path, sockets, secret
):
    home = district.copy(tmp_path)
    case = case_of(home)
    with open_desk(home, sockets / "waiting") as desk:
        visitor = desk.visitor()
        sent = values(visitor.get(f"/thresholds/{RULE}"), "50")
        tried(visitor, sent, "threshold")
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(home)], stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout.readline() == "holds\n"
        start = time.monotonic()
        run(home, "findings", "verdict", case, "violation", "--reason", REASON)
        assert holder.poll() is None  # a verdict needs no lock
        done = visitor.post("/act/threshold", sent)
        assert done.status == 303, done.text
        assert holder.wait() == 0
        assert time.monotonic() - start > 10
    assert tomllib.loads(settings_of(home).decode())["detections"][RULE] == {NAME: 50}
