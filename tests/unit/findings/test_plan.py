"""The log that would decide most comes first, and each promise counts a case once."""

import pytest

from pipelines.gaps.decision_plan import Plan, Step, greedy
from pipelines.gaps.explanations import TESTED_WITH
from pipelines.gaps.forecast import note_requests, requests_since
from pipelines.gaps.logs import NEEDED
from pipelines.gaps.losses import CHROMEOS_LOG, MACS_LOG, REMEDIES, SECURITY_LOG
from pipelines.gaps.relation import Gap
from pipelines.gaps.remedies import KEYBOARDS, LOGS, facts_of
from pipelines.registry.frames import FILES
from pipelines.state.connections import open_store
from tests.conftest import REPO_ROOT

A, B = "a log", "b list"
NAMED = sorted(
    {*TESTED_WITH.values(), *REMEDIES.values(), CHROMEOS_LOG, MACS_LOG, SECURITY_LOG}
    | {logs for _, _, logs in NEEDED}
    | {"DHCP and VPN logs", "a login at the proxy"}
    | {"user names in the log of the proxy or the firewall"}
)


def needs(*sets):
    return [frozenset(one) for one in sets]


@pytest.mark.parametrize(
    ("lacking", "steps"),
    [
        ({"1": needs({A}), "2": needs({A}), "3": needs({B})}, [((A,), "12"), ((B,), "3")]),
        ({"1": needs({A, B})}, [((A, B), "1")]),
        ({"1": needs({A}), "2": needs({A, B})}, [((A,), "1"), ((B,), "2")]),
        ({"1": needs({A}, {B}), "2": needs({B})}, [((B,), "12")]),
        ({"1": needs(set()), "2": needs(), "3": needs({A}, set())}, []),
    ],
    ids=["most first", "only together", "after the first", "either of two findings", "none"],
)
def test_each_step_has_the_cases_that_it_adds_to_those_before(lacking, steps):
    assert [(step, "".join(names)) for step, names in greedy(lacking, lacking)] == steps


def test_one_case_counts_before_many_leads():
    leads = {f"lead {number}": needs({A}) for number in range(9)}
    (first, names), _ = greedy({**leads, "case": needs({B})}, ["case"])
    assert (first, names) == ((B,), ["case"])


@pytest.mark.parametrize("words", NAMED)
def test_every_log_and_list_that_a_gap_names_has_a_way_and_a_page(words):
    facts = facts_of(words)
    assert facts.steps
    assert (REPO_ROOT / "docs" / "how-to" / f"{facts.guide}.md").is_file()
    assert facts.minutes > 0
    if facts.kind == "list" and ".csv" in words:
        assert any(file in words for file in FILES)


def test_no_facts_are_of_a_log_that_no_gap_names():
    begins = {one.begins for one in LOGS}
    assert begins == {facts_of(words).begins for words in [*NAMED, KEYBOARDS]} & begins


def test_the_way_to_a_list_is_that_of_its_exports():
    assert "Get-DhcpServerv4Scope" in facts_of("these networks in subnets.csv").steps


def asking(lost):
    gap = Gap(reason="loss", lost=lost, remedy=A)
    return Plan((Step((A,), gaps=(gap,)),) if lost else ())


@pytest.mark.parametrize(
    ("now", "lacking"), [(900, []), (451, []), (450, [450]), (0, [0])], ids=str
)
def test_requests_are_compared_with_the_first_expectation(tmp_path, now, lacking):
    store = open_store(tmp_path / "state.db")
    try:
        for lost in (900, 700, now):
            note_requests(store, asking(lost))
        found = requests_since(store, asking(now))
    finally:
        store.close()
    assert [(one.remedies, one.expected, one.lacking) for one in found] == [
        ((A,), 900, number) for number in lacking
    ]
