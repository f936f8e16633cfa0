"""A changed row of the registry touches the days whose lines mention it."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.refresh.invalidation import Change, by_mention
from pipelines.registry import frames
from pipelines.warehouse.database import writing
from tests.sql.tables import create

HELD = [date(2026, 3, 2) + timedelta(days=n) for n in range(12)]
CARD = "02:00:00:00:00:01"
EVENTS = {
    # class, column, value: the day of March on which a line holds it
    ("http_requests", "user_name", "EXAMPLE\\ada"): 3,
    ("connections", "user_name", "ada"): 4,
    ("logons", "user_name", "asample"): 5,
    ("logons", "host", "nb-1"): 6,
    ("dns_queries", "src_hostname", "nb-1"): 8,
    ("leases", "mac", CARD): 9,
    ("http_requests", "src_ip", "10.1.2.9"): 10,
    ("http_requests", "user_name", "ben"): 11,
}
ADA = {"account": "ada", "account_type": "person", "owner_person_id": "p-1"}
LAPTOP = {"device": "nb-1", "hostname": "nb-1", "mac": CARD, "assigned_to": "p-1"}
REGISTRY = {
    "accounts": [ADA, {"account": "ben", "owner_person_id": "p-2"}],
    "account_aliases": [{"alias": "asample", "account": "ada"}],
    "devices": [LAPTOP, {"device": "nb-2", "hostname": "nb-2", "assigned_to": "p-2"}],
    "people": [{"person_id": "p-1"}, {"person_id": "p-2"}],
}


def frame(name, rows):
    return pl.DataFrame(rows, schema=frames.schema(name))


@pytest.fixture(scope="module")
def database():
    with writing(Path(":memory:"), threads=1) as database:
        for name in ("http_requests", "connections", "logons", "leases", "dns_queries"):
            create(database, f"raw.{name}")
        for (name, column, value), day in EVENTS.items():
            database.rows(
                f"insert into raw.{name} (event_date, {column}) values ($day, $value)",
                {"day": date(2026, 3, day), "value": value},
            )
        spellings = {
            "user_name": ["EXAMPLE\\ada", "ada", "asample", "ben"],
            "account_name": ["ada", "ada", "asample", "ben"],
        }
        database.replace("identity.spellings", pl.DataFrame(spellings))
        yield database


@pytest.fixture
def touched(database, monkeypatch):
    """Days of March that rows touch which are new."""
    monkeypatch.setattr(Change, "show", lambda *_args: None)

    def run(**new):
        now = {name: frame(name, [*rows, *new.get(name, [])]) for name, rows in REGISTRY.items()}
        for name, rows in REGISTRY.items():
            database.replace(f"main.judged_{name}", frame(name, rows))
        district = SimpleNamespace(registry=SimpleNamespace(frames=now))
        days = by_mention(Change(database, district, HELD), tuple(new))
        return sorted(day.day for day in days)

    return run


OF_ADA = [3, 4, 5, 6, 8, 9]


@pytest.mark.parametrize(
    "changed",
    [
        {"accounts": [ADA | {"approved_shared": True}]},
        {"people": [{"person_id": "p-1", "role": "teacher"}]},
        {"devices": [LAPTOP | {"pool": "cart"}]},
    ],
)
def test_whatever_decides_whose_lines_they_are_touches_the_same_days(touched, changed):
    assert touched(**changed) == OF_ADA


def test_an_alias_touches_the_days_of_its_account(touched):
    assert touched(account_aliases=[{"alias": "ada.s", "account": "ada"}]) == [
        3,
        4,
        5,
    ]


def test_a_device_of_nobody_touches_the_days_of_its_card(touched):
    card = {"device": CARD, "mac": CARD}
    assert touched(devices=[card]) == [9]


def test_what_no_line_mentions_touches_no_day(touched):
    assert touched(accounts=[{"account": "eve", "owner_person_id": "p-9"}]) == []


def test_a_fixed_address_touches_the_days_on_which_the_device_was_the_districts(
    touched,
):
    sign = {"device": "sign", "static_ip": "10.1.2.9", "valid_from": date(2026, 3, 12)}
    assert touched(devices=[sign]) == [10, 12, 13]
