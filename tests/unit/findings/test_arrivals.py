"""In whatever order facts arrive, findings end the same, and each change shows why."""

import tempfile
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.findings import review
from pipelines.findings.cases import cases
from pipelines.findings.judgment import judge
from pipelines.findings.lifecycle import keep
from pipelines.findings.review import VERDICTS, Verdict
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import Principal
from pipelines.state.audit import open_chain
from pipelines.state.connections import open_store
from pipelines.state.findings import fired_days, history, stored_findings
from tests.conftest import LONG
from tests.unit.findings.given import DAY, candidate, detection, exception, known
from tests.unit.findings.test_exceptions import consent, consents, owner

FACTS = ("requests", "more requests", "logons", "shop", "leave", "exception", "consent")
"""What may be known of a day; `leave` is a row that takes the finding away."""
FEW = settings(max_examples=1_000 if LONG else 15)  # each writes to a disk
BY = Principal(1000, "rev", ("director",))


def judged(facts):
    """Return what is found once some facts are known."""
    if "requests" not in facts or "leave" in facts:
        return []
    sites = ("site:shop.example",) if "shop" in facts else ("site:other.example",)
    row = candidate(
        "NA-1",
        details={
            "is_live_known": "logons" in facts,
            "total_seconds": 1_900 if "more requests" in facts else 900,
        },
        evidence=(1, 2) if "more requests" in facts else (1,),
        observables=("device:hs-d-0001", *sites),
    )
    rows = [exception(rule="NA-1")] if "exception" in facts else []
    permitted = consents(consent()) if "consent" in facts else consents()
    given = known(rows, consents=permitted, owner=owner)
    return judge(detection("NA-1"), [row], given)


@contextmanager
def opened():
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "state.db")
        (Path(folder) / "keys").mkdir()
        yield store, open_chain(store, DistrictHome(Path(folder)))
        store.close()


def kept(store, facts):
    because = tuple(f"{one}.csv" for one in sorted(facts & {"leave", "exception"}))
    keep(store, judged(facts), {}, {"NA-1": [DAY]}, because, owner)


def row_of(store):
    return next(iter(stored_findings(store)), None)


def ends(store):
    """Return the messages to a person who is added later."""
    row = row_of(store)
    if row is None or row["status"] == "withdrawn":
        return None
    (case,) = cases(store)
    graded = (row["severity"], row["confidence"], row["status"], row["status_reason"])
    return (*graded, case.case_id, row["record"], fired_days(store))


def arriving(order):
    with opened() as (store, _):
        for at in range(1, len(order) + 1):
            kept(store, set(order[:at]))
        return ends(store)


@FEW
@given(st.permutations(FACTS), st.integers(0, len(FACTS)))
def test_facts_in_any_order_come_to_the_same(order, how_many):
    chosen = order[:how_many]
    with opened() as (store, _):
        kept(store, set(chosen))
        assert arriving(chosen) == ends(store)


FOUND = frozenset({"requests"})
EXCEPTED, ALLOWED = FOUND | {"exception"}, FOUND | {"shop", "consent"}
STATES = (
    frozenset[str](),
    FOUND,
    FOUND | {"logons"},
    FOUND | {"more requests"},
    FOUND | {"leave"},
    EXCEPTED,
    ALLOWED,
)
STEP = st.one_of(st.sampled_from(STATES), st.sampled_from(sorted(VERDICTS)))


def expected(row, facts, verdict):
    """Return the status that a finding has to have, reported without the code that sets it."""
    if row is None:
        return None
    if verdict is not None:
        return VERDICTS[verdict]
    if "requests" not in facts or "leave" in facts:
        return "withdrawn"
    is_allowed = "consent" in facts and "shop" in facts
    return "explained" if "exception" in facts or is_allowed else "open"


@FEW
@given(st.lists(STEP, max_size=8))
@example([EXCEPTED, frozenset(), EXCEPTED, FOUND])
@example([ALLOWED, frozenset(), ALLOWED, FOUND])
@example([FOUND, "benign", frozenset(), EXCEPTED, "violation"])
def test_facts_and_verdicts_in_any_order_leave_a_history_that_explains(steps):
    with opened() as (store, chain):
        facts, verdict, told = frozenset(), None, 0
        for number, step in zip(count(), steps, strict=False):
            before = row_of(store)
            if isinstance(step, frozenset):
                facts = step
                kept(store, facts)
            elif before is not None and before["status"] != "withdrawn":
                verdict = step
                said = Verdict(step, f"looked at it, number {number}")
                review.decide(chain, [before], said, BY, lambda _account: False)
            after = row_of(store)
            assert (after or {}).get("status") == expected(after, facts, verdict)
            if after is None:
                continue
            entries = history(store, after["finding_id"])
            if after != before:
                assert len(entries) > told
            assert all(one["reason"] for one in entries)
            assert entries[0]["change"] == "new"
            if after["status"] != "open":
                assert after["status_reason"]
            told = len(entries)
        assert chain.verify() is None


@FEW
@given(st.permutations([date(2026, 11, day) for day in range(2, 7)]))
def test_days_in_any_order_are_the_same_cases(order):
    with opened() as (store, _):
        for day in order:
            found = judge(detection("SA-1"), [candidate(day=day)], known())
            keep(store, found, {}, {"SA-1": [day]}, owner=owner)
        (case,) = cases(store)
        assert len(case.findings) == 5
        assert case.status == "open"
