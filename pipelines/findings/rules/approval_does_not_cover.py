"""Use of a site whose approval does not cover the day or role."""

from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._sites import EMBED, GLANCE, OF_EVERY_SITE_RULE, repeated
from pipelines.findings.rules._words import ACCOUNT, duration, names


def _approval(details: Details) -> tuple[Result, str]:
    said = [str(one).replace("_", " ") for one in details.get("verdicts", [])]
    if not said:
        return NOT_TESTABLE, "what the list of sites says is not known"
    return RULED_OUT, "the list of sites says for this day and role: " + ", ".join(said)


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} used {names(details, 'sites')} for about "
        f"{duration(details, 'longest_seconds')} (estimate); the approval on the list "
        "does not cover this day or role."
    )


RULE = Rule(
    name="approval_does_not_cover",
    code="NA-4",
    begins="C2",
    claim=_claim,
    explanations=(
        ("An approval that covers this day and role", _approval),
        EMBED,
        GLANCE,
        *OF_EVERY_SITE_RULE,
    ),
    would_change=("an entry that is renewed or widened to the role",),
    raised=repeated,
)
