"""Very many sites in one hour."""

from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import APPROVED, LIVE, MACHINE
from pipelines.findings.rules._words import ACCOUNT, counted


def _restored(details: Details) -> tuple[Result, str]:
    if "minutes" not in details:
        return NOT_TESTABLE, "it is not known how they were spread over the hour"
    return (
        RULED_OUT,
        f"they came in {counted(details, 'minutes', 'minute')} of the hour",
    )


def _as_others(details: Details) -> tuple[Result, str]:
    if not details.get("hours_compared"):
        return NOT_TESTABLE, "there are no other hours to compare with"
    said = counted(details, "hours_compared", "hour")
    sites = counted(details, "usual_sites", "site")
    return RULED_OUT, f"{said} of others; all but one in a thousand stay within {sites}"


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} read pages of {counted(details, 'sites', 'site')} in one "
        "hour, more than its like do."
    )


RULE = Rule(
    name="site_burst",
    code="AN-4",
    begins="C2",
    claim=_claim,
    explanations=(
        ("Tabs that a browser restores", _restored),
        ("As many as others read", _as_others),
        LIVE,
        MACHINE,
        APPROVED,
    ),
    would_change=("an entry for the tool's sites on the approved list",),
)
