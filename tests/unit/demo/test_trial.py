"""Findings held against planted truth: what is true, found, provable."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from pipelines.findings.grades import alternatives
from pipelines.synthetic.proof import TOO_SHORT, sites_asked, unproven
from pipelines.synthetic.quality import false_rows, missed_rows, quality
from pipelines.synthetic.scored_district import (
    Trial,
    compare,
    hold_trial,
    incomplete,
    judge_trial,
    lead_rules,
    planted_cases,
)
from pipelines.warehouse.models import rules
from pipelines.warehouse.repair import opened
from tests.conftest import only_long
from tests.journey.small import PEOPLE, SEED, WEEKS, small

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)


def case(number, account, kind, rule, family="S36", *, start=NOON, is_violation=True):
    return {
        "case_id": f"case-{number}",
        "family": family,
        "kind": kind,
        "expected_rule": rule,
        "account": account,
        "start_utc": start,
        "end_utc": start + timedelta(minutes=20),
        "intensity": "2",
        "is_violation": is_violation,
        "note": "",
    }


def finding(rule, account, kind, start=NOON):
    end = start + timedelta(minutes=20)
    return {
        "finding_id": f"f-{rule}-{account}",
        "rule": rule,
        "subject": account,
        "kind": kind,
        "confidence": "C2",
        "severity": "low",
        "status": "open",
        "record": {"start_time": start.isoformat(), "end_time": end.isoformat()},
    }


SITE, HOURS, SHARED = "non_approved_site", "off_hours_external", "shared_account"
CASES = pl.DataFrame(
    [
        case(1, "avega", SITE, "NA-1"),
        case(2, "bortiz", HOURS, "OH-1", "S64"),
        case(3, "cpark", SHARED, "SA-1", "S01"),
        case(4, "dlund", SITE, "NA-2", "S42"),
        case(5, "eshaw", "none", "", "S38", is_violation=False),
    ]
)


def judged(*shown):
    return compare(CASES, shown)


def trial(*shown, lacking=None, has_violations=True):
    cases, findings = compare(CASES, shown)
    return Trial(
        seed=1,
        people=100,
        weeks=2,
        has_violations=has_violations,
        cases=cases,
        findings=findings,
        leads={"SA-L": 1},
        lacking=lacking or {},
        rules=("NA-1", "NA-2", "OH-1"),
    )


def truths(*shown):
    return judged(*shown)[1]["is_true"].to_list()


def test_a_finding_is_true_by_account_time_and_kind():
    later = NOON + timedelta(minutes=34)
    too_late = NOON + timedelta(minutes=36)
    assert truths(finding("NA-1", "avega", SITE)) == [True]
    assert truths(finding("NA-1", "avega", SITE, later)) == [True]
    assert truths(finding("NA-1", "avega", SITE, too_late)) == [False]
    assert truths(finding("NA-1", "somebody", SITE)) == [False]
    assert truths(finding("SA-1", "avega", SHARED)) == [False]


def test_a_site_off_duty_is_a_site_but_a_shared_account_shows_no_site():
    assert truths(finding("NA-1", "bortiz", SITE)) == [True]
    assert truths(finding("NA-1", "cpark", SITE)) == [False]
    assert truths(finding("OH-1", "avega", HOURS)) == [False]


def test_a_site_within_a_true_finding_is_told_there_and_not_on_its_own():
    shared, site = finding("SA-1", "cpark", SHARED), finding("NA-1", "cpark", SITE)
    elsewhere = finding("NA-1", "cpark", SITE, NOON + timedelta(hours=2))
    assert truths(shared, site) == [True, True]
    assert truths(shared, elsewhere) == [True, False]
    false = finding("SA-1", "nobody", SHARED), finding("NA-1", "nobody", SITE)
    assert truths(*false) == [False, False]


def test_a_case_is_found_by_its_rule_and_met_by_its_kind():
    cases, _ = judged(
        finding("NA-1", "avega", SITE),
        finding("NA-1", "dlund", SITE),
        finding("NA-1", "bortiz", SITE),
    )
    shown = cases.select("account", "is_found", "is_met").rows()
    assert shown == [
        ("avega", True, True),
        ("bortiz", False, False),
        ("cpark", False, False),
        ("dlund", False, True),
    ]


def test_a_false_finding_names_the_look_alike_beside_it():
    _, findings = judged(finding("NA-1", "eshaw", SITE), finding("NA-1", "x", SITE))
    assert findings.select("is_true", "alike").rows() == [(False, "S38"), (False, None)]


def test_what_only_a_lead_can_find_is_found_by_a_lead_and_counts_by_itself():
    planted = CASES.vstack(
        pl.DataFrame([case(6, "fkim", SHARED, "SA-L", "S85")]).cast(CASES.schema)
    )
    leads = [finding("SA-L", "fkim", SHARED), finding("NA-1", "avega", SITE)]
    cases, findings = compare(planted, [], leads)
    assert cases.filter("is_lead")["is_found"].to_list() == [True]
    assert not cases.filter(~pl.col("is_lead"))["is_found"].any()
    one = replace(trial(), cases=cases, findings=findings, leads={"SA-L": 1, "NA-1": 1})
    measures = quality([one, one])
    assert measures["recall"]["of"] == 8
    assert "SA-L" not in {row["rule"] for row in measures["by_rule"]}
    told = {row["rule"]: tuple(row.values())[1:] for row in measures["leads"]}
    none = dict.fromkeys(set(lead_rules()) - {"SA-L"}, (0, 0, 0))
    assert told == none | {"NA-1": (0, 0, 2), "SA-L": (2, 2, 2)}
    assert {row["expected_rule"] for row in missed_rows([one])} == {"NA-1", "NA-2", "OH-1", "SA-1"}


def test_measures_put_districts_together():
    measures = quality(
        [
            trial(finding("NA-1", "avega", SITE), lacking={"f-NA-1-avega": "a line"}),
            trial(finding("NA-1", "eshaw", SITE), finding("NA-1", "x", SITE)),
        ]
    )
    assert measures["user_weeks"] == 400
    assert measures["precision"]["count"] == 1
    assert measures["precision"]["of"] == 3
    assert measures["people_falsely_named"] == 2
    assert measures["false_per_1000_user_weeks"]["rate"] == 5
    assert measures["recall"]["of"] == 8
    assert measures["recall"]["count"] == 1
    assert measures["complete"]["count"] == 2
    assert measures["lead_share"]["share"] == 2 / 5
    assert [row["rule"] for row in measures["by_rule"] if not row["is_built"]] == ["SA-1"]
    assert measures["false_by_alike"] == [
        {"alike": "S38", "rule": "NA-1", "findings": 1},
        {"alike": "nothing planted", "rule": "NA-1", "findings": 1},
    ]


def test_nothing_found_is_no_precision():
    measures = quality([trial()])
    assert measures["precision"]["share"] is None
    assert measures["precision"]["bounds"] == [0, 1]
    assert false_rows([trial()]) == []
    assert len(missed_rows([trial()])) == 4


@pytest.fixture
def landed(tmp_path):
    folder = tmp_path / "landing" / "proxy"
    folder.mkdir(parents=True)
    (folder / "access.log.gz").write_bytes(gzip.compress(b"one\ntwo\r\nthree"))
    return tmp_path / "landing"


def stored(**changes):
    record = {"details": {}, "evidence": [1, 2], "alternatives": []}
    record["alternatives"] = [
        {"name": tested.name, "result": tested.result}
        for tested in alternatives(rules()["NA-5"].header, {})
    ]
    return {"finding_id": "f-1", "rule": "NA-5", "record": record | changes}


def copied(byte_offset, line):
    return {
        "finding_id": "f-1",
        "source": "proxy",
        "path": "access.log.gz",
        "byte_offset": byte_offset,
        "line": line,
    }


def test_a_proof_is_whole(landed):
    lines = [copied(4, "two"), copied(9, "three")]
    assert incomplete([stored()], lines, landed) == {}


@pytest.mark.parametrize(
    "line",
    [
        copied(4, "tw"),
        copied(5, "wo"),
        copied(4, "twO"),
        copied(400, "two"),
        copied(4, "two") | {"path": "gone.log"},
    ],
)
def test_a_line_must_stand_at_its_place(landed, line):
    lacks = incomplete([stored()], [copied(0, "one"), line], landed)
    assert lacks == {"f-1": "1 cited lines are not in their files as copied"}


def test_every_cited_line_and_every_explanation_must_be_there(landed):
    whole = [copied(0, "one"), copied(4, "two")]
    assert "1 of 2" in incomplete([stored()], whole[:1], landed)["f-1"]
    untested = stored(alternatives=[])
    assert "explanation" in incomplete([untested], whole, landed)["f-1"]


def test_a_small_district_is_scored(tmp_path_factory):
    home = small(tmp_path_factory.getbasetemp()).home
    one = judge_trial(home, seed=SEED, people=PEOPLE, weeks=WEEKS, has_violations=True)
    measures = quality([one])
    assert measures["false_findings"] == 0, false_rows([one])
    assert measures["recall"]["share"] > 0.75, missed_rows([one])
    assert one.lacking == {}


def test_no_rule_can_tell_a_use_that_is_shorter_than_it_asks(tmp_path_factory):
    home = small(tmp_path_factory.getbasetemp()).home
    planted = planted_cases(home).filter("is_violation", expected_rule="NA-1")
    ends = pl.min_horizontal("end_utc", pl.col("start_utc") + timedelta(minutes=3))
    cut = planted.with_columns(end_utc=ends)
    assert TOO_SHORT not in unproven(home, planted).values()
    assert TOO_SHORT in unproven(home, cut).values()


def test_a_use_counts_as_asked_about_where_the_report_lists_its_site(tmp_path, tmp_path_factory):
    home = small(tmp_path_factory.getbasetemp()).copy(tmp_path)
    with opened(home / "warehouse.duckdb") as database:
        used = "from core.site_evidence order by total_seconds desc, site limit 1"
        ((account, start),) = database.rows(f"select account, start_time {used}")
        listed = f"select site, 1, 9, 9, 1, 'games', event_date {used}"
        database.rows(f"insert into marts.unjudged_sites {listed}")
    then = pl.DataFrame([case(1, account, SITE, "NA-1", start=start)])
    assert sites_asked(home, then) == {"case-1"}
    weeks_later = pl.col("start_utc", "end_utc") + timedelta(weeks=9)
    assert sites_asked(home, then.with_columns(weeks_later)) == frozenset()


@only_long
def test_where_nothing_was_planted_nothing_is_found(tmp_path):
    one = hold_trial(tmp_path / "home", 6, people=60, weeks=1, violations=False)
    assert one.cases.is_empty()
    assert one.findings.rows() == []
