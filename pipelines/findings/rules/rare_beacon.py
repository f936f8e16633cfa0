"""A device that calls one rare outside host like clockwork."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import always
from pipelines.findings.rules._words import ACCOUNT, counted, names

READ = 3
"""So many pages of a host that somebody read make an open page of it likely."""


def _open_page(details: Details) -> tuple[Result, str]:
    pages = int(details.get("pages_read") or 0)
    said = counted(details, "pages_read", "request")
    return (FITS if pages >= READ else RULED_OUT, f"{said} of a person to that host")


def _managed(details: Details) -> tuple[Result, str]:
    if not details.get("devices"):
        return NOT_TESTABLE, "it is not known how many devices know the site"
    said = counted(details, "devices", "device")
    return RULED_OUT, f"{said} in two weeks asked for any host of the site"


def _claim(details: Details) -> str:
    return (
        f"{ACCOUNT} called {names(details, 'sites')} "
        f"{counted(details, 'calls', 'time')} in "
        f"{counted(details, 'hours', 'hour')}, every "
        f"{counted(details, 'gap_seconds', 'second')} or so, with even amounts; "
        "hardly any other device knows that site."
    )


RULE = Rule(
    name="rare_beacon",
    code="AN-3",
    begins="C2",
    claim=_claim,
    explanations=(
        ("A page that somebody left open", _open_page),
        ("A programme that the district manages on its devices", _managed),
        (
            "A service in the background that everybody knows",
            always("known background hosts and sites of the list are left out"),
        ),
    ),
    would_change=("an entry for the host on the approved list",),
)
