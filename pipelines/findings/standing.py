"""Which findings are decided, and what later data do to them and to the others."""

from collections.abc import Mapping
from typing import Any

from pipelines.findings.history import note
from pipelines.state.database import Transaction
from pipelines.state.findings import (
    CONFIRMED,
    EXPLAINED,
    WITHDRAWN,
    change_finding,
    mark_supported,
    mark_unsupported,
    unsupported_reason,
)

HIDDEN_BY = "exception "
PERMITTED_BY = "consent "
"""How the reason of a finding begins that an exception hides, or a consent allows."""


def is_decided(row: Mapping[str, Any], decided: frozenset[str]) -> bool:
    """Whether a person settled it; an exception or a consent is no decision."""
    if row["finding_id"] in decided:
        return True
    reason = str(row["status_reason"] or "")
    is_hidden = reason.startswith((HIDDEN_BY, PERMITTED_BY))
    return row["status"] in (EXPLAINED, CONFIRMED) and not is_hidden


def why(because: tuple[str, ...]) -> str:
    """What opened a day again, for the history."""
    if because:
        return f"changed since: {', '.join(because)}"
    return "later log lines, or a rule that changed"


def withdraw(
    transaction: Transaction, row: Mapping[str, Any], because: tuple[str, ...]
) -> None:
    """Take back a finding that nobody has decided."""
    reason = "later data or registry rows no longer show it"
    if because:
        reason += f"; {why(because)}"
    values = {"status": WITHDRAWN, "status_reason": reason}
    change_finding(transaction, row["finding_id"], values)
    note(transaction, row, "withdrawn", reason)


def unsupported(
    transaction: Transaction, row: Mapping[str, Any], because: tuple[str, ...]
) -> None:
    """A decision stands; that the data changed under it is said beside it."""
    reason = f"the present data no longer show it ({why(because)})"
    said = f"{row['status_reason'] or row['status']}; {reason}"
    change_finding(transaction, row["finding_id"], {"status_reason": said})
    mark_unsupported(transaction, row["finding_id"], reason)
    note(transaction, row, "no longer shown", reason)


def supported(
    transaction: Transaction, row: Mapping[str, Any], because: tuple[str, ...]
) -> None:
    """A decided finding is shown again: the note goes, the decision stands."""
    suffix = f"; {unsupported_reason(transaction, row['finding_id'])}"
    said = str(row["status_reason"]).removesuffix(suffix)
    change_finding(transaction, row["finding_id"], {"status_reason": said})
    mark_supported(transaction, row["finding_id"])
    note(transaction, row, "shown again", why(because))
