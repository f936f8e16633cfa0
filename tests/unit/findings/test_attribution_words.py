"""A grade is explained by its facts, with one function for every page."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.findings.attribution_words import FACTS, attributions, in_words
from pipelines.warehouse.database import writing
from pipelines.warehouse.models import models
from tests.sql.tables import create

DAY = date(2026, 11, 3)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            "network + inventory",
            "network login + inventory: the Wi-Fi or a port accepted the account on",
        ),
        ("login", "login: the log line carries the account's login, which the product checked"),
        ("mapping + tunnel", "firewall mapping + VPN login: "),
        ("palm reading", "palm reading"),
    ],
)
def test_facts_are_explained_in_words(facts, said):
    assert in_words(facts).startswith(said)


def test_every_fact_that_requests_carry_has_its_words():
    """A fact without words would be printed as the query names it."""
    query = models()["core.http_requests"].query
    assert all(f"'{name}'" in query or f"{name}'" in query for name in FACTS)


@pytest.fixture
def warehouse():
    """The two tables as their models make them, with rows."""
    with writing(Path(":memory:"), threads=1) as database:
        create(database, "core.http_requests")
        create(database, "identity.learned_devices")
        for event_id, facts in [*REQUESTS.items()]:
            database.rows(
                "insert into core.http_requests (event_id, attribution_facts) "
                "values ($event_id, $facts)",
                {"event_id": event_id, "facts": facts},
            )
        for device, mac, count, day in CARDS:
            database.rows(
                "insert into identity.learned_devices "
                "(device, mac, sighting_count, event_date) "
                "values ($device, $mac, $count, $day)",
                {"device": device, "mac": mac, "count": count, "day": day},
            )
        yield database


REQUESTS = {
    1: "network + inventory", 2: "network + inventory", 3: "mapping", 4: None,
}  # fmt: skip
CARDS = [
    ("pc-1", "d4:00", 14, DAY),
    ("pc-2", None, 0, DAY),
    ("pc-3", "d4:01", 9, date(2026, 11, 9)),
]


def given(finding_id, evidence, devices=()):
    record = {"evidence": list(evidence), "devices": list(devices)}
    return {"finding_id": finding_id, "event_date": DAY, "record": record}


def test_the_facts_of_most_requests_come_first(warehouse):
    rows = [given("f-1", [1, 2, 3, 4, 99]), given("f-2", [3]), given("f-3", [4])]
    found = attributions(warehouse, rows, str)
    assert found == {
        "f-1": [
            f"for 2 of 3 requests, {in_words('network + inventory')}",
            f"for 1 of 3 requests, {in_words('mapping')}",
        ],
        "f-2": [in_words("mapping")],
    }


def test_a_card_that_was_learned_is_named_with_what_it_was_learned_from(warehouse):
    rows = [given("f-1", [], ["pc-1", "pc-2", "pc-3"])]
    found = attributions(warehouse, rows, lambda device: f"device {device}-token")
    assert found == {"f-1": ["device pc-1-token: card learned from 14 leases and logins"]}
