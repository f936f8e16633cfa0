"""Each service from its settings to events, and what a window means."""

import base64
from datetime import timedelta

import pytest

from pipelines.district import open_district
from pipelines.refresh.steps import ingest_sources
from pipelines.state import ledger
from tests.fetch.conftest import NOW
from tests.fetch.vendors import DUO_SECRET, KINDS_OF_SERVICE, Vendor, happened

HOUR = timedelta(hours=1)


def every(minutes, hours, now=NOW):
    step = timedelta(minutes=minutes)
    return [now - n * step for n in range(1, int(hours * 60 / minutes))]


def vendor_of(kind, times, now=NOW, **more):
    path = KINDS_OF_SERVICE[kind].path
    return Vendor(kind, {path: happened(kind, times)}, now, **more)


def expected(vendor, kind):
    id_of = KINDS_OF_SERVICE[kind].id_of
    return sorted(id_of(one.fields) for one in vendor.logs[KINDS_OF_SERVICE[kind].path])


@pytest.mark.parametrize("kind", KINDS_OF_SERVICE)
def test_a_service_is_fetched_landed_and_read(kind, fetched_home):
    home = fetched_home(kind)
    vendor = vendor_of(kind, every(7, 30), page_size=40)
    done = home.one(vendor)
    assert done.problem == ""
    assert home.ids() == expected(vendor, kind)
    with open_district(home.home.path) as district:
        ingest_sources(district)
        files = ledger.source_files(district.store)
        assert {one.format for one in files} == {KINDS_OF_SERVICE[kind].format}
        assert sum(one.events for one in files) == len(expected(vendor, kind))
        assert sum(one.rejects + one.pending_lines + one.duplicates for one in files) == 0
        assert {one.event_class for one in ledger.lake_files(district.store)} == {"logons"}


@pytest.mark.parametrize("kind", KINDS_OF_SERVICE)
def test_each_event_counts_once_however_windows_overlap(kind, fetched_home):
    home = fetched_home(kind)
    vendor = vendor_of(kind, [*every(3, 20), *every(5, 3, NOW + 3 * HOUR)])
    for minutes in range(0, 226, 25):
        vendor.now = NOW + timedelta(minutes=minutes)
        assert home.one(vendor, vendor.now).problem == ""
    assert home.ids() == expected(vendor, kind)


@pytest.mark.parametrize("kind", KINDS_OF_SERVICE)
def test_a_late_event_is_taken_by_the_overlap(kind, fetched_home):
    home = fetched_home(kind)
    path = KINDS_OF_SERVICE[kind].path
    late = happened(kind, every(9, 12), late=timedelta(minutes=50))
    vendor = Vendor(kind, {path: late}, NOW)
    home.one(vendor)
    assert len(home.ids()) < len(late)
    vendor.now = NOW + 2 * HOUR
    home.one(vendor, vendor.now)
    assert home.ids() == expected(vendor, kind)


def test_duo_is_signed_as_by_its_own_client(monkeypatch):
    """The expected word is what `duo_client` 5.7.0 writes for this request."""
    from pipelines.fetch.services import duo

    monkeypatch.setattr(duo, "format_datetime", lambda _: "Wed, 02 Dec 2026 08:00:00 +0000")
    settings = duo.DuoSettings(
        url="https://api-00000000.duosecurity.example",
        integration_key="DIEXAMPLE00000000000",
        secret_key=DUO_SECRET,
    )
    url = (
        f"{settings.url}/admin/v2/logs/authentication"
        "?limit=1000&maxtime=1796000000000&mintime=1795990000000&sort=ts%3Aasc"
    )
    sent = duo.sign_in(settings, None, ())("GET", url)["Authorization"]
    digest = (
        "e660eb77d8f8bad0c2224bf2ece1ed72e27d73e3edf236541c543bc1500b3e12"
        "3874b5ae02cd32e54b0aa9b0da4618611f314f5706624ebb05e65bfaaa397734"
    )
    assert base64.b64decode(sent.removeprefix("Basic ")).decode().split(":") == [
        settings.integration_key,
        digest,
    ]
