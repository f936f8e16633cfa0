"""An account at a keyboard far away sooner than a drive allows."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import (
    APPROVED,
    CLOCK,
    DRIVE,
    LIVE,
    MACHINE,
    NETWORK,
)
from pipelines.findings.rules._words import ACCOUNT, duration


def _claim(details: Details) -> str:
    places = " and then at ".join(details.get("buildings", []))
    return (
        f"Account {ACCOUNT} was in use at {places} "
        f"{duration(details, 'gap_seconds')} later; the drive takes at "
        f"least {duration(details, 'travel_seconds')}."
    )


RULE = Rule(
    name="keyboard_hop",
    code="SA-2",
    begins="C2",
    claim=_claim,
    explanations=(
        DRIVE,
        LIVE,
        CLOCK,
        NETWORK,
        MACHINE,
        APPROVED,
    ),
    would_change=(
        "a network that the registry puts in the wrong building",
        "a correction of the host's clock",
    ),
)
