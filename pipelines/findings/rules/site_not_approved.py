"""Sustained use of a site that is not on the list."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._sites import (
    CATEGORY,
    EMBED,
    OF_EVERY_SITE_RULE,
    repeated,
)
from pipelines.findings.rules._tests import always
from pipelines.findings.rules._words import ACCOUNT, duration, names


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} used {names(details, 'sites')} for about "
        f"{duration(details, 'total_seconds')} (estimate), the longest stretch about "
        f"{duration(details, 'longest_seconds')}; not on the approved list."
    )


RULE = Rule(
    name="site_not_approved",
    code="NA-1",
    begins="C2",
    claim=_claim,
    explanations=(
        CATEGORY,
        EMBED,
        (
            "A link in a mail, or a glance at lunch",
            always("only stretches of eight minutes or more count"),
        ),
        (
            "A site that is approved for this role on this day",
            always("the list of sites was looked up for the account and day"),
        ),
        *OF_EVERY_SITE_RULE,
    ),
    would_change=(
        "an entry for the site on the approved list",
        "a corrected category",
        "a duty or device record that is changed",
    ),
    raised=repeated,
)
