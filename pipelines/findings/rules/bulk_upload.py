"""A large upload from a device to one outside site."""

from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import ONE_DEVICE, always
from pipelines.findings.rules._words import ACCOUNT, counted, names

ENOUGH_DAYS = 3
"""With fewer earlier days in the logs, what is new can not be told from a habit."""


def _regular(details: Details) -> tuple[Result, str]:
    said = counted(details, "logged_days", "earlier day")
    if int(details.get("logged_days") or 0) < ENOUGH_DAYS:
        return NOT_TESTABLE, f"the logs hold {said} to compare with"
    return RULED_OUT, f"on none of {said} half as much went there"


def _usual(details: Details) -> tuple[Result, str]:
    usual = details.get("usual_megabytes")
    if usual is None:
        return NOT_TESTABLE, "no other device of its kind sent anything outside"
    said = counted(details, "uploads_compared", "upload")
    text = f"{said} of such devices; all but one in a hundred stay within {usual} MB"
    return RULED_OUT, text


def _claim(details: Details) -> str:
    return (
        f"From {ACCOUNT}, about {int(details.get('megabytes') or 0):,} MB were sent to "
        f"{names(details, 'sites')} in one day. What it was is not known."
    )


RULE = Rule(
    name="bulk_upload",
    code="AN-2",
    begins="C2",
    claim=_claim,
    explanations=(
        ("A copy that goes there regularly", _regular),
        ("What such devices usually send", _usual),
        (
            "A service that the district uses",
            always("sites that the list speaks for, for anybody, are left out"),
        ),
        ONE_DEVICE,
    ),
    would_change=("an entry for the site on the approved list",),
)
