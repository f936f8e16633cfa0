"""A rule is fed by who can tell it, and judges with the rows that it stands on."""

from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.health.rule_coverage import Blind, RuleCoverage, fed_since, rules_on
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
    found = fed_since(
        rules()[code], models(), {(cls, told_by): DAY}, registry(is_admin=is_admin)
    )
    assert found == (DAY if is_fed else None)


def test_a_column_that_says_yes_nowhere_is_no_row():
    detections = {code: SimpleNamespace(model=model) for code, model in rules().items()}
    lacking = rules_on(detections, registry()).lacking
    assert lacking == {"AN-17": ["accounts.csv with is_admin"]}
    assert rules_on(detections, registry(is_admin=True)).lacking == {}
    # no drive has a length
    assert rules_on(detections, registry(is_admin=True, lat=None)).lacking == {
        code: ["buildings.csv with lat"] for code in ("SA-1", "SA-2")
    }
    assert rules_on(detections, registry(missing=["devices.csv"])).lacking["AN-20"] == [
        "devices.csv"
    ]


def test_a_carts_device_is_given_to_no_one():
    """The advice for shared devices was to write down whose they are."""
    name = "one fact names the account"
    lost = [Blind(family, "HS", name, 1000, 600) for family in ("sites", "shared")]
    apart = [RuleCoverage(1000, 1000, (one,)).lines[0] for one in lost]
    assert "devices.csv whose the devices are" in apart[0]
    assert "devices.csv" not in apart[1]
    assert apart[1].endswith("Have the proxy ask for a login")
