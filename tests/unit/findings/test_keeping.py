"""The life of a finding: new, updated, explained, withdrawn, back again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from pipelines.findings.evidence import Evidence
from pipelines.findings.judging import judge
from pipelines.findings.keeping import (
    fired_days,
    keep,
    stored_evidence,
    stored_findings,
)
from pipelines.state.schema import EVIDENCE, FINDINGS
from pipelines.state.store import open_store
from tests.unit.findings.given import DAY, candidate, detection, exception, known


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def found(*exceptions, **changes):
    row = candidate(**changes)
    (one,) = judge(detection(row.code), [row], known(exceptions))
    return one


def line(event_id, text="a line"):
    return Evidence(
        event_id=event_id,
        role="request",
        source="proxy",
        path="access.log",
        file_sha256="00",
        line_no=event_id % 4_294_967_296,
        byte_offset=0,
        line=text,
        event="{}",
    )


def kept(store, *findings, days=(DAY,), lines=None):
    copied = lines if lines is not None else {4_294_967_297: line(4_294_967_297)}
    return keep(store, findings, copied, {"SA-1": list(days), "NA-1": list(days)})


def only(store):
    (row,) = stored_findings(store)
    return row


def decide(store, status, reason="looked at"):
    """What a reviewer's decision writes."""
    with store.writing() as connection:
        connection.execute(update(FINDINGS).values(status=status, status_reason=reason))


def test_a_new_finding_is_open_and_has_its_lines(store):
    one = found()
    assert kept(store, one).new == (one.finding_id,)
    row = only(store)
    assert (row["status"], row["revision"], row["subject"]) == ("open", 1, "ada")
    assert row["record"]["claim"] == one.claim
    (evidence,) = stored_evidence(store)
    assert (evidence["line"], evidence["position"]) == ("a line", 1)
    assert evidence["line_sha256"] == line(1).line_sha256


def test_the_same_again_changes_nothing(store):
    kept(store, found())
    before = only(store)
    again = kept(store, found())
    assert (again.new, again.updated, again.withdrawn) == ((), (), ())
    assert only(store) == before


def test_newer_inputs_alone_are_no_revision(store):
    kept(store, replace(found(), inputs={"registry": "1"}))
    assert kept(store, replace(found(), inputs={"registry": "2"})).updated == ()
    assert only(store)["revision"] == 1


def test_more_evidence_is_another_revision(store):
    kept(store, found())
    more = found(details={"turns": 8})
    assert kept(store, more, lines={4_294_967_298: line(4_294_967_298)}).updated
    row = only(store)
    assert (row["revision"], row["status"]) == (2, "open")
    assert row["record"]["details"]["turns"] == 8
    assert [one["line_no"] for one in stored_evidence(store)] == [2]


def test_what_is_no_longer_found_is_withdrawn_with_a_reason(store):
    one = found()
    kept(store, one)
    assert kept(store).withdrawn == (one.finding_id,)
    row = only(store)
    assert row["status"] == "withdrawn"
    assert "no longer" in row["status_reason"]
    assert kept(store).withdrawn == ()
    assert fired_days(store) == {}
    assert stored_evidence(store)


def test_days_and_rules_that_were_not_judged_keep_their_findings(store):
    kept(store, found())
    assert kept(store, days=[DAY + timedelta(days=1)]).withdrawn == ()
    assert keep(store, [], {}, {"SA-2": [DAY]}).withdrawn == ()
    assert only(store)["status"] == "open"


def test_a_withdrawn_finding_comes_back(store):
    one = found()
    kept(store, one)
    kept(store)
    assert kept(store, one).updated == (one.finding_id,)
    row = only(store)
    assert (row["status"], row["status_reason"]) == ("open", None)
    assert fired_days(store) == {("SA-1", "ada"): [DAY]}


def test_an_exception_explains_and_its_end_opens_again(store):
    kept(store, found(exception()))
    row = only(store)
    assert (row["status"], row["status_reason"]) == ("explained", "exception X-1")
    kept(store, found())
    row = only(store)
    assert (row["status"], row["status_reason"]) == ("open", None)


@pytest.mark.parametrize("status", ["explained", "confirmed"])
def test_what_a_reviewer_decided_stays(store, status):
    kept(store, found())
    decide(store, status)
    kept(store, found(details={"turns": 8}))
    row = only(store)
    assert (row["status"], row["status_reason"]) == (status, "looked at")
    assert row["revision"] == 2
    kept(store, found(exception(), details={"turns": 8}))
    assert only(store)["status"] == status


def test_findings_come_in_a_fixed_order(store):
    rows = [found(subject=name) for name in ("cyd", "ada", "ben")]
    rows.append(found(day=DAY - timedelta(days=1)))
    kept(store, *rows, days=[DAY, DAY - timedelta(days=1)])
    stored = stored_findings(store)
    keys = [(row["event_date"], row["finding_id"]) for row in stored]
    assert keys == sorted(keys)


def test_all_or_nothing(store):
    """A step that fails leaves the findings as they were."""
    kept(store, found())
    bad = {4_294_967_297: replace(line(4_294_967_297), line=None)}
    with pytest.raises(AttributeError):
        kept(store, found(details={"turns": 8}), found(subject="ben"), lines=bad)
    assert only(store)["revision"] == 1
    with store.reading() as connection:
        assert len(connection.execute(select(EVIDENCE)).all()) == 1
