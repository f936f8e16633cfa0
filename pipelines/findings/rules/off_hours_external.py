"""Outside sites on district property beyond the owner's duty."""

from pipelines.findings.record import Severity
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import APPROVED, CLOCK, LIVE, MACHINE, always
from pipelines.findings.rules._words import ACCOUNT, duration, names

CLOSED = ("weekend", "holiday", "closure")


def _raised(details: Details, days: int) -> Severity | None:
    """Three days in two weeks, or on site while the building is closed."""
    on_site = not details.get("is_remote") and details.get("day_type") in CLOSED
    return "medium" if days >= 3 or on_site else None


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} used outside sites for about "
        f"{duration(details, 'external_seconds')} (estimate) outside its owner's duty "
        f"hours, {names(details, 'sites')} among them."
    )


RULE = Rule(
    name="off_hours_external",
    code="OH-1",
    begins="C2",
    claim=_claim,
    explanations=(
        (
            "Duty in the evening or at the weekend",
            always("the duty file, leave and calendar show no duty within 45 minutes"),
        ),
        ("A screen left on, with nobody there", LIVE[1]),
        CLOCK,
        (
            "Work on approved sites",
            always("time on approved sites is not counted"),
        ),
        (
            "A session that another account opened",
            always("a logon of this very account opened the session"),
        ),
        MACHINE,
        APPROVED,
    ),
    would_change=(
        "extra duty on that evening or day",
        "a calendar that is changed",
        "an entry for the sites on the approved list",
    ),
    raised=_raised,
)
