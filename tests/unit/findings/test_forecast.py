"""What a log was expected to decide is compared with what became of each case."""

import pytest

from pipelines.findings.cases import Case
from pipelines.gaps.decision_plan import Situation
from pipelines.gaps.forecast import outcome, result_of
from pipelines.gaps.losses import CHROMEOS_LOG, MACS_LOG, SECURITY_LOG
from pipelines.gaps.remedies import KEYBOARDS
from pipelines.warehouse.models import shared_words

WORDS = shared_words().explanations
OPEN_SESSION, CLOCK = WORDS["live"].name, WORDS["clock"].name
TESTED, FITS, UNTESTED = "ruled out", "fits", "not testable"
CLASSES = {"pc-1": "desktop", "cb-1": "chromebook", "phone": "phone_byod", "bare": None}
SITUATION = Situation(CLASSES, frozenset(), {"SA-1": "C3", "SA-L": "C1"})


def finding(
    session, *, clock=TESTED, status="open", device="pc-1", rule="SA-1", day="2026-11-04", sure="C2"
):
    names = {OPEN_SESSION: session, CLOCK: clock}
    return {
        "finding_id": f"f-{rule}-{device}-{day}-{session}", "rule": rule, "kind": "shared_account",
        "subject": "ada", "event_date": day, "severity": "medium", "confidence": sure,
        "status": status,
        "record": {
            "alternatives": [{"name": one, "result": result} for one, result in names.items()],
            "devices": [device], "start_time": f"{day}T15:00:00+00:00",
            "end_time": f"{day}T16:00:00+00:00",
        },
    }  # fmt: skip


def case(*findings, name="c-1"):
    return Case(case_id=name, person="p", clause="cl.1", week="2026-W45", findings=findings)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([finding(TESTED)], "ruled out"),
        ([finding(FITS)], "fits"),
        ([finding(UNTESTED)], "untested"),
        ([finding(TESTED, clock=UNTESTED)], "untested"),
        ([finding(UNTESTED, status="explained")], "without"),
        ([finding(TESTED, status="confirmed")], "ruled out"),
        ([finding(UNTESTED, status="withdrawn")], "gone"),
        ([finding(UNTESTED, status="withdrawn"), finding(FITS)], "fits"),
        ([finding(FITS), finding(UNTESTED)], "untested"),
        ([finding(UNTESTED), finding(TESTED)], "ruled out"),
    ],
    ids=[
        "tested", "fits", "still missing", "another log is missing", "decided before",
        "confirmed since", "withdrawn", "one withdrawn", "one of two missing", "one is enough",
    ],
)  # fmt: skip
def test_the_outcome_of_a_case(findings, expected):
    assert outcome(SITUATION, case(*findings), SECURITY_LOG) == expected


@pytest.mark.parametrize(
    ("devices", "silent", "has_windows", "logs"),
    [
        (["pc-1"], {SECURITY_LOG, CHROMEOS_LOG}, True, {SECURITY_LOG}),
        (["cb-1"], {SECURITY_LOG, CHROMEOS_LOG}, True, {CHROMEOS_LOG}),
        (["pc-1", "cb-1"], set(), True, {SECURITY_LOG, CHROMEOS_LOG}),
        (["pc-1", "cb-1"], {CHROMEOS_LOG}, True, {CHROMEOS_LOG}),
        (["pc-1"], {SECURITY_LOG}, False, {MACS_LOG}),
        (["phone", "bare", "unlisted"], set(), True, {KEYBOARDS}),
    ],
    ids=["computer", "Chromebook", "both", "one of them arrives", "Macs", "unknown devices"],
)
def test_the_device_decides_which_log_is_meant(devices, silent, has_windows, logs):
    situation = Situation(CLASSES, frozenset(silent), {}, has_windows)
    assert situation.logs(KEYBOARDS, devices) == logs


def test_a_lead_counts_only_if_its_rule_can_make_more_than_leads():
    hopeful, hopeless = (case(finding(UNTESTED, rule=rule, sure="C1")) for rule in ("SA-1", "SA-L"))
    assert SITUATION.needs(hopeful) == [frozenset({SECURITY_LOG})]
    assert SITUATION.needs(hopeless) == []


def forecast(name, standing="waiting"):
    return {
        "case_id": name, "remedy": SECURITY_LOG, "standing": standing,
        "expected_time": "2026-11-09T12:00:00+00:00",
    }  # fmt: skip


def test_later_cases_of_the_same_devices_show_a_log_that_begins_now():
    """A policy of today adds nothing to past days: no case of the forecast could be tested."""
    known = [
        case(finding(UNTESTED)),
        case(finding(UNTESTED, sure="C1"), name="c-lead"),
        case(finding(TESTED, day="2026-11-11"), name="c-later"),
        case(finding(UNTESTED, day="2026-11-12"), name="c-still"),
        case(finding(TESTED, day="2026-11-11", device="cb-1"), name="c-other-device"),
        case(finding(TESTED, day="2026-11-03"), name="c-before"),
    ]
    rows = [forecast("c-1"), forecast("c-lead", "lead")]
    result = result_of(SITUATION, known, SECURITY_LOG, rows)
    assert (result.cases, result.leads, result.outcomes) == (1, 1, {"untested": 2})
    assert (result.later, result.later_tested) == (2, 1)


def test_decisions_count_of_tested_cases_alone():
    known = [
        case(finding(TESTED, status="confirmed"), name="a"),
        case(finding(FITS, status="explained"), name="b"),
        case(finding(UNTESTED, status="confirmed"), name="c"),
    ]
    result = result_of(SITUATION, known, SECURITY_LOG, [forecast(name) for name in "abc"])
    assert (result.confirmed, result.explained) == (1, 1)
    assert result.outcomes == {"ruled out": 1, "fits": 1, "without": 1}
