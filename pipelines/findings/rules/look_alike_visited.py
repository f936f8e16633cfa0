"""A device was led to a site that can be taken for another."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import always
from pipelines.findings.rules._words import ACCOUNT, counted, names

COMMON = 5
"""So many devices that go there in two weeks know it as a site of its own."""


def _own_company(details: Details) -> tuple[Result, str]:
    count = int(details.get("devices") or 0)
    if not count:
        return NOT_TESTABLE, "it is not known how many devices asked for it"
    said = counted(details, "devices", "device")
    text = f"{said} of the district asked for it within two weeks"
    return (FITS if count >= COMMON else RULED_OUT, text)


def _claim(details: Details) -> str:
    return (
        f"{ACCOUNT} asked for {names(details, 'sites')}, which can be taken for "
        f"{names(details, 'resembles')}. Whoever uses it may have been led there."
    )


RULE = Rule(
    name="look_alike_visited",
    code="AN-6",
    begins="C2",
    claim=_claim,
    explanations=(
        ("A company of its own with a name nearby", _own_company),
        (
            "A site that any list knows",
            always("what a list of sites, categories or services names is left out"),
        ),
    ),
    would_change=("an entry for the site on the approved list",),
)
