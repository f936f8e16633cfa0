"""Which days a changed row of each frame of the registry opens, and no others."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.district import frames
from pipelines.journey import mentions
from pipelines.journey.staleness import touched_days
from pipelines.warehouse.database import writing

HELD = [date(2026, 3, 2) + timedelta(days=n) for n in range(12)]
EVERY = [day.day for day in HELD]
VISITS = {
    ("www.games.example.org", "example.org"): 4,
    ("news.example.net", "example.net"): 9,
}


def march(day):
    return date(2026, 3, day)


CASES = {
    # a row that is new: the days of March that it opens
    "calendar_days": ({"date": march(4), "day_type": "closure"}, [3, 4, 5]),
    "duty_windows": ({"person_id": "p-1", "event_date": march(5)}, [4, 5, 6]),
    "leave_windows": ({"person_id": "p-1", "event_date": march(6)}, [5, 6, 7]),
    "consents": (
        {"consent_id": "c", "valid_from": march(5), "valid_to": march(6)},
        [4, 5, 6, 7],
    ),
    "exceptions": ({"exception_id": "e", "valid_from": march(11)}, [10, 11, 12, 13]),
    "expected_traffic": (
        {"expected_id": "x", "valid_from": march(2), "valid_to": march(3)},
        [2, 3, 4],
    ),
    "approved_sites": ({"entry_id": "a", "pattern": "games.example.org/x"}, [4]),
    "site_categories": ({"domain": "news.example.net", "category": "news"}, [9]),
    "background_hosts": ({"host": "nobody-asked.example", "kind": "cdn"}, []),
    "login_hosts": ({"host": "login.example.org"}, EVERY),
    "category_words": ({"word": "fun", "category": "games"}, EVERY),
    "buildings": ({"building": "HS", "campus": "north"}, EVERY),
    "subnets": ({"cidr": "10.1.0.0/16", "kind": "wifi"}, EVERY),
    "egress": ({"cidr": "203.0.113.0/24"}, EVERY),
    "ip_geo": ({"cidr": "203.0.113.0/24", "country": "US"}, EVERY),
    "clauses": ({"clause_id": "cl.1"}, EVERY),
    "detection_clauses": ({"detection": "NA-1", "clause_id": "cl.1"}, EVERY),
}


@pytest.fixture(scope="module")
def database():
    with writing(Path(":memory:"), threads=1) as database:
        rows = [
            {"event_date": march(day), "site": site, "url_hostname": host}
            for (host, site), day in VISITS.items()
        ]
        database.replace("core.http_requests", pl.DataFrame(rows))
        yield database


def opened(database, name, was, now):
    both = [pl.DataFrame(rows, schema=frames.schema(name)) for rows in (was, now)]
    database.replace(f"main.judged_{name}", both[0])
    district = SimpleNamespace(registry=SimpleNamespace(frames={name: both[1]}))
    return sorted(day.day for day in touched_days(database, district, [name], HELD))


@pytest.mark.parametrize("name", CASES)
def test_a_row_opens_its_days_whether_it_comes_or_goes(database, name):
    row, expected = CASES[name]
    assert opened(database, name, [], [row]) == expected
    assert opened(database, name, [row], []) == expected
    assert opened(database, name, [row], [row]) == []


def test_every_frame_has_a_case_here_or_goes_by_what_logs_mention():
    assert set(CASES) | set(mentions.FRAMES) == set(frames.FRAMES)
    assert not set(CASES) & set(mentions.FRAMES)
