"""An account at two keyboards of one campus in turns."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import (
    APPROVED,
    CLOCK,
    LIVE,
    MACHINE,
    NETWORK,
    always,
)
from pipelines.findings.rules._words import ACCOUNT, names


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} was in use on its owner's device and on another at "
        f"{names(details, 'buildings')} in turns: {details.get('turns')} changes "
        "within two minutes each."
    )


RULE = Rule(
    name="two_keyboards_one_campus",
    code="SA-4",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "A device on loan, or one that everybody uses",
            always(
                "podiums, kiosks and workrooms are left out; "
                "the registry names the owner"
            ),
        ),
        LIVE,
        CLOCK,
        NETWORK,
        MACHINE,
        APPROVED,
    ),
    would_change=(
        "a device that is assigned to another person than the registry says",
    ),
)
