"""Traffic that was expected did not come."""

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result
from pipelines.findings.rules import Details, Rule
from pipelines.findings.rules._words import ACCOUNT, counted, names


def _wrong_row(details: Details) -> tuple[Result, str]:
    if details.get("what") in ("let through", "too small"):
        return RULED_OUT, "the traffic that the row names was seen that day"
    days = details.get("days_since")
    if days is None:
        return FITS, "the traffic that the row names was never seen in four weeks"
    return RULED_OUT, f"it was last seen {counted(details, 'days_since', 'day')} before"


def _gap(details: Details) -> tuple[Result, str]:
    if not details.get("log_hours"):
        return NOT_TESTABLE, "it is not known whether the log was there"
    said = counted(details, "log_hours", "hour")
    return RULED_OUT, f"the log has lines of {said} of that day"


def _claim(details: Details) -> str:
    what = details.get("what")
    where = names(details, "destinations")
    if what == "let through":
        return (
            f"A request to {where} that the filter has to refuse was let through "
            f"{counted(details, 'let_through', 'time')}."
        )
    if what == "too small":
        return (
            f"{ACCOUNT} sent {details.get('megabytes')} MB to {where}, where at least "
            f"{details.get('least_megabytes')} MB are expected."
        )
    if details.get("kind") == "canary":
        return (
            f"The request to {where} that the filter has to refuse is in no line of "
            "the log."
        )
    return f"{ACCOUNT} sent nothing to {where}, where a copy is expected."


RULE = Rule(
    name="expected_traffic_missing",
    code="AN-12",
    begins="C2",
    claim=_claim,
    explanations=(
        ("A row of the registry that names the wrong thing", _wrong_row),
        ("A log with a gap", _gap),
    ),
    would_change=("another row of the registry for the traffic", "a line that is late"),
)
