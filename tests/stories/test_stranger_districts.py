"""Districts whose products no other test combines: the share of stories that they show."""

from collections.abc import Mapping

import pytest

from tests.stories.acts import STORIES
from tests.stories.district import AGENTS
from tests.stories.products import PRODUCTS
from tests.stories.telling import FOUND, LEAD, named, told_together, what_came

MIN_SHARE = 0.75
DISTRICTS: Mapping[str, Mapping[str, str]] = {
    "Sophos, Lightspeed and Event Viewer": {
        "web": "Lightspeed",
        "firewall": "Sophos",
        "windows": "Event Viewer",
        "network": "ClearPass",
        "vpn": "Sophos",
        "leases": "Kea",
        "cloud": "Google",
    },
    "pfSense, e2guardian and Snare": {
        "web": "e2guardian, tabs",
        "dns": "dnsmasq",
        "firewall": "pfSense",
        "windows": "Snare",
        "network": "Aruba",
        "vpn": "OpenVPN",
        "leases": "dnsmasq",
        "cloud": "Okta",
    },
    "Check Point, Barracuda and PowerShell": {
        "web": "Barracuda",
        "firewall": "Check Point",
        "windows": "PowerShell CSV",
        "network": "ISE",
        "vpn": "Check Point",
        "leases": "ISC dhcpd",
        "cloud": "Duo",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTRICTS)
def test_most_stories_are_shown_and_no_twin_is_a_finding(name):
    """Each story is a finding, a lead or a fact that is missing; `what_came` checks the names."""
    uses = DISTRICTS[name]
    pairs = [pair for pair in STORIES if not pair.is_agent or uses["web"] in AGENTS]
    told = told_together(pairs, uses)
    results = {pair.title: what_came(pair, told[pair.title, "act"]) for pair in pairs}
    shown = [title for title, result in results.items() if result in (FOUND, LEAD)]
    assert len(shown) / len(results) >= MIN_SHARE, results
    twins = {pair.title: named(told[pair.title, "twin"]) for pair in pairs}
    assert not any(twins.values()), twins


def test_the_districts_use_products_that_exist():
    for uses in DISTRICTS.values():
        assert all(product in PRODUCTS[role] for role, product in uses.items())
