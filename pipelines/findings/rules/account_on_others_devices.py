"""An account at keyboards that were given to others."""

from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import CLOCK, always, never
from pipelines.findings.rules._words import ACCOUNT, counted


def _claim(details: Details) -> str:
    people = int(details.get("people") or 0)
    others = "another person" if people == 1 else f"{people} other people"
    said = (
        f"Account {ACCOUNT} was logged on at {counted(details, 'devices', 'device')} "
        f"assigned to {others} within a week."
    )
    if details.get("swaps"):
        said += " On the same day the other's account was at the owner's device."
    return said


RULE = Rule(
    name="account_on_others_devices",
    code="SA-L",
    begins="C1",
    claim=_claim,
    explanations=(
        ("Help among colleagues, or support", never("logs do not know the reason")),
        (
            "Rooms that were exchanged, each with the own account",
            never("an exchange of rooms and of accounts write the same lines"),
        ),
        (
            "Shared stock",
            always("pools, carts, labs and podiums are left out"),
        ),
        CLOCK,
    ),
    would_change=("a device that the registry gives to somebody else",),
)
