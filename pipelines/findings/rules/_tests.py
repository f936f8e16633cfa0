"""Tests of innocent explanations that several rules share."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Test


def fact(key: str, yes: str, no: str, otherwise: Result = NOT_TESTABLE) -> Test:
    """A boolean fact that rules the explanation out."""

    def test(details: Details) -> tuple[Result, str]:
        return (RULED_OUT, yes) if details.get(key) else (otherwise, no)

    return test


def always(text: str) -> Test:
    """Excluded by how the rule is made."""
    return lambda _details: (RULED_OUT, text)


def never(text: str) -> Test:
    """Nothing in the logs can tell."""
    return lambda _details: (NOT_TESTABLE, text)


def two_sources(details: Details) -> tuple[Result, str]:
    """Whether more than one log says so."""
    count = int(details.get("sources") or 0)
    if count >= 2:
        return RULED_OUT, f"{count} sources saw it, each by itself"
    return NOT_TESTABLE, "one source alone says so"


def travel(details: Details) -> tuple[Result, str]:
    """Whether one person could have driven."""
    gap = details.get("shortest_gap_seconds", details.get("gap_seconds"))
    least = details.get("travel_seconds")
    if gap is None or least is None:
        return NOT_TESTABLE, "no distance between the buildings is known"
    text = f"{gap:.0f} seconds apart; the drive takes at least {least:.0f}"
    return (RULED_OUT if gap < least else FITS, text)


DRIVE = ("One person who drove between the buildings", travel)
NETWORK = (
    "A network that stands for many places (VPN, NAT, virtual desktops)",
    always("only wired, lab and Wi-Fi networks of a known building are used"),
)
MACHINE = (
    "The device acting by itself",
    always("even, machine-timed and background traffic is left out"),
)
APPROVED = (
    "An account that several people may use",
    always("only accounts that the registry gives to one person are judged"),
)
CLOCK = (
    "A clock that is wrong",
    fact(
        "are_clocks_checked",
        "the hosts' clocks were checked against the directory",
        "a host's clock could not be checked against the directory",
    ),
)
LIVE = (
    "A session left open while its user went elsewhere",
    fact(
        "is_live_known",
        "a logon or unlock without a lock since shows a live keyboard",
        "the device writes no logons, so an open session can not be told",
    ),
)
ONE_LOG = ("A mistake in one log", two_sources)
ONE_DEVICE = (
    "An address that several devices wear",
    fact(
        "is_device_known",
        "a lease names the device, and the registry has it",
        "no lease or no row of the registry names the device",
    ),
)
