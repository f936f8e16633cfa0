"""Actions on cases, findings and weeks: verdicts, assignments, approvals, signatures."""

import re
import secrets
from collections.abc import Mapping, Sequence

from pipelines.actions.context import ActionContext
from pipelines.actions.names import names_in
from pipelines.errors import SettingsError
from pipelines.findings import review
from pipelines.findings.cases import Case
from pipelines.findings.review import Verdict
from pipelines.reports.sign_off import Signature, open_cases, sign_week, week_monday
from pipelines.state.audit import Act
from pipelines.state.reviews import add_comment, put_ticket
from pipelines.state.rows import FindingRow, RequestRow

MAX_TOGETHER = 50
"""Cases that one verdict may cover."""
MAX_COMMENT = 600
TICKET = re.compile(r"[A-Za-z0-9#][A-Za-z0-9._#/-]{0,39}")
VIOLATION = "violation"
ONE_ACCOUNT = (
    "a verdict of violation covers only one account or device at a time; these cases are about "
    "several"
)


def verdict(
    context: ActionContext, subject_id: str, code: str, reason: str, *, is_again: bool
) -> Sequence[FindingRow]:
    """Record a verdict on a case or on one finding; return the findings it is about.

    Args:
        is_again: The person knows of an earlier verdict, and replaces it.
    """
    context.require("verdict")
    decision = Verdict(code, reason.strip())
    chosen = to_decide(context, subject_id)
    review.decide(
        context.chain,
        chosen,
        decision,
        context.asker,
        context.is_own,
        is_again=is_again,
    )
    return chosen


def verdict_many(
    context: ActionContext, case_ids: Sequence[str], code: str, reason: str
) -> Sequence[FindingRow]:
    """Record one verdict on several cases: on all of them, or none.

    Raises:
        SettingsError: They do not belong together.
    """
    context.require("verdict")
    decision = Verdict(code, reason.strip())
    found = [context.case(case_id) for case_id in dict.fromkeys(case_ids)]
    require_alike(found)
    if code == VIOLATION and not is_one_account(found):
        raise SettingsError(
            ONE_ACCOUNT,
            where="verdict",
            remedy="Select the cases of one account or device, or open each case by itself.",
        )
    chosen = [row for case in found for row in to_decide(context, case.case_id)]
    review.decide(context.chain, chosen, decision, context.asker, context.is_own)
    return chosen


def subjects_of(case: Case) -> frozenset[str]:
    """Return the accounts and devices that the counted findings of a case are about."""
    return frozenset(str(row["subject"]) for row in case.counted)


def is_one_account(found: Sequence[Case]) -> bool:
    """Return whether cases are about one account or device; a case by itself always counts."""
    return len(found) == 1 or len(frozenset().union(*map(subjects_of, found))) == 1


def require_alike(found: Sequence[Case]) -> None:
    """Raise an error unless cases have one account or device, one rule, or one kind and week.

    Raises:
        SettingsError: They are not, or there are none or too many.
    """
    if not 1 <= len(found) <= MAX_TOGETHER:
        raise SettingsError(f"select 1 to {MAX_TOGETHER} cases")
    subjects = frozenset().union(*map(subjects_of, found))
    kinds = {(case.heaviest["kind"], case.week) for case in found}
    rules = {case.heaviest["rule"] for case in found}
    if len(subjects) > 1 and len(kinds) > 1 and len(rules) > 1:
        raise SettingsError(
            "these cases have too little in common for one verdict",
            remedy="Select cases of one account, one device, one rule, or one kind in one week.",
        )


def undo(context: ActionContext, case_ids: Sequence[str]) -> Sequence[FindingRow]:
    """Undo the user's newest verdict on cases, within ten minutes; return the findings."""
    context.require("verdict")
    found = [context.case(case_id) for case_id in dict.fromkeys(case_ids)]
    return review.undo(context.chain, [case.findings for case in found], context.asker)


def comment(context: ActionContext, case_id: str, text: str) -> Mapping[str, object]:
    """Add a comment to a case, which everyone who reads the case can see.

    Raises:
        SettingsError: It is empty, too long, or contains a name.
    """
    context.require("evidence")
    case, words = context.case(case_id), " ".join(text.split())
    if not 1 <= len(words) <= MAX_COMMENT:
        raise SettingsError(f"a comment has 1 to {MAX_COMMENT} characters", where="--text")
    if names_in(context, case, words):
        raise SettingsError(
            "the comment names an account, a device or a person",
            where="--text",
            remedy="Everyone who sees the case can read it: write code names, or none.",
        )
    row = {
        "comment_id": f"n-{secrets.token_hex(4)}",
        "case_id": case.case_id,
        "text": words,
        "actor": str(context.asker),
    }
    act = Act(
        actor=row["actor"],
        action="comment",
        subject=row["comment_id"],
        reason=words,
        case=case.case_id,
    )
    with context.chain.recording(act) as transaction:
        add_comment(transaction, row)
    return row


def ticket(context: ActionContext, case_id: str, number: str) -> Mapping[str, str]:
    """Store the number of a case's ticket in another system; empty removes it.

    Raises:
        SettingsError: It is not a number of a ticket, or it contains a name.
    """
    context.require("verdict")
    case, word = context.case(case_id), number.strip()
    if word and not TICKET.fullmatch(word):
        raise SettingsError(
            f"{word!r} is not a ticket number",
            where="NUMBER",
            remedy="Use letters, digits, and . _ # / -, at most 40, such as NET-1042.",
        )
    if word and names_in(context, case, word):
        raise SettingsError("the ticket number contains a name", where="NUMBER")
    act = Act(
        actor=str(context.asker),
        action="ticket",
        subject=case.case_id,
        reason=word or "removed",
        case=case.case_id,
    )
    with context.chain.recording(act) as transaction:
        put_ticket(transaction, case.case_id, word, act.actor)
    return {"case_id": case.case_id, "ticket": word}


def to_decide(context: ActionContext, subject_id: str) -> list[FindingRow]:
    """Return the findings of a verdict on a case or on one finding.

    Raises:
        SettingsError: The case or finding does not exist.
    """
    if case := context.find_case(subject_id):
        return list(case.undecided or case.counted)
    return [context.finding(subject_id)[1]]


def assign(context: ActionContext, subject_id: str, assignee: str, reason: str = "") -> None:
    """Assign a finding or a case."""
    context.require("assign")
    review.assign(context.chain, subject_id, assignee, context.asker, reason)


def approve(context: ActionContext, request_id: str) -> RequestRow:
    """Approve another person's request, as a second person; return the request."""
    context.require("approve")
    return review.approve(context.chain, request_id, context.asker, context.people.is_same)


def refuse(context: ActionContext, request_id: str, reason: str) -> RequestRow:
    """Refuse another person's request, as a second person; return the request."""
    context.require("approve")
    why = review.required_reason(reason)
    return review.refuse(context.chain, request_id, why, context.asker, context.people.is_same)


def sign(context: ActionContext, week: str, by: str, confirmed: int | None = None) -> Signature:
    """Sign a week's report as reviewed.

    Args:
        confirmed: The number of open cases that the signer confirmed; None to accept any.

    Raises:
        SettingsError: Another number of cases is open.
    """
    context.require("sign")
    if confirmed is not None:
        count = len(open_cases(context.district, week_monday(week)))
        if count != confirmed:
            cases = "1 case is" if count == 1 else f"{count} cases are"
            raise SettingsError(
                f"{cases} open in {week}; the week is not signed",
                where="WEEK",
                remedy="Open the page again and confirm that number, or decide the cases first.",
            )
    return sign_week(context.district, context.chain, week, by, context.asker)
