"""Facts about the logs, fields and lists that are missing: how to get each, and the work.

Gaps name a remedy by its words, such as "the Security logs of the desktops". The way to a list is
the one of the exports that fill it; a log is turned on at its product, as the vendor describes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.gaps.losses import CHROMEOS_LOG, MACS_LOG, SECURITY_LOG
from pipelines.gaps.relation import Reason

KEYBOARDS = "the computers' Security logs or Google's ChromeOS audit"
"""Remedy where the class of the device decides which of the two logs is meant."""
DATES = "The next run judges past days again."
NOT_WRITTEN = "What was not logged cannot be added."
_FILE = re.compile(r"\b([a-z_]+\.csv)\b")


@dataclass(frozen=True)
class Remedy:
    """What a person does to get a log, a field or a list.

    Attributes:
        begins: The first words of the remedies that it is about.
        kind: What is missing.
        steps: The way through the product's menus.
        guide: The page of the documents.
        vendor: The page of the vendor, for the steps.
        minutes: Rough amount of work.
        why: What takes that time.
        first: The same as long as no such log arrives, if it then takes longer.
        past: Whether it changes the judgment of past days.
    """

    begins: str
    kind: Literal["log", "field", "list"]
    steps: str
    guide: str
    minutes: int
    why: str
    vendor: str = ""
    past: str = NOT_WRITTEN
    first: tuple[int, str] | None = None


LOGS = (
    Remedy(
        SECURITY_LOG,
        "log",
        "Group policy for the computers: Computer Configuration > Policies > Windows Settings > "
        "Security Settings > Advanced Audit Policy Configuration > Audit Policies > Logon/Logoff: "
        "Audit Logon, Audit Logoff and Audit Other Logon/Logoff Events (4800 locked, 4801 "
        "unlocked), each with Success. Then forward the Security log.",
        "forward-windows",
        20,
        "one policy; the Security logs of other computers arrive already",
        "https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-10/security/"
        "threat-protection/auditing/audit-other-logonlogoff-events",
        "Windows writes 4800 and 4801 only after the policy. Logons of past days (4624) are in "
        "the computers' Security logs, as far as these reach back.",
        (240, "one policy, and a collector that forwards the events"),
    ),
    Remedy(
        CHROMEOS_LOG,
        "log",
        "Google Admin console: Devices > Chrome > Settings > Device settings > User and device "
        "reporting: report the login and lock status. Then fetch the log chrome.",
        "fetch-logs",
        30,
        "one setting, and the service account that fetches the log",
        "https://support.google.com/chrome/a/answer/1375678",
        "Google keeps past events for a time, if the devices reported them. The first fetch "
        "reaches back seven days, or as many as days_back states.",
    ),
    Remedy(
        MACS_LOG,
        "log",
        "Let the RADIUS server of Wi-Fi and ports send its logins.",
        "forward-cloud",
        240,
        "802.1X with a login per person must be in use",
    ),
    Remedy(
        KEYBOARDS,
        "log",
        "Windows: forward the Security log. ChromeOS: fetch Google's log chrome.",
        "bring-logs",
        60,
        "which of the two depends on the devices",
    ),
    Remedy("DHCP", "log", "Let the DHCP server send its leases.", "forward-windows", 30,
           "one server"),
    Remedy("the VPN's log", "log", "Let the firewall or the VPN server send its logins.",
           "forward-firewalls", 30, "one device"),
    Remedy("the firewall's traffic log", "log", "Log sessions at their end.", "forward-firewalls",
           30, "one device"),
    Remedy("user names in the log", "field", "Let people sign in at the proxy, or the firewall "
           "map addresses to users.", "forward-proxies", 240, "every browser is affected"),
    Remedy("a login at the proxy", "field", "Let people sign in at the proxy.", "forward-proxies",
           240, "every browser is affected"),
    Remedy("computer names or client", "field", "Add the client's name to the proxy's log "
           "format.", "forward-proxies", 20, "one log format"),
    Remedy("host names in the proxy's", "field", "Add the host to the proxy's log format.",
           "forward-proxies", 20, "one log format"),
    Remedy("bytes", "field", "Add bytes and content types to the log.", "forward-proxies", 20,
           "one log format"),
    Remedy("the host or address of each", "field", "Add the host or the address to the log.",
           "forward-cloud", 20, "one log format"),
    Remedy("a column for what the filter did", "field", "Export the column, and name it in "
           "district.toml (disposition).", "forward-cloud", 20, "one export", past=DATES),
    Remedy("a second log of the same sign-ins", "log", "Forward the Security log of the domain "
           "controllers.", "forward-windows", 60, "few servers"),
    Remedy("a second log", "log", "Bring another log of the same events, such as the firewall's "
           "next to the proxy's.", "bring-logs", 60, "one device"),
    Remedy("web requests", "log", "Let the proxy, the filter or the firewall send its log.",
           "forward-proxies", 60, "one device"),
    Remedy("logons", "log", "Forward the Security log, fetch the ChromeOS audit, or let the "
           "RADIUS server send its logins.", "bring-logs", 240, "a collector, or an account that "
           "fetches"),
    Remedy("connections of a firewall", "log", "Let the firewall send its traffic log.",
           "forward-firewalls", 60, "one device"),
    Remedy("a file of outside addresses", "list", "Put the file of a provider (GeoLite2, GeoIP2, "
           "DB-IP, IPinfo) into registry/.", "registry-by-file", 60,
           "a license, and one file", past=DATES),
)  # fmt: skip
"""The logs and fields that gaps name, each once; the first that fits counts."""
ROWS: Mapping[str, tuple[int, str]] = {
    "buildings.csv": (10, "a row per building"),
    "subnets.csv": (20, "an export of the DHCP server"),
    "accounts.csv": (20, "a cell per account"),
    "users.csv": (20, "an export"),
    "devices.csv": (30, "an export, or a cell per device"),
    "approved_sites.csv": (60, "a decision per site"),
    "staff_duty.csv": (240, "hours of each person, from the personnel office"),
    "leave.csv": (30, "a report of the absence system"),
}
"""Registry file -> minutes of work, and the reason."""
A_LIST = (60, "a row per entry")
A_FIELD = Remedy(
    "",
    "field",
    "Let the source log the field again: the layout of its lines changed.",
    "forward-logs",
    20,
    "one log format",
)


def facts_of(words: str, reason: Reason = "open") -> Remedy:
    """Return the facts about a remedy that a gap names.

    Args:
        reason: Reason of the gap.
    """
    if reason == "field":
        return replace(A_FIELD, begins=words)
    for remedy in LOGS:
        if words.startswith(remedy.begins):
            return remedy
    files = _FILE.findall(words)
    minutes, why = ROWS.get(files[0], A_LIST) if files else A_LIST
    return Remedy(words, "list", ways_to(files), "registry", minutes, why, past=DATES)


def ways_to(files: list[str]) -> str:
    """Return where the rows of registry files come from, product by product."""
    from pipelines.registry.imports.exports import how_to_get  # it imports Polars

    return "; ".join(dict.fromkeys(map(how_to_get, files)))
