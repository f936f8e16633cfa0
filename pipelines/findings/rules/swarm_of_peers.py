"""A device that shares files with many strangers."""

from pipelines.findings.record import Severity
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import ONE_DEVICE, always
from pipelines.findings.rules._words import ACCOUNT, counted


def _raised(details: Details, days: int) -> Severity | None:  # noqa: ARG001 - the contract's shape
    """Three days in two weeks are a habit."""
    return "medium" if days >= 3 else None


def _claim(details: Details) -> str:
    return (
        f"{ACCOUNT} exchanged data with {counted(details, 'peers', 'bare address')} "
        f"on {counted(details, 'ports', 'port')} within an hour: about "
        f"{int(details.get('received_megabytes') or 0):,} MB came, "
        f"{int(details.get('sent_megabytes') or 0):,} MB went. Which files they were "
        "is not known."
    )


RULE = Rule(
    name="swarm_of_peers",
    code="AN-9",
    begins="C2",
    claim=_claim,
    explanations=(
        ("A call or a game", always("they talk to few, on few ports; this is more")),
        (
            "Updates that computers pass to each other",
            always("their port, and addresses inside the district, are left out"),
        ),
        ("A plain download", always("it sends back some two percent; this is more")),
        ONE_DEVICE,
    ),
    would_change=("a registry row that says many people stand behind the address",),
    raised=_raised,
)
