"""Actions on cases, findings and weeks: verdicts, assignments, approvals, signatures."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.actions.action import (
    ANY_CASE,
    CASE,
    IN_YOUR_WORDS,
    QUEUE,
    REASON,
    Action,
    Parameter,
    Result,
    Values,
)
from pipelines.actions.context import ActionContext
from pipelines.actions.names import names_in
from pipelines.actions.request_mail import request_words
from pipelines.errors import SettingsError, safe
from pipelines.findings import review
from pipelines.findings.cases import Case
from pipelines.findings.review import VERDICT_WORDS, VERDICTS, Verdict
from pipelines.findings.rule_quality import IS_CONFIRMED
from pipelines.reports.sign_off import Signature, open_cases, shown, sign_week, week_monday
from pipelines.state.audit import Act
from pipelines.state.findings import OPEN
from pipelines.state.reviews import add_comment, put_ticket
from pipelines.state.rows import FindingRow, RequestRow

MAX_TOGETHER = 50
"""Cases that one verdict may cover."""
MAX_COMMENT = 600
TICKET = re.compile(r"[A-Za-z0-9#][A-Za-z0-9._#/-]{0,39}")
ONE_ACCOUNT = (
    "a verdict of violation or security_incident covers only one account or device at a time; "
    "these cases are about several"
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
    if code in IS_CONFIRMED and not is_one_account(found):
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
        count = len(
            open_cases(
                context.district.store,
                context.district.home,
                context.district.reading,
                week_monday(week),
            )
        )
        if count != confirmed:
            cases = "1 case is" if count == 1 else f"{count} cases are"
            raise SettingsError(
                f"{cases} open in {week}; the week is not signed",
                where="WEEK",
                remedy="Open the page again and confirm that number, or decide the cases first.",
            )
    return sign_week(
        context.district.store,
        context.district.home,
        context.district.reading,
        context.chain,
        week,
        by,
        context.asker,
    )


ALL = "all"
"""The choice of every open finding of a case."""
SEVERAL = "case."
"""Prefix of the fields of a form about several cases."""


def word(code: str) -> str:
    """Return a code as people read it."""
    return code.replace("_", " ")


def revisions_of(values: Values) -> dict[str, str]:
    """Return the cases of a form about several, each with the revision that its page showed."""
    return {
        name.removeprefix(SEVERAL): value
        for name, value in values.items()
        if name.startswith(SEVERAL)
    }


def _outcome(code: str, verb: str) -> str:
    """Return what a verdict does: one that decides nothing leaves a case open."""
    if VERDICTS[code] == OPEN:
        return f"{'stays' if verb == 'is' else 'stay'} open: {word(code)}"
    return f"{verb} decided: {word(code)}"


def _more(chosen: Sequence[FindingRow]) -> str:
    return f" ({len(chosen)} findings)" if len(chosen) > 1 else ""


def _verdict(context: ActionContext, values: Values) -> Result:
    about, code, reason = values["case"], values["code"], values["reason"]
    is_command, subject = "again" in values, values.get("subject") or ALL
    # a page is about a case; a command may name a finding instead
    case = context.find_case(about) if is_command else context.case(about)
    if case and subject not in (ALL, *(row["finding_id"] for row in case.findings)):
        raise SettingsError(f"{subject} is not a finding of case {case.label}")
    chosen = verdict(
        context,
        about if subject == ALL else subject,
        code,
        reason,
        is_again=bool(values["again"]) if is_command else True,
    )
    label = case.label if case else about
    what = label if subject == ALL else f"one finding of {label}"
    return Result(
        f"{what} {_outcome(code, 'is')}{_more(chosen)}.",
        {
            "subject_id": about,
            "finding_ids": [row["finding_id"] for row in chosen],
            "verdict": code,
            "reason": reason.strip(),
        },
        (f"{about}: {code}, {VERDICTS[code]}{_more(chosen)}",),
        decided=(case.case_id,) if case else (),
    )


def _verdict_many(context: ActionContext, values: Values) -> Result:
    ids = tuple(revisions_of(values))
    chosen = verdict_many(context, ids, values["code"], values["reason"])
    is_one, code = len(ids) == 1, values["code"]
    cases = "1 case" if is_one else f"{len(ids)} cases"
    said = f"{cases} {_outcome(code, 'is' if is_one else 'are')} ({len(chosen)} findings)."
    return Result(said, decided=ids)


def _undo(context: ActionContext, values: Values) -> Result:
    ids = values["cases"].split()
    undone = undo(context, ids)
    labels = [context.case(one).label for one in ids]
    cases = labels[0] if len(labels) == 1 else f"{len(labels)} cases"
    return Result(
        f"Undone: the verdict on {cases}{_more(undone)}.",
        {"case_id": values["cases"], "finding_ids": [row["finding_id"] for row in undone]},
        (f"{values['cases']}: verdict undone",),
        back=f"/cases/{ids[0]}" if len(ids) == 1 else "",
    )


def _comment(context: ActionContext, values: Values) -> Result:
    row = comment(context, values["case"], values["text"])
    facts = {"case_id": row["case_id"], "comment_id": row["comment_id"]}
    return Result("The comment is saved.", facts, (f"{values['case']}: comment saved",))


def _ticket(context: ActionContext, values: Values) -> Result:
    row = ticket(context, values["case"], values["ticket"])
    said = f"Ticket: {row['ticket']}." if row["ticket"] else "The ticket is removed."
    return Result(said, row, (f"{values['case']}: {row['ticket'] or 'no ticket'}",))


def _assign(context: ActionContext, values: Values) -> Result:
    who = values["assignee"].strip()
    if not who:
        raise SettingsError("no names are shown", where="Assign to")
    assign(context, values["case"], who, values["reason"])
    facts = {"subject_id": values["case"], "assignee": who}
    return Result(f"Assigned to {who}.", facts, (f"{values['case']}: {who}",))


def _answered(context: ActionContext, done: str, row: RequestRow) -> Result:
    case = context.find_case(str(row["case_id"]))
    about = f"case {case.label}" if case else row["case_id"]
    what = f"{row['action']} {row['subject'] or ''}".strip()
    return Result(
        f"{done}: {request_words(row).lower()}, {about}.",
        {name: row[name] for name in ("request_id", "action", "case_id")},
        (safe(f"{done.lower()}: {what} of case {row['case_id']}, because: {row['reason']}"),),
    )


def _approve(context: ActionContext, values: Values) -> Result:
    return _answered(context, "Approved", approve(context, values["request"]))


def _refuse(context: ActionContext, values: Values) -> Result:
    return _answered(context, "Refused", refuse(context, values["request"], values["reason"]))


def _sign(context: ActionContext, values: Values) -> Result:
    week, seen = values["week"], values.get("open")
    count = None  # only a page shows how many cases are open
    if seen is not None:
        count = int(seen) if seen.isascii() and seen.isdecimal() else 0
    signed = sign(context, week, values["by"], count)
    line = (
        f"{week}: signed by {signed.by}, revision {signed.revision}, with {signed.waiting} cases "
        "waiting for a decision"
    )
    return Result(
        f"{week} is signed by {signed.by}.",
        shown(signed),
        (line, "To show it on the page: schoolbell report"),
    )


SUBJECT = replace(CASE, option="subject_id", help="ID of a case or a finding.")
CODE = Parameter("code", "Verdict", "radio", VERDICT_WORDS, option="code")
REQUEST = Parameter(
    "request", kind="hidden", option="request_id", help="ID that the request printed."
)
VERDICT = Action(
    name="verdict",
    command="findings verdict",
    right="verdict",
    title="Decide",
    button="Record the verdict",
    act=_verdict,
    parameters=(
        SUBJECT,
        QUEUE,
        Parameter("subject", "Decide about", "choice", {ALL: "All open findings"}, is_needed=False),
        CODE,
        IN_YOUR_WORDS,
        Parameter(
            "again",
            kind="check",
            is_needed=False,
            is_field=False,
            option="--again",
            help="Replace an earlier verdict.",
        ),
    ),
    summary="""Record a verdict on a case, or on one finding; the last one counts.

    A verdict on a case applies to each of its findings that no one has decided, or with
    --again on all of them where each is decided; all verdicts are kept.
    """,
)
VERDICT_MANY = Action(
    name="verdict-many",
    command="findings verdict",
    right="verdict",
    title="Decide these cases",
    button="Record for all of them",
    act=_verdict_many,
    about="",
    back="/",
    parameters=(QUEUE, CODE, REASON),
)
UNDO = Action(
    name="undo",
    command="findings undo",
    right="verdict",
    title="Undo the verdict",
    button="Undo",
    act=_undo,
    about="",
    back="/",
    parameters=(replace(ANY_CASE, name="cases"), QUEUE),
    summary="""Undo your newest verdict on a case, within ten minutes.

    An earlier verdict counts again; without one, the case is undecided. The history keeps both.
    """,
)
COMMENT = Action(
    name="comment",
    command="findings comment",
    right="evidence",
    title="Add a comment",
    button="Save the comment",
    act=_comment,
    parameters=(
        ANY_CASE,
        QUEUE,
        Parameter(
            "text",
            "Comment",
            "area",
            hint="Everyone who sees the case can read this. Do not name anyone.",
            option="--text",
            help="The comment, without names.",
        ),
    ),
    summary="Add a comment to a case; everyone who reads the case can see it.",
)
TICKET_NUMBER = Action(
    name="ticket",
    command="findings ticket",
    right="verdict",
    title="Ticket number",
    button="Save the number",
    act=_ticket,
    parameters=(
        ANY_CASE,
        QUEUE,
        Parameter(
            "ticket",
            "Number in your ticket system",
            is_needed=False,
            hint="Such as NET-1042. Empty removes it.",
            option="number",
            help="Number of its ticket; empty removes it.",
        ),
    ),
    summary="Store the number of a case's ticket in your ticket system.",
)
ASSIGN = Action(
    name="assign",
    command="findings assign",
    right="assign",
    title="Assign",
    button="Assign",
    act=_assign,
    parameters=(
        SUBJECT,
        Parameter(
            "assignee",
            "Login of the person",
            option="assignee",
            help="Login of the person responsible.",
        ),
        Parameter(
            "reason", "Why, if needed", is_needed=False, option="--reason", help="Why, if needed."
        ),
    ),
    summary="Assign a finding or a case.",
)
APPROVE = Action(
    name="approve",
    command="findings approve",
    right="approve",
    title="Approve",
    button="Approve",
    act=_approve,
    about="request",
    parameters=(REQUEST,),
    back="/requests",
    summary="Approve another person's request, as a second person.",
)
REFUSE = Action(
    name="refuse",
    command="findings refuse",
    right="approve",
    title="Refuse",
    button="Refuse",
    act=_refuse,
    about="request",
    parameters=(REQUEST, IN_YOUR_WORDS),
    back="/requests",
    summary="Refuse another person's request, as a second person; they may ask again.",
)
SIGN = Action(
    name="sign",
    command="report sign",
    right="sign",
    title="Sign the week",
    button="Sign",
    act=_sign,
    about="",
    parameters=(
        Parameter("week", kind="hidden", option="week", help="ISO week, such as 2026-W45."),
        Parameter(
            "by",
            "Your name and office",
            option="--by",
            help="Name and office, as printed in the report.",
        ),
        Parameter("open", kind="confirm", is_needed=False),
    ),
    back="/weeks",
    summary="Sign a week's report as reviewed; recorded permanently.",
)
ACTIONS = (
    VERDICT, VERDICT_MANY, UNDO, COMMENT, TICKET_NUMBER, ASSIGN, APPROVE, REFUSE, SIGN,
)  # fmt: skip
