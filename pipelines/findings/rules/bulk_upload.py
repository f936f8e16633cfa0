"""A large upload from a device to one outside site."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import ONE_DEVICE, always
from pipelines.findings.rules._words import ACCOUNT, counted, names

HABIT = 3
"""So many earlier days with half as much are a copy that goes there regularly."""


def _regular(details: Details) -> tuple[Result, str]:
    logged = int(details.get("logged_days") or 0)
    earlier = int(details.get("earlier_days") or 0)
    if logged < HABIT:
        said = counted(details, "logged_days", "earlier day")
        return NOT_TESTABLE, f"the logs hold {said} to compare with"
    text = f"half as much or more on {earlier} of {logged} earlier days"
    return (FITS if earlier >= HABIT else RULED_OUT, text)


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
