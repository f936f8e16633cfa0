"""A proxy, VPN, resolver or remote-control service on a district device."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._sites import GLANCE, repeated
from pipelines.findings.rules._tests import APPROVED, LIVE, MACHINE, always
from pipelines.findings.rules._words import ACCOUNT, counted, duration, names

COMMON = 3
"""What so many devices do is their programme's habit, or the district's own tool."""


def _by_itself(details: Details) -> tuple[Result, str]:
    if "devices_alike" not in details:
        return NOT_TESTABLE, "it is not known how many devices do so"
    count = int(details.get("devices_alike") or 0)
    if count == 0:
        return RULED_OUT, "it was read page by page, which no programme does"
    said = counted(details, "devices_alike", "device")
    what = "looked names up outside" if details.get("look_ups") else "called that site"
    text = f"{said} {what} that day"
    return (FITS if count >= COMMON else RULED_OUT, text)


def _unattended(details: Details) -> tuple[Result, str]:
    if not details.get("tunnels"):
        return MACHINE[1](details)
    return RULED_OUT, "tunnels count while the account's keyboard is live, if not idle"


def _claim(details: Details) -> str:
    how = f"for about {duration(details, 'longest_seconds')} (estimate)"
    if details.get("look_ups") and not details.get("visits"):
        how = f"in {counted(details, 'look_ups', 'tunnel')}"
    return (
        f"Account {ACCOUNT} used {names(details, 'sites')}, a service to pass the "
        f"filter or to control a computer from elsewhere, {how}."
    )


RULE = Rule(
    name="way_around_the_filter",
    code="NA-3",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "A tool that the district manages",
            always("what is on the list of sites for this day and role is left out"),
        ),
        ("A programme that many devices have, and that acts by itself", _by_itself),
        GLANCE,
        LIVE,
        (MACHINE[0], _unattended),
        APPROVED,
    ),
    would_change=(
        "an entry for the tool on the approved list",
        "a corrected category",
    ),
    raised=repeated,
)
