"""What people decide about findings: a verdict with its reason, and who looks.

Each act is one transaction with its entry in the audit chain. A verdict can be
given again; all are kept, the last one counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.errors import SettingsError
from pipelines.findings.history import note
from pipelines.findings.standing import CONFIRMED, EXPLAINED, WITHDRAWN
from pipelines.settings.roles import Asker, RefusedError
from pipelines.state.audit import Act, Chain
from pipelines.state.review_schema import (
    ASSIGNMENTS,
    CASE_FINDINGS,
    CASES,
    REVIEWS,
    UNSUPPORTED,
)
from pipelines.state.schema import FINDINGS
from pipelines.state.store import now_text

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
        case=case_of(chain, finding_id),
    )
    with chain.recording(act) as connection:
        values = {"verdict": verdict.code, "reason": verdict.reason}
        connection.execute(
            insert(REVIEWS).values(
                finding_id=finding_id, reviewer=str(by), time=now_text(), **values
            )
        )
        status = {"status": VERDICTS[verdict.code]}
        reason = _standing(connection, finding_id, verdict.code)
        connection.execute(
            update(FINDINGS)
            .where(FINDINGS.c.finding_id == finding_id)
            .values(updated_time=now_text(), status_reason=reason, **status)
        )
        told = f"{verdict.code}: {verdict.reason}"
        note(connection, finding, "verdict", told, str(by))


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


def _standing(connection: Connection, finding_id: str, code: str) -> str:
    """The verdict's code, with the note that the data no longer show it, if so."""
    query = select(UNSUPPORTED.c.reason).where(UNSUPPORTED.c.finding_id == finding_id)
    lacking = connection.execute(query).scalar_one_or_none()
    return f"verdict {code}" + (f"; {lacking}" if lacking else "")


def assign(
    chain: Chain, subject_id: str, assignee: str, by: Asker, reason: str = ""
) -> None:
    """Give a finding or a case to somebody.

    Raises:
        SettingsError: There is no such finding or case.
    """
    known = _row(chain, subject_id)
    act = Act(
        actor=str(by),
        action="assign",
        subject=subject_id,
        reason=f"to {assignee}" + (f": {reason}" if reason else ""),
        case=subject_id if known is None else case_of(chain, subject_id),
    )
    with chain.recording(act) as connection:
        here = ASSIGNMENTS.c.subject_id == subject_id
        connection.execute(delete(ASSIGNMENTS).where(here))
        values = {"assignee": assignee, "assigned_by": str(by)}
        connection.execute(
            insert(ASSIGNMENTS).values(
                subject_id=subject_id, assigned_time=now_text(), **values
            )
        )
        if known is not None:
            note(connection, known, "assigned", f"to {assignee}", str(by))


def _row(chain: Chain, subject_id: str) -> Mapping[str, Any] | None:
    """The finding's row; None for a case."""
    finding = select(FINDINGS).where(FINDINGS.c.finding_id == subject_id)
    case = select(CASES.c.case_id).where(CASES.c.case_id == subject_id)
    with chain.store.reading() as connection:
        row = connection.execute(finding).mappings().first()
        if row is None and connection.execute(case).first() is None:
            raise SettingsError(
                f"there is no finding or case {subject_id}",
                remedy="List them with: schoolbell findings list",
            )
    return dict(row) if row is not None else None


def case_of(chain: Chain, finding_id: str) -> str:
    """The case that a finding is in; empty where it has none yet."""
    query = select(CASE_FINDINGS.c.case_id).where(
        CASE_FINDINGS.c.finding_id == finding_id
    )
    with chain.store.reading() as connection:
        return connection.execute(query).scalar_one_or_none() or ""


def reviews(chain: Chain) -> list[dict[str, Any]]:
    """Every verdict, oldest first."""
    query = select(REVIEWS).order_by(REVIEWS.c.review_id)
    with chain.store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
