"""The innocent explanations of each rule, and how each is tested.

A test answers from the facts that the rule's SQL returned. `ruled out` needs a
fact against the explanation; where the source of that fact is missing, the
answer is `not testable`, never `ruled out`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pipelines.findings.record import (
    FITS,
    NOT_TESTABLE,
    RULED_OUT,
    Alternative,
    Result,
)
from pipelines.findings.security import ALTERNATIVES as SECURITY

Details = Mapping[str, Any]
Test = Callable[[Details], tuple[Result, str]]


def _fact(key: str, yes: str, no: str, otherwise: Result = NOT_TESTABLE) -> Test:
    """A boolean fact that rules the explanation out."""

    def test(details: Details) -> tuple[Result, str]:
        return (RULED_OUT, yes) if details.get(key) else (otherwise, no)

    return test


def _always(text: str) -> Test:
    """Excluded by how the rule is made."""
    return lambda _details: (RULED_OUT, text)


def _turns(details: Details) -> tuple[Result, str]:
    turns = int(details.get("turns", 0))
    text = f"{turns} turns; one stale lease or late line makes at most two"
    return (RULED_OUT if turns >= 4 else FITS, text)


def _travel(details: Details) -> tuple[Result, str]:
    gap = details.get("shortest_gap_seconds", details.get("gap_seconds"))
    travel = details.get("travel_seconds")
    if gap is None or travel is None:
        return NOT_TESTABLE, "no distance between the buildings is known"
    text = f"{gap:.0f} seconds apart; the drive takes at least {travel:.0f}"
    return (RULED_OUT if gap < travel else FITS, text)


def _two_lists(details: Details) -> tuple[Result, str]:
    lists = int(details.get("list_count", 0))
    days = int(details.get("days", 1))
    minutes = float(details.get("total_seconds", 0)) / 60
    text = f"{lists} lists call it non-work; {days} days; about {minutes:.0f} minutes"
    known = lists >= 2 or days >= 2 or minutes >= 30
    return (RULED_OUT if known else FITS, text)


def _embedded(details: Details) -> tuple[Result, str]:
    share = float(details.get("embed_share", 0))
    largest = int(details.get("largest_bytes", 0))
    text = (
        f"{share:.0%} of its requests followed another site's page within seconds; "
        f"the largest response had {largest:,} bytes"
    )
    return (FITS if share >= 0.7 and largest < 45_000 else RULED_OUT, text)


_NETWORK = (
    "A network that stands for many places (VPN, NAT, virtual desktops)",
    _always("only wired, lab and Wi-Fi networks of a known building are used"),
)
_MACHINE = (
    "The device acting by itself",
    _always("even, machine-timed and background traffic is left out"),
)
_APPROVED = (
    "An account that several people may use",
    _always("only accounts that the registry gives to one person are judged"),
)
_CLOCK = (
    "A clock that is wrong",
    _fact(
        "are_clocks_checked",
        "the hosts' clocks were checked against the directory",
        "a host's clock could not be checked against the directory",
    ),
)
_LIVE = (
    "A session left open while its user went elsewhere",
    _fact(
        "is_live_known",
        "a logon or unlock without a lock since shows a live keyboard",
        "the device writes no logons, so an open session can not be told",
    ),
)

ALTERNATIVES: Mapping[str, tuple[tuple[str, Test], ...]] = {
    "SA-1": (
        ("One person who drove between the buildings", _travel),
        ("A stale address lease or a late log line", _turns),
        _LIVE,
        _CLOCK,
        _NETWORK,
        _MACHINE,
        _APPROVED,
    ),
    "SA-2": (
        ("One person who drove between the buildings", _travel),
        _LIVE,
        _CLOCK,
        _NETWORK,
        _MACHINE,
        _APPROVED,
    ),
    "SA-3": (
        (
            "Leave that was called off or covered another part of the day",
            _always("the leave record is approved and covers the time"),
        ),
        (
            "An automatic sign-on after a restart",
            _always("requests spread over several sites and five-minute stretches"),
        ),
        _LIVE,
        _CLOCK,
        _MACHINE,
        _APPROVED,
    ),
    "NA-1": (
        ("A list that has the site in the wrong category", _two_lists),
        ("Content that another page embeds", _embedded),
        (
            "A link in a mail, or a glance at lunch",
            _always("only stretches of eight minutes or more count"),
        ),
        (
            "A site that is approved for this role on this day",
            _always("the list of sites was looked up for the account and day"),
        ),
        _MACHINE,
        _APPROVED,
    ),
    "OH-1": (
        (
            "Duty in the evening or at the weekend",
            _always("the duty file, leave and calendar show no duty within 45 minutes"),
        ),
        ("A screen left on, with nobody there", _LIVE[1]),
        _CLOCK,
        (
            "Work on approved sites",
            _always("time on approved sites is not counted"),
        ),
        (
            "A session that another account opened",
            _always("a logon of this very account opened the session"),
        ),
        _MACHINE,
        _APPROVED,
    ),
}


_GLANCE = (
    "A link in a mail, or a glance at lunch",
    _always("only stretches long enough for use count"),
)
_EMBED = ("Content that another page embeds", _embedded)
_LOAN = (
    "A device on loan, or one that everybody uses",
    _always("podiums, kiosks and workrooms are left out; the registry names the owner"),
)


def _approval(details: Details) -> tuple[Result, str]:
    said = [str(one).replace("_", " ") for one in details.get("verdicts", [])]
    return RULED_OUT, "the list of sites says for this day and role: " + ", ".join(said)


def _refusals(details: Details) -> tuple[Result, str]:
    count = int(details.get("refusals", 0))
    return RULED_OUT, f"{count} refusals just before; the later stretch is sustained"


_LATER: Mapping[str, tuple[tuple[str, Test], ...]] = {
    "NA-2": (
        ("A list that has the site in the wrong category", _two_lists),
        _EMBED,
        _MACHINE,
        _APPROVED,
    ),
    "NA-3": (
        (
            "A tool that the district manages",
            _always("what is on the list of sites for this day and role is left out"),
        ),
        _GLANCE,
        _MACHINE,
        _APPROVED,
    ),
    "NA-4": (
        ("An approval that covers this day and role", _approval),
        _EMBED,
        _GLANCE,
        _MACHINE,
        _APPROVED,
    ),
    "NA-5": (
        (
            "An address of the district",
            _always("private addresses and listed sites are left out"),
        ),
        _GLANCE,
        _MACHINE,
        _APPROVED,
    ),
    "NA-6": (
        ("Refusals of an advertisement on another page", _refusals),
        _EMBED,
        _GLANCE,
        _MACHINE,
        _APPROVED,
    ),
    "SA-4": (_LOAN, _LIVE, _CLOCK, _NETWORK, _MACHINE, _APPROVED),
    "SA-5": (
        (
            "An account that the district lets several people use",
            _always("the registry was looked up: it is not approved for sharing"),
        ),
        _CLOCK,
    ),
}


def alternatives(rule: str, details: Details) -> tuple[Alternative, ...]:
    """Every explanation of a rule with the result of its test."""
    return tuple(
        Alternative(name=name, test=text, result=result)
        for name, test in ALTERNATIVES.get(rule)
        or _LATER.get(rule)
        or SECURITY.get(rule, ())
        for result, text in [test(details)]
    )
