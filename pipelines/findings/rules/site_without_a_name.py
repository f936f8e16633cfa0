"""Use of a public address without a name."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._sites import GLANCE, OF_EVERY_SITE_RULE, repeated
from pipelines.findings.rules._tests import always
from pipelines.findings.rules._words import ACCOUNT, duration, names


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} used the address {names(details, 'sites')}, which has no "
        f"name, for about {duration(details, 'longest_seconds')} (estimate)."
    )


RULE = Rule(
    name="site_without_a_name",
    code="NA-5",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "An address of the district",
            always("private addresses, its own networks and listed sites are left out"),
        ),
        GLANCE,
        *OF_EVERY_SITE_RULE,
    ),
    would_change=("an entry for the address on the approved list",),
    raised=repeated,
)
