"""What people decide about findings: a verdict with its reason, and who looks.

Each act is one transaction with its entry in the audit chain. A verdict can be
given again; all are kept, the last one counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.errors import SettingsError
from pipelines.findings.history import note
from pipelines.settings.roles import Asker, RefusedError
from pipelines.state.audit import Act, Chain
from pipelines.state.database import Store, Transaction
from pipelines.state.findings import (
    CONFIRMED,
    EXPLAINED,
    WITHDRAWN,
    change_finding,
    unsupported_reason,
)
from pipelines.state.reviews import (
    add_review,
    assign_to,
    case_of,
    finding_row,
    has_case,
)

VERDICTS: Mapping[str, str] = {
    "violation": CONFIRMED,
    "authorised": EXPLAINED,
    "benign": EXPLAINED,
    "misattributed": EXPLAINED,
    "data_fault": EXPLAINED,
    "undetermined": "open",
}
"""Verdict -> the status that it gives a finding."""

SHORTEST_REASON = 8


@dataclass(frozen=True)
class Verdict:
    """A decision: one of `VERDICTS`, and why in the reviewer's words."""

    code: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a code that is none, and a reason that says nothing."""
        if self.code not in VERDICTS:
            raise SettingsError(
                f"there is no verdict {self.code!r}",
                remedy=f"It is one of: {', '.join(VERDICTS)}",
            )
        said(self.reason)


def said(reason: str) -> str:
    """A reason that says something.

    Raises:
        SettingsError: It does not.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise SettingsError(
            "a reason is needed",
            where="--reason",
            remedy=f"Say why, in {SHORTEST_REASON} characters or more.",
        )
    return reason.strip()


def decide(
    chain: Chain,
    finding: Mapping[str, Any],
    verdict: Verdict,
    by: Asker,
    own_accounts: frozenset[str] = frozenset(),
) -> None:
    """Record a verdict.

    Args:
        finding: The finding's row, as `stored_findings` returns it.
        own_accounts: The reviewer's own accounts; nobody decides about these.

    Raises:
        RefusedError: The finding is about the reviewer's own account.
        SettingsError: The finding was withdrawn: there is nothing to decide.
    """
    not_oneself(finding, by, own_accounts)
    if finding["status"] == WITHDRAWN:
        raise SettingsError(
            f"{finding['finding_id']} was withdrawn: {finding['status_reason']}",
            remedy="There is nothing to decide; the history keeps what was said.",
        )
    finding_id = str(finding["finding_id"])
    act = Act(
        actor=str(by),
        action="verdict",
        subject=finding_id,
        reason=f"{verdict.code}: {verdict.reason}",
        case=case_of(chain.store, finding_id),
    )
    with chain.recording(act) as transaction:
        review = {
            "finding_id": finding_id,
            "verdict": verdict.code,
            "reason": verdict.reason,
            "reviewer": str(by),
        }
        add_review(transaction, review)
        values = {
            "status": VERDICTS[verdict.code],
            "status_reason": _status_reason(transaction, finding_id, verdict.code),
        }
        change_finding(transaction, finding_id, values)
        note(transaction, finding, "verdict", act.reason, str(by))


def not_oneself(
    finding: Mapping[str, Any], by: Asker, own_accounts: frozenset[str]
) -> None:
    """Stop where a finding is about the account of whoever decides.

    Raises:
        RefusedError: It is.
    """
    own = {one.casefold() for one in (*own_accounts, by.user_name)}
    if str(finding["subject"]).casefold() in own:
        raise RefusedError(
            "nobody decides about their own account",
            where=str(finding["finding_id"]),
            remedy="Assign it to somebody else: schoolbell findings assign",
        )


def _status_reason(transaction: Transaction, finding_id: str, code: str) -> str:
    """The verdict's code, with the note that the data no longer show it, if so."""
    lacking = unsupported_reason(transaction, finding_id)
    return f"verdict {code}" + (f"; {lacking}" if lacking else "")


def assign(
    chain: Chain, subject_id: str, assignee: str, by: Asker, reason: str = ""
) -> None:
    """Give a finding or a case to somebody.

    Raises:
        SettingsError: There is no such finding or case.
    """
    known = _row(chain.store, subject_id)
    act = Act(
        actor=str(by),
        action="assign",
        subject=subject_id,
        reason=f"to {assignee}" + (f": {reason}" if reason else ""),
        case=subject_id if known is None else case_of(chain.store, subject_id),
    )
    with chain.recording(act) as transaction:
        assign_to(transaction, subject_id, assignee, str(by))
        if known is not None:
            note(transaction, known, "assigned", f"to {assignee}", str(by))


def _row(store: Store, subject_id: str) -> Mapping[str, Any] | None:
    """The finding's row; None for a case."""
    row = finding_row(store, subject_id)
    if row is None and not has_case(store, subject_id):
        raise SettingsError(
            f"there is no finding or case {subject_id}",
            remedy="List them with: schoolbell findings list",
        )
    return row
