"""An account that several people use without approval."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import CLOCK, always
from pipelines.findings.rules._words import ACCOUNT


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} was logged on at {details.get('devices')} devices of "
        f"{details.get('people')} people within a week; it is not approved for sharing."
    )


RULE = Rule(
    name="pooled_account",
    code="SA-5",
    begins="C2",  # one log tells all of it
    claim=_claim,
    explanations=(
        (
            "An account that the district lets several people use",
            always("the registry was looked up: it is not approved for sharing"),
        ),
        CLOCK,
    ),
    would_change=("an approval of the account for several people",),
)
