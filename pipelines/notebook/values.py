"""The words that a column may hold, and what each means.

A column has the same words wherever it stands, but for those that are named with
their relation. Columns whose words are the district's own, or a product's, are
in `OPEN`: no list of them can be complete.
"""

from collections.abc import Mapping

from pipelines.events import LOGON_ACTIVITIES, LOGON_KINDS, TIME_QUALITIES
from pipelines.state.days import LAGS
from pipelines.state.ledger import STATES

Words = Mapping[str, str]

OPEN = frozenset(
    {
        "activity", "building", "campus", "category", "categories", "cause", "city",
        "claim", "model",
        "code", "content_type", "destination", "device_pool", "district", "entry_id",
        "event_class", "field", "finding_id", "format", "home_building", "host",
        "line_sha256", "method", "path", "peer_group", "place_source", "pool",
        "protocol", "record", "registrable_domain", "resembles", "role", "rule", "site",
        "source", "sources", "status_reason", "unicode_hostname", "url_hostname",
        "background_kind", "endings", "other_source", "said", "version",
        "zone",
    }
)  # fmt: skip
"""Columns without a closed list of words."""

GRADES: Words = {
    "A": "the line itself carries the login",
    "B": "the device is assigned to one person",
    "C": "somebody's logon was live on the device",
    "D": "an address and no more: nobody is named",
}
DEVICES: Words = {
    "desktop": "desktop computer",
    "laptop": "laptop",
    "chromebook": "Chromebook",
    "podium": "computer at a teacher's desk that whoever teaches uses",
    "lab_pc": "computer of a lab, for many",
    "kiosk": "public computer",
    "vdi_host": "host of virtual desktops: many people at once",
    "server": "server",
    "signage": "screen on a wall",
    "phone_byod": "somebody's own phone",
    "other": "anything else",
}
NETWORKS: Words = {
    "wired": "cable in a building",
    "lab": "cable in a lab",
    "wifi": "the district's wireless network",
    "byod": "wireless network for own devices",
    "guest": "wireless network for guests",
    "nat": "one address for many devices; places nobody",
    "vdi": "virtual desktops; places nobody",
    "server": "servers",
    "remote": "tunnels from outside; places nobody",
}
VERDICTS: Words = {
    "approved": "on the list, on that day and for that role",
    "approved_other_role": "on the list, for another role",
    "lapsed": "its approval was over",
    "not_yet": "its approval had not begun",
    "undecidable": "the list decides by a path that the log does not show",
    "denied": "the list forbids it",
    "external": "the list does not have it; no breach in itself",
}
BINDINGS: Words = {
    "lease": "a DHCP lease",
    "static": "the registry's fixed address",
    "tunnel": "an address given inside a tunnel",
}
DAYS: Words = {
    "school": "a day of school",
    "weekday": "a working day, of whatever kind",
    "early_out": "school that ends early",
    "late_start": "school that begins late",
    "pd_day": "staff without students",
    "weekend": "Saturday or Sunday",
    "holiday": "a holiday of the calendar",
    "closure": "closed, such as for snow",
    "elearning": "school from home",
}
WITNESSES: Words = {
    "proxy": "a login on the line of a proxy",
    "firewall": "a line of a firewall",
    "mapping": "a product's mapping of an address to an account",
    "wifi": "a login to the wireless network",
    "tunnel": "a login to a tunnel",
    "keyboard": "a live keyboard on the device",
}

VALUES: Mapping[str, Words] = {
    "time_quality": TIME_QUALITIES,
    "logon_kind": LOGON_KINDS,
    "raw.logons.activity": LOGON_ACTIVITIES,
    "attribution_grade": GRADES,
    "grade": GRADES,
    "grade_before": GRADES,
    "grade_now": GRADES,
    "device_class": DEVICES,
    "net_kind": NETWORKS,
    "verdict": VERDICTS,
    "day_type": DAYS,
    "witness": WITNESSES,
    "other_witness": WITNESSES,
    "seen_by": WITNESSES,
    "account_type": {
        "person": "one person's",
        "service": "a program's",
        "role_shared": "a desk's or a team's",
        "device": "a device's own",
    },
    "network_kind": {
        "residential": "homes",
        "mobile": "mobile phones",
        "hosting": "a data centre",
        "relay": "a relay or VPN provider, which hides the place",
        "satellite": "satellite",
        "education": "a school or college",
        "unknown": "not known",
    },
    "disposition": {
        "allowed": "let through",
        "blocked": "refused",
        "challenged": "asked to log in first",
    },
    "binding": BINDINGS,
    "other_binding": BINDINGS,
    "lag": {
        "ahead": "before their own time",
        "5 minutes": "at most so long",
        **dict.fromkeys(tuple(LAGS)[2:-1], "at most so long, more than the one before"),
        "longer": "more than a week",
    },
    "site_class": {
        "district": "the district's own",
        "sanctioned": "approved for work",
        "approved_non_business": "approved, though not for work",
        "unreviewed external": "not on the list",
    },
    "use_class": {
        "people": "a person's requests",
        "background": "requests that devices make by themselves",
        "unknown": "not known",
    },
    "core.tool_use.how": {
        "resolver": "asked names of a resolver outside",
        "tool": "used a tunnel or remote control",
    },
    "core.duty.kind": {
        "contract": "by the contract's hours",
        "extra": "duty beyond them",
    },
    "identity.seats.state": {
        "live": "somebody may be at the keyboard",
        "locked": "the screen is locked",
    },
    "findings.findings.kind": {
        "shared_account": "an account away from its owner",
        "non_approved_site": "a site that is not on the list",
        "off_hours_external": "outside sites beyond duty hours",
        "anomaly": "a notice: something unusual or at risk",
    },
    "findings.evidence.role": {
        "request": "what was asked for",
        "logon": "whose keyboard it was",
        "lease": "which device had the address",
        "event": "something else that the rule counted",
    },
    "core.look_alike_hosts.how": {
        "looks_the_same": "written in letters that look like the other's",
        "one_letter": "one letter away from the other",
    },
    "resembles_list": {
        "approved_sites": "the list of sites",
        "district": "the district's own hosts",
        "login_hosts": "hosts where people sign in",
    },
    "measured": {
        "requests": "engaged requests in an hour",
        "sites": "sites in an hour",
        "megabytes": "megabytes in an hour",
    },
    "basis": {
        "own": "the account's own past",
        "peers": "accounts of the same role and building",
    },
    "severity": {
        "informational": "to know",
        "low": "small if true",
        "medium": "to settle in the week",
        "high": "to settle at once",
        "critical": "harm may be under way",
    },
    "confidence": {
        "C3": "corroborated: two sources agree, every other explanation was ruled out",
        "C2": "likely: one could not be tested",
        "C1": "a lead, for analysts alone",
    },
    "status": {
        "open": "nobody has decided it",
        "explained": "decided: there was an innocent reason",
        "confirmed": "decided: it is as the finding says",
        "withdrawn": "what it stood on is gone",
    },
    "stage": {
        "trial": "recorded and reported, alerts nobody",
        "live": "in force",
    },
    "findings.rule_standing.state": {
        "too few": "too few decisions to tell",
        "holds": "decisions bear it out",
        "leads": "its undecided findings are leads",
        "may go live": "on trial, and proved",
        "stays on trial": "on trial, and not proved",
    },
    "marts.source_files.state": STATES,
}
"""Column, or relation and column -> its words."""


def words_of(relation: str, column: str) -> Words:
    """The words of a column; empty where there is no closed list."""
    return VALUES.get(f"{relation}.{column}") or VALUES.get(column, {})
