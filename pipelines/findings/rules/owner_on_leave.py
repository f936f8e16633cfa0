"""An account in use during its owner's approved leave."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import APPROVED, CLOCK, LIVE, MACHINE, always
from pipelines.findings.rules._words import ACCOUNT, names


def _claim(details: Details) -> str:
    part = {"am": "morning", "pm": "afternoon"}.get(
        str(details.get("part")), "full-day"
    )
    return (
        f"Account {ACCOUNT} was in use at {names(details, 'buildings')} during its "
        f"owner's approved {part} leave: {details.get('requests')} requests to "
        f"{details.get('sites')} sites."
    )


RULE = Rule(
    name="owner_on_leave",
    code="SA-3",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "Leave that was called off or covered another part of the day",
            always("the leave record is approved and covers the time"),
        ),
        (
            "An automatic sign-on after a restart",
            always("requests spread over several sites and five-minute stretches"),
        ),
        LIVE,
        CLOCK,
        MACHINE,
        APPROVED,
    ),
    would_change=(
        "a leave record that is cancelled or moved",
        "extra duty on that day",
    ),
)
