"""A program from a site that is not on the list."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result, Severity
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import always
from pipelines.findings.rules._words import ACCOUNT, counted, names

COMMON = 3
"""So many devices that fetch the same are served by somebody's plan."""


def _never_run(details: Details) -> tuple[Result, str]:
    days = counted(details, "call_days", "day")
    text = f"the device called the site by itself on {days} since"
    return (RULED_OUT if details.get("is_calling") else FITS, text)


def _handed_out(details: Details) -> tuple[Result, str]:
    count = int(details.get("fetchers") or 0)
    if not count:
        return NOT_TESTABLE, "it is not known how many devices fetched it"
    text = f"{counted(details, 'fetchers', 'device')} fetched programs from there"
    return (FITS if count >= COMMON else RULED_OUT, text)


def _raised(details: Details, days: int) -> Severity | None:  # noqa: ARG001 - the contract's shape
    """A program that calls home is likely in use."""
    return "medium" if details.get("is_calling") else None


def _claim(details: Details) -> str:
    fetched = (
        f"{ACCOUNT} fetched {counted(details, 'files', 'program')} from "
        f"{names(details, 'sites')}"
    )
    if details.get("is_calling"):
        days = counted(details, "call_days", "day")
        return f"{fetched} and called there by itself on {days} since."
    return f"{fetched}. Whether it was opened is not known."


RULE = Rule(
    name="program_fetched",
    code="AN-11",
    begins="C2",
    claim=_claim,
    explanations=(
        ("A download that was never opened", _never_run),
        ("A program that the district hands out", _handed_out),
        (
            "An update of what is there already",
            always("hosts that serve updates, and sites of the list, are left out"),
        ),
    ),
    would_change=(
        "an entry for the program's site on the approved list",
        "a consent for the program",
    ),
    raised=_raised,
)
