"""An account used after a long silence."""

from pipelines.findings.record import FITS, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import always, never
from pipelines.findings.rules._words import ACCOUNT, counted


def _on_leave(details: Details) -> tuple[Result, str]:
    leave = int(details.get("leave_days") or 0)
    school = int(details.get("school_days") or 0)
    days = counted(details, "school_days", "school day")
    text = f"{counted(details, 'leave_days', 'day')} of approved leave in {days}"
    return (FITS if 2 * leave >= school else RULED_OUT, text)


def _claim(details: Details) -> str:
    return (
        f"Account {ACCOUNT} was used after at least "
        f"{counted(details, 'idle_days', 'day')} in which no source saw it, "
        f"{counted(details, 'school_days', 'day')} of school among them."
    )


RULE = Rule(
    name="dormant_account_used",
    code="AN-8",
    begins="C3",
    claim=_claim,
    explanations=(
        ("A leave or a break", _on_leave),
        (
            "Weeks whose logs are missing",
            always("days of school count only where the logs saw as many accounts"),
        ),
        ("Work that comes once a season", never("the logs do not reach back a year")),
    ),
    would_change=(
        "a leave record that covers the weeks",
        "logs that were missing",
    ),
)
