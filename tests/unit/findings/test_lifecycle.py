"""The life of a finding: new, updated, explained, withdrawn, back again."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from pipelines.errors import SettingsError
from pipelines.findings import review
from pipelines.findings.evidence import Evidence
from pipelines.findings.judgment import judge
from pipelines.findings.lifecycle import keep
from pipelines.findings.review import VERDICTS, Verdict
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import Principal, RefusedError
from pipelines.state.audit import open_chain
from pipelines.state.connections import open_store
from pipelines.state.findings import (
    fired_days,
    history,
    stored_evidence,
    stored_findings,
)
from pipelines.state.reviews import reviews
from pipelines.state.tables import EVIDENCE
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
        event=json.dumps({"event_id": event_id}),
    )


def kept(store, *findings, days=(DAY,), lines=None):
    copied = lines if lines is not None else {4_294_967_297: line(4_294_967_297)}
    return keep(store, findings, copied, {"SA-1": list(days), "NA-1": list(days)})


def only(store):
    (row,) = stored_findings(store)
    return row


NOT_OWN = frozenset().__contains__


def decide(store, code, reason="looked at the leave file"):
    """A reviewer's decision about the only finding."""
    by = Principal(1000, "rev", ("director",))
    review.decide(chain_of(store), [only(store)], Verdict(code, reason), by, NOT_OWN)


def chain_of(store):
    folder = Path(store.engine.url.database).parent
    (folder / "keys").mkdir(exist_ok=True)
    return open_chain(store, DistrictHome(folder))


def changes(store):
    return [row["change"] for row in history(store, only(store)["finding_id"])]


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
    assert [one["line_no"] for one in stored_evidence(store)] == [1, 2]


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


@pytest.mark.parametrize(
    ("code", "status"), [("authorized", "explained"), ("violation", "confirmed")]
)
def test_what_a_reviewer_decided_stays(store, code, status):
    kept(store, found())
    decide(store, code)
    kept(store, found(details={"turns": 8}))
    row = only(store)
    assert (row["status"], row["status_reason"]) == (status, f"verdict {code}")
    assert row["revision"] == 2
    kept(store, found(exception(), details={"turns": 8}))
    assert only(store)["status"] == status


@pytest.mark.parametrize("code", VERDICTS)
def test_a_decided_finding_is_never_withdrawn(store, code):
    one = found()
    kept(store, one)
    decide(store, code)
    gone = keep(store, [], {}, {"SA-1": [DAY]}, because=("leave.csv",))
    assert (gone.withdrawn, gone.unsupported) == ((), (one.finding_id,))
    row = only(store)
    assert row["status"] == VERDICTS[code]
    assert row["status_reason"].startswith(f"verdict {code}; the present data no")
    assert "leave.csv" in row["status_reason"]
    assert fired_days(store) == {}
    assert kept(store).unsupported == ()
    kept(store, one)
    assert only(store)["status_reason"] == f"verdict {code}"
    assert only(store)["status"] == VERDICTS[code]
    assert changes(store) == ["new", "verdict", "no longer shown", "shown again"]


def test_an_explained_finding_never_returns_as_new(store):
    one = found()
    kept(store, one)
    decide(store, "benign")
    for again in ([], [one], [found(details={"turns": 9})], [], [one]):
        assert kept(store, *again).new == ()
        assert only(store)["status"] == "explained"


def test_a_second_verdict_counts_and_keeps_the_note(store):
    kept(store, found())
    decide(store, "violation")
    kept(store)
    decide(store, "misattributed", "the lease was another device's")
    row = only(store)
    assert row["status"] == "explained"
    assert row["status_reason"].startswith("verdict misattributed; the present data")
    assert [one["verdict"] for one in reviews(store)] == [
        "violation",
        "misattributed",
    ]


def test_a_revision_says_what_changed_and_why(store):
    kept(store, found())
    more = found(details={"turns": 8, "is_clock_wrong": None})
    keep(store, [more], {}, {"SA-1": [DAY]}, because=("devices.csv",))
    last = history(store, more.finding_id)[-1]
    assert last["change"] == "updated"
    assert last["reason"].startswith("changed since: devices.csv: confidence C3 to C2")
    assert "turns 6 to 8" in last["reason"]
    assert last["actor"] is None


def test_a_withdrawn_finding_can_not_be_decided(store):
    kept(store, found())
    kept(store)
    with pytest.raises(SettingsError, match="withdrawn"):
        decide(store, "benign")


def test_nobody_decides_about_their_own_account(store):
    kept(store, found())
    by = Principal(1000, "ADA", ("director",))
    verdict = Verdict("benign", "that was me, all is well")
    with pytest.raises(RefusedError, match="own account"):
        review.decide(chain_of(store), [only(store)], verdict, by, frozenset({"ada"}).__contains__)
    assert only(store)["status"] == "open"
    assert chain_of(store).entries() == []


def test_findings_come_in_a_fixed_order(store):
    rows = [found(subject=name) for name in ("cyd", "ada", "ben")]
    rows.append(found(day=DAY - timedelta(days=1)))
    kept(store, *rows, days=[DAY, DAY - timedelta(days=1)])
    stored = stored_findings(store)
    keys = [(row["event_date"], row["finding_id"]) for row in stored]
    assert keys == sorted(keys)


def test_all_or_nothing(store):
    """A step that fails leaves the findings unchanged."""
    kept(store, found())
    bad = {4_294_967_297: replace(line(4_294_967_297), line=None)}
    with pytest.raises(AttributeError):
        kept(store, found(details={"turns": 8}), found(subject="ben"), lines=bad)
    assert only(store)["revision"] == 1
    with store.reading() as connection:
        assert len(connection.execute(select(EVIDENCE)).all()) == 1


def test_a_finding_keeps_its_lines_when_the_raw_file_is_gone(store):
    one = found()
    kept(store, one)
    before = stored_evidence(store)
    assert before
    kept(store, replace(one, next_step="Ask again."), lines={})
    assert stored_findings(store)[0]["revision"] == 2
    assert stored_evidence(store) == before
