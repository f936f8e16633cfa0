"""Actions that send a case to another office and store the person's statement.

The letter that goes with a case is two pages, in plain words.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.action import HIDDEN, CaseId, Form, FromFile, Input, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.kept_evidence import hold_act
from pipelines.actions.names import code_names, names_in
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.grades import SURE, told
from pipelines.findings.packs import gathered
from pipelines.findings.packs import pack as packed
from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT
from pipelines.findings.review import (
    VERDICT_WORDS,
    NameRequest,
    granted,
    not_oneself,
    required_reason,
)
from pipelines.registry.frames import FILES
from pipelines.reports.one_case import claim_for_readers
from pipelines.reports.pages import environment
from pipelines.reports.words import OFFICES, day, in_locale, listed
from pipelines.state.audit import Act
from pipelines.state.connections import now_text
from pipelines.state.retention import Hold, new_hold_id, place_hold
from pipelines.state.reviews import (
    add_referral,
    add_statement,
    change_referral,
    referrals,
    statements,
)
from pipelines.state.rows import FindingRecord, FindingRow, ReferralRow
from pipelines.warehouse.models import subject_kind

ONE_WEEK = timedelta(days=6)
MAX_STATEMENT = 100_000
MAX_SUMMARY = 600

MOST = 4
"""Findings, explanations and limits that are written out; the others are counted."""
MAX_LETTERS = 260

ASK: Mapping[str, Sequence[str]] = {
    "shared_account": (
        "Who else knows the password, and since when?",
        "Was the account left signed in somewhere?",
    ),
    "non_approved_site": (
        "Did the site serve the work? For which task?",
        "Was it a break, a free period or an agreed exception?",
    ),
    "off_hours_external": (
        "Was there work at that hour: an event, a duty, a repair?",
        "Who else could use the device at that time?",
    ),
    "anomaly": ("Does a change in the work explain it?",),
}


class ReferInput(Input):
    """A case that another office receives."""

    case: CaseId
    office: Annotated[str, Form("To", "choice", OFFICES), typer.Option("--to")]
    reason: Reason


@action(
    command="refer",
    right="refer",
    title="Refer to another office",
    button="Refer",
    case_rank=6,
    out=typer.Option("--out", help="New file to write, such as case.zip."),
    hint="A pack with names and a two-page letter. Requires a second person; the week is put "
    "on hold.",
)
def refer(context: ActionContext, given: ReferInput) -> Result:
    """Refer a case to another office, with a pack, a letter and a hold.

    A second person approves it first. The letter is in the pack as letter.html.
    """
    context.require("names")
    office, case, why = given.office, context.case(given.case), required_reason(given.reason)
    for finding in case.findings:
        not_oneself(finding, context.is_own)
    _refuse_second(context, given.case)
    granted(
        context.chain,
        NameRequest(action="refer", case_id=given.case, reason=why, subject=office),
        context.asker,
    )
    data = referral_pack(context, case, office)
    seal = hashlib.sha256(data).hexdigest()
    hold = Hold(
        hold_id=new_hold_id(),
        first_day=case.monday,
        last_day=case.monday + ONE_WEEK,
        reason=f"referred to {office}",
        actor=str(context.asker),
        time=now_text(),
        case_id=case.case_id,
    )
    row = {
        "referral_id": f"g-{secrets.token_hex(4)}",
        "case_id": given.case,
        "office": office,
        "hold_id": hold.hold_id,
        "sha256": seal,
        "referred_by": str(context.asker),
    }
    act = referral_act(context, "referred", row, f"to {office}, {seal}: {why}")
    with context.chain.recording(act, hold_act(hold)) as transaction:
        place_hold(transaction, hold)
        add_referral(transaction, row)
        context.put(data)
    return Result(
        f"Referred to {OFFICES[office].lower()}. The pack is in your downloads.",
        row,
        (
            f"{given.case} is referred to {OFFICES[office]}: {row['referral_id']}",
            f"{context.file}, sha256 {seal}; its week is held ({hold.hold_id})",
        ),
        file=f"referral-{given.case}.zip",
        is_reloaded=True,
    )


def referral_pack(context: ActionContext, case: Case, office: str) -> bytes:
    """Return the pack for an office: the evidence of a case with names, and the letter."""
    page = letter(context, case, OFFICES[office], has_names=True)
    return packed(replace(gathered(context.district, case, None), letter=page))


def _refuse_second(context: ActionContext, case_id: str) -> None:
    earlier = referrals(context.district.store, case_id=case_id)
    waits = [one for one in earlier if one["returned_time"] is None]
    if waits:
        raise SettingsError(
            f"case {case_id} is already with {waits[0]['office']}",
            where=waits[0]["referral_id"],
            remedy="Record its return first: schoolbell referrals return",
        )


class ReferralInput(Input):
    """A referral."""

    referral: Annotated[
        str, HIDDEN, typer.Argument(metavar="referral_id", help="ID that `referrals list` shows.")
    ]


@action(
    command="referrals acknowledge",
    right="refer",
    title="Acknowledge",
    button="Confirm receipt",
    back="/referrals",
)
def acknowledge(context: ActionContext, given: ReferralInput) -> Result:
    """Record that the office received the case."""
    office = record_receipt(context, given.referral)["office"]
    return Result(
        f"Acknowledged by {OFFICES[office]}.",
        {"referral_id": given.referral, "office": office},
        (f"{given.referral} is acknowledged by {office}.",),
    )


def record_receipt(context: ActionContext, referral_id: str) -> ReferralRow:
    """Record that the office has a case, by either side."""
    row = open_referral(context, referral_id)
    if row["acknowledged_time"] is not None:
        raise SettingsError("it is already acknowledged", where=referral_id)
    act = referral_act(context, "referral acknowledged", row, f"by {row['office']}")
    with context.chain.recording(act) as transaction:
        change_referral(transaction, referral_id, acknowledged_time=now_text())
    return row


class ReturnInput(ReferralInput):
    """The outcome of a referral."""

    code: Annotated[str, Form("Outcome", "choice", VERDICT_WORDS), typer.Argument(metavar="code")]


@action(
    command="referrals return",
    right="refer",
    title="Record its return",
    button="Save",
    back="/referrals",
)
def give_back(context: ActionContext, given: ReturnInput) -> Result:
    """Record that a case was returned; only the code of the outcome is kept."""
    record_return(context, given.referral, given.code)
    return Result(
        "The return is recorded; only its code is kept.",
        {"referral_id": given.referral, "outcome": given.code},
        (f"{given.referral} came back: {given.code}.",),
    )


def record_return(context: ActionContext, referral_id: str, code: str) -> ReferralRow:
    """Record the outcome of a referral; return the referral."""
    row = open_referral(context, referral_id)
    act = referral_act(context, "referral returned", row, code)
    with context.chain.recording(act) as transaction:
        change_referral(transaction, referral_id, returned_time=now_text(), outcome=code)
    return row


def open_referral(context: ActionContext, referral_id: str) -> ReferralRow:
    """Return a referral that is with an office.

    Raises:
        SettingsError: It does not exist, or was returned.
    """
    stored = referrals(context.district.store, referral_id=referral_id)
    if not stored or stored[0]["returned_time"] is not None:
        raise SettingsError(
            f"no referral {referral_id} is with another office",
            remedy="List them with: schoolbell referrals list",
        )
    return stored[0]


def _statement_in(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.read(MAX_STATEMENT + 1)
    except UnicodeDecodeError as error:
        raise SettingsError("the statement is not UTF-8 text", where=str(file)) from error


Statement = Annotated[
    str,
    Form(
        "The statement, in their words", "area", hint="Included only in evidence packs with names."
    ),
    FromFile(_statement_in),
    typer.Option("--file", help="Text file with the statement, UTF-8."),
]
Summary = Annotated[
    str,
    Form(
        "Summary of one or two sentences",
        hint="Everyone who sees the case can read this. Do not name anyone.",
    ),
    typer.Option(
        "--summary", help="Summary for the case, one or two sentences. Do not name anyone."
    ),
]


class AnswerInput(Input):
    """The statement of the person whom a case is about."""

    case: CaseId
    text: Statement
    summary: Summary
    tests: Annotated[
        str,
        Form(
            "Registry file that it would correct", hint="Which list is wrong? Example: devices.csv"
        ),
        typer.Option("--tests", help="Registry file that it would correct, if any."),
    ] = ""


@action(
    command="answer",
    right="refer",
    title="Statement of the person",
    button="Save the statement",
    case_rank=7,
)
def answer(context: ActionContext, given: AnswerInput) -> Result:
    """Save the person's statement with the facts of a case.

    Each later page of the case shows the summary; packs with names contain the whole text.
    """
    tests = given.tests.strip()
    row = save_statement(context, given.case, given.text, given.summary, tests)
    lines = [
        f"{row['statement_id']} is saved with the facts of {given.case}, sha256 {row['sha256']}"
    ]
    if tests:
        lines.append(f"Correct {tests}, then see: schoolbell replay --registry {tests}")
    facts = {name: row[name] for name in ("statement_id", "case_id", "sha256", "tests")}
    return Result("The statement is saved with the facts.", facts, lines)


def save_statement(
    context: ActionContext, case_id: str, text: str, summary: str, tests: str = ""
) -> Mapping[str, object]:
    """Save a statement of the person whom a case is about, and return it.

    Args:
        text: The statement in their words; only packs with names contain it.
        summary: A sentence or two for cards, which everyone reads: no names.
        tests: The registry file that a fact in it would correct, if there is one.
    """
    _check(context, context.case(case_id), text, summary, tests)
    digest = hashlib.sha256(text.encode()).hexdigest()
    row = {
        "statement_id": f"s-{secrets.token_hex(4)}",
        "case_id": case_id,
        "summary": " ".join(summary.split()),
        "text": text,
        "sha256": digest,
        "tests": tests,
        "received_by": str(context.asker),
    }
    act = Act(
        actor=str(context.asker),
        action="statement",
        subject=row["statement_id"],
        reason=f"sha256 {digest}",
        case=case_id,
    )
    with context.chain.recording(act) as transaction:
        add_statement(transaction, row)
    return row


def _check(context: ActionContext, case: Case, text: str, summary: str, tests: str) -> None:
    if not text.strip() or len(text) > MAX_STATEMENT:
        raise SettingsError(f"a statement has 1 to {MAX_STATEMENT:,} characters", where="--file")
    if not summary.strip() or len(summary) > MAX_SUMMARY:
        raise SettingsError(f"a summary has 1 to {MAX_SUMMARY} characters", where="--summary")
    if tests and tests not in FILES:
        raise SettingsError(
            f"there is no file {tests!r}",
            where="--tests",
            remedy=f"It is one of: {', '.join(sorted(FILES))}",
        )
    if names_in(context, case, summary):
        raise SettingsError(
            "the summary names an account, a device or a person",
            where="--summary",
            remedy="Everyone who sees the case can read it: use code names, or none.",
        )


def referral_act(
    context: ActionContext, action: str, row: Mapping[str, object], reason: str
) -> Act:
    """Build an entry of the audit chain about a referral."""
    return Act(
        actor=str(context.asker),
        action=action,
        subject=str(row["referral_id"]),
        reason=reason,
        case=str(row["case_id"]),
    )


def letter(context: ActionContext, case: Case, office: str, *, has_names: bool = False) -> str:
    """Render the letter as a page.

    Args:
        has_names: Whether it identifies the code names; otherwise it names no one.
    """
    with in_locale(context.district.settings.district.locale):
        values = _values(context, case, office)
    people = _people(context, case) if has_names else []
    template = environment().get_template("letter.html.j2")
    return template.render(**values, people=people)


def _values(context: ActionContext, case: Case, office: str) -> dict[str, object]:
    heaviest = case.heaviest
    in_order = sorted(case.counted, key=lambda row: row["finding_id"] != heaviest["finding_id"])
    findings = [(row, context.shown(row)) for row in in_order]
    tested = {
        (one["name"], one["test"], one["result"])
        for _, record in findings
        for one in record["alternatives"]
    }
    limits = dict.fromkeys(text for _, record in findings for text in record["limits"])
    return {
        "district": context.district.settings.district.name,
        "office": office,
        "case": case,
        "made": day(context.today),
        "seen": [
            (day(date.fromisoformat(row["event_date"])), _claim(context, row, record))
            for row, record in findings[:MOST]
        ],
        "more": max(len(findings) - MOST, 0),
        "sure": SURE.get(case.confidence, "Weak evidence"),
        # a line that several findings cite counts once, as on the case's page
        "lines": len({line for _, record in findings for line in record["evidence"]}),
        "against": _named(tested, FITS, NOT_TESTABLE),
        "ruled_out": _named(tested, RULED_OUT),
        "limits": [_short(text) for text in limits][:MOST],
        "ask": ASK.get(str(heaviest["kind"]), ()),
        "statements": [
            _short(row["summary"]) for row in statements(context.district.store, case.case_id)
        ][:2],
        "is_student": any(map(context.is_student, case.findings)),
    }


def _claim(context: ActionContext, row: FindingRow, record: FindingRecord) -> str:
    kind = subject_kind(row["rule"])
    claim = told(record["claim"], context.subject(row), kind)
    return _short(claim_for_readers(context.district.registry, row, claim))


def _named(tested: Collection[tuple[str, str, str]], *results: str) -> list[str]:
    """Return explanations with one of these results, each once; the rest are counted."""
    names = sorted({name for name, _, result in tested if result in results})
    more = len(names) - MOST
    return [*names[:MOST], *([f"and {more} more, in the pack"] if more > 0 else [])]


def _people(context: ActionContext, case: Case) -> list[tuple[str, str]]:
    names = context.district.registry.people_names
    by_token = {}
    for token, (kind, value, person) in code_names(context, case):
        if kind == "person":
            continue
        whose = names.get(person or "", "") or (person or "")
        by_token[token] = f"{kind} {value}" + (f", of {whose}" if whose else "")
    rows = sorted(by_token.items())
    if len(rows) <= 2 * MOST:
        return rows
    rest = listed([token for token, _ in rows[2 * MOST :]], most=MOST)
    return [*rows[: 2 * MOST], ("further", f"{rest}: see the pack")]


def _short(text: str) -> str:
    return text if len(text) <= MAX_LETTERS else f"{text[: MAX_LETTERS - 1]}…"
