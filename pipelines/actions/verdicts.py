"""Actions on cases, findings and weeks: verdicts, assignments, approvals, signatures."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from pydantic import ConfigDict, field_validator

from pipelines.actions.action import (
    HIDDEN,
    AnyCase,
    Form,
    Input,
    OwnWords,
    Queue,
    Reason,
    Result,
    action,
)
from pipelines.actions.context import ActionContext
from pipelines.actions.names import names_in
from pipelines.actions.request_mail import request_words
from pipelines.errors import SettingsError, safe
from pipelines.findings import review
from pipelines.findings.cases import Case
from pipelines.findings.review import VERDICT_WORDS, VERDICTS, Verdict
from pipelines.findings.rule_quality import IS_CONFIRMED
from pipelines.reports.sign_off import open_cases, shown, sign_week, week_monday
from pipelines.state.audit import Act
from pipelines.state.findings import OPEN
from pipelines.state.reviews import add_comment
from pipelines.state.rows import FindingRow, RequestRow

ALL = "all"
"""The choice of every open finding of a case."""
SEVERAL = "case."
"""Prefix of the fields of a form about several cases."""
MAX_TOGETHER = 50
"""Cases that one verdict may cover."""
MAX_COMMENT = 600
ONE_ACCOUNT = (
    "a verdict of violation or security_incident covers only one account or device at a time; "
    "these cases are about several"
)
SubjectId = Annotated[
    str, HIDDEN, typer.Argument(metavar="subject_id", help="ID of a case or a finding.")
]
Code = Annotated[
    str, Form("Verdict", "radio", VERDICT_WORDS, is_closed=False), typer.Argument(metavar="code")
]
RequestId = Annotated[
    str, HIDDEN, typer.Argument(metavar="request_id", help="ID that the request printed.")
]


class VerdictInput(Input):
    """A verdict on a case, or on one finding."""

    case: SubjectId
    queue: Queue = ""
    subject: Annotated[
        str, Form("Decide about", "choice", {ALL: "All open findings"}, is_closed=False)
    ] = ALL
    code: Code
    reason: OwnWords
    again: Annotated[bool, typer.Option("--again", help="Replace an earlier verdict.")] = False


@action(
    command="findings verdict",
    right="verdict",
    title="Decide",
    button="Record the verdict",
    case_rank=1,
    is_deciding=True,
)
def verdict(context: ActionContext, given: VerdictInput) -> Result:
    """Record a verdict on a case, or on one finding; the last one counts.

    A verdict on a case applies to each of its findings that no one has decided, or with
    --again on all of them where each is decided; all verdicts are kept.
    """
    # a page is about a case, and shows its earlier verdicts; a command may name a finding
    case = context.case(given.case) if context.is_page else context.find_case(given.case)
    is_whole = given.subject == ALL
    if case and not is_whole and given.subject not in {row["finding_id"] for row in case.findings}:
        raise SettingsError(f"{given.subject} is not a finding of case {case.label}")
    findings = to_decide(context, given.case if is_whole else given.subject)
    review.decide(
        context.chain,
        findings,
        Verdict(given.code, given.reason.strip()),
        context.asker,
        context.is_own,
        is_again=given.again or context.is_page,
    )
    label = case.label if case else given.case
    what = label if is_whole else f"one finding of {label}"
    return Result(
        f"{what} {_outcome(given.code, 'is')}{_more(findings)}.",
        {
            "subject_id": given.case,
            "finding_ids": [row["finding_id"] for row in findings],
            "verdict": given.code,
            "reason": given.reason.strip(),
        },
        (f"{given.case}: {given.code}, {VERDICTS[given.code]}{_more(findings)}",),
        decided=(case.case_id,) if case else (),
    )


class VerdictManyInput(Input):
    """A verdict on several cases, each a field with the revision that the page showed."""

    model_config = ConfigDict(extra="allow")

    queue: Queue = ""
    code: Code
    reason: Reason


@action(
    name="verdict-many",
    of_command="findings verdict",
    right="verdict",
    title="Decide these cases",
    button="Record for all of them",
    back="/",
    is_deciding=True,
)
def verdict_many(context: ActionContext, given: VerdictManyInput) -> Result:
    """Record one verdict on several cases: on all of them, or none."""
    ids = tuple(revisions_of(given.model_extra or {}))
    cases = [context.case(case_id) for case_id in ids]
    require_alike(cases)
    if given.code in IS_CONFIRMED and not is_one_account(cases):
        raise SettingsError(
            ONE_ACCOUNT,
            where="verdict",
            remedy="Select the cases of one account or device, or open each case by itself.",
        )
    findings = [row for case in cases for row in to_decide(context, case.case_id)]
    decision = Verdict(given.code, given.reason.strip())
    review.decide(context.chain, findings, decision, context.asker, context.is_own)
    outcome = _outcome(given.code, "is" if len(ids) == 1 else "are")
    count = "1 case" if len(ids) == 1 else f"{len(ids)} cases"
    return Result(f"{count} {outcome} ({len(findings)} findings).", decided=ids)


def revisions_of(sent: Mapping[str, str]) -> dict[str, str]:
    """Return the cases of a form about several, each with the revision that its page showed."""
    return {
        name.removeprefix(SEVERAL): text for name, text in sent.items() if name.startswith(SEVERAL)
    }


def subjects_of(case: Case) -> frozenset[str]:
    """Return the accounts and devices that the counted findings of a case are about."""
    return frozenset(str(row["subject"]) for row in case.counted)


def is_one_account(cases: Sequence[Case]) -> bool:
    """Return whether cases are about one account or device; a case by itself always counts."""
    return len(cases) == 1 or len(frozenset().union(*map(subjects_of, cases))) == 1


def require_alike(cases: Sequence[Case]) -> None:
    """Raise an error unless cases have one account or device, one rule, or one kind and week.

    Raises:
        SettingsError: They are not, or there are none or too many.
    """
    if not 1 <= len(cases) <= MAX_TOGETHER:
        raise SettingsError(f"select 1 to {MAX_TOGETHER} cases")
    subjects = frozenset().union(*map(subjects_of, cases))
    kinds = {(case.heaviest["kind"], case.week) for case in cases}
    rules = {case.heaviest["rule"] for case in cases}
    if len(subjects) > 1 and len(kinds) > 1 and len(rules) > 1:
        raise SettingsError(
            "these cases have too little in common for one verdict",
            remedy="Select cases of one account, one device, one rule, or one kind in one week.",
        )


def to_decide(context: ActionContext, subject_id: str) -> list[FindingRow]:
    """Return the findings of a verdict on a case or on one finding.

    Raises:
        SettingsError: The case or finding does not exist.
    """
    if case := context.find_case(subject_id):
        return list(case.undecided or case.counted)
    return [context.finding(subject_id)[1]]


def word(code: str) -> str:
    """Return a code as people read it."""
    return code.replace("_", " ")


def _outcome(code: str, verb: str) -> str:
    """Return what a verdict does: one that decides nothing leaves a case open."""
    if VERDICTS[code] == OPEN:
        return f"{'stays' if verb == 'is' else 'stay'} open: {word(code)}"
    return f"{verb} decided: {word(code)}"


def _more(findings: Sequence[FindingRow]) -> str:
    return f" ({len(findings)} findings)" if len(findings) > 1 else ""


class UndoInput(Input):
    """Cases whose newest verdict is undone, separated by spaces."""

    cases: AnyCase
    queue: Queue = ""


@action(command="findings undo", right="verdict", title="Undo the verdict", button="Undo", back="/")
def undo(context: ActionContext, given: UndoInput) -> Result:
    """Undo your newest verdict on a case, within ten minutes.

    An earlier verdict counts again; without one, the case is undecided. The history keeps both.
    """
    ids = given.cases.split()
    cases = [context.case(case_id) for case_id in dict.fromkeys(ids)]
    undone = review.undo(context.chain, [case.findings for case in cases], context.asker)
    label = cases[0].label if len(ids) == 1 else f"{len(ids)} cases"
    return Result(
        f"Undone: the verdict on {label}{_more(undone)}.",
        {"case_id": given.cases, "finding_ids": [row["finding_id"] for row in undone]},
        (f"{given.cases}: verdict undone",),
        back=f"/cases/{ids[0]}" if len(ids) == 1 else "",
    )


class CommentInput(Input):
    """A comment on a case."""

    case: AnyCase
    queue: Queue = ""
    text: Annotated[
        str,
        Form(
            "Comment", "area", hint="Everyone who sees the case can read this. Do not name anyone."
        ),
        typer.Option("--text", help="The comment, without names."),
    ]


@action(
    command="findings comment",
    right="evidence",
    title="Add a comment",
    button="Save the comment",
    case_rank=2,
)
def comment(context: ActionContext, given: CommentInput) -> Result:
    """Add a comment to a case; everyone who reads the case can see it."""
    case, text = context.case(given.case), " ".join(given.text.split())
    if not 1 <= len(text) <= MAX_COMMENT:
        raise SettingsError(f"a comment has 1 to {MAX_COMMENT} characters", where="--text")
    if names_in(context, case, text):
        raise SettingsError(
            "the comment names an account, a device or a person",
            where="--text",
            remedy="Everyone who sees the case can read it: write code names, or none.",
        )
    row = {
        "comment_id": f"n-{secrets.token_hex(4)}",
        "case_id": case.case_id,
        "text": text,
        "actor": str(context.asker),
    }
    act = Act(
        actor=row["actor"],
        action="comment",
        subject=row["comment_id"],
        reason=text,
        case=case.case_id,
    )
    with context.chain.recording(act) as transaction:
        add_comment(transaction, row)
    facts = {"case_id": row["case_id"], "comment_id": row["comment_id"]}
    return Result("The comment is saved.", facts, (f"{given.case}: comment saved",))


class AssignInput(Input):
    """The person who is responsible for a case or a finding."""

    case: SubjectId
    assignee: Annotated[
        str,
        Form("Login of the person"),
        typer.Argument(metavar="assignee", help="Login of the person responsible."),
    ]
    reason: Annotated[
        str, Form("Why, if needed"), typer.Option("--reason", help="Why, if needed.")
    ] = ""


@action(command="findings assign", right="assign", button="Assign", case_rank=4)
def assign(context: ActionContext, given: AssignInput) -> Result:
    """Assign a finding or a case."""
    login = given.assignee.strip()
    if not login:
        raise SettingsError("no names are shown", where="Assign to")
    review.assign(context.chain, given.case, login, context.asker, given.reason)
    facts = {"subject_id": given.case, "assignee": login}
    return Result(f"Assigned to {login}.", facts, (f"{given.case}: {login}",))


class ApproveInput(Input):
    """A request that a second person approves."""

    request: RequestId


class RefuseInput(Input):
    """A request that a second person refuses."""

    request: RequestId
    reason: OwnWords


@action(command="findings approve", right="approve", button="Approve", back="/requests")
def approve(context: ActionContext, given: ApproveInput) -> Result:
    """Approve another person's request, as a second person."""
    is_same = context.people.is_same
    row = review.approve(context.chain, given.request, context.asker, is_same)
    return _answered(context, "Approved", row)


@action(command="findings refuse", right="approve", button="Refuse", back="/requests")
def refuse(context: ActionContext, given: RefuseInput) -> Result:
    """Refuse another person's request, as a second person; they may ask again."""
    reason, is_same = review.required_reason(given.reason), context.people.is_same
    row = review.refuse(context.chain, given.request, reason, context.asker, is_same)
    return _answered(context, "Refused", row)


def _answered(context: ActionContext, answer: str, row: RequestRow) -> Result:
    case = context.find_case(str(row["case_id"]))
    about = f"case {case.label}" if case else row["case_id"]
    what = f"{row['action']} {row['subject'] or ''}".strip()
    return Result(
        f"{answer}: {request_words(row).lower()}, {about}.",
        {name: row[name] for name in ("request_id", "action", "case_id")},
        (safe(f"{answer.lower()}: {what} of case {row['case_id']}, because: {row['reason']}"),),
    )


class SignInput(Input):
    """The signature of a week's report."""

    week: Annotated[str, HIDDEN, typer.Argument(metavar="week", help="ISO week, such as 2026-W45.")]
    by: Annotated[
        str,
        Form("Your name and office"),
        typer.Option("--by", help="Name and office, as printed in the report."),
    ]
    open: Annotated[int, Form(kind="confirm")] = 0

    @field_validator("open", mode="before")
    @classmethod
    def _number(cls, raw: object) -> object:
        """Return 0 for what is not a number, which no open case matches."""
        text = str(raw)
        return int(text) if text.isascii() and text.isdecimal() else 0


@action(command="report sign", right="sign", title="Sign the week", button="Sign", back="/weeks")
def sign(context: ActionContext, given: SignInput) -> Result:
    """Sign a week's report as reviewed; recorded permanently."""
    district, week = context.district, given.week
    stored = district.store, district.home, district.reading
    if context.is_page:  # only a page shows how many cases are open
        count = len(open_cases(*stored, week_monday(week)))
        if count != given.open:
            cases = "1 case is" if count == 1 else f"{count} cases are"
            raise SettingsError(
                f"{cases} open in {week}; the week is not signed",
                where="WEEK",
                remedy="Open the page again and confirm that number, or decide the cases first.",
            )
    signed = sign_week(*stored, context.chain, week, given.by, context.asker)
    line = (
        f"{week}: signed by {signed.by}, revision {signed.revision}, with {signed.waiting} cases "
        "waiting for a decision"
    )
    return Result(
        f"{week} is signed by {signed.by}.",
        shown(signed),
        (line, "To show it on the page: schoolbell report"),
    )
