"""An hour that stands out from what is usual for an account."""

from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import never
from pipelines.findings.rules._words import ACCOUNT, counted

UNITS = {"requests": "requests", "sites": "sites", "megabytes": "MB"}


def _chance(details: Details) -> tuple[Result, str]:
    said = counted(details, "peaks_compared", "peak")
    if details.get("is_significant"):
        text = f"{said} of earlier weeks; by chance at most one in twenty of the list"
        return RULED_OUT, text
    return NOT_TESTABLE, f"{said} of earlier weeks are too few: ranked, not significant"


def _whose(details: Details) -> str:
    if details.get("basis") == "own":
        return f"in {counted(details, 'points', 'such hour')} of its own before"
    return f"for {counted(details, 'accounts', 'account')} of its role and building"


def _claim(details: Details) -> str:
    unit = UNITS.get(str(details.get("measured")), "")
    kind = str(details.get("day_type") or "day").replace("_", " ")
    return (
        f"In one hour account {ACCOUNT} reached {details.get('value')} {unit}; "
        f"{_whose(details)}, in that part of a {kind} day, "
        f"{details.get('usual')} were usual."
    )


RULE = Rule(
    name="unusual_amount",
    code="AN-7",
    begins="C1",
    claim=_claim,
    explanations=(
        ("Chance", _chance),
        ("A good reason for a busy hour", never("logs do not know the reason")),
    ),
    would_change=("a known reason for the hour",),
)
