"""What verdicts say of a rule, and when its findings become leads."""

import pytest

from pipelines.findings.judgment import judge
from pipelines.findings.lifecycle import keep
from pipelines.findings.rule_quality import RuleQuality, demoted, fixes, rule_qualities
from pipelines.state.connections import open_store
from pipelines.state.findings import stored_findings
from pipelines.state.tables import CASE_FINDINGS, CASES, REVIEWS
from tests.unit.findings.given import DAY, candidate, detection, known


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def found(subject="ada", version="v1", **circumstances):
    row = candidate(subject=subject)
    given = known(versions={"SA-1": version}, **circumstances)
    (one,) = judge(detection("SA-1"), [row], given)
    return one


def decided(store, *verdicts, version="v1", cases=None):
    """Return a finding for each verdict, each in a separate case unless reported."""
    rows = [found(f"user{n}", version) for n, _ in enumerate(verdicts)]
    keep(store, rows, {}, {"SA-1": [DAY]})
    with store.writing() as connection:
        for one, verdict in zip(rows, verdicts, strict=True):
            connection.execute(
                REVIEWS.insert().values(
                    finding_id=one.finding_id,
                    verdict=verdict,
                    reason="as it was",
                    reviewer="rev (1)",
                    time="2026-11-05T00:00:00+00:00",
                )
            )
        if cases:
            row = {"case_id": "c-1", "person": "p", "clause": "c", "week": "w"}
            connection.execute(CASES.insert().values(created_time="", **row))
            connection.execute(CASE_FINDINGS.update().values(case_id="c-1"))
    (one,) = rule_qualities(store, {"SA-1": "v1"}, {"SA-1": "live"})
    return one


def test_only_a_violation_is_right_and_undetermined_counts_for_nothing(store):
    verdicts = ("violation", "authorized", "benign", "misattributed", "data_fault")
    one = decided(store, *verdicts, "undetermined")
    assert (one.decisions, one.right, one.facts_hold) == (5, 1, 3)
    assert one.verdicts["undetermined"] == 1
    assert one.bounds == pytest.approx((0.00505, 0.71642), abs=1e-4)
    assert one.state == "too few"


def test_one_case_with_one_verdict_is_one_decision(store):
    one = decided(store, "benign", "benign", "violation", cases=True)
    assert one.verdicts == {"benign": 2, "violation": 1}
    assert (one.decisions, one.right) == (2, 1)


def test_a_rule_that_changed_begins_again(store):
    assert decided(store, "benign", version="v0").decisions == 0


@pytest.mark.parametrize(
    ("right", "of", "stage", "state"),
    [
        (29, 29, "live", "too few"),
        (30, 30, "live", "holds"),
        (29, 30, "live", "leads"),
        (59, 60, "live", "holds"),
        (0, 30, "live", "leads"),
        (30, 30, "trial", "may go live"),
        (29, 30, "trial", "stays on trial"),
    ],
)
def test_what_follows(right, of, stage, state):
    one = RuleQuality(code="SA-1", stage=stage, decisions=of, right=right)
    assert one.state == state
    assert demoted([one]) == ({"SA-1"} if state == "leads" else set())


def test_findings_of_a_demoted_rule_are_leads_and_say_why():
    strong, lead = found(), found(demoted=frozenset({"SA-1"}))
    assert (strong.confidence, strong.stage) == ("C3", "live")
    assert (lead.confidence, lead.stage) == ("C1", "trial")
    (why,) = set(lead.alternatives) - set(strong.alternatives)
    assert why.result == "fits"
    assert found(demoted=frozenset({"SA-2"})) == strong


def test_a_finding_from_a_log_whose_clock_is_hours_off_is_a_lead():
    strong = found()
    why = "the clock of proxy was 8.0 hours ahead of windows, so its times are not known"
    lead = found(wrong_times={strong.evidence[0]: why})
    assert (strong.confidence, lead.confidence) == ("C3", "C1")
    (reason,) = set(lead.alternatives) - set(strong.alternatives)
    assert (reason.result, reason.test) == ("fits", why)
    assert found(wrong_times={10**12: why}) == strong


def test_a_demotion_leaves_what_was_decided():
    strong = found()
    settled = frozenset({strong.finding_id})
    assert found(demoted=frozenset({"SA-1"}), settled=settled) == strong


def test_the_district_may_set_the_stage():
    assert found(stages={"SA-1": "trial"}).stage == "trial"


def test_verdicts_say_where_to_look(store):
    decided(store, "misattributed", "misattributed", "authorized", "violation")
    verdicts = ("misattributed", "misattributed", "authorized", "violation")
    rows = [{**row, "verdict": verdicts[int(row["subject"][-1])]} for row in stored_findings(store)]
    told = [(one.verdict, one.about, one.findings) for one in fixes(rows)]
    assert told == [
        ("misattributed", "hs-d-0001", 2),
        ("misattributed", "ms-d-0002", 2),
        ("authorized", "hs-d-0001", 1),
        ("authorized", "ms-d-0002", 1),
    ]
