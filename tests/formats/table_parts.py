"""Parts of the page on formats: what was seen of each, and what rests on little."""

import re
from collections.abc import Mapping

from tests.formats.clause_reasons import reason
from tests.formats.clauses import CLAUSES, asks, counts
from tests.formats.samples import files, log_of
from tests.formats.test_formats import FORMATS

NOT_COMPARED = """
No other parser's output could be compared for: {reasons}.
"""
WHY_NOT: Mapping[str, str] = {
    "aruba_os": "no samples",
    "barracuda_cloudgen": "no samples",
    "barracuda_wsg": "no samples",
    "bind_queries": "no samples",
    "clearpass": "no samples",
    "duo": "no samples",
    "duo_administrators": "no samples",
    "meraki_events": "no samples",
    "cisco_ise": "the sample has none, and contains only profiling",
    "cloudflare_gateway": "no samples",
    "console_csv": "no samples",
    "juniper_srx": "no samples",
    "paloalto_json": "no samples",
    "samba_audit": "no samples",
    "sophos_utm": "no samples",
    "windows_dns": "no samples",
    "declared_csv": "read as the district specifies",
    "declared_json": "read as the district specifies",
    "declared_syslog": "read as the district specifies",
    "dnsmasq": "no samples",
    "freeradius_detail": "no samples",
    "isc_dhcpd_leases": "the sample has none",
    "kea_leases": "the sample has none",
    "kea_log": "the sample has none",
    "lease_csv": "a layout of this project",
    "leef": "all samples are alerts, which are kept as lines",
    "sonicwall": "all samples with one are CEF (counted there) or alerts",
    "windows_dhcp": "the sample has none",
    "windows_security_csv": "no samples",
    "windows_security_powershell": "no samples",
    "windows_security_snare": "no samples",
    "windows_security_json": "no samples; the events are those of the EVTX files",
}
LAYOUTS: Mapping[str, tuple[str, str, str]] = {
    "Cisco FTD's connection events": ("cisco_asa", "cisco_asa", r"%FTD-\d-43000[1-7]"),
    "Palo Alto GlobalProtect": ("paloalto", "paloalto", ",GLOBALPROTECT,"),
    "Palo Alto User-ID": ("paloalto", "paloalto", ",USERID,"),
    "FortiGate VPN and logins": (
        "fortigate", "fortigate", r'subtype="?(?:vpn|user)"?'
    ),
    "Check Point logins": (
        "checkpoint", "checkpoint", "Identity Awareness|Mobile Access|Connectra"
    ),
    "Logins of ChromeOS devices": (
        "google_workspace", "google_workspace", "CHROME_OS_LOGIN|CHROMEOS_"
    ),
    "NPS in the Security log": (
        "windows_evtx", "windows_security_json", r'"EventID":627[23]'
    ),
    "FortiGate with commas": ("fortigate", "fortigate", r"date=[0-9-]+,time="),
    "Sophos logins": ("sophos_xg", "sophos_xg", r"Authentication"),
    "Blue Coat ProxySG": ("w3c_elff", "w3c_elff", r"sc-filter-result[ \t]"),
    "Zeek's logs as JSON": ("zeek_conn", "zeek_conn", r'^\{.*"id.orig_h"'),
    "Unbound's replies": ("unbound", "unbound", " reply: "),
}  # fmt: skip
"""A layout within a format: a family, the format, and what its lines hold."""


def thin_layouts(fewest: int) -> list[list[str]]:
    """Return the layouts within a format that few sample lines were tried on."""
    found = []
    for layout, (family, name, shape) in LAYOUTS.items():
        lines = [
            line
            for path in files(family)
            for line in log_of(path).decode("utf-8", "replace").splitlines()
            if re.search(shape, line)
        ]
        if len(lines) < fewest:
            found.append([layout, f"`{name}`", str(len(lines))])
    return found


def not_compared(agreed: Mapping[str, str]) -> str:
    """Return why formats have no agreement."""
    return "; ".join(f"`{name}` ({WHY_NOT[name]})" for name in FORMATS if name not in agreed)


def clause_rows() -> tuple[list[list[str]], list[str]]:
    """Return one row per format, and the reasons that its letters represent."""
    letters: dict[str, str] = {}
    found = []
    for name in FORMATS:
        seen, asked = counts(name), asks(name)
        cells = []
        for clause in CLAUSES:
            why = reason(name, clause)
            letter = letters.setdefault(why, chr(97 + len(letters))) if why else ""
            shows = str(seen[clause]) if seen[clause] else letter or "."
            cells.append(shows if clause in asked else ".")
        found.append([name, *cells])
    return found, [f"{letter}: {why}" for why, letter in letters.items()]
