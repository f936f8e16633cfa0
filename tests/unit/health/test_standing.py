"""A rule is fed by who can show it, and judges with the rows that it depends on."""

from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.gaps.logs import fed_since, lacking_files
from pipelines.gaps.losses import coverage_rows, remedied
from pipelines.warehouse.models import models, rules

DAY = "2026-03-02"


def registry(*, is_admin=False, missing=(), lat=41.6):
    accounts = pl.DataFrame({"account": ["adm-it"], "is_admin": [is_admin]})
    places = pl.DataFrame({"lat": [lat]}, {"lat": pl.Float64})
    return SimpleNamespace(
        missing=dict.fromkeys(missing, ""),
        frames={"accounts": accounts, "buildings": places},
    )


@pytest.mark.parametrize(
    ("code", "cls", "told_by", "is_admin", "is_fed"),
    [
        ("AN-13", "system_events", "isc_dhcpd", False, False),
        ("AN-13", "system_events", "google_workspace", False, False),
        ("AN-13", "system_events", "fortigate", False, True),
        ("AN-13", "system_events", "mixed", False, True),  # it may be any of them
        ("AN-14", "system_events", "google_workspace", False, True),
        ("AN-15", "system_events", "windows_security_json", False, False),
        ("AN-16", "system_events", "windows_security_json", True, False),
        ("AN-16", "logons", "windows_security_json", False, False),
        ("AN-16", "logons", "windows_security_json", True, True),
        ("AN-18", "connections", "pfsense_filterlog", False, False),
        ("AN-18", "connections", "cisco_asa", False, True),
        ("AN-20", "connections", "pfsense_filterlog", False, True),
        ("NA-1", "http_requests", "squid_access", False, True),
        ("NA-1", "leases", "isc_dhcpd", False, False),
    ],
)
def test_only_who_can_tell_it_feeds_a_rule(code, cls, told_by, is_admin, is_fed):
    found = fed_since(rules()[code], models(), {(cls, told_by): DAY}, registry(is_admin=is_admin))
    assert found == (DAY if is_fed else None)


def test_a_column_that_says_yes_nowhere_is_no_row():
    detections = {code: SimpleNamespace(model=model) for code, model in rules().items()}
    lacking = lacking_files(detections, registry())
    assert lacking == {"AN-17": ["accounts.csv with is_admin"]}
    assert lacking_files(detections, registry(is_admin=True)) == {}
    # no drive has a length
    assert lacking_files(detections, registry(is_admin=True, lat=None)) == {
        code: ["buildings.csv with lat"] for code in ("SA-1", "SA-2")
    }
    assert lacking_files(detections, registry(missing=["devices.csv"]))["AN-20"] == ["devices.csv"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("the device has no owner on file", "owners of these devices in devices.csv"),
        ("one fact names the account", "Google's ChromeOS audit would"),
    ],
)
def test_a_carts_device_is_given_to_no_one(name, said):
    """The advice for shared devices was to write down whose they are."""
    row = {
        "event_date": date(2026, 3, 2),
        "family": "shared",
        "source": "proxy",
        "building": "HS",
        "device_class": "chromebook",
        "position": 1,
        "filter": name,
        "is_loss": True,
        "event_count": 1000,
        "dropped_count": 600,
    }
    (gap,) = remedied(coverage_rows([row]))
    assert said in gap.line
    assert "rules judge 600 requests per week at HS" in gap.line
