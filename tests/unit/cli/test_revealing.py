"""`reveal`: for a case that the pseudonym is in, for some time, noted each time."""

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import update

from pipelines.alerts.facts import noticed
from pipelines.cli import options
from pipelines.district import open_district
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import open_chain
from pipelines.state.connections import open_store
from pipelines.state.tables import REQUESTS
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of

REASON = "the hearing of Monday"
LAST = "2026-12-18"


@pytest.fixture
def home(district, tmp_path):
    return district.copy(tmp_path)


def run(home, *words, code=0):
    done = schoolbell(*words, "--home", home)
    assert done.code == code, done.err
    return done


def listed(home):
    out = run(home, "findings", "list", "--json").out
    return [json.loads(line) for line in out.splitlines()]


def entries(home):
    store = open_store(DistrictHome(home).state_db)
    chain = open_chain(store, DistrictHome(home))
    assert chain.verify() is None
    found = [(one.action, one.subject, one.case) for one in chain.entries()]
    store.close()
    return found


def look_ups(home):
    with open_district(home) as district:
        news = noticed(district, datetime.now(UTC)).news
    return [one for one in news if one.key.startswith("lookups:")]


def members(pack):
    with zipfile.ZipFile(pack) as archive:
        return [archive.read(name).decode() for name in archive.namelist()]


def test_a_sensitive_site_is_spelt_for_its_case_alone(home, tmp_path):
    (site,) = next(
        one["record"]["sites"]
        for one in findings_of(home)
        if one["rule"] == "NA-1" and len(one["record"]["sites"]) == 1
    )
    with (home / "registry" / "site_categories.csv").open("a") as listed_sites:
        listed_sites.write(f"{site},adult,district\n")
    schoolbell("run", "--home", home, "--settle-seconds", "0", "--quiet")
    finding = next(one for one in findings_of(home) if one["record"]["withheld"])
    assert finding["record"]["withheld"] == [site]
    ident = finding["finding_id"]
    case = next(row for row in listed(home) if row["finding_id"] == ident)["case_id"]
    shown = run(home, "findings", "show", ident).out
    asked = (ident, "--reason", f"{site} is asked for by the nurse")
    run(home, "findings", "exception", *asked, "--scope", "site", "--until", LAST)
    run(home, "findings", "verdict", ident, "authorized", *asked[1:])
    pack = tmp_path / "case.zip"
    run(home, "findings", "pack", case, "--to", pack, "--reason", REASON)
    told = [run(home, "findings", word, ident).out for word in ("explain", "history")]
    told += [run(home, "findings", *words).out for words in (("list",), ("permits",))]
    told += [shown, (home / "alerts.jsonl").read_text(), *members(pack)]
    for text in told:
        assert site.split(".")[0] not in text
    token = re.search(r"used ([a-z]+-[0-9]+) ", shown)[1]
    told = run(home, "reveal", token, "--case", case, "--reason", REASON).out
    assert told == f"{token}: site {site}\n"
    assert ("reveal, alone", token, case) in entries(home)


def test_a_pseudonym_of_a_case_is_told_after_it_is_noted(home):
    one = next(row for row in listed(home) if row["rule"] == "SA-1")
    token, case = one["account"], one["case_id"]
    told = json.loads(run(home, "reveal", token, "--case", case, "--reason", REASON, "--json").out)
    stored = {row["finding_id"]: row["subject"] for row in findings_of(home)}
    assert told["value"] == stored[one["finding_id"]]
    assert told["person_name"]
    assert entries(home) == [("reveal, alone", token, case)]
    device = one["devices"][0]
    out = run(home, "reveal", device, "--case", case, "--reason", REASON).out
    assert out.startswith(f"{device}: device ")
    assert look_ups(home) == []


def test_a_name_of_before_somebody_was_a_student_is_told_too(home):
    one = next(row for row in listed(home) if row["rule"] == "SA-1")
    stored = {row["finding_id"]: row["subject"] for row in findings_of(home)}
    account = stored[one["finding_id"]]
    users = home / "registry" / "users.csv"
    table = pl.read_csv(users, infer_schema=False)
    is_owner = pl.col("username") == account
    role = pl.when(is_owner).then(pl.lit("student")).otherwise("role").alias("role")
    table.with_columns(role).write_csv(users)
    (now,) = [r for r in listed(home) if r["finding_id"] == one["finding_id"]]
    assert now["account"].startswith("student-")
    for token in (one["account"], now["account"]):
        words = ("--case", now["case_id"], "--reason", REASON, "--json")
        assert json.loads(run(home, "reveal", token, *words).out)["value"] == account


def test_what_is_not_of_the_case_is_refused_and_noted(home):
    rows = listed(home)
    one = rows[0]
    other = next(row for row in rows if row["account"] != one["account"])
    for words in (("--case", one["case_id"]), ()):
        done = run(home, "reveal", other["account"], *words, "--reason", REASON, code=77)
        assert "audit chain" in done.err
    assert [action for action, _, _ in entries(home)] == ["reveal refused"] * 2
    run(home, "reveal", one["account"], "--case", "c-0", "--reason", REASON, code=2)
    run(
        home,
        "reveal",
        one["account"],
        "--case",
        one["case_id"],
        "--reason",
        "x",
        code=2,
    )


def test_a_look_up_without_a_case_is_told_and_listed(home):
    one = listed(home)[0]
    run(home, "reveal", one["account"], "--reason", REASON, code=77)
    asked = ("who", "203.0.113.7", "2026-10-20T15:00:00Z")
    assert "a reason is needed" in run(home, *asked, code=2).err
    run(home, *asked, "--reason", REASON)
    (news,) = look_ups(home)
    assert (news.about, news.lasting) == ("security", 1)  # `who` names no one
    assert one["account"] not in news.line
    out = run(home, "audit", "lookups", "--json").out
    told = [json.loads(line) for line in out.splitlines()]
    assert {row["action"]: row["without_case"] for row in told} == {
        "who": 1,
        "reveal refused": 1,
    }
    assert "Lookups of 31 days" in run(home, "audit", "lookups").err


def test_an_approval_lasts_for_an_hour(home, monkeypatch, tmp_path):
    settings = home / "district.toml"
    text = settings.read_text(encoding="utf-8")
    roles = '\n[roles]\ndirector = ["heads"]\n'
    settings.write_text(text.replace("\n[roles]\n", roles, 1))
    logged_in = tmp_path / "loginuid"
    monkeypatch.setattr(options, "LOGIN_UID", logged_in)
    monkeypatch.setattr(options, "_known", lambda uid: (f"user{uid}", ["heads"]))
    logged_in.write_text("70001")
    one = listed(home)[0]
    wish = ("reveal", one["account"], "--case", one["case_id"], "--reason", REASON)
    request = run(home, *wish, code=77).err.split("request ")[1].split(":")[0]
    logged_in.write_text("70002")
    run(home, "findings", "approve", request)
    logged_in.write_text("70001")
    run(home, *wish)
    run(home, *wish)
    long_ago = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    store = open_store(DistrictHome(home).state_db)
    with store.writing() as connection:
        connection.execute(update(REQUESTS).values(used_time=long_ago))
    store.close()
    assert "second person" in run(home, *wish, code=77).err
    monkeypatch.setattr(options, "_known", lambda uid: (f"user{uid}", ["lookers"]))
    with_lookers = roles.replace("[roles]", '[roles]\nanalyst = ["lookers"]')
    settings.write_text(text.replace("\n[roles]\n", with_lookers, 1))
    assert "has the role analyst" in run(home, *wish, code=77).err
    done = [action for action, _, _ in entries(home)]
    assert done.count("reveal") == 2
    assert done[-1] == "names refused"
