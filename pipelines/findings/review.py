"""Decisions about findings: verdicts, assignments, and a second person's approval.

Each action is one transaction with its entry in the audit chain. A verdict can be given
again; all are kept, and the last one counts. An action that needs a second person is
requested by one, approved by another, and done once: two persons of the registry, not two
logins. A request is for one code name or case and for one reason. Without approval, or
after it expires, nothing happens.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipelines.errors import SettingsError
from pipelines.findings.lifecycle import note
from pipelines.findings.people import IsSame
from pipelines.settings.roles import Principal, RefusedError
from pipelines.state.audit import Act, Chain
from pipelines.state.connections import Store, Transaction, now_text
from pipelines.state.findings import (
    CONFIRMED,
    EXPLAINED,
    OPEN,
    WITHDRAWN,
    change_finding,
    unsupported_reason,
)
from pipelines.state.reviews import (
    add_request,
    add_review,
    assign_to,
    case_of,
    change_request,
    finding_row,
    has_case,
    last_review,
    requests,
    undo_review,
)
from pipelines.state.rows import FindingRow, FindingText, RequestRow, ReviewRow

VERDICTS: Mapping[str, str] = {
    "violation": CONFIRMED,
    "security_incident": CONFIRMED,
    "authorized": EXPLAINED,
    "benign": EXPLAINED,
    "misattributed": EXPLAINED,
    "data_fault": EXPLAINED,
    "undetermined": "open",
}
"""Verdict -> the status that it gives a finding."""
VERDICT_WORDS = {
    "violation": "Violation: the logs show it, and it was not allowed",
    "security_incident": "Security incident: the logs show it, and it was handled",
    "authorized": "Authorized: a person with the authority had allowed it",
    "benign": "Benign: the policy allows it, or it is harmless",
    "misattributed": "Misattributed: it was another account, device or person",
    "data_fault": "Data fault: the logs or the registry are wrong",
    "undetermined": "Undetermined: the logs cannot show it, and the case stays open",
}

MIN_REASON = 8

VALID = timedelta(hours=24)
UNDO_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Verdict:
    """A decision: one of `VERDICTS`, and why in the reviewer's words."""

    code: str
    reason: str

    def __post_init__(self) -> None:
        """Reject an unknown code, and a reason without content."""
        if self.code not in VERDICTS:
            raise SettingsError(
                f"there is no verdict {self.code!r}", remedy=f"It is one of: {', '.join(VERDICTS)}"
            )
        required_reason(self.reason)


def required_reason(reason: str) -> str:
    """Return a reason that has content.

    Raises:
        SettingsError: It has none.
    """
    if len(reason.strip()) < MIN_REASON:
        raise SettingsError(
            "a reason is needed",
            where="--reason",
            remedy=f"Say why, in {MIN_REASON} characters or more.",
        )
    return reason.strip()


def decide(
    chain: Chain,
    findings: Sequence[FindingRow],
    verdict: Verdict,
    by: Principal,
    is_own: Callable[[str], bool],
    *,
    is_again: bool = True,
) -> None:
    """Record a verdict on one finding or on those of a case: on all of them, or none.

    Args:
        findings: Their rows, as `stored_findings` returns them.
        is_own: Predicate of accounts that may be the reviewer's own.
        is_again: An earlier verdict is replaced; otherwise it stops this one.

    Raises:
        RefusedError: One is about the reviewer's own account.
        SettingsError: One was withdrawn, or decided before.
    """
    for finding in findings:
        not_oneself(finding, is_own)
        if finding["status"] == WITHDRAWN:
            raise SettingsError(
                f"{finding['finding_id']} was withdrawn: {finding['status_reason']}",
                remedy="There is nothing to decide; the history keeps earlier decisions.",
            )
    acts = [
        Act(
            actor=str(by),
            action="verdict",
            subject=str(finding["finding_id"]),
            reason=f"{verdict.code}: {verdict.reason}",
            case=case_of(chain.store, str(finding["finding_id"])),
        )
        for finding in findings
    ]
    with chain.recording(*acts) as transaction:
        for finding in findings:
            if not is_again:
                _require_undecided(transaction, str(finding["finding_id"]))
            _decide(transaction, finding, verdict, by)


def _require_undecided(transaction: Transaction, finding_id: str) -> None:
    """Stop where a verdict is there that this person may not have seen.

    Raises:
        SettingsError: There is one.
    """
    before = last_review(transaction, finding_id)
    if before is not None and VERDICTS[before["verdict"]] != "open":
        raise SettingsError(
            f"{before['reviewer']} decided it at {before['time'][:16]}: {before['verdict']}",
            where=finding_id,
            remedy="Nothing was changed. To replace that verdict: --again",
        )


def _decide(transaction: Transaction, finding: FindingRow, verdict: Verdict, by: Principal) -> None:
    finding_id = str(finding["finding_id"])
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
    reason = f"{verdict.code}: {verdict.reason}"
    note(transaction, finding, "verdict", reason, str(by))


def undoable(store: Store, findings: Sequence[FindingRow], by: Principal) -> list[ReviewRow]:
    """Return the verdicts of a user on some findings that they can still undo.

    Those are verdicts of the last ten minutes that count, with the code and the reason of
    the newest one.
    """
    since = now_text(datetime.now(UTC) - UNDO_WITHIN)
    with store.reading() as connection:
        last = [last_review(connection, str(row["finding_id"])) for row in findings]
    own = [row for row in last if row and row["reviewer"] == str(by) and row["time"] >= since]
    newest = max(own, key=lambda row: int(row["review_id"]), default=None)
    return [row for row in own if newest and _is_alike(row, newest)]


def _is_alike(row: ReviewRow, other: ReviewRow) -> bool:
    return (row["verdict"], row["reason"]) == (other["verdict"], other["reason"])


def undo(chain: Chain, groups: Sequence[Sequence[FindingRow]], by: Principal) -> list[FindingRow]:
    """Undo the newest verdict of a user on each case; return the findings.

    An earlier verdict counts again; without one, the finding is undecided.

    Args:
        groups: The findings of each case.

    Raises:
        SettingsError: On one of them they recorded no verdict in the last ten minutes.
    """
    chosen: dict[str, tuple[FindingRow, ReviewRow]] = {}
    for findings in groups:
        found = undoable(chain.store, findings, by)
        if not found:
            raise _nothing_to_undo()
        by_id = {str(row["finding_id"]): row for row in findings}
        chosen |= {row["finding_id"]: (by_id[row["finding_id"]], row) for row in found}
    acts = [
        Act(
            actor=str(by),
            action="verdict undone",
            subject=finding_id,
            reason=f"{review['verdict']}: {review['reason']}",
            case=case_of(chain.store, finding_id),
        )
        for finding_id, (_, review) in chosen.items()
    ]
    with chain.recording(*acts) as transaction:
        for finding, review in chosen.values():
            if last_review(transaction, review["finding_id"]) != review:
                raise _nothing_to_undo()
            _undo(transaction, finding, review, by)
    return [finding for finding, _ in chosen.values()]


def _nothing_to_undo() -> SettingsError:
    return SettingsError(
        "there is no verdict that you can undo",
        remedy="A verdict can be undone for ten minutes, by the person who recorded it. "
        "To change it later, record another verdict.",
    )


def _undo(transaction: Transaction, finding: FindingRow, review: ReviewRow, by: Principal) -> None:
    finding_id = str(review["finding_id"])
    undo_review(transaction, review, str(by))
    before = last_review(transaction, finding_id)
    values = {"status": OPEN, "status_reason": unsupported_reason(transaction, finding_id)}
    if before is not None:
        code = before["verdict"]
        reason = _status_reason(transaction, finding_id, code)
        values = {"status": VERDICTS[code], "status_reason": reason}
    change_finding(transaction, finding_id, values)
    reason = f"{review['verdict']}: {review['reason']}"
    note(transaction, finding, "verdict undone", reason, str(by))


def not_oneself(finding: FindingRow, is_own: Callable[[str], bool]) -> None:
    """Stop where a finding is about the account of the person who decides.

    Raises:
        RefusedError: It is.
    """
    if is_own(str(finding["subject"])):
        raise RefusedError(
            "no one decides about their own account",
            where=str(finding["finding_id"]),
            remedy="Assign it to another person: schoolbell findings assign",
        )


def _status_reason(transaction: Transaction, finding_id: str, code: str) -> str:
    """Return the verdict's code, with a note if the data no longer show the finding."""
    lacking = unsupported_reason(transaction, finding_id)
    return f"verdict {code}" + (f"; {lacking}" if lacking else "")


def assign(chain: Chain, subject_id: str, assignee: str, by: Principal, reason: str = "") -> None:
    """Assign a finding or a case.

    Raises:
        SettingsError: The finding or case does not exist.
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


def _row(store: Store, subject_id: str) -> FindingText | None:
    """Return the finding's row; None for a case."""
    row = finding_row(store, subject_id)
    if row is None and not has_case(store, subject_id):
        raise SettingsError(
            f"there is no finding or case {subject_id}",
            remedy="List them with: schoolbell findings list",
        )
    return row


class SecondPersonError(RefusedError):
    """An act was sent to a second person for approval, and has to wait for it.

    Args:
        request_id: The request.
        is_new: It was recorded now, and was not there before.
    """

    def __init__(self, request_id: str, *, is_new: bool) -> None:
        what = "sent to a second person for approval"
        again = "\n  Then run the same command again, within 24 hours." if is_new else ""
        super().__init__(
            what if is_new else "still waiting for a second person's approval",
            where=f"request {request_id}",
            remedy=f"They run: schoolbell findings approve {request_id}{again}",
        )
        self.request_id = request_id
        self.is_new = is_new


@dataclass(frozen=True, kw_only=True)
class NameRequest:
    """A request to use names, with its case and reason.

    Attributes:
        subject: Its subject, under a pseudonym; the case itself if not given.
    """

    action: str
    case_id: str
    reason: str
    subject: str = ""


def granted(chain: Chain, wish: NameRequest, by: Principal) -> None:
    """Allow an action that another person approved, once; otherwise request approval.

    A home with one operator has no second person: there the chain alone is the record.

    Raises:
        SecondPersonError: There is no approval yet; the request is recorded.
    """
    if by.is_alone:
        with chain.recording(_act(wish, by, f"{wish.action}, alone")):
            return
    row = _open(chain, wish, by)
    if row is None:
        raise SecondPersonError(_ask(chain, wish, by), is_new=True)
    if row["approved_by"] is None:
        raise SecondPersonError(row["request_id"], is_new=False)
    with chain.recording(_act(_approved(wish, row), by, wish.action)) as transaction:
        change_request(transaction, row["request_id"], used_time=now_text())


def granted_for(chain: Chain, wish: NameRequest, by: Principal, lasting: timedelta) -> None:
    """Allow an approved action, repeatedly for some time; each use is recorded.

    Raises:
        RefusedError: There is no approval, or it has expired.
    """
    row = None if by.is_alone else _running(chain, wish, by, lasting)
    if row is None:
        granted(chain, wish, by)
        return
    with chain.recording(_act(_approved(wish, row), by, wish.action)):
        return


def _running(
    chain: Chain, wish: NameRequest, by: Principal, lasting: timedelta
) -> RequestRow | None:
    """Return their request for the same that was approved, and used not long ago."""
    now = datetime.now(UTC)
    for row in _requests(chain, wish, by):
        used = row["used_time"]
        is_used = used and row["approved_by"] is not None
        if used and is_used and now - datetime.fromisoformat(used) <= lasting:
            return row
    return None


def _approved(wish: NameRequest, row: RequestRow) -> NameRequest:
    """Return a wish with the reason that was approved, ahead of another one."""
    if wish.reason == row["reason"]:
        return wish
    return replace(wish, reason=f"{row['reason']} (given again as: {wish.reason})")


def approve(chain: Chain, request_id: str, by: Principal, is_same: IsSame) -> RequestRow:
    """Approve what another person asked for; the request.

    Raises:
        SettingsError: There is no such request that still waits.
        RefusedError: They asked for it themselves.
    """
    return _answered(chain, request_id, by, is_same, "approve", "")


def refuse(
    chain: Chain, request_id: str, reason: str, by: Principal, is_same: IsSame
) -> RequestRow:
    """Refuse what another person asked for, for good; the request.

    Raises:
        SettingsError: There is no such request that still waits.
        RefusedError: They asked for it themselves.
    """
    return _answered(chain, request_id, by, is_same, "refuse", reason)


def _answered(
    chain: Chain, request_id: str, by: Principal, is_same: IsSame, answer: str, reason: str
) -> RequestRow:
    row = next(iter(requests(chain.store, request_id=request_id)), None)
    if row is None or not is_waiting(row):
        raise SettingsError(
            f"no request {request_id} waits for approval",
            remedy="It may have been answered, or be older than 24 hours: ask again.",
        )
    if is_own_request(row, by, is_same):
        raise RefusedError("no one approves their own request", where=request_id)
    act = Act(
        actor=str(by),
        action=f"{answer} {row['action']}",
        subject=request_id,
        case=row["case_id"],
        reason=reason or row["reason"],
    )
    now = now_text()
    # who refuses uses the request up: it was answered, and gives nothing
    answered = (
        {"approved_by": by.uid, "approved_time": now} if answer == "approve" else {"used_time": now}
    )
    with chain.recording(act) as transaction:
        change_request(transaction, request_id, **answered)
    return row


def is_own_request(row: RequestRow, by: Principal, is_same: IsSame) -> bool:
    """Return whether a person asked for it themselves, however they signed in then."""
    login = row["asked_login"]  # none in a request of an earlier version
    return by.is_same(row["asked_by"]) or bool(login and is_same(login, by.user_name))


def is_waiting(row: RequestRow) -> bool:
    """Return whether a request is unanswered and has not expired."""
    return row["approved_by"] is None and row["used_time"] is None and _is_fresh(row)


def is_approved(row: RequestRow) -> bool:
    """Return whether a request was approved, was not performed, and has not expired."""
    return row["approved_by"] is not None and row["used_time"] is None and _is_fresh(row)


def _open(chain: Chain, wish: NameRequest, by: Principal) -> RequestRow | None:
    """Return the newest valid request of this user for the same thing."""
    unused = [row for row in _requests(chain, wish, by) if row["used_time"] is None]
    return next((row for row in unused if _is_fresh(row)), None)


def _requests(chain: Chain, wish: NameRequest, by: Principal) -> Sequence[RequestRow]:
    """Return their requests for the same thing, the newest first."""
    return requests(
        chain.store, action=wish.action, case_id=wish.case_id, subject=wish.subject, asked_by=by.uid
    )


def _is_fresh(row: RequestRow) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(row["asked_time"]) <= VALID


def _ask(chain: Chain, wish: NameRequest, by: Principal) -> str:
    request_id = f"r-{secrets.token_hex(4)}"
    with chain.recording(_act(wish, by, f"ask {wish.action}")) as transaction:
        request = {
            "request_id": request_id,
            "action": wish.action,
            "case_id": wish.case_id,
            "reason": wish.reason,
            "subject": wish.subject,
            "asked_by": by.uid,
            "asked_login": by.user_name,
        }
        add_request(transaction, request)
    return request_id


def _act(wish: NameRequest, by: Principal, action: str) -> Act:
    return Act(
        actor=str(by),
        action=action,
        subject=wish.subject or wish.case_id,
        case=wish.case_id,
        reason=wish.reason,
    )
