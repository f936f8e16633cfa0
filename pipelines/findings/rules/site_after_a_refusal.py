"""Another site of a kind that was just refused."""

from pipelines.findings.record import FITS, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._sites import (
    CATEGORY,
    EMBED,
    GLANCE,
    OF_EVERY_SITE_RULE,
    repeated,
)
from pipelines.findings.rules._words import ACCOUNT, duration, names


def _refusals(details: Details) -> tuple[Result, str]:
    count = int(details.get("refusals", 0))
    text = f"{count} refusals some seconds apart; the later stretch is sustained"
    return (RULED_OUT if count >= 2 else FITS, text)


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} used {names(details, 'sites')} for about "
        f"{duration(details, 'longest_seconds')} (estimate), after the filter had "
        f"refused {details.get('refusals')} requests to sites of that kind."
    )


RULE = Rule(
    name="site_after_a_refusal",
    code="NA-6",
    begins="C2",
    claim=_claim,
    explanations=(
        ("Refusals of an advertisement on another page", _refusals),
        CATEGORY,
        EMBED,
        GLANCE,
        *OF_EVERY_SITE_RULE,
    ),
    would_change=(
        "an entry for the site on the approved list",
        "a corrected category",
    ),
    raised=repeated,
)
