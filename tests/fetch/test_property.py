"""Of thousands of faults none loses an event or lets one count twice."""

import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from pipelines.district import open_outlined
from pipelines.fetch import drafts, fetching
from pipelines.fetch.fetching import fetch
from tests.conftest import LONG
from tests.fetch.conftest import NOW
from tests.fetch.faulty import Faulty, KilledError
from tests.fetch.vendors import KINDS_OF_SERVICE, Happened, Vendor, happened

FAULTS = 2_000 if LONG else 60
"""Faults for each of the five services."""
LATEST = {"okta": 55, "google": 230, "microsoft": 115, "duo": 55, "meraki": 55}
"""Minutes within which events appear: less than each service's delay."""


def drawn(kind, draw, hours):
    """Return events at random times, some of one instant, each shown at a random time."""
    times = [NOW + timedelta(seconds=draw.randrange(hours * 3600)) for _ in range(hours * 12)]
    times += draw.sample(times, len(times) // 10)
    return [
        Happened(one.time, one.time + timedelta(minutes=draw.randrange(LATEST[kind])), one.fields)
        for one in happened(kind, times)
    ]


@pytest.mark.parametrize("kind", KINDS_OF_SERVICE)
def test_faults_lose_no_event_and_repeat_none(kind, fetched_home, monkeypatch):
    home = fetched_home(kind, streams=[KINDS_OF_SERVICE[kind].stream])
    draw = random.Random(f"faults of {kind}")
    hours = 300 if LONG else 30
    vendor = Vendor(kind, {KINDS_OF_SERVICE[kind].path: drawn(kind, draw, hours)}, NOW, 50)
    faulty = Faulty(vendor, draw, 0.25)
    real = drafts.name_draft

    def named(*given):
        if not faulty.is_off and draw.random() < 0.1:
            faulty.faults["killed before a file got its name"] += 1
            raise KilledError
        real(*given)

    monkeypatch.setattr(fetching, "name_draft", named)
    with open_outlined(home.home.path) as district:

        def run():
            with suppress(KilledError):
                return fetch(
                    district.home, district.settings, district.store, vendor.now, ask=faulty,
                    sleep=lambda _seconds: None,
                )  # fmt: skip
            return None

        end = NOW + timedelta(hours=hours)
        while faulty.faults.total() < FAULTS or vendor.now < end:
            vendor.now += timedelta(minutes=draw.randrange(5, 90))
            run()
        faulty.is_off = True
        vendor.now = max(vendor.now, end) + timedelta(hours=6)
        for _ in range(3):
            done = run()
        assert [one.problem for one in done] == [""]
    assert len(faulty.faults) >= 15
    expected = [one.fields for one in vendor.logs[KINDS_OF_SERVICE[kind].path]]
    id_of = KINDS_OF_SERVICE[kind].id_of
    assert Counter(home.ids()) == Counter(map(id_of, expected))
    assert not list(home.folder.glob(".*"))
    print(kind, faulty.faults.total(), dict(faulty.faults), len(expected))
