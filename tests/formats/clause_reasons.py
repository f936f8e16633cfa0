"""Reasons why a format cannot show a behavior that is required of all formats."""

from collections.abc import Mapping

NO_LOGIN = "does not request a login over HTTP"
PACKETS = "logs single packets"
NO_DURATION = "does not log the duration of a request"
DECLARED = "has the columns that the district declares, including `start_time` and bytes"
TO_CLIENT = "counts only bytes sent to the client"
BINARY = "is binary; its texts are read like those in JSON and XML"
POWERSHELL = "windows_security_powershell"
ESCAPED = "has its values after `\\t` in a text; they are read like those in CSV"
REASONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "start": {
        PACKETS: ("iptables", "mikrotik", "pfsense_filterlog"),
        NO_DURATION: (
            "barracuda_wsg", "cisco_umbrella", "cloudflare_gateway", "console_csv", "leef",
            "meraki", "sophos_utm", "squidguard",
        ),
        "logs the beginning": ("zeek_conn", "zeek_http", "zeek_ssl"),
        "has a duration if its layout has `%tr`, which separate tests show": (
            "squid_logformat",
        ),
        DECLARED: ("declared_csv", "declared_syslog"),
    },
    "407": {
        NO_LOGIN: (
            "cef", "checkpoint", "cisco_asa", "cisco_umbrella", "cloudflare_gateway",
            "console_csv", "fortigate", "juniper_srx", "leef", "meraki", "mikrotik",
            "paloalto", "paloalto_json", "sonicwall", "sophos_xg", "watchguard",
        ),
        "has no status": ("barracuda_wsg", "squidguard", "zeek_ssl"),
    },
    "bytes": {
        TO_CLIENT: (
            "barracuda_wsg", "cisco_wsa", "e2guardian", "sophos_utm", "squid_access",
        ),
        "counts both if its layout has `%>st`, which separate tests show": (
            "squid_logformat",
        ),
        PACKETS: ("iptables", "mikrotik", "pfsense_filterlog"),
        "does not log which side received and which side sent": ("barracuda_cloudgen",),
        "has no bytes": (
            "cloudflare_gateway", "console_csv", "meraki", "squidguard", "zeek_ssl",
        ),
        DECLARED: ("declared_csv", "declared_syslog"),
    },
    "extras": {
        "keeps only the columns that the district declares, which may include `extras`": (
            "declared_csv", "declared_json", "declared_syslog",
        ),
        "is a layout of this project, without further fields": ("lease_csv",),
    },
    "host": {"writes a name by its labels, `(7)example(3)org`": ("windows_dns",)},
    "nobody": {BINARY: ("windows_security_evtx",), ESCAPED: (POWERSHELL,)},
    "mapped": {
        BINARY: ("windows_security_evtx",),
        ESCAPED: (POWERSHELL,),
        "has the port after a colon, and IPv6 in separate columns": ("sonicwall",),
        "has the version before the address, as in `ipv4:192.0.2.17:445`": ("samba_audit",),
        "has no addresses": ("duo_administrators", "meraki_events"),
    },
    "IPv6": {
        BINARY: ("windows_security_evtx",),
        ESCAPED: (POWERSHELL,),
        "has columns for IPv4": ("windows_nps",),
        "has no addresses": ("duo_administrators", "meraki_events"),
    },
}  # fmt: skip
"""Behavior -> reason -> formats whose golden events cannot show it."""


def excused(clause: str) -> set[str]:
    """Return the formats that have a reason not to show a clause."""
    return {name for names in REASONS.get(clause, {}).values() for name in names}


def reason(name: str, clause: str) -> str:
    """Return why a format does not show a behavior; empty if it does not need a reason."""
    found = [why for why, names in REASONS.get(clause, {}).items() if name in names]
    return found[0] if found else ""
