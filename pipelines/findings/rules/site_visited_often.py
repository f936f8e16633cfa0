"""Many short visits to a site that is not on the list."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._sites import (
    CATEGORY,
    EMBED,
    OF_EVERY_SITE_RULE,
    repeated,
)
from pipelines.findings.rules._words import ACCOUNT, duration, names


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} went to {names(details, 'sites')} {details.get('visits')} "
        f"times on {details.get('days')} days of one week, for about "
        f"{duration(details, 'total_seconds')} in all (estimate); "
        "not on the approved list."
    )


RULE = Rule(
    name="site_visited_often",
    code="NA-2",
    begins="C2",
    claim=_claim,
    explanations=(
        CATEGORY,
        EMBED,
        *OF_EVERY_SITE_RULE,
    ),
    would_change=(
        "an entry for the site on the approved list",
        "a corrected category",
    ),
    raised=repeated,
)
