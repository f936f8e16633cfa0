"""Why a format shows nothing of a clause that is requested of all formats."""

from collections.abc import Mapping

NO_LOGIN = "asks for no login of its own by HTTP"
PACKETS = "tells of single packets"
NO_DURATION = "does not tell how long a request took"
DECLARED = "has what the district declares, `start_time` and bytes as well"
TO_CLIENT = "counts only what the client was sent"
BINARY = "is binary; its texts are read as those of the JSON and XML carriers are"
POWERSHELL = "windows_security_powershell"
ESCAPED = "has its values behind `\\t` in a text; they are read as those of the CSV are"
REASONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "start": {
        PACKETS: ("iptables", "mikrotik", "pfsense_filterlog"),
        NO_DURATION: (
            "cisco_umbrella", "cloudflare_gateway", "console_csv", "e2guardian", "leef",
            "meraki", "sophos_utm", "squidguard",
        ),
        "tells the beginning itself": ("zeek_conn", "zeek_http", "zeek_ssl"),
        "has a duration where its layout has `%tr`, which tests of its own show": (
            "squid_logformat",
        ),
        DECLARED: ("declared_csv",),
    },
    "407": {
        NO_LOGIN: (
            "cef", "checkpoint", "cisco_asa", "cisco_umbrella", "cloudflare_gateway",
            "console_csv", "fortigate", "juniper_srx", "leef", "meraki", "mikrotik",
            "paloalto", "paloalto_json", "sonicwall", "sophos_xg", "watchguard",
        ),
        "has no status": ("squidguard", "zeek_ssl"),
    },
    "bytes": {
        TO_CLIENT: ("cisco_wsa", "e2guardian", "sophos_utm", "squid_access"),
        "counts both where its layout has `%>st`, which tests of its own show": (
            "squid_logformat",
        ),
        PACKETS: ("iptables", "mikrotik", "pfsense_filterlog"),
        "does not say who received and who sent": ("barracuda_cloudgen",),
        "has no bytes": (
            "cloudflare_gateway", "console_csv", "meraki", "squidguard", "zeek_ssl",
        ),
        DECLARED: ("declared_csv",),
    },
    "extras": {
        "keeps no more than the district declares, of which `extras` may be one": (
            "declared_csv", "declared_json",
        ),
        "is a layout of our own, without further fields": ("lease_csv",),
    },
    "host": {"writes a name by its labels, `(7)example(3)org`": ("windows_dns",)},
    "nobody": {BINARY: ("windows_security_evtx",), ESCAPED: (POWERSHELL,)},
    "mapped": {
        BINARY: ("windows_security_evtx",),
        ESCAPED: (POWERSHELL,),
        "has the port behind a colon, and IPv6 in columns of its own": ("sonicwall",),
    },
    "IPv6": {
        BINARY: ("windows_security_evtx",),
        ESCAPED: (POWERSHELL,),
        "has columns for IPv4": ("windows_nps",),
    },
}  # fmt: skip
"""Why a clause that applies to a format is shown by none of its golden events."""


def excused(clause: str) -> set[str]:
    """Return the formats that have a reason not to show a clause."""
    return {name for names in REASONS.get(clause, {}).values() for name in names}


def reason(name: str, clause: str) -> str:
    """Why a format does not show a clause; nothing where it need not say."""
    found = [why for why, names in REASONS.get(clause, {}).items() if name in names]
    return found[0] if found else ""
