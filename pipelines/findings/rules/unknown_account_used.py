"""An account that the registry does not know was used at a keyboard."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import always
from pipelines.findings.rules._words import ACCOUNT, counted


def _new(details: Details) -> tuple[Result, str]:
    if "known_days" not in details:
        return NOT_TESTABLE, "it is not known since when it is used"
    text = f"the logs know it for {counted(details, 'known_days', 'day')}"
    return (RULED_OUT if details.get("is_long_known") else FITS, text)


def _other_form(details: Details) -> tuple[Result, str]:
    if "has_namesake" not in details:
        return NOT_TESTABLE, "the registry was not searched for the name"
    if details.get("has_namesake"):
        return FITS, "the registry has an account of that name in another domain"
    return RULED_OUT, "the registry has no account of that name in any domain"


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT}, which the registry does not know, was logged on "
        f"{counted(details, 'logons', 'time')} at "
        f"{counted(details, 'devices', 'device')}."
    )


RULE = Rule(
    name="unknown_account_used",
    code="AN-10",
    begins="C2",
    claim=_claim,
    explanations=(
        ("A new person whom the registry does not have yet", _new),
        ("A name that the registry has in another form", _other_form),
        (
            "A task, a service or the device itself",
            always("only logons and unlocks by somebody are counted"),
        ),
    ),
    would_change=("a row of the registry for the account",),
)
