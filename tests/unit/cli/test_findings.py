"""`findings`: shown under pseudonyms, decided with a reason, exported safely."""

import csv
import io
import json
from datetime import datetime, timedelta

import polars as pl
import pytest

from pipelines.cli import options
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import open_chain
from pipelines.state.connections import open_store
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of

REASON = "checked with the principal"
KINDS = {"shared_account", "non_approved_site", "off_hours_external", "anomaly"}


@pytest.fixture(scope="module")
def home(district, tmp_path_factory):
    return district.copy(tmp_path_factory.mktemp("findings"))


@pytest.fixture(scope="module")
def names(home):
    accounts = pl.read_csv(home / "registry" / "accounts.csv", infer_schema=False)
    devices = pl.read_csv(home / "registry" / "devices.csv", infer_schema=False)
    return [*accounts["username"], *devices["hostname"]]


def run(home, command, *more, code=0):
    done = schoolbell("findings", command, *more, "--home", home)
    assert done.code == code, done.err
    return done


def listed(home, command="list", *more):
    return [json.loads(line) for line in run(home, command, "--json", *more).out.splitlines()]


def actions(home):
    store = open_store(DistrictHome(home).state_db)
    chain = open_chain(store, DistrictHome(home))
    assert chain.verify() is None
    found = [(one.action, one.case) for one in chain.entries()]
    store.close()
    return found


def exported(home, *more):
    done = run(home, "export", "--csv", *more)
    return list(csv.DictReader(io.StringIO(done.out)))


def test_every_finding_is_listed(home):
    stored = findings_of(home)
    wanted = [row["finding_id"] for row in stored if row["confidence"] != "C1"]
    assert [one["finding_id"] for one in listed(home)] == wanted
    assert len(listed(home, "list", "--leads")) == len(stored)


def test_a_row_is_whole_on_a_narrow_terminal(home, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = [set(line.split()) for line in run(home, "list").err.splitlines()]
    for row in listed(home):
        wanted = {row[name] for name in ("finding_id", "account", "case_id", "status")}
        assert any(wanted <= line for line in lines), row


def test_nobody_is_named_anywhere(home, names):
    one = listed(home)[0]["finding_id"]
    said = [
        run(home, "list", "--leads").err,
        run(home, "list", "--leads", "--json").out,
        run(home, "cases").err,
        run(home, "cases", "--json").out,
        run(home, "show", one).out,
        run(home, "explain", one).out,
        run(home, "history", one).out,
        run(home, "export").out,
    ]
    assert not [name for name in names if any(name in text for text in said)]


def test_one_finding_shows_what_it_stands_on(home):
    one = listed(home)[0]
    out = run(home, "show", one["finding_id"]).out
    told = json.loads(run(home, "show", one["finding_id"], "--json").out)
    assert told["claim"] in out
    assert all(f"sha256 {line['line_sha256']}" in out for line in told["evidence"])
    assert one["account"] in out
    assert one["case_id"] in out
    assert "ruled out: " in out
    assert out.count(" sha256 ") == one["evidence_lines"]


def test_the_rule_is_explained_with_its_thresholds(home):
    one = listed(home)[0]
    out = run(home, "explain", one["finding_id"]).out
    told = json.loads(run(home, "explain", one["finding_id"], "--json").out)
    assert all(f"threshold {name} =" in out for name in told["parameters"])
    assert all(f"measured {name} =" in out for name in told["measured"])
    assert out.startswith(f"{one['rule']}: ")
    for word in ("clause", "threshold", "measured", "judged with settings", "next"):
        assert f"  {word}" in out


def test_a_finding_that_is_not_there(home):
    for command in ("show", "explain", "history"):
        assert "f-0" in run(home, command, "f-0", code=2).err
    assert "c-0" in run(home, "export", "--case", "c-0", code=2).err


def test_a_verdict_is_kept_with_its_reason_and_in_the_chain(home):
    one = listed(home)[1]
    words = (one["finding_id"], "authorized", "--reason", REASON, "--json")
    told = json.loads(run(home, "verdict", *words).out)
    assert told["verdict"] == "authorized"
    now = next(r for r in listed(home) if r["finding_id"] == one["finding_id"])
    assert (now["status"], now["verdict"]) == ("explained", "authorized")
    assert now["status_reason"] == "verdict authorized"
    assert ("verdict", one["case_id"]) in actions(home)
    assert REASON in run(home, "history", one["finding_id"]).out
    out = run(home, "verdict", one["finding_id"], "fine", "--reason", REASON, code=2)
    assert "authorized, benign" in out.err
    run(home, "verdict", one["finding_id"], "benign", "--reason", "no", code=2)


def test_a_case_can_be_given_to_somebody(home):
    case = listed(home, "cases")[0]["case_id"]
    told = json.loads(run(home, "assign", case, "ada", "--json").out)
    assert told == {"subject_id": case, "assignee": "ada"}
    assert listed(home, "cases")[0]["assignee"] == "ada"
    run(home, "assign", "c-0", "ada", code=2)


def test_every_finding_of_a_person_clause_and_week_is_in_one_case(home):
    stored = {row["finding_id"]: row for row in findings_of(home)}
    cases = listed(home, "cases")
    assert {one["case_id"] for one in listed(home)} == {one["case_id"] for one in cases}
    for case in cases:
        rows = [stored[finding_id] for finding_id in case["finding_ids"]]
        told = {
            row["kind"]: row["record"]["clauses"][0]["id"]
            for row in rows
            if row["record"]["clauses"][0]["id"] != case["clause"]
        }
        # the use of a site is reported in the case of what it was part of
        assert set(told) <= {"non_approved_site"}
        assert len(told) < len(rows)
        assert case["confidence"] == max(row["confidence"] for row in rows)


def test_the_export_has_one_row_a_finding_none_longer_than_a_day(home):
    rows = exported(home)
    assert [row["finding_id"] for row in rows if row["confidence"] == "C1"] == []
    assert {row["finding_id"] for row in rows} == {
        one["finding_id"] for one in listed(home) if one["status"] != "withdrawn"
    }
    assert {row["kind"] for row in rows} <= KINDS
    for row in rows:
        start, end = (datetime.fromisoformat(row[f"{n}_utc"]) for n in ("start", "end"))
        assert timedelta(0) <= end - start <= timedelta(hours=24)
        assert int(row["evidence_lines"]) >= 1
        assert row["account"] != ""
        assert row["created_utc"].endswith("Z")


def test_names_need_a_case_a_reason_and_are_for_that_case_alone(home, names):
    case = listed(home)[0]["case_id"]
    run(home, "export", "--names", "--reason", REASON, code=2)
    run(home, "export", "--names", "--case", case, code=2)
    rows = exported(home, "--names", "--case", case, "--reason", REASON)
    assert {row["case_id"] for row in rows} == {case}
    assert {row["account"] for row in rows} <= set(names)
    assert ("export, alone", case) in actions(home)


def test_with_roles_names_take_two_persons(home, monkeypatch, tmp_path):
    settings = home / "district.toml"
    text = settings.read_text(encoding="utf-8")
    logged_in, groups = tmp_path / "loginuid", {70001: ["heads"], 70002: ["heads"]}
    case = listed(home)[0]["case_id"]
    logged_in.write_text("70001")
    monkeypatch.setattr(options, "LOGIN_UID", logged_in)
    monkeypatch.setattr(options, "_known", lambda uid: (f"user{uid}", groups[uid]))
    wish = ("--names", "--case", case, "--reason", REASON)
    try:
        roles = '\n[roles]\ndirector = ["heads"]\n'
        settings.write_text(text.replace("\n[roles]\n", roles, 1))
        refused = run(home, "export", *wish, code=77)
        request = refused.err.split("request ")[1].split(":")[0]
        assert "own request" in run(home, "approve", request, code=77).err
        waits = run(home, "export", *wish, code=77).err
        assert "still waiting for a second person" in waits
        logged_in.write_text("70002")
        told = json.loads(run(home, "approve", request, "--json").out)
        assert (told["request_id"], told["case_id"]) == (request, case)
        run(home, "approve", request, code=2)
        run(home, "export", *wish, code=77)
        logged_in.write_text("70001")
        assert exported(home, *wish)
        run(home, "export", *wish, code=77)
        groups[70001] = ["students"]
        run(home, "list", code=77)
    finally:
        settings.write_text(text)
        accepted = ("roles", "--accept", "--reason", "the test is over")
        assert schoolbell(*accepted, "--home", home).code == 0


def test_a_file_is_private_and_never_written_over(home, tmp_path):
    target = tmp_path / "out.csv"
    run(home, "export", "--to", target)
    assert target.stat().st_mode & 0o777 == 0o600
    run(home, "export", "--to", target, code=1)
