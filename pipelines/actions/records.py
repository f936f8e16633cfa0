"""Acts on requests for public records, from the first day to the release."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from pipelines.actions.action import OUT, REASON, Action, Parameter, Result, Values, day_of, days_of
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

DECISIONS = ("keep", "mask", "withhold")
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


@dataclass(frozen=True)
class ReleaseResult:
    """A release: its hash, and how much is in it."""

    sha256: str
    rows: int
    withheld: int


def open_request(
    context: ActionContext, requester: str, received: date, text: str
) -> RecordRequest:
    """Record a request; its due date counts from the day of receipt."""
    if not text.strip() or not requester.strip():
        raise RecordsError("a request has a requester and a text", where="records open")
    context.require("records")
    days = context.district.settings.records.response_days
    with context.district.store.reading() as connection:
        number = next_request_id(connection, received)
    request = RecordRequest(
        request_id=number,
        requester=requester.strip(),
        received=received,
        due=received + timedelta(days=days) if days else None,
        text=text,
        opened_by=str(context.asker),
        opened_time=now_text(),
        scope={},
        least=None,
        approved_by="",
        approved_sha256="",
        closed_time="",
        outcome="",
    )
    act = _act(context, "records request", number)
    with context.chain.recording(act) as connection:
        add_record_request(connection, request)
    return request


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


def set_scope(
    context: ActionContext,
    number: str,
    relation: str,
    days: tuple[date, date],
    columns: Sequence[str] = (),
) -> Estimate:
    """Say what a request touches; the days are held, and nothing is decided yet.

    Raises:
        RecordsError: A table, column or day that cannot be asked for.
    """
    context.require("records")
    request = _open(context, number)
    scope = _scope(context, relation, days, columns)
    hold = Hold(
        hold_id=new_hold_id(),
        first_day=scope.first,
        last_day=scope.last,
        reason=f"public records request {number}",
        actor=str(context.asker),
        time=now_text(),
        case_id=None,
    )
    said = f"{number} {relation} {scope.first}/{scope.last}"
    act = _act(context, "records scope", said)
    with context.chain.recording(act) as connection:
        change_record_request(
            connection,
            request.request_id,
            scope=scope.text,
            least=scope.least,
            approved_by=None,
            approved_sha256=None,
        )
        place_hold(connection, hold)
    return estimate(context.district.settings, drafted(context.district, number))


def _scope(
    context: ActionContext, relation: str, days: tuple[date, date], columns: Sequence[str]
) -> Scope:
    first, last = days
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
    given = [one["least"] for one in record_releases(district.store)]
    least = max([district.settings.report.least_count, *given])
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


def estimate(settings: Settings, made: Draft) -> Estimate:
    """Return rows, students and cost of a draft."""
    said = settings.records
    hours = made.touched / said.rows_an_hour
    return Estimate(
        rows=made.touched,
        withheld=len(made.withheld),
        students=made.counted()["student_rows"],
        hours=round(hours, 1),
        cost=round(hours * said.hourly_cost, 2),
    )


def decide(context: ActionContext, number: str, decision: RecordDecision) -> None:
    """Keep, mask or withhold a class or one item, with exemption and reason.

    Raises:
        RecordsError: It is not in the draft, lacks its exemption, or may never be
            released.
    """
    context.require("records")
    _open(context, number)
    made = drafted(context.district, number)
    of = {one.item: one.of for one in made.items} | {name: name for name in CLASSES}
    if decision.item not in of:
        raise RecordsError(
            f"{decision.item!r} is not a class or an item of this request",
            where="records decide",
            remedy=f"Classes: {', '.join(CLASSES)}; items are listed in the draft.",
        )
    if decision.decision not in DECISIONS:
        raise RecordsError(f"a decision is {', '.join(DECISIONS)}", where="records decide")
    if decision.decision == "keep" and of[decision.item] in NEVER_KEPT:
        raise RecordsError(
            f"{CLASSES[of[decision.item]]} are not released",
            where=decision.item,
            remedy="Parents and students request their own records in another way.",
        )
    if decision.decision != "keep" and not decision.exemption.strip():
        raise RecordsError(
            "withheld items need an exemption",
            where="--exemption",
            remedy="Cite the one from the district's counsel.",
        )
    act = _act(
        context,
        f"records {decision.decision}",
        f"{number} {decision.item}",
        f"{decision.exemption}: {required_reason(decision.reason)}".removeprefix(": "),
    )
    with context.chain.recording(act) as connection:
        add_record_decision(connection, number, decision)


def approve(context: ActionContext, number: str, seen: str = "") -> str:
    """Record a second person's approval of exactly this release, and return its hash.

    Args:
        seen: Hash of the draft that they saw, if it was shown to them.

    Raises:
        RefusedError: They opened it, scoped it, or decided an item.
        RecordsError: The release differs from the draft that they saw.
    """
    context.require("records")
    context.require("approve")
    _open(context, number)
    if had_a_hand(context, number) and not context.asker.is_alone:
        raise RefusedError(
            "you can't approve a request that you opened, scoped or decided",
            where=number,
            remedy="Ask another person to review the draft.",
        )
    made = drafted(context.district, number)
    _refuse_overlap(context.district.store, number, made)
    sha256 = seal_of(context.district.settings, made)
    if seen and seen != sha256:
        raise RecordsError(
            "the data changed since the draft was shown; nothing was approved",
            where=number,
            remedy="Review the draft again.",
        )
    word = "records approve, alone" if context.asker.is_alone else "records approve"
    act = _act(context, word, f"{number} {sha256[:16]}")
    with context.chain.recording(act) as connection:
        change_record_request(
            connection, number, approved_by=str(context.asker), approved_sha256=sha256
        )
    return sha256


def _refuse_overlap(store: Store, number: str, made: Draft) -> None:
    """Raise an error if rows would be released twice under different code names.

    Raises:
        RecordsError: A release of some of the same days has code names too.
    """
    scope = made.scope
    if not any(one.of == "names" and one.decision == "keep" for one in made.items):
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


def give_out(context: ActionContext, number: str) -> ReleaseResult:
    """Return the approved release; the same bytes again if a download failed.

    Raises:
        RecordsError: It is not approved, or differs from what was approved.
    """
    context.require("records")
    request = request_of(context.district.store, number)
    is_again = request.outcome == RELEASED
    if not is_again:
        _open(context, number)
    made = drafted(context.district, number)
    data = release(made, context.district.settings.district.name)
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
    withheld = len(made.withheld)
    with context.chain.recording(_act(context, word, f"{number} {sha256}")) as connection:
        note_record_release(
            connection,
            request_id=number,
            sha256=sha256,
            row_count=len(made.rows),
            withheld_count=withheld,
            least=made.scope.least,
            released_by=str(context.asker),
        )
        if not is_again:
            change_record_request(connection, number, closed_time=now_text(), outcome=RELEASED)
        context.put(data)
    return ReleaseResult(sha256, len(made.rows), withheld)


def close(context: ActionContext, number: str, reason: str) -> None:
    """Close a request without a release: withdrawn, answered otherwise, no records."""
    context.require("records")
    _open(context, number)
    why = required_reason(reason)
    if why == RELEASED:
        raise RecordsError("a release has a separate command", where="--reason")
    act = _act(context, "records close", number, why)
    with context.chain.recording(act) as connection:
        change_record_request(connection, number, closed_time=now_text(), outcome=why)


def seal_of(settings: Settings, made: Draft) -> str:
    """Return the hash of a release."""
    return hashlib.sha256(release(made, settings.district.name)).hexdigest()


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


def due_in_words(day: date | None) -> str:
    """Return the due day of a request in words."""
    return f"due {day}" if day else "no deadline: [records] response_days is not set"


def _open_request(context: ActionContext, values: Values) -> Result:
    received = day_of(values["received"], "received")
    made = open_request(context, values["requester"], received, values["text"])
    due = f"due {made.due}" if made.due else "with no due date"
    return Result(
        f"{made.request_id} is recorded, {due}.",
        {"request": made.request_id, "due": str(made.due or "")},
        (f"{made.request_id}, {due_in_words(made.due)}",),
    )


def _set_scope(context: ActionContext, values: Values) -> Result:
    if "days" in values:
        days = days_of(values["days"])
    else:
        days = day_of(values["first"], "first"), day_of(values["last"], "last")
    columns = values["columns"].replace(",", " ").split()
    made = set_scope(context, values["record"], values["relation"], days, columns)
    cost = f", {made.cost:,.2f} at the hourly cost set" if made.cost else ""
    line = (
        f"{count(made.rows, 'row')}, {count(made.withheld, 'item')} that cannot be released to "
        f"everyone, {made.students:,} of them about students; {made.hours:g} hours to "
        f"review{cost}. The days are held."
    )
    return Result("The draft is below. Its days are on hold.", asdict(made), (line,))


def _decide(context: ActionContext, values: Values) -> Result:
    decision = RecordDecision(
        item=values["item"].strip(),
        decision=values["decision"],
        exemption=values["exemption"].strip(),
        reason=values["reason"],
        actor=str(context.asker),
    )
    decide(context, values["record"], decision)
    said = f"{decision.item}: {decision.decision}"
    return Result(f"{said}.", asdict(decision), (said,))


def _approve(context: ActionContext, values: Values) -> Result:
    sha256 = approve(context, values["record"], values.get("seen", ""))
    said = f"SHA-256 {sha256}"
    return Result(f"Approved: {said}.", {"sha256": sha256}, (f"approved: {said}",))


def _give_out(context: ActionContext, values: Values) -> Result:
    made, path = give_out(context, values["record"]), values.get(OUT, "")
    lines = (
        f"{path}: {made.rows:,} rows, {made.withheld:,} items withheld or masked",
        f"SHA-256 {made.sha256}",
    )
    file = f"{values['record']}.zip"
    return Result("Released.", {**asdict(made), "path": path}, lines, file=file)


def _close(context: ActionContext, values: Values) -> Result:
    number, reason = values["record"], values["reason"]
    close(context, number, reason)
    facts = {"request": number, "outcome": reason}
    return Result(f"{number} is closed.", facts, (f"{number}: closed",))


def _request_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(file)) from error


RECORD = Parameter(
    "record", kind="hidden", option="number", help="Number of the request: PR-2026-001."
)
OPEN = Action(
    name="record-open",
    command="records open",
    right="records",
    title="Record a request",
    button="Save it",
    act=_open_request,
    about="",
    back="/records",
    parameters=(
        Parameter(
            "requester",
            "Name and contact of the requester",
            option="--requester",
            help="Name and contact of the requester.",
        ),
        Parameter(
            "received",
            "Received on",
            "date",
            option="--received",
            help="Day on which it was received.",
        ),
        Parameter(
            "text",
            "Request, in their words",
            "area",
            option="--text",
            help="File with the text of the request.",
            read=_request_in,
        ),
    ),
    summary="Record a request; the deadline in [records] starts on the day it was received.",
)
SCOPE = Action(
    name="record-scope",
    command="records scope",
    right="records",
    title="Set the scope",
    button="Create the draft",
    act=_set_scope,
    about="record",
    parameters=(
        RECORD,
        Parameter(
            "relation",
            "Table",
            "choice",
            {name: one.title for name, one in RELATIONS.items()},
            option="--relation",
            help="Table that is requested: " + ", ".join(RELATIONS),
        ),
        Parameter("first", "First day", "date"),
        Parameter("last", "Last day", "date"),
        Parameter("days", is_field=False, option="--days", help="Days: 2026-11-02..2026-11-13."),
        Parameter(
            "columns",
            "Only these columns",
            is_needed=False,
            hint="Names separated by commas; empty means all.",
            option="--column",
            help="Only this; repeatable.",
            is_repeated=True,
        ),
    ),
    hint="The days are put on hold. A new scope voids an approval.",
    summary="Set the scope of a request; report its rows, students and cost. Nothing is released.",
)
DECIDE = Action(
    name="record-decide",
    command="records decide",
    right="records",
    title="Decide a class, or one item",
    button="Record the decision",
    act=_decide,
    about="record",
    parameters=(
        RECORD,
        Parameter(
            "item",
            "Class or item",
            hint="Or the ID of an item in the draft.",
            option="item",
            help="A class, or an item of the draft: " + ", ".join(CLASSES),
        ),
        Parameter(
            "decision",
            "Decision",
            "radio",
            {
                "withhold": "Withhold, under the exemption",
                "mask": "Mask: show its kind, not its value",
                "keep": "Keep: release unchanged",
            },
            option="decision",
        ),
        Parameter(
            "exemption",
            "Exemption",
            is_needed=False,
            hint="Required unless it is kept: the citation from counsel.",
            option="--exemption",
            help="Exemption; required unless the decision is keep.",
        ),
        REASON,
    ),
    hint="This voids an approval. Rows about students and about few people are never kept.",
    summary="Keep, mask or withhold a class of cells or rows, or one item.",
)
APPROVE = Action(
    name="record-approve",
    command="records approve",
    right="approve",
    title="Approve",
    button="Approve exactly this draft",
    act=_approve,
    about="record",
    parameters=(RECORD, Parameter("seen", kind="hidden")),
    summary="Approve exactly the current draft, as the second person.",
)
RELEASE = Action(
    name="record-release",
    command="records release",
    right="records",
    title="Release",
    button="Download the release",
    act=_give_out,
    about="record",
    parameters=(RECORD,),
    out=Parameter(OUT, option="--to", help="Folder for the zip."),
    is_folder=True,
    hint="A zip file with the rows, the index of withheld items, and a verifier.",
    summary="Write the approved release: rows, index of withheld items, verifier.",
)
CLOSE = Action(
    name="record-close",
    command="records close",
    right="records",
    title="Close without a release",
    button="Close",
    act=_close,
    about="record",
    parameters=(RECORD, replace(REASON, help="Reason for ending it without a release.")),
    summary="Close a request without a release: withdrawn, or no records.",
)
ACTIONS = (OPEN, SCOPE, DECIDE, APPROVE, RELEASE, CLOSE)
