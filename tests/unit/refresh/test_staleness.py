"""Which days a changed row of each frame of the registry opens, and no others."""

import ipaddress
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.refresh import invalidation
from pipelines.refresh.due import drop_gone, note, touched_days
from pipelines.refresh.invalidation import Change
from pipelines.registry import frames
from pipelines.warehouse import inputs
from pipelines.warehouse.database import writing
from pipelines.warehouse.models import models
from tests.sql.tables import create

HELD = [date(2026, 3, 2) + timedelta(days=n) for n in range(12)]
EVERY = [day.day for day in HELD]


def march(day):
    return date(2026, 3, day)


LINES = [
    # a line of each day of March
    ("http_requests", 4, {"url_hostname": "www.games.example.org"}),
    ("http_requests", 4, {"src_ip": "10.1.2.3"}),
    ("http_requests", 7, {"url_hostname": "www.examp1e.com", "category": "fun"}),
    ("http_requests", 11, {"url_hostname": "198.51.100.10"}),
    ("connections", 9, {"dst_hostname": "news.example.net", "category": "Fun "}),
    ("connections", 10, {"src_ip": "10.1.2.3", "dst_ip": "198.51.100.9"}),
    ("connections", 12, {"src_ip": "10.2.0.1", "dst_ip": "10.1.2.3"}),
    ("dns_queries", 8, {"query_name": "news.example.net", "category": "fun"}),
    ("leases", 2, {"ip": "10.1.2.4", "mac": "02:00:00:00:00:01"}),
    ("logons", 5, {"src_ip": "203.0.113.7"}),
    ("logons", 6, {"assigned_ip": "10.1.2.3", "src_ip": "203.0.113.99"}),
]
BUILT = [
    # the lease of the second still holds on the third
    ("identity.address_holders", 2, {"ip": "10.1.2.4"}),
    ("identity.address_holders", 3, {"ip": "10.1.2.4"}),
    ("core.outside_signins", 5, {"lat": 41.0, "lon": -96.0}),
    ("detections.site_not_approved", 8, {"subject": "ada"}),
]
ALWAYS = {
    "subnets": [{"cidr": "10.1.2.3/32", "building": "HS", "kind": "lab"}],
    "detection_clauses": [{"detection": "NA-1", "clause_id": "cl.1"}],
}
"""Rows that are there before and after a change."""

CASES = {
    # a row that is new: the days of March that it opens
    "calendar_days": ({"date": march(4), "day_type": "closure"}, [3, 4, 5]),
    "duty_windows": ({"person_id": "p-1", "event_date": march(5)}, [4, 5, 6]),
    "leave_windows": ({"person_id": "p-1", "event_date": march(6)}, [5, 6, 7]),
    "consents": (
        {"consent_id": "c", "valid_from": march(5), "valid_to": march(6)},
        [4, 5, 6, 7],
    ),
    "change_windows": (
        {"system": "fw1", "valid_from": march(5), "valid_to": march(6)},
        [4, 5, 6, 7],
    ),
    "exceptions": ({"exception_id": "e", "valid_from": march(11)}, [10, 11, 12, 13]),
    "expected_traffic": (
        {"expected_id": "x", "valid_from": march(2), "valid_to": march(3)},
        [2, 3, 4],
    ),
    "approved_sites": (
        {"entry_id": "a", "match": "path_prefix", "pattern": "games.example.org/x"},
        [4, 7],
    ),
    "site_categories": ({"domain": "news.example.net", "category": "news"}, [8, 9]),
    "background_hosts": ({"host": "nobody-asked.example", "kind": "cdn"}, []),
    "login_hosts": ({"host": "login.example.com"}, [7]),
    "bad_hosts": ({"host": "news.example.net"}, [8, 9]),
    "apps": ({"app": "News", "agreement": "yes"}, []),
    "app_hosts": ({"host": "news.example.net", "app": "News"}, [8, 9]),
    "category_words": ({"word": "fun", "category": "games"}, [7, 8, 9]),
    "buildings": ({"building": "MS", "campus": "north"}, []),
    # the address that a narrower network has stays where it was
    "subnets": ({"cidr": "10.1.0.0/16", "kind": "wifi"}, [2, 3]),
    "egress": ({"cidr": "203.0.113.0/24"}, [5, 6]),
    "ip_geo": ({"cidr": "203.0.113.0/26", "country": "US"}, [5]),
    "clauses": ({"clause_id": "cl.1"}, [8]),
    "detection_clauses": ({"detection": "NA-1", "clause_id": "cl.2"}, [8]),
}


FURTHER = {
    "a building by its networks": (
        "buildings", {"building": "HS", "campus": "north"}, [4, 6, 10],
    ),
    "a building that people may live around": (
        "buildings", {"building": "MS", "lat": 41.2, "lon": -96.1}, [5],
    ),
    "a network of its own that others ask for": (
        "egress", {"cidr": "198.51.100.9/32"}, [10],
    ),
    "expected traffic by what came in the four weeks before": (
        "expected_traffic", {"expected_id": "x", "valid_from": march(13)}, EVERY,
    ),
    "a network asked for by address": ("subnets", {"cidr": "198.51.100.10/32"}, [11]),
    "an address inside that stands for many": (
        "egress", {"cidr": "10.1.2.4/32"}, [2, 3],
    ),
    "the list's domain where firewalls and agents name it": (
        "approved_sites", {"entry_id": "b", "pattern": "news.example.net"}, [8, 9],
    ),
}  # fmt: skip


def frame(name, rows):
    """Return rows of a frame, with the range of their network."""
    made = pl.DataFrame(rows, schema=frames.schema(name))
    if "cidr" not in made.columns:
        return made
    parts = [ipaddress.ip_network(one) for one in made["cidr"]]
    ends = [(inputs.sortable(str(n[0])), inputs.sortable(str(n[-1]))) for n in parts]
    return made.with_columns(
        first_address=pl.Series([end[0] for end in ends], dtype=pl.String),
        last_address=pl.Series([end[1] for end in ends], dtype=pl.String),
        prefix_length=pl.Series([n.prefixlen + 96 for n in parts], dtype=pl.Int32),
    )


STANDING = {name: frame(name, ALWAYS.get(name, [])) for name in frames.FRAMES}


def insert(database, relation, day, cells):
    row = {"event_date": march(day), **cells}
    database.rows(
        f"insert into {relation} ({', '.join(row)})"
        f" values ({', '.join(f'${name}' for name in row)})",
        row,
    )


@pytest.fixture(scope="module")
def database():
    with writing(Path(":memory:"), threads=1) as database:
        relations = {f"raw.{name}" for name, *_ in LINES} | {name for name, *_ in BUILT}
        for relation in relations:
            create(database, relation)
        for name, day, cells in LINES:
            insert(database, f"raw.{name}", day, cells)
        for name, day, cells in BUILT:
            insert(database, name, day, cells)
        held = {
            key: sorted({cells[key] for *_, cells in LINES if key in cells})
            for key in ("url_hostname", "dst_hostname", "src_ip", "ip")
        }
        names = held["url_hostname"] + held["dst_hostname"]
        found = {
            "hosts": inputs.hosts(names, {}),
            "addresses": inputs.addresses(held["src_ip"] + held["ip"] + ["10.1.2.3"]),
        }
        for name, rows in found.items():
            database.replace(f"identity.{name}", rows.unique())
        create(database, "identity.outside_networks")
        for name, rows in STANDING.items():
            database.replace(f"main.judged_{name}", rows)
        yield database


@pytest.fixture
def opened(database, monkeypatch):
    """Days that a frame opens whose rows were some and are others."""
    monkeypatch.setattr(Change, "show", lambda *_args: None)

    def run(name, was, now):
        before, after = (frame(name, [*ALWAYS.get(name, []), *rows]) for rows in (was, now))
        database.replace(f"main.judged_{name}", before)
        district = SimpleNamespace(
            registry=SimpleNamespace(frames=STANDING | {name: after}),
            models=models(),
            parameters={},
            zone="UTC",
        )
        days = touched_days(database, district, [name], HELD)
        database.replace(f"main.judged_{name}", STANDING[name])
        return sorted(day.day for day in days)

    return run


@pytest.mark.parametrize("name", CASES)
def test_a_row_opens_its_days_whether_it_comes_or_goes(opened, name):
    row, expected = CASES[name]
    assert opened(name, [], [row]) == expected
    assert opened(name, [row], []) == expected
    assert opened(name, [row], [row]) == []


@pytest.mark.parametrize("why", FURTHER)
def test_a_row_opens_what_it_reaches(opened, why):
    name, row, expected = FURTHER[why]
    assert opened(name, [], [row]) == expected
    assert opened(name, [row], []) == expected


def test_the_table_of_a_model_that_is_gone_is_dropped(tmp_path):
    with writing(tmp_path / "warehouse.duckdb") as database:
        names = ("core.once", "core.duty", "main.kept")
        for name in names:
            database.replace(name, pl.DataFrame({"account": ["ada"]}))
        note(database, "main.built_with", {f"model {n}": "1" for n in names[:2]})
        drop_gone(database)
        assert [database.has(name) for name in names] == [False, True, True]


def test_every_frame_has_a_case_here_or_goes_by_what_logs_mention():
    # what changes with the version alone, or any row of it, opens every day
    lists = {"service_hosts", "sensitive_categories", "access_points", "site_list"}
    assert set(CASES) | set(invalidation.MENTIONED) | lists == set(frames.FRAMES)
    assert not (set(CASES) | set(invalidation.MENTIONED)) & lists
    assert not set(CASES) & set(invalidation.MENTIONED)
