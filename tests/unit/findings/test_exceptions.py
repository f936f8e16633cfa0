"""Consents and exceptions: what they cover, and what came after they ended."""

from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.findings.exceptions import NAMED_ASIDE, named_sites, permit_uses
from pipelines.findings.judgment import judge
from pipelines.findings.lifecycle import keep
from pipelines.registry.frames import FRAMES
from pipelines.state.connections import open_store
from pipelines.state.findings import stored_findings
from tests.unit.findings.given import DAY, candidate, detection, exception, known

SITE = ("device:hs-d-0001", "site:shop.example")
EMPTY = pl.DataFrame(schema={name: one.dtype for name, one in FRAMES["consents"].items()})


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def owner(account, _day):
    return {"ada": "p-1001"}.get(account)


def consent(**changes):
    given = {
        "consent_id": "C-1",
        "type": "e",
        "subject": "p-1001",
        "what": "shop.example",
        "valid_from": date(2026, 10, 1),
        "valid_to": date(2026, 12, 18),
    }
    return given | changes


def consents(*rows):
    return pl.DataFrame(list(rows), schema=EMPTY.schema)


def found(*rows, code="NA-1", observables=SITE, exceptions=(), **changes):
    row = candidate(code, observables=observables, **changes)
    given = known(exceptions, consents=consents(*rows), owner=owner)
    (one,) = judge(detection(code), [row], given)
    return one


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"subject": "ada"},
        {"type": "c"},
        {"what": "craft supplies of Shop.example, and etsy.com"},
        {"valid_from": DAY, "valid_to": DAY},
        {"valid_to": None},
    ],
)
def test_a_consent_permits_what_it_names(changes):
    one = found(consent(**changes))
    assert (one.permitted_by, one.suppressed_by) == ("C-1", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "p-1002"},
        {"type": "d"},
        {"type": "g"},
        {"what": "example"},
        {"what": "myshop.example"},
        {"what": "other.example"},
        {"valid_from": DAY + timedelta(days=1)},
        {"valid_to": DAY - timedelta(days=1)},
    ],
)
def test_a_consent_permits_no_more_than_that(changes):
    assert found(consent(**changes)).permitted_by is None


def test_every_site_has_to_be_permitted_and_a_part_is_said():
    sites = ("device:x", "site:shop.example", "site:games.example")
    one = found(consent(), observables=sites)
    assert one.permitted_by is None
    (said,) = [row for row in one.alternatives if row.name == NAMED_ASIDE]
    assert said.result == "ruled out"
    assert "covers shop.example, and not the rest" in said.test
    both = consent(what="shop.example|games.example")
    assert found(both, observables=sites).permitted_by == "C-1"


def test_a_consent_in_words_leaves_a_finding_less_sure():
    one = found(consent(what="supplies for the craft club"))
    assert one.permitted_by is None
    assert (found().confidence, one.confidence) == ("C2", "C1")


def test_a_consent_never_allows_a_shared_account():
    row = consent(type="d", what="may use the office computer")
    assert found(row, code="SA-1").permitted_by is None


def test_without_any_consent_a_finding_says_that_none_could_be_looked_up():
    assert any("consent" in one for one in found().limits)
    assert not any("consent" in one for one in found(consent()).limits)


def test_a_person_may_be_excepted_with_all_accounts():
    scope = {"scope": "person", "value": "p-1001", "rule": "NA-1"}
    assert found(exceptions=[exception(**scope)]).suppressed_by == "X-1"
    other = scope | {"value": "p-1002"}
    assert found(exceptions=[exception(**other)]).suppressed_by is None
    assert found(exceptions=[exception(**scope)], subject="ben").suppressed_by is None


def test_sites_are_told_from_words():
    assert named_sites("Etsy.com|craft club, shop.example.") == {
        "etsy.com",
        "shop.example",
    }
    assert named_sites(None) == frozenset()


def kept(store, one):
    keep(store, [one], {}, {one.rule: [DAY]}, owner=owner)
    (row,) = stored_findings(store)
    return row["status"], row["status_reason"]


def test_history_is_judged_again_both_ways(store):
    assert kept(store, found()) == ("open", None)
    assert kept(store, found(consent())) == ("explained", "consent C-1")
    both = found(consent(), exceptions=[exception(rule="NA-1")])
    assert kept(store, both) == ("explained", "exception X-1")
    assert kept(store, found()) == ("open", None)


def uses(store, frame, exceptions=(), today=DAY):
    frames = {"consents": frame, "exceptions": known(exceptions).exceptions}
    return permit_uses(frames, stored_findings(store), owner, today)


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 9, 30), "not yet"),
        (date(2026, 10, 1), "in force"),
        (date(2026, 12, 18), "ends soon"),
        (date(2026, 12, 19), "ended"),
    ],
)
def test_where_a_consent_stands(store, today, state):
    row = consent(review_by=date(2026, 12, 1))
    (one,) = uses(store, consents(row), today=today)
    assert (one.state, one.is_review_due) == (state, today >= row["review_by"])


def test_what_is_hidden_is_counted_by_rule(store):
    kept(store, found(consent()))
    one, other = uses(store, consents(consent()), [exception(rule="NA-1")])
    assert (one.hides, other.hides) == ({"NA-1": 1}, {})


def test_use_after_its_end_is_told_and_a_renewed_one_is_not(store):
    lapsed = consent(valid_to=DAY - timedelta(days=1))
    kept(store, found(lapsed))
    (one,) = uses(store, consents(lapsed))
    assert (one.state, one.after) == ("ended, still used", (DAY,))
    renewed = consent(consent_id="C-2", valid_from=DAY)
    kept(store, found(lapsed, renewed))
    (one, other) = uses(store, consents(lapsed, renewed))
    assert (one.state, one.after, other.hides) == ("ended", (), {"NA-1": 1})


def test_an_exception_that_ended_is_told_too(store):
    lapsed = exception(rule="NA-1", valid_to=DAY - timedelta(days=1))
    kept(store, found(exceptions=[lapsed]))
    (one,) = uses(store, EMPTY, [lapsed])
    assert one.state == "ended, still used"
