"""Grading: what lowers a finding, what hides it, what it is called."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipelines.findings.grades import (
    LEVELS,
    alternatives,
    claim,
    confidence,
    of_outside,
    severity,
    told,
)
from pipelines.findings.judgment import judge
from pipelines.findings.record import Alternative, finding_id
from pipelines.warehouse.headers import Header
from pipelines.warehouse.models import models, rules
from tests.unit.findings.given import (
    CLAUSE,
    DAY,
    PROVEN,
    candidate,
    detection,
    exception,
    known,
)


def judged(row, *exceptions, **more):
    (found,) = judge(detection(row.code), [row], known(exceptions, **more))
    return found


def header(rule):
    """Return a rule's own; a rule that does not say how sure it may begin makes leads."""
    known = rules().get(rule)
    return known.header if known else Header(summary="it", grain=("subject",))


def results(*given):
    return [Alternative("it", "looked", one) for one in given]


# the lattice


@pytest.mark.parametrize(
    ("rule", "given", "level"),
    [
        ("SA-1", ("ruled out", "ruled out"), "C3"),
        ("SA-1", ("ruled out", "not testable"), "C2"),
        ("SA-1", ("not testable", "not testable"), "C2"),
        ("SA-1", ("fits", "ruled out"), "C1"),
        ("SA-1", ("fits", "not testable"), "C1"),
        ("SA-3", ("ruled out",), "C2"),
        ("SA-3", ("not testable",), "C1"),
        ("SA-3", ("fits",), "C1"),
        ("ZZ-9", ("ruled out",), "C1"),
        ("SA-1", (), "C3"),
        ("SA-1", ("excluded by design",), "C3"),
        ("SA-1", ("excluded by design", "not testable"), "C2"),
    ],
)
def test_confidence_only_goes_down(rule, given, level):
    assert confidence(header(rule), results(*given)) == level


def test_nothing_raises_confidence():
    orders = ["ruled out", "not testable", "fits", "excluded by design"]
    for rule in rules().values():
        for first in orders:
            for second in orders:
                level = confidence(rule.header, results(first, second))
                assert LEVELS.index(level) <= LEVELS.index(rule.header.base_confidence)


@pytest.mark.parametrize(
    ("rule", "details", "days", "expected"),
    [
        ("SA-1", {}, 9, "high"),
        ("NA-1", {}, 2, "low"),
        ("NA-1", {}, 3, "medium"),
        ("NA-1", {"is_repeated": True}, 1, "medium"),
        ("OH-1", {"is_in_closed_building": False}, 1, "low"),
        ("OH-1", {"is_in_closed_building": True}, 1, "medium"),
        ("OH-1", {"is_in_closed_building": False}, 2, "low"),
        ("OH-1", {"is_in_closed_building": False}, 3, "medium"),
        ("AN-11", {"is_calling": True}, 1, "medium"),
        ("AN-11", {"is_calling": False}, 14, "low"),
    ],
)
def test_severity_belongs_to_the_rule_and_to_repetition(rule, details, days, expected):
    assert severity(rules()[rule].header, details, days) == expected


def test_every_detection_has_its_explanations_and_its_level():
    detections = {name for name in models() if name.startswith("detections.")}
    assert {rule.name for rule in rules().values()} == detections
    for rule in rules().values():
        assert rule.header.explanations
        assert rule.header.refuted_by
        assert "{account}" in claim(rule.header, {})


def test_every_sentence_calls_its_subject_an_account_or_a_device():
    for rule in rules().values():
        said = told(claim(rule.header, {}), "fig-48", rule.header.about)
        assert re.search(r"\b(account|device) fig-48\b", said, re.IGNORECASE), said
        assert said[0].isupper()


# alternatives


@pytest.mark.parametrize("code", PROVEN)
def test_facts_rule_every_explanation_out(code):
    found = judged(candidate(code))
    results = {one.result for one in found.alternatives}
    assert results == {"ruled out", "excluded by design"}
    assert found.confidence == rules()[code].header.base_confidence


@pytest.mark.parametrize(
    ("code", "details", "result", "level"),
    [
        ("SA-1", {"is_left_open": None}, "not testable", "C2"),
        ("SA-1", {"is_clock_wrong": None}, "not testable", "C2"),
        ("SA-1", {"is_drive_possible": True}, "fits", "C1"),
        ("SA-1", {"is_drive_possible": None}, "not testable", "C2"),
        ("SA-1", {"is_lease_stale": True}, "fits", "C1"),
        ("SA-3", {"is_clock_wrong": None}, "not testable", "C1"),
        ("NA-1", {"is_on_one_list": True}, "fits", "C1"),
        ("NA-1", {"is_embedded": True}, "fits", "C1"),
        ("OH-1", {"is_left_open": None}, "not testable", "C1"),
    ],
)
def test_one_fact_less(code, details, result, level):
    found = judged(candidate(code, details=details))
    assert result in {one.result for one in found.alternatives}
    assert found.confidence == level


@pytest.mark.parametrize("code", rules())
def test_without_facts_nothing_is_sure(code):
    """A detection that forgets its facts cannot make a strong finding."""
    tested = alternatives(rules()[code].header, {})
    assert {one.result for one in tested} & {"not testable", "fits"}
    assert all(one.name and one.test for one in tested)


@pytest.mark.parametrize(
    ("subject", "level"),
    [("lab-pc-7", "C2"), ("10.2.8.25", "C1"), ("2001:db8::7", "C1")],
)
def test_a_bare_address_is_one_level_less_sure_than_a_device(subject, level):
    row = candidate(
        "AN-6",
        subject,
        details={
            "sites": ["a.example"],
            "resembles": ["b.example"],
            "is_own_company": False,
            "is_empty": False,
        },
        observables=(f"device:{subject}", "site:a.example"),
    )
    found = judged(row)
    assert found.confidence == level, found.alternatives
    stream = candidate("NA-1", observables=("device:pc-1", f"site:{subject}"))
    assert judged(stream).confidence == "C2"  # the site has no name, the device has


# names


def test_a_finding_is_named_by_rule_account_and_day():
    first = judged(candidate(evidence=(1, 2)))
    again = judged(candidate(evidence=(3,), measure=9.0, details={"turns": 8}))
    assert first.finding_id == again.finding_id
    others = {
        finding_id("SA-2", "ada", DAY),
        finding_id("SA-1", "adam", DAY),
        finding_id("SA-1", "ada", DAY + timedelta(days=1)),
        first.finding_id,
    }
    assert len(others) == 4


def test_the_name_never_changes():
    """Reviews and reports cite it: another hash would orphan them all."""
    assert finding_id("SA-1", "ada", date(2026, 11, 4)) == "f-5a238ac0a59a4136"


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("198.51.100.9", "From the Internet address juniper-4, sign-in"),
        ("2001:db8::9", "From the Internet address juniper-4, sign-in"),
        ("10.4.0.9", "From device juniper-4, sign-in"),
        ("pc-17", "From device juniper-4, sign-in"),
    ],
)
def test_an_address_outside_is_called_no_device(subject, said):
    """A card asked to take an Internet address "off the network"."""
    details = {"accounts": 14, "minutes": 4, "tries": 1, "sources": 1}
    found = judged(candidate("AN-1", subject, details=details)).claim
    assert told(found, "juniper-4", "device").startswith(said)
    assert of_outside(found, subject) == found
    kept = "From {account}, sign-in was refused"  # by an earlier version
    assert told(of_outside(kept, subject), "juniper-4", "device").startswith(said)


def test_devices_and_sites_are_told_apart():
    seen = ("hs-d-0001", "device:ms-d-0002", "site:shop.example")
    found = judged(candidate(observables=seen))
    assert found.devices == ("hs-d-0001", "ms-d-0002")
    assert found.sites == ("shop.example",)


def test_a_finding_says_the_clause_and_what_logs_can_not_show():
    found = judged(candidate())
    assert [one["id"] for one in found.clauses] == [CLAUSE.clause_id]
    assert CLAUSE.cannot_show in found.limits
    assert any("keyboard" in one for one in found.limits)
    assert "{account}" in found.claim
    assert "ada" not in found.claim


# repetition


def test_earlier_days_count_for_two_weeks():
    earlier = {("NA-1", "ada"): [DAY - timedelta(days=n) for n in (5, 13)]}
    assert judged(candidate("NA-1"), earlier=earlier).severity == "medium"
    earlier = {("NA-1", "ada"): [DAY - timedelta(days=n) for n in (5, 14)]}
    assert judged(candidate("NA-1"), earlier=earlier).severity == "low"


def test_what_others_or_other_rules_did_is_not_counted():
    days = [DAY - timedelta(days=n) for n in (1, 2, 3)]
    earlier = {("NA-1", "ben"): days, ("OH-1", "ada"): days}
    assert judged(candidate("NA-1"), earlier=earlier).severity == "low"


# exceptions


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rule": "*"},
        {"scope": "rule", "value": "SA-1"},
        {"valid_from": None, "valid_to": None},
        {"valid_from": DAY, "valid_to": DAY},
    ],
)
def test_an_exception_hides_a_finding(changes):
    assert judged(candidate(), exception(**changes)).suppressed_by == "X-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": "SA-2"},
        {"value": "ben"},
        {"valid_to": DAY - timedelta(days=1)},
        {"valid_from": DAY + timedelta(days=1)},
        {"scope": "device", "value": "hs-d-0001"},
        {"scope": "site", "value": "shop.example"},
    ],
)
def test_an_exception_hides_no_more_than_it_says(changes):
    """One device of two, another day, another account: still a finding."""
    assert judged(candidate(), exception(**changes)).suppressed_by is None


def test_an_exception_for_the_only_device_hides():
    row = candidate(observables=("device:hs-d-0001",))
    entry = exception(scope="device", value="hs-d-0001")
    assert judged(row, entry).suppressed_by == "X-1"


def test_a_rule_judges_each_candidate_on_its_own():
    rows = [candidate(), candidate(subject="ben"), candidate(day=DAY + timedelta(1))]
    found = judge(detection("SA-1"), rows, known([exception(valid_to=DAY)]))
    assert [one.suppressed_by for one in found] == ["X-1", None, None]
    assert replace(found[0], suppressed_by=None) == judged(rows[0])


def test_a_break_on_a_district_device_does_not_matter_and_is_not_ruled_out():
    """The letter stated "ruled out" where the break was not known."""
    moot = "a break does not matter: the policy covers district devices at any hour"
    counted = "the breaks of the day are not counted as time on duty"
    for is_break, why, result in (
        (None, moot, "excluded by design"),
        (False, counted, "ruled out"),
        (None, None, "not testable"),
    ):
        details = {"is_break": is_break, "why_no_break": why}
        tested = {one.name: one for one in alternatives(header("NA-1"), details)}
        assert tested["A duty-free break"].result == result
        assert why is None or tested["A duty-free break"].test == why


def test_limits_of_a_device_speak_of_programs_and_no_keyboard():
    """A beacon listed three times who was at the keyboard."""
    device = judged(candidate("AN-3"))
    assert not [one for one in device.limits if "keyboard" in one or "served the job" in one]
    assert (
        sum("keyboard" in one or "typing" in one for one in judged(candidate("SA-1")).limits) <= 2
    )


@pytest.mark.parametrize(
    ("is_outside", "entered", "step"),
    [
        (True, 0, "Block the address at the firewall."),
        (False, 0, "Take the device off the network and examine it."),
        (
            False,
            2,
            (
                "Take the device off the network and examine it. Then change the passwords of "
                "the 2 accounts that signed in from it."
            ),
        ),
    ],
)
def test_the_next_step_of_refused_accounts_looks_at_its_facts(is_outside, entered, step):
    facts = {"is_outside": is_outside, "entered": entered}
    assert judged(candidate("AN-1", details=facts)).next_step == step
