"""Many accounts refused from one address or device."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import ONE_LOG, always, fact
from pipelines.findings.rules._words import ACCOUNT, counted


def _mistyped(details: Details) -> tuple[Result, str]:
    accounts = int(details.get("accounts") or 0)
    entered = int(details.get("entered") or 0)
    said = counted(details, "accounts", "account")
    text = f"{entered} of {said} got in from there soon after"
    return (FITS if 2 * entered >= accounts else RULED_OUT, text)


def _tester(details: Details) -> tuple[Result, str]:
    if not details.get("entered"):
        return RULED_OUT, "none of them was let in; whoever sets up accounts gets in"
    return NOT_TESTABLE, "some were let in; logs can not tell a test from a trial"


def _claim(details: Details) -> str:
    entered = int(details.get("entered") or 0)
    after = f"; {entered} of them got in from there soon after" if entered else ""
    minutes = max(1, int(details.get("minutes") or 0))
    return (
        f"From {ACCOUNT}, {counted(details, 'accounts', 'account')} were refused "
        f"within {counted({'minutes': minutes}, 'minutes', 'minute')}, "
        f"each at most {counted(details, 'tries', 'time')}{after}."
    )


RULE = Rule(
    name="many_accounts_refused",
    code="AN-1",
    begins="C3",
    claim=_claim,
    explanations=(
        (
            "One account whose old password a device keeps",
            always("an account that was refused again and again is not counted"),
        ),
        ("People who mistyped and then got in", _mistyped),
        (
            "A gateway, a server or an address that many people stand behind",
            fact(
                "is_one_device",
                "the registry has it as one device, or its network as one of devices",
                "the registry does not know the address",
            ),
        ),
        ("Somebody who sets up or tests accounts", _tester),
        ONE_LOG,
    ),
    would_change=("a registry row that says many people stand behind the address",),
)
