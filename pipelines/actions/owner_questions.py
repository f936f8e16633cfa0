"""Questions about a use: to the account's owner by a mailed link, or on paper.

A question shows the time and place of one finding, and no name or site. Its answer is a
statement in the case and decides nothing. A supervisor is asked on paper: the registry does not
contain who supervises whom, and a mail to one would contain a name. Questions are off until the
district's counsel approves them.
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import typer

from pipelines.actions.action import AnyCase, Form, Input, OwnWords, Result, action
from pipelines.actions.context import ActionContext
from pipelines.alerts.dispatch import send_to
from pipelines.alerts.message import request_message
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.review import not_oneself, required_reason
from pipelines.registry import canonical
from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.registry import building_names
from pipelines.registry.roster import USERS
from pipelines.reports.words import day_with_year, hours
from pipelines.settings.roles import Principal, number_of
from pipelines.state.alert_records import blank_message
from pipelines.state.asked_questions import (
    add_question,
    end_questions,
    note_mail,
    open_question,
    questions,
    take_answer,
)
from pipelines.state.audit import Act
from pipelines.state.connections import Transaction, fact, now_text, remember
from pipelines.state.findings import stored_evidence
from pipelines.state.reviews import add_statement
from pipelines.state.rows import FindingRow, QuestionRow, texts_in
from pipelines.warehouse.models import subject_kind

OWNER, SUPERVISOR = "owner", "supervisor"
ANSWERS: Mapping[str, Mapping[str, str]] = {
    OWNER: {
        "yes": "Yes, this was me",
        "no": "No, this was not me",
        "unsure": "I do not remember",
    },
    SUPERVISOR: {
        "yes": "Yes, this was the owner of the account",
        "no": "No, this was not the owner of the account",
        "unsure": "I do not know",
    },
}
"""The answers of each person who can be asked, in their words."""
ANY_ANSWER: Mapping[str, str] = {
    "yes": "Yes, this was the owner of the account",
    "no": "No, this was not the owner of the account",
    "unsure": "The person does not know, or does not remember",
}
BY: Mapping[str, str] = {OWNER: "the owner of the account", SUPERVISOR: "the supervisor"}
MAX_TEXT = 2_000
APPROVED = "questions_approved"
"""The fact of the state that remembers which approval the audit log has."""
MAIL = (
    "You need no account and no password. The link works once and shows only this question.",
    "Do not forward it: the answer would count as yours.",
    "Your answer is kept with the record. It decides nothing by itself.",
    "If you did not expect this mail, call your technology office before you open the link.",
)
WHY_MAIL = "You get this because the account is yours."
BY_LINK = Principal(number_of("link"), "link", (), way="question")
"""The actor of an answer by link: a reader of the mail."""


PAPER: Mapping[str, tuple[str, str, str]] = {
    OWNER: ("Was this you?", "your account", "You may also answer that you do not remember."),
    SUPERVISOR: (
        "Was this the owner of the account?",
        "the account of the person named above",
        "Answer from what you know, such as who was on duty or on leave. Do not ask the person.",
    ),
}
"""Question, account and instruction of the page to print for each person."""


class Paper(NamedTuple):
    """A question to print; a person writes the owner's name on it.

    Attributes:
        uses: A sentence for each use; empty without a single owner.
    """

    by: str
    question: str
    uses: list[str]
    instruction: str
    answers: list[str]


@dataclass(frozen=True)
class OpenQuestion:
    """A question as the page of its link shows it."""

    row: QuestionRow
    shown: str


def require_on(context: ActionContext) -> None:
    """Raise an error unless counsel approved questions.

    Raises:
        SettingsError: It has not, or from a later day on.
    """
    if not context.district.settings.questions.is_on(context.today):
        raise SettingsError(
            "questions to people are off until counsel approves them",
            where="district.toml: [questions]",
            remedy='Counsel sets approved_by = "NAME, OFFICE" and approved_on = YYYY-MM-DD.',
        )


def askable(context: ActionContext, case: Case) -> dict[str, FindingRow]:
    """Return the findings of a case that its account's owner can be asked about, by id."""
    return {row["finding_id"]: row for row in case.counted if not why_not(context, row)}


def why_not(context: ActionContext, row: FindingRow) -> str:
    """Return why the owner of a finding's account cannot be asked; empty if they can."""
    if subject_kind(row["rule"]) != "account":
        return "the case is about a device"
    account, then = str(row["subject"]), date.fromisoformat(row["event_date"])
    owner = context.owner_on(account, then)
    if owner is None or _is_shared(context, account, then):
        return "the account has no single owner"
    if context.is_student(row):
        return "the account belongs to a student"
    if context.owner_on(account, context.today) != owner or not _is_staff_today(context, owner):
        return "the owner has left, or no longer has the account"
    return ""


def _is_shared(context: ActionContext, account: str, when: date) -> bool:
    rows = _rows_on(context.district.registry.frames["accounts"].filter(account=account), when)
    return any(
        row["account_type"] not in (None, "person") or row["approved_shared"] for row in rows
    )


def _is_staff_today(context: ActionContext, person: str) -> bool:
    people = context.district.registry.frames["people"].filter(person_id=person)
    return any(row["is_staff"] for row in _rows_on(people, context.today))


def _rows_on(frame: pl.DataFrame, when: date) -> Iterator[dict[str, object]]:
    """Yield rows of the registry that are valid on a day."""
    first, last = pl.col("valid_from").fill_null(date.min), pl.col("valid_to").fill_null(date.max)
    yield from frame.filter(pl.lit(when).is_between(first, last)).iter_rows(named=True)


def _address(context: ActionContext, row: FindingRow) -> str:
    """Return the address of an account's owner in the roster, in the district's own domains.

    Raises:
        SettingsError: The roster has none.
    """
    owner = context.owner_on(str(row["subject"]), context.today)
    path = context.district.home.registry / USERS.name
    document = CsvDocument(path.read_bytes() if path.exists() else b"", USERS)
    address = ""
    for one in document.rows:
        if canonical.person(document.value(one, "sourcedId")) == owner:
            address = document.value(one, "email") or address
    account_domains = context.district.account_domains
    domains = {domain.casefold() for domain in (*account_domains.own, *account_domains.derived)}
    name, _, domain = address.rpartition("@")
    if not (name and domain.casefold() in domains and address.isprintable() and " " not in address):
        raise SettingsError(
            "the roster has no address of the owner in the district's domains",
            where=USERS.name,
            remedy="Let the supervisor ask on paper: the case has the page to print.",
        )
    return address


def shown_use(context: ActionContext, row: FindingRow, account: str = "your account") -> str:
    """Return what the log shows about a use, in words without a name, a site or a number."""
    (first, last), details = context.span(row), row["record"]["details"]
    codes = [*texts_in(details, "buildings"), str(details.get("building") or "")]
    codes += [
        str(line["event"].get("building") or "")
        for line in stored_evidence(context.district.store, {row["finding_id"]})
    ]
    names = building_names(context.district.registry)
    places = " and ".join(dict.fromkeys(names.get(code, code) for code in codes if code))
    when = f"{day_with_year(first.date())}, from {hours(first, last)}"
    return f"On {when}, {account} was in use{f' at {places}' if places else ''}."


def paper(context: ActionContext, case: Case, by: str) -> Paper:
    """Return the question of a case to print, for the owner or the supervisor.

    Raises:
        SettingsError: Questions are off, or neither of them is meant.
    """
    context.require("refer")
    require_on(context)
    if by not in PAPER:
        raise SettingsError(f"there is no {by!r}", where="--for", remedy=f"Use: {', '.join(PAPER)}")
    question, account, instruction = PAPER[by]
    uses = [shown_use(context, row, account) for row in askable(context, case).values()]
    return Paper(by, question, uses, instruction, list(ANSWERS[by].values()))


class AskInput(Input):
    """A finding about which the owner of its account is asked."""

    case: AnyCase
    finding: Annotated[
        str,
        Form("About", "choice"),
        typer.Option("--finding", help="ID of a finding; by default, the heaviest."),
    ] = ""
    reason: OwnWords


@action(
    command="questions ask",
    right="refer",
    title="Ask the owner by mail",
    button="Send the question",
    hint="If another person uses this account, that person may read its mail too. Then let the "
    "supervisor ask on paper.",
)
def ask(context: ActionContext, given: AskInput) -> Result:
    """Mail "Was this you?" to the owner of an account; the link works once.

    Example: schoolbell questions ask 46-17 --reason "leave record may be wrong"
    """
    require_on(context)
    case, why = context.case(given.case), required_reason(given.reason)
    for one in case.findings:
        not_oneself(one, context.is_own)
    row = _chosen(context, case, given.finding)
    desk, settings = context.district.settings.desk.address, context.district.settings.questions
    if not desk:
        raise SettingsError(
            "a link needs the address of the desk",
            where="district.toml: [desk] address",
            remedy="Set it, or let the supervisor ask on paper.",
        )
    to, token = _address(context, row), secrets.token_urlsafe(32)
    expires = datetime.now(UTC) + timedelta(days=settings.days)
    question = QuestionRow(
        question_id=f"k-{secrets.token_hex(4)}",
        case_id=case.case_id,
        finding_id=row["finding_id"],
        token_sha256=hash_of(token),
        asked_by=str(context.asker),
        asked_time=now_text(),
        expires_time=now_text(expires),
        sent_time=None,
        failed_time=None,
        answered_time=None,
        answer=None,
        ended_time=None,
        ended_by=None,
    )
    act = _act(context, "question asked", question, f"the owner by mail: {why}")
    with _recording(context, act) as transaction:
        add_question(transaction, question)
    shown, link = shown_use(context, row), f"{desk}/question/{token}"
    last = day_with_year(expires.astimezone(ZoneInfo(context.district.zone)).date())
    name = context.district.settings.district.name

    def mail(now: ActionContext) -> bool:
        lines = [f"{name} has a question about the use of your account.", "", shown,
                 "", "Was this you?", "", f"Answer by {last}: {link}", "", *MAIL]  # fmt: skip
        message = request_message(
            question["question_id"], "Schoolbell: a question about your account", lines, WHY_MAIL
        )
        district = now.district
        alerts = district.settings.alerts.model_copy(update={"recipients": (to,)})
        limited = district.settings.model_copy(update={"alerts": alerts})
        is_sent = send_to(district.store, district.home, limited, message, [to])
        # the link is in the mail, and stays nowhere else
        with district.store.writing() as transaction:
            blank_message(transaction, message.key)
            note_mail(transaction, question["question_id"], is_sent=is_sent)
        return is_sent

    facts = {
        "question_id": question["question_id"],
        "case_id": question["case_id"],
        "finding_id": question["finding_id"],
        "expires_time": question["expires_time"],
    }
    text = "The question is on its way to the owner of the account. The answer appears here."
    return Result(text, facts, (f"{question['question_id']}: {text}",), mail=mail)


def _chosen(context: ActionContext, case: Case, finding_id: str) -> FindingRow:
    """Return the finding to ask about; without an id, the heaviest.

    Raises:
        SettingsError: Its owner cannot be asked.
    """
    rows = {row["finding_id"]: row for row in case.counted}
    row = rows.get(finding_id or case.heaviest["finding_id"])
    if row is None:
        raise SettingsError(f"case {case.label} has no finding {finding_id!r}", where="--finding")
    if reason := why_not(context, row):
        raise SettingsError(
            f"no one can be asked by mail: {reason}",
            where=f"case {case.label}",
            remedy="Refer the case, or let the supervisor ask on paper.",
        )
    return row


@contextmanager
def _recording(context: ActionContext, act: Act) -> Iterator[Transaction]:
    """Record an action, and before the first one the approval that it is based on."""
    setting = context.district.settings.questions
    approval = f"{setting.approved_by.strip()}, {setting.approved_on}"
    with context.district.store.reading() as connection:
        is_known = fact(connection, APPROVED) == approval
    switched = Act(
        actor=act.actor,
        action="questions switched on",
        subject="[questions]",
        reason=f"approved by {approval}",
    )
    with context.chain.recording(*([act] if is_known else [switched, act])) as transaction:
        remember(transaction, APPROVED, approval)
        yield transaction


def _act(context: ActionContext, action: str, row: QuestionRow, reason: str) -> Act:
    return Act(
        actor=str(context.asker),
        action=action,
        subject=row["question_id"],
        reason=reason,
        case=row["case_id"],
    )


def hash_of(token: str) -> str:
    """Return the form in which the state knows a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def question_of(context: ActionContext, token: str) -> OpenQuestion | None:
    """Return the open question of a link; None for any link that does not work.

    A link ends with its answer, its last day, the approval, the owner's account, and the finding.
    """
    stored = open_question(context.district.store, hash_of(token))
    if stored is None or not context.district.settings.questions.is_on(context.today):
        return None
    try:
        _, row = context.finding(stored["finding_id"])
    except SettingsError:
        return None
    if why_not(context, row):
        return None
    return OpenQuestion(stored, shown_use(context, row))


class ClosedError(SchoolbellError):
    """The question was answered, or its link no longer works."""


def answer_by_link(context: ActionContext, token: str, code: str, text: str) -> None:
    """Save the one answer to a mailed question as a statement.

    Raises:
        ClosedError: The link does not work, or no more.
        SettingsError: It is not one of the answers.
    """
    question = question_of(context, token)
    if question is None:
        raise ClosedError("this link does not work")
    row = _statement(question.row["case_id"], OWNER, code, text, "mailed link", str(BY_LINK))
    act = Act(
        actor=str(BY_LINK),
        action="question answered",
        subject=question.row["question_id"],
        reason=f"{code}, statement {row['statement_id']}, sha256 {row['sha256']}",
        case=question.row["case_id"],
    )
    with context.chain.recording(act) as transaction:
        if not take_answer(transaction, question.row["question_id"], code):
            raise ClosedError("this link does not work")
        add_statement(transaction, row)


def _statement(
    case_id: str, by: str, code: str, text: str, how: str, received_by: str
) -> dict[str, str]:
    """Return an answer as a statement: the words of the person only in its text."""
    answers = ANSWERS[by]
    if code not in answers:
        raise SettingsError(
            f"there is no answer {code!r}", where="ANSWER", remedy=f"Use: {', '.join(answers)}"
        )
    if len(text) > MAX_TEXT:
        raise SettingsError(f"a text has at most {MAX_TEXT:,} characters", where="--text")
    words = "".join(
        char if char == "\n" or unicodedata.category(char)[0] != "C" else " " for char in text
    ).strip()
    whole = f"{answers[code]}.\n\n{words}".strip()
    more = " They wrote more, which the pack with names contains." if words else ""
    return {
        "statement_id": f"s-{secrets.token_hex(4)}",
        "case_id": case_id,
        "summary": f"“{answers[code]}” (by {how}).{more}",
        "text": whole,
        "sha256": hashlib.sha256(whole.encode()).hexdigest(),
        "tests": "",
        "received_by": received_by,
    }


class PaperInput(Input):
    """An answer that was given on paper or in person."""

    case: AnyCase
    by: Annotated[
        str, Form("Answered by", "choice", BY), typer.Option("--by", help="owner or supervisor.")
    ]
    answer: Annotated[str, Form("Answer", "choice", ANY_ANSWER), typer.Option("--answer")]
    text: Annotated[
        str,
        Form("In their words", "area", hint="Included only in evidence packs with names."),
        typer.Option("--text", help="In their words, if they wrote more."),
    ] = ""


@action(
    name="question-answer",
    command="questions answer",
    right="refer",
    title="Record an answer on paper",
    button="Save the answer",
)
def answer_on_paper(context: ActionContext, given: PaperInput) -> Result:
    """Record an answer that was given on paper, as a statement in the case.

    Example: schoolbell questions answer 46-17 --by supervisor --answer yes
    """
    require_on(context)
    case, code, how = context.case(given.case), given.answer, f"paper, from {BY[given.by]}"
    for one in case.findings:
        not_oneself(one, context.is_own)
    row = _statement(case.case_id, given.by, code, given.text, how, str(context.asker))
    act = Act(
        actor=str(context.asker),
        action="question answered",
        subject=row["statement_id"],
        reason=f"{code}, {how}, sha256 {row['sha256']}",
        case=case.case_id,
    )
    with _recording(context, act) as transaction:
        add_statement(transaction, row)
    facts = {name: row[name] for name in ("statement_id", "case_id", "sha256")}
    text = "The answer is saved as a statement. It decides nothing by itself."
    return Result(text, facts, (f"{row['statement_id']}: {text}",))


class EndInput(Input):
    """A case whose open question ends."""

    case: AnyCase
    reason: OwnWords


@action(
    name="question-end",
    command="questions end",
    right="refer",
    title="End the open question",
    button="End it",
    hint="The mail came back, or went to the wrong person. The link stops working.",
)
def end_question(context: ActionContext, given: EndInput) -> Result:
    """End the open question of a case, so that its link no longer works.

    Example: schoolbell questions end 46-17 --reason "the mail came back"
    """
    case, why = context.case(given.case), required_reason(given.reason)
    open_now = [row for row in questions(context.district.store, case.case_id) if is_open(row)]
    if not open_now:
        raise SettingsError(f"case {case.label} has no open question", where="CASE")
    with context.chain.recording(_act(context, "question ended", open_now[-1], why)) as transaction:
        ended = sum(
            end_questions(transaction, row["finding_id"], str(context.asker)) for row in open_now
        )
    text = "The link no longer works."
    return Result(text, {"case_id": given.case, "ended": ended}, (text,))


def is_open(row: QuestionRow) -> bool:
    """Return whether the link of a question still works."""
    is_done = row["answered_time"] or row["ended_time"]
    return not is_done and row["expires_time"] > now_text()


def state_of(row: QuestionRow) -> str:
    """Return the state of a question in words."""
    if row["answered_time"]:
        return f"answered: {ANSWERS[OWNER].get(row['answer'] or '', '')}"
    if row["ended_time"]:
        return "ended"
    if row["failed_time"]:
        return "the mail server did not accept the mail; ask on paper"
    if not is_open(row):
        return "not answered in time"
    return "waiting for an answer" if row["sent_time"] else "the mail is on its way"
