"""A proxy, VPN or remote-control service on a district device."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._sites import GLANCE, OF_EVERY_SITE_RULE, repeated
from pipelines.findings.rules._tests import always
from pipelines.findings.rules._words import ACCOUNT, duration, names


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} used {names(details, 'sites')}, a service to pass the "
        "filter or to control a computer from elsewhere, for about "
        f"{duration(details, 'longest_seconds')} (estimate)."
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
        GLANCE,
        *OF_EVERY_SITE_RULE,
    ),
    would_change=(
        "an entry for the tool on the approved list",
        "a corrected category",
    ),
    raised=repeated,
)
