"""Findings compared with planted truth: what is true, and what was found."""

import gzip
from datetime import UTC, datetime, timedelta

import polars as pl

from pipelines.district import open_district
from pipelines.state.findings import stored_evidence
from pipelines.synthetic.scored_district import Scored, compare, score
from pipelines.warehouse.models import rules
from tests.conftest import only_long
from tests.journey.small import made_and_judged, small

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
    scored = Scored(*compare(planted, [], leads))
    assert scored.cases.filter("is_lead")["is_found"].to_list() == [True]
    assert {row["expected_rule"] for row in scored.missed().iter_rows(named=True)} == {
        "NA-1", "NA-2", "OH-1", "SA-1",
    }  # fmt: skip
    rows = {rule: counts for rule, *counts in scored.by_rule()}
    assert rows["SA-L"] == [1, 1, 0, 0, "leads only"]


def test_each_rule_has_what_was_planted_found_made_and_true():
    scored = Scored(*judged(finding("NA-1", "avega", SITE), finding("NA-1", "x", SITE)))
    rows = {rule: counts for rule, *counts in scored.by_rule()}
    assert rows["NA-1"] == [1, 1, 2, 1, ""]
    assert rows["OH-1"] == [1, 0, 0, 0, ""]
    assert "the logs begin later" in rows["AN-8"][-1]
    assert rows.keys() == rules().keys()
    assert scored.false()["account"].to_list() == ["x"]


def test_a_small_district_is_scored(tmp_path_factory):
    scored = score(small(tmp_path_factory.getbasetemp()).home)
    cases = scored.cases.filter(~pl.col("is_lead"))
    assert scored.false().is_empty(), scored.false()
    assert cases["is_found"].mean() > 0.75, scored.missed()


def test_each_cited_line_is_copied_as_its_file_has_it(tmp_path_factory):
    home = small(tmp_path_factory.getbasetemp()).home
    with open_district(home) as district:
        rows = stored_evidence(district.store)
    files = {}
    for row in rows:
        path = home / "landing" / row["source"] / row["path"]
        if path not in files:
            data = path.read_bytes()
            files[path] = gzip.decompress(data) if path.suffix == ".gz" else data
        first, line = row["byte_offset"], row["line"].encode()
        assert files[path][first : first + len(line)] == line, row
    assert len(rows) > 100


@only_long
def test_where_nothing_was_planted_nothing_is_found(tmp_path):
    made_and_judged(tmp_path / "home", 6, violations=False, weeks_before=7)
    scored = score(tmp_path / "home")
    assert scored.cases.is_empty()
    assert scored.findings.rows() == []
