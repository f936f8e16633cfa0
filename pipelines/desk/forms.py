"""Every act that the desk offers, as a table: its fields, and the function that acts.

The functions are those that commands call. A test compares both sides.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from pipelines.actions import (
    inquiries,
    kept_evidence,
    names,
    permits,
    proposals,
    readers,
    records,
    referral_access,
    referrals,
    saved_views,
    verdicts,
)
from pipelines.actions.context import ActionContext
from pipelines.actions.permits import day_of
from pipelines.actions.request_mail import grant_by_mail, office_answer_by_mail
from pipelines.actions.site_effects import in_words, span_in_words
from pipelines.desk.queue import QueueFilter
from pipelines.errors import SettingsError
from pipelines.findings.exceptions import SCOPES
from pipelines.findings.finding_frames import COLUMNS
from pipelines.findings.review import VERDICTS
from pipelines.proposals.offers import Offer, as_text
from pipelines.records.scopes import RELATIONS
from pipelines.reports.text_tables import table, to_csv
from pipelines.reports.words import day
from pipelines.settings.roles import Right
from pipelines.state.records_requests import RecordDecision

Values = Mapping[str, str]
Kind = Literal["hidden", "text", "reason", "area", "date", "choice", "radio", "check", "confirm"]
PUBLIC = "This is a public record: give the reason, and do not name anyone."


VERDICT_WORDS = {
    "violation": "Violation: the logs show it, and it was not allowed",
    "authorized": "Authorized: the use was allowed",
    "benign": "Benign: it was allowed or is harmless",
    "misattributed": "Misattributed: it was a different person",
    "data_fault": "Data fault: the log is wrong",
    "undetermined": "Undetermined: the logs cannot show it",
}
ALL = "all"
"""The choice of every open finding of a case."""
SEVERAL = "case."
"""Prefix of the fields of a form about several cases."""
MAX_LINES = 3
"""Rows of a proposal that are shown."""
ON_PER_CASE = (
    "verdict", "comment", "ticket", "assign", "reveal", "refer", "answer", "exception", "hold",
    "pack", "export",
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    label: str = ""
    kind: Kind = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    is_needed: bool = True


@dataclass(frozen=True)
class FormResult:
    """The result of an action, as a page shows it.

    Attributes:
        said: One sentence.
        file: Name and bytes of a file that the browser saves.
        names: What may be seen this one time.
        decided: Cases whose verdict can be undone now.
        back: Page to show afterwards, if not that of the form.
        mail: Sends mail about it, in the background.
    """

    said: str
    file: tuple[str, bytes] | None = None
    names: Mapping[str, Any] | None = None
    decided: tuple[str, ...] = ()
    back: str = ""
    mail: Callable[[ActionContext], object] | None = None


@dataclass(frozen=True)
class Preview:
    """A registry change that is previewed on a copy before it is made.

    Attributes:
        why: Reasons for it.
        rows: What would be written, line by line.
        effects: Its changes, in sentences; takes time.
        note: When it takes effect.
        write: Makes the change.
    """

    title: str
    why: str
    file: str
    rows: Sequence[str]
    effects: Callable[[], list[str]]
    write: Callable[[ActionContext], FormResult]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """One action at the desk.

    Attributes:
        command: The command with the same effect; empty if only the desk offers it.
        act: Performs it; for a previewed action, writes it.
        attempt: Builds the preview, outside the desk's lock.
        confirm: The button that performs a previewed action.
        is_needed_seen: The change cannot be submitted until its preview has finished.
        about: Field with the subject of the action; its revision is compared.
        back: Page to show afterwards; by default, that of its subject.
    """

    name: str
    command: str
    right: Right
    title: str
    button: str
    fields: tuple[Field, ...]
    act: Callable[[ActionContext, Values], FormResult] | None = None
    attempt: Callable[[ActionContext, Values], Preview] | None = None
    confirm: str = ""
    is_needed_seen: bool = False
    about: Literal["case", "request", "record", ""] = "case"
    back: str = ""
    hint: str = ""


CASE = Field("case", kind="hidden")
QUEUE = Field("queue", kind="hidden", is_needed=False)
"""The filter of the queue from which a page was opened."""
REASON = Field("reason", "Reason", "reason", hint=PUBLIC)
VERDICT = Field("code", "Verdict", "radio", VERDICT_WORDS)


def _verdict(context: ActionContext, values: Values) -> FormResult:
    case, code = context.case(values["case"]), values["code"]
    subject = values.get("subject") or ALL
    if subject not in (ALL, *(row["finding_id"] for row in case.findings)):
        raise SettingsError(f"{subject} is not a finding of case {case.label}")
    chosen = verdicts.verdict(
        context,
        case.case_id if subject == ALL else subject,
        code,
        values["reason"],
        is_again=True,
    )
    more = f" ({len(chosen)} findings)" if len(chosen) > 1 else ""
    what = case.label if subject == ALL else f"one finding of {case.label}"
    said = f"{what} is decided: {_word(code)}{more}."
    return FormResult(said, decided=(case.case_id,))


def _word(code: str) -> str:
    return code.replace("_", " ")


def _verdict_many(context: ActionContext, values: Values) -> FormResult:
    ids = tuple(revisions_of(values))
    chosen = verdicts.verdict_many(context, ids, values["code"], values["reason"])
    cases = f"{len(ids)} cases are" if len(ids) > 1 else "1 case is"
    said = f"{cases} decided: {_word(values['code'])} ({len(chosen)} findings)."
    return FormResult(said, decided=ids)


def revisions_of(values: Values) -> dict[str, str]:
    """Return the cases of a form about several, each with the revision that its page showed."""
    return {
        name.removeprefix(SEVERAL): value
        for name, value in values.items()
        if name.startswith(SEVERAL)
    }


def _undo(context: ActionContext, values: Values) -> FormResult:
    ids = values["cases"].split()
    undone = verdicts.undo(context, ids)
    labels = [context.case(one).label for one in ids]
    cases = labels[0] if len(labels) == 1 else f"{len(labels)} cases"
    back = f"/cases/{ids[0]}" if len(ids) == 1 else ""
    more = f" ({len(undone)} findings)" if len(undone) > 1 else ""
    return FormResult(f"Undone: the verdict on {cases}{more}.", back=back)


def _comment(context: ActionContext, values: Values) -> FormResult:
    verdicts.comment(context, values["case"], values["text"])
    return FormResult("The comment is saved.")


def _ticket(context: ActionContext, values: Values) -> FormResult:
    row = verdicts.ticket(context, values["case"], values.get("ticket", ""))
    return FormResult(f"Ticket: {row['ticket']}." if row["ticket"] else "The ticket is removed.")


def _assign(context: ActionContext, values: Values) -> FormResult:
    who = values["assignee"].strip()
    if not who:
        raise SettingsError("no names are shown", where="Assign to")
    verdicts.assign(context, values["case"], who, values.get("reason", ""))
    return FormResult(f"Assigned to {who}.")


def _approve(context: ActionContext, values: Values) -> FormResult:
    row = verdicts.approve(context, values["request"])
    return FormResult(f"Approved: {row['action']} of {row['case_id']}.")


def _refuse(context: ActionContext, values: Values) -> FormResult:
    row = verdicts.refuse(context, values["request"], values["reason"])
    return FormResult(f"Refused: {row['action']} of {row['case_id']}.")


def _reveal(context: ActionContext, values: Values) -> FormResult:
    told = names.reveal(context, values["name"], values["reason"], values["case"])
    return FormResult(f"This is the only time {told['token']} is shown.", names=told)


def _export(context: ActionContext, values: Values) -> FormResult:
    found = names.export(context, values["case"], values["reason"], names=bool(values.get("names")))
    body = [[row[name] for name in COLUMNS] for row in found]
    text = to_csv(table("findings", COLUMNS, body))
    return FormResult("Exported.", (f"{values['case']}.csv", text.encode()))


def _pack(context: ActionContext, values: Values) -> FormResult:
    out = io.BytesIO()
    put = partial(_into, out)
    case, with_names = values["case"], bool(values.get("names"))
    kept_evidence.pack(context, case, values["reason"], put, names=with_names)
    return FormResult("Packed.", (f"{case}.zip", out.getvalue()))


def _refer(context: ActionContext, values: Values) -> FormResult:
    out = io.BytesIO()
    put = partial(_into, out)
    case = values["case"]
    referrals.refer(context, case, values["office"], values["reason"], put)
    return FormResult("Referred.", (f"referral-{case}.zip", out.getvalue()))


def _into(out: io.BytesIO, data: bytes) -> None:
    out.write(data)


def _acknowledge(context: ActionContext, values: Values) -> FormResult:
    row = referrals.acknowledge(context, values["referral"])
    return FormResult(f"Acknowledged by {referrals.OFFICES[row['office']]}.")


def _give_back(context: ActionContext, values: Values) -> FormResult:
    referrals.give_back(context, values["referral"], values["code"])
    return FormResult("The return is recorded; only its code is kept.")


def _grant(context: ActionContext, values: Values) -> FormResult:
    last_day = day_of(values["until"], "until")
    made = referral_access.grant(context, values["referral"], values["login"], last_day)
    return FormResult(
        f"{made['login']} can read the referral until {day(last_day)}.",
        mail=lambda now: grant_by_mail(now, made),
    )


def _end_grant(context: ActionContext, values: Values) -> FormResult:
    made = referral_access.end_access(context, values["grant"])
    return FormResult(f"Access of {made['login']} ended.")


def _office(values: Values) -> str:
    return f"/office/{values['referral']}"


def _receipt(context: ActionContext, values: Values) -> FormResult:
    referral_access.confirm_receipt(context, values["referral"])
    return FormResult("Receipt is confirmed.", back=_office(values))


def _office_answer(context: ActionContext, values: Values) -> FormResult:
    row = referral_access.answer_referral(context, values["referral"], values["code"])
    return FormResult(
        f"Answered: {_word(values['code'])}.",
        back=_office(values),
        mail=lambda now: office_answer_by_mail(now, row),
    )


def _office_statement(context: ActionContext, values: Values) -> FormResult:
    referral_access.office_statement(context, values["referral"], values["text"], values["summary"])
    return FormResult("The statement is saved with the case.", back=_office(values))


def _office_bundle(context: ActionContext, values: Values) -> FormResult:
    out = io.BytesIO()
    made = referral_access.download(context, values["referral"], partial(_into, out))
    return FormResult("Downloaded.", (f"referral-{made['case_id']}.zip", out.getvalue()))


def _save_view(context: ActionContext, values: Values) -> FormResult:
    query = QueueFilter.parse(values["queue"]).query
    name = saved_views.save_view(context, values["name"], query)
    return FormResult(f"Saved: {name}.")


def _remove_view(context: ActionContext, values: Values) -> FormResult:
    saved_views.remove_view(context, values["name"])
    return FormResult(f"Removed: {values['name']}.")


def _answer(context: ActionContext, values: Values) -> FormResult:
    tests = values.get("tests", "").strip()
    referrals.answer(context, values["case"], values["text"], values["summary"], tests)
    return FormResult("The statement is saved with the facts.")


def _exception(context: ActionContext, values: Values) -> FormResult:
    facts = permits.exception(
        context, values["finding"], values["reason"], values["until"], values["scope"]
    )
    return FormResult(f"{facts['exception_id']} takes effect with the next run.")


def _exception_end(context: ActionContext, values: Values) -> FormResult:
    ident, wholly = values["exception"], bool(values.get("wholly"))
    last = permits.exception_end(context, ident, values["reason"], wholly=wholly)
    return FormResult(f"{ident} {f'ends on {last}' if last else 'is removed'}.")


def _hold(context: ActionContext, values: Values) -> FormResult:
    placed = kept_evidence.hold(context, values["reason"], case=values["case"])
    return FormResult(f"{placed.hold_id} keeps {placed.first_day} to {placed.last_day}.")


def _hold_days(context: ActionContext, values: Values) -> FormResult:
    first, last = (day_of(values[name], name) for name in ("first", "last"))
    placed = kept_evidence.hold(context, values["reason"], first, last)
    return FormResult(f"{placed.hold_id} keeps {placed.first_day} to {placed.last_day}.")


def _release(context: ActionContext, values: Values) -> FormResult:
    kept_evidence.release(context, values["hold"], values["reason"])
    return FormResult(f"{values['hold']} is released.")


def _sign(context: ActionContext, values: Values) -> FormResult:
    confirmed = values.get("open", "")
    count = int(confirmed) if confirmed.isascii() and confirmed.isdecimal() else 0
    signed = verdicts.sign(context, values["week"], values["by"], count)
    return FormResult(f"{values['week']} is signed by {signed.by}.")


def _stop_mail(context: ActionContext, values: Values) -> FormResult:
    readers.stop_mail(context, values["reader"], values["reason"])
    return FormResult(f"Emails to {values['reader']} are stopped.")


def _resume_mail(context: ActionContext, values: Values) -> FormResult:
    readers.resume_mail(context, values["reader"], values["reason"])
    return FormResult(f"Emails to {values['reader']} are sent again.")


def _test_mail(context: ActionContext, values: Values) -> FormResult:
    sent = readers.send_test_mail(context, values["reader"])
    return FormResult(f"A test was sent to {sent['address']}.")


def _site(context: ActionContext, values: Values) -> Preview:
    row = _site_row(context, values)

    def write(now: ActionContext) -> FormResult:
        # the first day is the one that was shown
        same = _site_row(now, {**values, "first": row["valid_from"]})
        permits.approve_site(now, same)
        said = f"{same['pattern']} is on the list as {same['entry_id']}."
        return FormResult(f"{said} Cases that it covers close with the next run.")

    return Preview(
        title=row["pattern"],
        why=row["purpose"],
        file=permits.NAME,
        rows=[f"{name}: {value}" for name, value in row.items() if value],
        effects=lambda: in_words(context, permits.would_change(context, row)),
        write=write,
        note=span_in_words(row, context.today),
    )


def _proposal(context: ActionContext, values: Values) -> Preview:
    found = proposals.offered(context)
    (offer,) = proposals.chosen(found, [values["proposal"]])
    if offer.file not in (*proposals.NAMELESS, *proposals.COUNTED):
        raise SettingsError(
            f"rows of {offer.file} cannot be accepted on this page",
            remedy=f"schoolbell propose --accept {offer.offer_id} --reason WHY",
        )

    def write(now: ActionContext) -> FormResult:
        said = proposals.accept(now, offer, values["reason"])
        return FormResult(f"{said}. It takes effect with the next run.")

    return Preview(
        title=offer.offer_id,
        why=offer.reason,
        file=offer.file,
        rows=proposal_rows(offer),
        effects=lambda: in_words(context, proposals.what_changes(context, [offer], permits.WEEKS)),
        write=write,
    )


def _group(context: ActionContext, values: Values) -> FormResult:
    said = [
        one
        for group in _groups_given(context, values)
        for one in proposals.accept_group(context, group, values["reason"])
    ]
    return FormResult(f"{'; '.join(said)}. It takes effect with the next run.")


def _groups_given(context: ActionContext, values: Values) -> list[proposals.Group]:
    """Return the groups of a form; if single rows can be checked, only these."""
    meant = proposals.of_group(proposals.offered(context), values["group"])
    if values.get("is_ticked"):
        meant = [
            replace(one, offers=[each for each in one.offers if values.get(each.offer_id)])
            for one in meant
        ]
    found = [one for one in meant if one.offers]
    if not found:
        raise SettingsError(
            "nothing is selected, or the logs no longer propose it",
            remedy="Reload the page.",
        )
    return found


def _group_back(context: ActionContext, values: Values) -> FormResult:
    said = proposals.take_back(context, values["group"], values["reason"])
    return FormResult(f"{'; '.join(said)}. It takes effect with the next run.")


def proposal_rows(offer: Offer) -> list[str]:
    """Return what accepting writes: the first rows, or the number of people in them."""
    count = len(offer.proposals)
    if offer.file in proposals.COUNTED:
        people = len({one.cells["person_id"] for one in offer.proposals})
        return [f"{count} rows for {people} people"]
    text = as_text(offer.file, offer.proposals[:MAX_LINES])
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    if count > MAX_LINES:
        lines.append(f"and {count - MAX_LINES} more rows")
    return lines


def _site_row(context: ActionContext, values: Values) -> dict[str, str]:
    """Return the registry row for the fields of the form about a site."""
    return permits.proposal(
        context,
        values["site"],
        values["class"],
        values["roles"],
        values.get("first", ""),
        values.get("until", ""),
        values["reason"],
    )


def _inquire(context: ActionContext, values: Values) -> FormResult:
    row = inquiries.inquire(
        context,
        values["account"],
        (values["first"], values["last"]),
        values["office"],
        values["authorized_by"],
        values["reason"],
    )
    held = f"{row['days_held']} of {row['days']} days are held"
    return FormResult(f"{row['inquiry_id']} is recorded; {held}.")


def _release_inquiry(context: ActionContext, values: Values) -> FormResult:
    out = io.BytesIO()
    ident = values["inquiry"]
    inquiries.release_inquiry(context, ident, partial(_into, out))
    return FormResult("Released.", (f"{ident}.zip", out.getvalue()))


def _record_open(context: ActionContext, values: Values) -> FormResult:
    received = day_of(values["received"], "received")
    made = records.open_request(context, values["requester"], received, values["text"])
    due = f"due {made.due}" if made.due else "with no due date"
    return FormResult(f"{made.request_id} is recorded, {due}.")


def _record_scope(context: ActionContext, values: Values) -> FormResult:
    days = day_of(values["first"], "first"), day_of(values["last"], "last")
    columns = values.get("columns", "").replace(",", " ").split()
    records.set_scope(context, values["record"], values["relation"], days, columns)
    return FormResult("The draft is below. Its days are on hold.")


def _record_decide(context: ActionContext, values: Values) -> FormResult:
    decision = RecordDecision(
        item=values["item"].strip(),
        decision=values["decision"],
        exemption=values.get("exemption", "").strip(),
        reason=values["reason"],
        actor=str(context.asker),
    )
    records.decide(context, values["record"], decision)
    return FormResult(f"{decision.item}: {decision.decision}.")


def _record_approve(context: ActionContext, values: Values) -> FormResult:
    sha256 = records.approve(context, values["record"], values["seen"])
    return FormResult(f"Approved: SHA-256 {sha256}.")


def _record_release(context: ActionContext, values: Values) -> FormResult:
    out = io.BytesIO()
    records.give_out(context, values["record"], partial(_into, out))
    return FormResult("Released.", (f"{values['record']}.zip", out.getvalue()))


def _record_close(context: ActionContext, values: Values) -> FormResult:
    records.close(context, values["record"], values["reason"])
    return FormResult(f"{values['record']} is closed.")


WITH_NAMES = Field("names", "With names (requires a second person)", "check", is_needed=False)
RECORD = Field("record", kind="hidden")
REFERRAL = Field("referral", kind="hidden")
STATEMENT = (
    Field("text", "The statement, in their words", "area",
          hint="Included only in evidence packs with names."),
    Field("summary", "Summary of one or two sentences",
          hint="Everyone who sees the case can read this. Do not name anyone."),
)  # fmt: skip
READER = Field("reader", kind="hidden")
OFFICE = Field("office", "To", "choice", referrals.OFFICES)
_CODES = Field("code", "Outcome", "choice", VERDICT_WORDS)
SITE_FIELDS = (
    Field("site", "Site"),
    Field("class", "As", "choice", {
        "sanctioned": "Sanctioned: for the work",
        "approved_non_business": "Approved, not for the work",
        "district": "A site of the district",
    }),
    Field("roles", "For", hint="all, staff, student, or a job title; separate several with |"),
    Field("first", "First day", "date", is_needed=False,
          hint="Empty: it covers all earlier use."),
    Field("until", "Last day", "date", is_needed=False),
    REASON,
)  # fmt: skip
_ALL = (
    Form(
        name="verdict", command="findings verdict", right="verdict",
        title="Decide", button="Record the verdict", act=_verdict,
        fields=(
            CASE, QUEUE,
            Field("subject", "Decide about", "choice", {ALL: "All open findings"},
                  is_needed=False),
            VERDICT, REASON,
        ),
    ),
    Form(
        name="verdict-many", command="findings verdict", right="verdict",
        title="Decide these cases", button="Record for all of them", act=_verdict_many,
        about="", back="/", fields=(QUEUE, VERDICT, REASON),
    ),
    Form(
        name="undo", command="findings undo", right="verdict",
        title="Undo the verdict", button="Undo", act=_undo, about="", back="/",
        fields=(Field("cases", kind="hidden"), QUEUE),
    ),
    Form(
        name="comment", command="findings comment", right="evidence",
        title="Add a comment", button="Save the comment", act=_comment,
        fields=(CASE, QUEUE, Field("text", "Comment", "area",
                hint="Everyone who sees the case can read this. Do not name anyone.")),
    ),
    Form(
        name="ticket", command="findings ticket", right="verdict",
        title="Ticket number", button="Save the number", act=_ticket,
        fields=(CASE, QUEUE, Field("ticket", "Number in your ticket system", is_needed=False,
                hint="Such as NET-1042. Empty removes it.")),
    ),
    Form(
        name="assign", command="findings assign", right="assign",
        title="Assign", button="Assign", act=_assign,
        fields=(
            CASE,
            Field("assignee", "Login of the person"),
            Field("reason", "Why, if needed", is_needed=False),
        ),
    ),
    Form(
        name="refer", command="refer", right="refer",
        title="Refer to another office", button="Refer", act=_refer,
        fields=(CASE, OFFICE, REASON),
        hint=(
            "A pack with names and a two-page letter. Requires a second person; the week is put "
            "on hold."
        ),
    ),
    Form(
        name="answer", command="answer", right="refer",
        title="Statement of the person", button="Save the statement", act=_answer,
        fields=(
            CASE,
            *STATEMENT,
            Field("tests", "Registry file that it would correct", is_needed=False,
                  hint="Which list is wrong? Example: devices.csv"),
        ),
    ),
    Form(
        name="exception", command="findings exception", right="exception",
        title="Add an exception", button="Add it", act=_exception,
        fields=(
            CASE,
            Field("finding", "Finding", "choice"),
            Field("scope", "For its", "choice", {one: one for one in SCOPES}),
            Field("until", "Last day", "date"),
            REASON,
        ),
        hint="Similar findings are hidden, but still counted and kept.",
    ),
    Form(
        name="hold", command="hold add", right="hold",
        title="Hold the week", button="Hold", act=_hold, fields=(CASE, REASON),
        hint="Nothing in it is deleted until the hold is released.",
    ),
    Form(
        name="pack", command="findings pack", right="export",
        title="Evidence pack", button="Pack", act=_pack,
        fields=(CASE, WITH_NAMES, REASON),
    ),
    Form(
        name="export", command="findings export", right="export",
        title="Export as CSV", button="Export", act=_export,
        fields=(CASE, WITH_NAMES, REASON),
    ),
    Form(
        name="reveal", command="reveal", right="names",
        title="Look up a code name", button="Show", act=_reveal,
        fields=(CASE, Field("name", "Code name"), REASON),
        hint="Requires a second person. The name is shown once, and each lookup is recorded.",
    ),
    Form(
        name="approve", command="findings approve", right="approve",
        title="Approve", button="Approve", act=_approve, about="request",
        fields=(Field("request", kind="hidden"),), back="/requests",
    ),
    Form(
        name="refuse", command="findings refuse", right="approve",
        title="Refuse", button="Refuse", act=_refuse, about="request",
        fields=(Field("request", kind="hidden"), REASON), back="/requests",
    ),
    Form(
        name="acknowledge", command="referrals acknowledge", right="refer",
        title="Acknowledge", button="Confirm receipt", act=_acknowledge, about="",
        fields=(REFERRAL,), back="/referrals",
    ),
    Form(
        name="return", command="referrals return", right="refer",
        title="Record its return", button="Save", act=_give_back, about="",
        fields=(REFERRAL, _CODES), back="/referrals",
    ),
    Form(
        name="grant", command="referrals grant", right="refer",
        title="Give a person of the office access", button="Give access", act=_grant, about="",
        fields=(
            REFERRAL,
            Field("login", "Their login", hint="It has the role office in district.toml."),
            Field("until", "Last day", "date"),
        ),
        back="/referrals",
        hint="They can read the letter with names, answer, and download the bundle. "
        "They see nothing else, and get an email with a link.",
    ),
    Form(
        name="end-grant", command="referrals end-access", right="refer",
        title="End access", button="End access", act=_end_grant, about="",
        fields=(Field("grant", kind="hidden"),), back="/referrals",
    ),
    Form(
        name="receipt", command="referrals acknowledge", right="referral",
        title="Confirm receipt", button="Confirm receipt", act=_receipt, about="",
        fields=(REFERRAL,), back="/office",
    ),
    Form(
        name="office-answer", command="referrals return", right="referral",
        title="Answer", button="Send the answer", act=_office_answer, about="",
        fields=(REFERRAL, Field("code", "Outcome", "radio", VERDICT_WORDS)), back="/office",
        hint="Only the outcome is kept. Keep your own records in your office.",
    ),
    Form(
        name="office-statement", command="answer", right="referral",
        title="Statement of the person", button="Save the statement", act=_office_statement,
        about="", fields=(REFERRAL, *STATEMENT), back="/office",
    ),
    Form(
        name="office-bundle", command="", right="referral",
        title="Bundle", button="Download the bundle", act=_office_bundle, about="",
        fields=(REFERRAL,), back="/office",
        hint="A zip file with names: the letter, the log lines and a verifier. "
        "Its hash is recorded.",
    ),
    Form(
        name="save-view", command="", right="findings",
        title="Save this list", button="Save the list", act=_save_view, about="", back="/",
        fields=(Field("queue", kind="hidden"),
                Field("name", "Name of the list", hint="Only you see it. Do not name anyone.")),
    ),
    Form(
        name="remove-view", command="", right="findings",
        title="Remove", button="Remove", act=_remove_view, about="", back="/",
        fields=(Field("name", kind="hidden"), QUEUE),
    ),
    Form(
        name="inquire", command="inquiry open", right="inquire",
        title="Record an inquiry", button="Record it", act=_inquire,
        about="", back="/referrals",
        fields=(
            Field("account", "Account"),
            Field("first", "First day", "date"),
            Field("last", "Last day", "date"),
            Field("office", "Requester", "choice", referrals.OFFICES),
            Field("authorized_by", "Authorized by", hint="Name and office."),
            REASON,
        ),
        hint="A second person must approve the answer before it is released.",
    ),
    Form(
        name="release-inquiry", command="inquiry release", right="inquire",
        title="Answer", button="Release the answer", act=_release_inquiry, about="",
        fields=(Field("inquiry", kind="hidden"),), back="/referrals",
    ),
    Form(
        name="exception-end", command="findings exception-end", right="exception",
        title="End an exception", button="End it", act=_exception_end, about="",
        fields=(
            Field("exception", kind="hidden"),
            Field("wholly", "Remove it entirely", "check", is_needed=False),
            REASON,
        ),
        back="/permits",
    ),
    Form(
        name="hold-days", command="hold add", right="hold",
        title="Put days on hold", button="Hold", act=_hold_days, about="",
        fields=(Field("first", "First day", "date"), Field("last", "Last day", "date"),
                REASON),
        back="/permits",
    ),
    Form(
        name="release", command="hold release", right="hold",
        title="Release a hold", button="Release", act=_release, about="",
        fields=(Field("hold", kind="hidden"), REASON), back="/permits",
    ),
    Form(
        name="site", command="sites decide", right="sites",
        title="Put a site on the list", button="Preview the effect",
        attempt=_site, confirm="Put it on the list", is_needed_seen=True,
        about="", back="/sites", fields=SITE_FIELDS,
        hint="The next page previews the effect. Nothing is saved yet.",
    ),
    Form(
        name="proposal", command="propose", right="sites",
        title="Accept", button="Preview the effect", attempt=_proposal,
        confirm="Add to the registry", about="",
        fields=(Field("proposal", kind="hidden"), REASON), back="/proposals",
    ),
    Form(
        name="proposal-group", command="propose", right="sites",
        title="Accept the group", button="Accept", act=_group, about="",
        fields=(Field("group", kind="hidden"), REASON), back="/proposals",
    ),
    Form(
        name="proposal-back", command="propose", right="sites",
        title="Undo", button="Undo", act=_group_back, about="",
        fields=(Field("group", kind="hidden"), REASON), back="/proposals",
    ),
    Form(
        name="sign", command="report sign", right="sign",
        title="Sign the week", button="Sign", act=_sign, about="",
        fields=(Field("week", kind="hidden"), Field("by", "Your name and office"),
                Field("open", kind="confirm", is_needed=False)),
        back="/weeks",
    ),
    Form(
        name="stop-mail", command="report stop-mail", right="sign",
        title="Stop the emails", button="Stop", act=_stop_mail, about="",
        fields=(READER, REASON), back="/readers",
    ),
    Form(
        name="resume-mail", command="report resume-mail", right="sign",
        title="Send emails again", button="Send again", act=_resume_mail, about="",
        fields=(READER, REASON), back="/readers",
    ),
    Form(
        name="test-mail", command="report test-mail", right="sign",
        title="Send a test", button="Send a test email", act=_test_mail, about="",
        fields=(READER,), back="/readers",
    ),
    Form(
        name="record-open", command="records open", right="records",
        title="Record a request", button="Save it", act=_record_open, about="",
        back="/records",
        fields=(
            Field("requester", "Name and contact of the requester"),
            Field("received", "Received on", "date"),
            Field("text", "Request, in their words", "area"),
        ),
    ),
    Form(
        name="record-scope", command="records scope", right="records",
        title="Set the scope", button="Create the draft", act=_record_scope,
        about="record",
        fields=(
            RECORD,
            Field("relation", "Table", "choice",
                  {name: one.title for name, one in RELATIONS.items()}),
            Field("first", "First day", "date"),
            Field("last", "Last day", "date"),
            Field("columns", "Only these columns", is_needed=False,
                  hint="Names separated by commas; empty means all."),
        ),
        hint="The days are put on hold. A new scope voids an approval.",
    ),
    Form(
        name="record-decide", command="records decide", right="records",
        title="Decide a class, or one item", button="Record the decision",
        act=_record_decide, about="record",
        fields=(
            RECORD,
            Field("item", "Class or item", hint="Or the ID of an item in the draft."),
            Field("decision", "Decision", "radio", {
                "withhold": "Withhold, under the exemption",
                "mask": "Mask: show its kind, not its value",
                "keep": "Keep: release unchanged",
            }),
            Field("exemption", "Exemption", is_needed=False,
                  hint="Required unless it is kept: the citation from counsel."),
            REASON,
        ),
        hint="This voids an approval. Rows about students and about few people are never kept.",
    ),
    Form(
        name="record-approve", command="records approve", right="approve",
        title="Approve", button="Approve exactly this draft", act=_record_approve,
        about="record", fields=(RECORD, Field("seen", kind="hidden")),
    ),
    Form(
        name="record-release", command="records release", right="records",
        title="Release", button="Download the release", act=_record_release,
        about="record", fields=(RECORD,),
        hint="A zip file with the rows, the index of withheld items, and a verifier.",
    ),
    Form(
        name="record-close", command="records close", right="records",
        title="Close without a release", button="Close", act=_record_close,
        about="record", fields=(RECORD, REASON),
    ),
)  # fmt: skip
FORMS: Mapping[str, Form] = {form.name: form for form in _ALL}
assert set(VERDICT_WORDS) == set(VERDICTS)
