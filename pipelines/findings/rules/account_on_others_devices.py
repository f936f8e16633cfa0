"""An account at keyboards that were given to others."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import CLOCK, always, never
from pipelines.findings.rules._words import ACCOUNT, counted


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} was logged on at {counted(details, 'devices', 'device')} "
        f"assigned to {details.get('people')} other people within a week."
    )


RULE = Rule(
    name="account_on_others_devices",
    code="SA-L",
    begins="C1",
    claim=_claim,
    explanations=(
        ("Help among colleagues, or support", never("logs do not know the reason")),
        (
            "Shared stock",
            always("pools, carts, labs and podiums are left out"),
        ),
        CLOCK,
    ),
    would_change=("a device that the registry gives to somebody else",),
)
