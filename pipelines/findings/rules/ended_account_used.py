"""An account used after its last day."""

from pipelines.findings.record import NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._tests import ONE_LOG
from pipelines.findings.rules._words import ACCOUNT, counted


def _records(details: Details) -> tuple[Result, str]:
    day = details.get("last_day")
    if details.get("do_records_agree"):
        return RULED_OUT, f"the account's row and the roster both end by then; {day}"
    return RULED_OUT, f"the record, as it stands, names {day} as the last day"


def _logged_on(details: Details) -> tuple[Result, str]:
    if details.get("logons"):
        said = counted(details, "logons", "logon")
        return RULED_OUT, f"{said} by somebody, not by a task"
    return NOT_TESTABLE, "requests alone; no logon of that day is in the logs"


def _claim(details: Details) -> str:
    owner = bool(details.get("is_owner_gone"))
    whose = "its owner's" if owner and not details.get("is_account_ended") else "its"
    record = "roster" if whose != "its" else "registry"
    return (
        f"Account {ACCOUNT} was used {counted(details, 'days', 'day')} after {whose} "
        f"last day in the {record}."
    )


RULE = Rule(
    name="ended_account_used",
    code="AN-5",
    begins="C3",
    claim=_claim,
    explanations=(
        ("A last day in the registry that is out of date", _records),
        ("A device that was left logged on and goes on by itself", _logged_on),
        ONE_LOG,
    ),
    would_change=("a later last day of the account or of its owner",),
)
