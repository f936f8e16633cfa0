"""A shared account away from where it belongs."""

from pipelines.findings.record import Severity
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import CLOCK, always
from pipelines.findings.rules._words import ACCOUNT, counted, names


def _raised(details: Details, days: int) -> Severity | None:  # noqa: ARG001 - the contract's shape
    """Three days in two weeks are a habit."""
    return "medium" if days >= 3 else None


def _claim(details: Details) -> str:
    said = []
    if details.get("devices"):
        said.append(
            f"was logged on at {counted(details, 'devices', 'device')} outside the "
            "buildings and pools for which it is approved"
        )
    if details.get("sites"):
        said.append(f"was used on {names(details, 'sites')}")
    return f"Shared account {ACCOUNT} {' and '.join(said)}."


RULE = Rule(
    name="shared_account_out_of_place",
    code="SA-8",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "A place that the district approved",
            always("the registry's row of the account names the buildings and pools"),
        ),
        (
            "A site that serves the account's purpose",
            always("sites of the list are left out, and two lists call it non-work"),
        ),
        CLOCK,
    ),
    would_change=(
        "another place of the account in the registry",
        "an entry for the site on the approved list",
    ),
    raised=_raised,
)
