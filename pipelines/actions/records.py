"""Acts on requests for public records, from the first day to the release."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import model_validator

from pipelines.actions.action import (
    HIDDEN,
    REASON_HINT,
    Form,
    FromFile,
    Input,
    Reason,
    Result,
    action,
    days_of,
)
from pipelines.actions.context import ActionContext
from pipelines.district import District
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.findings.people import login_of
from pipelines.findings.review import required_reason
from pipelines.records.release import Draft, Scope, draft, release, scope_of
from pipelines.records.scopes import CLASSES, NEVER_KEPT, RELATIONS, columns_of
from pipelines.reports.words import count
from pipelines.settings.model import Settings
from pipelines.settings.roles import RefusedError
from pipelines.state.audit import Act
from pipelines.state.connections import Store, now_text
from pipelines.state.records_requests import (
    RecordDecision,
    RecordRequest,
    add_record_decision,
    add_record_request,
    change_record_request,
    next_request_id,
    note_record_release,
    record_decisions,
    record_releases,
    record_requests,
)
from pipelines.state.retention import Hold, new_hold_id, place_hold
from pipelines.state.source_records import dirty_days

DECISIONS = {
    "withhold": "Withhold, under the exemption",
    "mask": "Mask: show its kind, not its value",
    "keep": "Keep: release unchanged",
}
NUMBER_HELP = "Number of the request: PR-2026-001."
RELEASED = "released"
"""Outcome of a request that was answered."""


class RecordsError(SchoolbellError):
    """A request cannot go on like this."""

    command = "schoolbell records list"
    exit_code = 2


@dataclass(frozen=True)
class Estimate:
    """The effect of a scope, before anything is released.

    Attributes:
        students: Rows about students.
        hours: To review the rows, by the district's own measure.
    """

    rows: int
    withheld: int
    students: int
    hours: float
    cost: float


def _request_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(file)) from error


class OpenInput(Input):
    """A request as it was received."""

    requester: Annotated[
        str,
        Form("Name and contact of the requester"),
        typer.Option("--requester", help="Name and contact of the requester."),
    ]
    received: Annotated[
        date,
        Form("Received on", "date"),
        typer.Option("--received", help="Day on which it was received."),
    ]
    text: Annotated[
        str,
        Form("Request, in their words", "area"),
        FromFile(_request_in),
        typer.Option("--text", help="File with the text of the request."),
    ]


@action(
    name="record-open",
    command="records open",
    right="records",
    title="Record a request",
    button="Save it",
    back="/records",
)
def open_request(context: ActionContext, given: OpenInput) -> Result:
    """Record a request; the deadline in [records] starts on the day it was received."""
    if not given.text.strip() or not given.requester.strip():
        raise RecordsError("a request has a requester and a text", where="records open")
    days = context.district.settings.records.response_days
    due = given.received + timedelta(days=days) if days else None
    with context.district.store.reading() as connection:
        number = next_request_id(connection, given.received)
    request = RecordRequest(
        request_id=number,
        requester=given.requester.strip(),
        received=given.received,
        due=due,
        text=given.text,
        opened_by=str(context.asker),
        opened_time=now_text(),
        scope={},
        least=None,
        approved_by="",
        approved_sha256="",
        closed_time="",
        outcome="",
    )
    with context.chain.recording(_act(context, "records request", number)) as connection:
        add_record_request(connection, request)
    return Result(
        f"{number} is recorded, {f'due {due}' if due else 'with no due date'}.",
        {"request": number, "due": str(due or "")},
        (f"{number}, {due_in_words(due)}",),
    )


def due_in_words(day: date | None) -> str:
    """Return the due day of a request in words."""
    return f"due {day}" if day else "no deadline: [records] response_days is not set"


def request_of(store: Store, number: str) -> RecordRequest:
    """Return a request by its number.

    Raises:
        RecordsError: The request does not exist.
    """
    for one in record_requests(store):
        if one.request_id == number:
            return one
    raise RecordsError(
        f"there is no request {number!r}",
        where="records",
        remedy="schoolbell records list shows them.",
    )


class RecordInput(Input):
    """A request for public records."""

    record: Annotated[str, HIDDEN, typer.Argument(metavar="number", help=NUMBER_HELP)]


class ScopeInput(RecordInput):
    """The rows that a request is about: a form has two days, a command their range."""

    relation: Annotated[
        str,
        Form(
            "Table", "choice", {name: one.title for name, one in RELATIONS.items()}, is_closed=False
        ),
        typer.Option("--relation", help="Table that is requested: " + ", ".join(RELATIONS)),
    ]
    first: Annotated[
        date,
        Form("First day", "date"),
        typer.Option("--days", help="Days: 2026-11-02..2026-11-13."),
    ]
    last: Annotated[date, Form("Last day", "date")]
    columns: Annotated[
        tuple[str, ...],
        Form("Only these columns", hint="Names separated by commas; empty means all."),
        typer.Option("--column", help="Only this; repeatable."),
    ] = ()

    @model_validator(mode="before")
    @classmethod
    def _range(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Separate the days of a command and the columns of a form."""
        read = {**given}
        if "last" not in read:
            read["first"], read["last"] = days_of(read["first"])
        columns = read.get("columns", ())
        words = columns if isinstance(columns, str) else " ".join(columns)
        return read | {"columns": tuple(words.replace(",", " ").split())}


@action(
    name="record-scope",
    command="records scope",
    right="records",
    title="Set the scope",
    button="Create the draft",
    hint="The days are put on hold. A new scope voids an approval.",
)
def set_scope(context: ActionContext, given: ScopeInput) -> Result:
    """Set the scope of a request; report its rows, students and cost. Nothing is released."""
    number = given.record
    request = _open(context, number)
    scope = _scope(context, given)
    hold = Hold(
        hold_id=new_hold_id(),
        first_day=scope.first,
        last_day=scope.last,
        reason=f"public records request {number}",
        actor=str(context.asker),
        time=now_text(),
        case_id=None,
    )
    subject = f"{number} {given.relation} {scope.first}/{scope.last}"
    with context.chain.recording(_act(context, "records scope", subject)) as connection:
        change_record_request(
            connection,
            request.request_id,
            scope=scope.text,
            least=scope.least,
            approved_by=None,
            approved_sha256=None,
        )
        place_hold(connection, hold)
    effect = estimate(context.district.settings, drafted(context.district, number))
    cost = f", {effect.cost:,.2f} at the hourly cost set" if effect.cost else ""
    line = (
        f"{count(effect.rows, 'row')}, {count(effect.withheld, 'item')} that cannot be released "
        f"to everyone, {effect.students:,} of them about students; {effect.hours:g} hours to "
        f"review{cost}. The days are held."
    )
    return Result("The draft is below. Its days are on hold.", asdict(effect), (line,))


def _scope(context: ActionContext, given: ScopeInput) -> Scope:
    relation, first, last, columns = given.relation, given.first, given.last, given.columns
    if relation not in RELATIONS:
        raise RecordsError(
            f"table {relation!r} cannot be requested",
            where="--relation",
            remedy=f"Tables: {', '.join(RELATIONS)}.",
        )
    strange = [name for name in columns if name not in RELATIONS[relation].columns]
    if strange or last < first:
        raise RecordsError(
            f"it has no column {', '.join(strange)}"
            if strange
            else "the last day is before the first",
            where="--columns" if strange else "--days",
            remedy=f"Columns: {', '.join(RELATIONS[relation].columns)}."
            if strange
            else "Give them as 2026-11-02..2026-11-13.",
        )
    district = context.district
    if last >= context.today:
        raise RecordsError(
            "the last of these days is not over, so its data may change",
            where="--days",
            remedy="Request days up to yesterday.",
        )
    if RELATIONS[relation].is_weekly:
        monday = first - timedelta(days=first.weekday())
        sunday = last + timedelta(days=6 - last.weekday())
        if (first, last) != (monday, sunday):
            raise RecordsError(
                "this table is of whole weeks: a day would show more than its rows do",
                where="--days",
                remedy=f"Give whole weeks, Monday to Sunday: {monday}..{sunday}",
            )
    waiting = [day for day in dirty_days(district.store) if first <= day <= last]
    if waiting:
        raise RecordsError(
            f"{len(waiting)} of these days wait to be built: counts may change",
            where=str(min(waiting)),
            remedy="Run: schoolbell run --home HOME",
        )
    # a later release must not show what an earlier one hid
    earlier = [one["least"] for one in record_releases(district.store)]
    least = max([district.settings.report.least_count, *earlier])
    return Scope(relation, first, last, columns_of(relation, columns), least)


def drafted(district: District, number: str) -> Draft:
    """Build the draft of the current release.

    Raises:
        RecordsError: The request has no scope.
    """
    request = request_of(district.store, number)
    if not request.scope:
        raise RecordsError(
            "no one has scoped this request yet",
            where=number,
            remedy="schoolbell records scope, with --relation and --days.",
        )
    decisions = record_decisions(district.store, number)
    return draft(district, scope_of(request.scope), decisions)


def estimate(settings: Settings, draft_now: Draft) -> Estimate:
    """Return rows, students and cost of a draft."""
    rates = settings.records
    hours = draft_now.touched / rates.rows_an_hour
    return Estimate(
        rows=draft_now.touched,
        withheld=len(draft_now.withheld),
        students=draft_now.counted()["student_rows"],
        hours=round(hours, 1),
        cost=round(hours * rates.hourly_cost, 2),
    )


class DecideInput(RecordInput):
    """A decision about a class of rows or cells, or about one item."""

    item: Annotated[
        str,
        Form("Class or item", hint="Or the ID of an item in the draft."),
        typer.Argument(
            metavar="item", help="A class, or an item of the draft: " + ", ".join(CLASSES)
        ),
    ]
    decision: Annotated[
        str, Form("Decision", "radio", DECISIONS), typer.Argument(metavar="decision")
    ]
    exemption: Annotated[
        str,
        Form("Exemption", hint="Required unless it is kept: the citation from counsel."),
        typer.Option("--exemption", help="Exemption; required unless the decision is keep."),
    ] = ""
    reason: Reason


@action(
    name="record-decide",
    command="records decide",
    right="records",
    title="Decide a class, or one item",
    button="Record the decision",
    hint="This voids an approval. Rows about students and about few people are never kept.",
)
def decide(context: ActionContext, given: DecideInput) -> Result:
    """Keep, mask or withhold a class of cells or rows, or one item."""
    number, item = given.record, given.item.strip()
    _open(context, number)
    draft_now = drafted(context.district, number)
    class_of = {one.item: one.of for one in draft_now.items} | {name: name for name in CLASSES}
    if item not in class_of:
        raise RecordsError(
            f"{item!r} is not a class or an item of this request",
            where="records decide",
            remedy=f"Classes: {', '.join(CLASSES)}; items are listed in the draft.",
        )
    if given.decision == "keep" and class_of[item] in NEVER_KEPT:
        raise RecordsError(
            f"{CLASSES[class_of[item]]} are not released",
            where=item,
            remedy="Parents and students request their own records in another way.",
        )
    exemption = given.exemption.strip()
    if given.decision != "keep" and not exemption:
        raise RecordsError(
            "withheld items need an exemption",
            where="--exemption",
            remedy="Cite the one from the district's counsel.",
        )
    decision = RecordDecision(
        item=item,
        decision=given.decision,
        exemption=exemption,
        reason=given.reason,
        actor=str(context.asker),
    )
    act = _act(
        context,
        f"records {given.decision}",
        f"{number} {item}",
        f"{exemption}: {required_reason(given.reason)}".removeprefix(": "),
    )
    with context.chain.recording(act) as connection:
        add_record_decision(connection, number, decision)
    text = f"{item}: {given.decision}"
    return Result(f"{text}.", asdict(decision), (text,))


class ApproveInput(RecordInput):
    """A draft that a second person approves.

    Attributes:
        seen: Hash of the draft that they saw, if it was shown to them.
    """

    seen: Annotated[str, HIDDEN] = ""


@action(
    name="record-approve",
    command="records approve",
    right="approve",
    title="Approve",
    button="Approve exactly this draft",
)
def approve(context: ActionContext, given: ApproveInput) -> Result:
    """Approve exactly the current draft, as the second person."""
    context.require("records")
    number, is_alone = given.record, context.asker.is_alone
    _open(context, number)
    if had_a_hand(context, number) and not is_alone:
        raise RefusedError(
            "you can't approve a request that you opened, scoped or decided",
            where=number,
            remedy="Ask another person to review the draft.",
        )
    draft_now = drafted(context.district, number)
    _refuse_overlap(context.district.store, number, draft_now)
    sha256 = seal_of(context.district.settings, draft_now)
    if given.seen and given.seen != sha256:
        raise RecordsError(
            "the data changed since the draft was shown; nothing was approved",
            where=number,
            remedy="Review the draft again.",
        )
    word = "records approve, alone" if is_alone else "records approve"
    with context.chain.recording(_act(context, word, f"{number} {sha256[:16]}")) as connection:
        change_record_request(
            connection, number, approved_by=str(context.asker), approved_sha256=sha256
        )
    text = f"SHA-256 {sha256}"
    return Result(f"Approved: {text}.", {"sha256": sha256}, (f"approved: {text}",))


def _refuse_overlap(store: Store, number: str, draft_now: Draft) -> None:
    """Raise an error if rows would be released twice under different code names.

    Raises:
        RecordsError: A release of some of the same days has code names too.
    """
    scope = draft_now.scope
    if not any(one.of == "names" and one.decision == "keep" for one in draft_now.items):
        return
    for other in record_requests(store):
        if other.outcome != RELEASED or not other.scope or other.request_id == number:
            continue
        before = scope_of(other.scope)
        is_same_table = before.relation == scope.relation and before != scope
        has_codes = any(
            one.decision == "keep" for one in record_decisions(store, other.request_id).values()
        )
        overlaps = before.first <= scope.last and scope.first <= before.last
        if is_same_table and has_codes and overlaps:
            raise RecordsError(
                f"{other.request_id} released rows of the same days with code names; "
                "two releases could be joined by their rows",
                where=number,
                remedy=(
                    "Withhold the code names, request exactly the same scope "
                    f"({before.first}..{before.last}), or for other days."
                ),
            )


def had_a_hand(context: ActionContext, number: str) -> bool:
    """Return whether a person had a part in a request, however they signed in then."""
    mine = context.asker.user_name
    return any(
        True
        for entry in context.chain.entries()
        if entry.action.startswith("records ")
        and not entry.action.startswith("records approve")
        and entry.subject.split(" ")[0] == number
        and context.people.is_same(login_of(entry.actor), mine)
    )


@action(
    name="record-release",
    command="records release",
    right="records",
    title="Release",
    button="Download the release",
    out=typer.Option("--to", help="Folder for the zip."),
    is_folder=True,
    hint="A zip file with the rows, the index of withheld items, and a verifier.",
)
def give_out(context: ActionContext, given: RecordInput) -> Result:
    """Write the approved release: rows, index of withheld items, verifier."""
    number = given.record
    request = request_of(context.district.store, number)
    is_again = request.outcome == RELEASED  # the same bytes again, if a download failed
    if not is_again:
        _open(context, number)
    draft_now = drafted(context.district, number)
    data = release(draft_now, context.district.settings.district.name)
    sha256 = hashlib.sha256(data).hexdigest()
    if request.approved_sha256 != sha256:
        raise RecordsError(
            "no one has approved it"
            if not request.approved_sha256
            else "it differs from the approved draft: the data or a decision has changed",
            where=number,
            remedy="Open another request."
            if is_again
            else f"A second person must run: schoolbell records approve {number}",
        )
    word = "records release, again" if is_again else "records release"
    rows, withheld = len(draft_now.rows), len(draft_now.withheld)
    with context.chain.recording(_act(context, word, f"{number} {sha256}")) as connection:
        note_record_release(
            connection,
            request_id=number,
            sha256=sha256,
            row_count=rows,
            withheld_count=withheld,
            least=draft_now.scope.least,
            released_by=str(context.asker),
        )
        if not is_again:
            change_record_request(connection, number, closed_time=now_text(), outcome=RELEASED)
        context.put(data)
    return Result(
        "Released.",
        {"sha256": sha256, "rows": rows, "withheld": withheld, "path": context.file},
        (
            f"{context.file}: {rows:,} rows, {withheld:,} items withheld or masked",
            f"SHA-256 {sha256}",
        ),
        file=f"{number}.zip",
    )


class CloseInput(RecordInput):
    """A request that ends without a release: withdrawn, answered otherwise, no records."""

    reason: Annotated[
        str,
        Form("Reason", "reason", hint=REASON_HINT),
        typer.Option("--reason", help="Reason for ending it without a release."),
    ]


@action(
    name="record-close",
    command="records close",
    right="records",
    title="Close without a release",
    button="Close",
)
def close(context: ActionContext, given: CloseInput) -> Result:
    """Close a request without a release: withdrawn, or no records."""
    number, why = given.record, required_reason(given.reason)
    _open(context, number)
    if why == RELEASED:
        raise RecordsError("a release has a separate command", where="--reason")
    with context.chain.recording(_act(context, "records close", number, why)) as connection:
        change_record_request(connection, number, closed_time=now_text(), outcome=why)
    facts = {"request": number, "outcome": given.reason}
    return Result(f"{number} is closed.", facts, (f"{number}: closed",))


def seal_of(settings: Settings, draft_now: Draft) -> str:
    """Return the hash of a release."""
    return hashlib.sha256(release(draft_now, settings.district.name)).hexdigest()


def _open(context: ActionContext, number: str) -> RecordRequest:
    request = request_of(context.district.store, number)
    if request.closed_time:
        raise RecordsError(
            f"it was closed on {request.closed_time[:10]}: {request.outcome}",
            where=number,
            remedy="Open another request.",
        )
    return request


def _act(context: ActionContext, action: str, subject: str, reason: str = "") -> Act:
    return Act(actor=str(context.asker), action=action, subject=subject, reason=reason)
