"""An account in use on two campuses in turns."""

from pipelines.findings.record import FITS, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import (
    APPROVED,
    CLOCK,
    DRIVE,
    LIVE,
    MACHINE,
    NETWORK,
)
from pipelines.findings.rules._words import ACCOUNT, duration, names


def _turns(details: Details) -> tuple[Result, str]:
    turns = int(details.get("turns", 0))
    text = f"{turns} turns; one stale lease or late line makes at most two"
    return (RULED_OUT if turns >= 4 else FITS, text)


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} was in use at {names(details, 'buildings')} in turns: "
        f"{details.get('turns')} changes between them, each sooner than a drive of at "
        f"least {duration(details, 'travel_seconds')} allows."
    )


RULE = Rule(
    name="account_on_two_campuses",
    code="SA-1",
    begins="C3",
    claim=_claim,
    explanations=(
        DRIVE,
        ("A stale address lease or a late log line", _turns),
        LIVE,
        CLOCK,
        NETWORK,
        MACHINE,
        APPROVED,
    ),
    would_change=(
        "a network that the registry puts in the wrong building",
        "a device that belongs to another building than the registry says",
    ),
)
