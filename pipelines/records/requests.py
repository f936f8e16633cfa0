"""What people do with a request: open, scope, decide, approve, release, close."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.records.release import Draft, Scope, draft, release, scope_of
from pipelines.records.scopes import CLASSES, NEVER_KEPT, RELATIONS, columns_of
from pipelines.settings.home import SECRET_FILE, put
from pipelines.settings.roles import Asker, RefusedError
from pipelines.state.audit import Act, open_chain
from pipelines.state.database import now_text
from pipelines.state.days import dirty_days
from pipelines.state.records import (
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

DECISIONS = ("keep", "mask", "withhold")


class RecordsError(SchoolbellError):
    """A request cannot go on like this."""

    exit_code = 2


@dataclass(frozen=True)
class Estimate:
    """What a scope means, before anything is released.

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
class Released:
    """A release: its hash, and how much is in it."""

    path: Path
    sha256: str
    rows: int
    withheld: int


def open_request(
    district: District, by: Asker, requester: str, received: date, text: str
) -> RecordRequest:
    """Take a request down; its clock runs from the day on which it was received."""
    if not text.strip() or not requester.strip():
        raise RecordsError("a request has a requester and a text", where="records open")
    days = district.settings.records.response_days
    chain = open_chain(district.store, district.home)
    with district.store.reading() as connection:
        number = next_request_id(connection, received)
    request = RecordRequest(
        request_id=number,
        requester=requester.strip(),
        received=received,
        due=received + timedelta(days=days) if days else None,
        text=text,
        opened_by=str(by),
        opened_time=now_text(),
        scope={},
        least=None,
        approved_by="",
        approved_sha256="",
        closed_time="",
        outcome="",
    )
    with chain.recording(_act(by, "records request", number)) as connection:
        add_record_request(connection, request)
    return request


def request_of(district: District, number: str) -> RecordRequest:
    """A request by its number.

    Raises:
        RecordsError: There is none.
    """
    for one in record_requests(district.store):
        if one.request_id == number:
            return one
    raise RecordsError(
        f"there is no request {number!r}",
        where="records",
        remedy="schoolbell records list shows them.",
    )


def set_scope(
    district: District,
    by: Asker,
    number: str,
    relation: str,
    days: tuple[date, date],
    columns: Sequence[str] = (),
) -> Estimate:
    """Say what a request touches; the days are held, and nothing is decided yet.

    Raises:
        RecordsError: A table, column or day that cannot be asked for.
    """
    request = _open(district, number)
    scope = _scope(district, relation, days, columns)
    hold = Hold(
        hold_id=new_hold_id(),
        first_day=scope.first,
        last_day=scope.last,
        reason=f"public records request {number}",
        actor=str(by),
        time=now_text(),
        case_id=None,
    )
    said = f"{number} {relation} {scope.first}/{scope.last}"
    with open_chain(district.store, district.home).recording(
        _act(by, "records scope", said)
    ) as connection:
        change_record_request(
            connection,
            request.request_id,
            scope=scope.text,
            least=scope.least,
            approved_by=None,
            approved_sha256=None,
        )
        place_hold(connection, hold)
    return estimate(district, drafted(district, number))


def _scope(
    district: District,
    relation: str,
    days: tuple[date, date],
    columns: Sequence[str],
) -> Scope:
    first, last = days
    if relation not in RELATIONS:
        raise RecordsError(
            f"there is no table {relation!r} to ask for",
            where="--relation",
            remedy=f"Tables: {', '.join(RELATIONS)}.",
        )
    strange = [name for name in columns if name not in RELATIONS[relation].columns]
    if strange or last < first:
        raise RecordsError(
            f"it has no column {', '.join(strange)}"
            if strange
            else "the last day lies before the first",
            where="--columns" if strange else "--days",
            remedy=f"Columns: {', '.join(RELATIONS[relation].columns)}."
            if strange
            else "Give them as 2026-11-02..2026-11-13.",
        )
    if last >= today_of(district):
        raise RecordsError(
            "the last of these days is not over, so what it holds may change",
            where="--days",
            remedy="Ask for days up to yesterday.",
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
    """What would be released now.

    Raises:
        RecordsError: Nobody said what it touches.
    """
    request = request_of(district, number)
    if not request.scope:
        raise RecordsError(
            "nobody said yet what it touches",
            where=number,
            remedy="schoolbell records scope, with --relation and --days.",
        )
    decisions = record_decisions(district.store, number)
    return draft(district, scope_of(request.scope), decisions)


def estimate(district: District, made: Draft) -> Estimate:
    """Rows, students and cost of a draft."""
    said = district.settings.records
    hours = made.touched / said.rows_an_hour
    return Estimate(
        rows=made.touched,
        withheld=len(made.withheld),
        students=made.counted()["student_rows"],
        hours=round(hours, 1),
        cost=round(hours * said.hourly_cost, 2),
    )


def decide(
    district: District, by: Asker, number: str, decision: RecordDecision
) -> RecordDecision:
    """Keep, mask or withhold a class or one item, with exemption and reason.

    Raises:
        RecordsError: It names nothing of the draft, lacks its exemption, or would
            release what nobody can.
    """
    _open(district, number)
    made = drafted(district, number)
    of = {one.item: one.of for one in made.items} | {name: name for name in CLASSES}
    if decision.item not in of:
        raise RecordsError(
            f"{decision.item!r} is no class and no item of this request",
            where="records decide",
            remedy=f"Classes: {', '.join(CLASSES)}; items stand in the draft.",
        )
    if decision.decision not in DECISIONS or not decision.reason.strip():
        raise RecordsError(
            "a decision is keep, mask or withhold, and has a reason",
            where="records decide",
        )
    if decision.decision == "keep" and of[decision.item] in NEVER_KEPT:
        raise RecordsError(
            f"{CLASSES[of[decision.item]]} are not released",
            where=decision.item,
            remedy="A parent or student asks for their own records by another way.",
        )
    if decision.decision != "keep" and not decision.exemption.strip():
        raise RecordsError(
            "what is not released has an exemption",
            where="--exemption",
            remedy="Cite the one that the district's counsel named.",
        )
    act = _act(
        by,
        f"records {decision.decision}",
        f"{number} {decision.item}",
        f"{decision.exemption}: {decision.reason}".removeprefix(": "),
    )
    with open_chain(district.store, district.home).recording(act) as connection:
        add_record_decision(connection, number, decision)
    return decision


def approve(district: District, by: Asker, number: str) -> str:
    """Let a second person stand for exactly this release; its hash.

    Raises:
        RefusedError: They opened it, said what it touches, or decided something of it.
    """
    _open(district, number)
    if str(by) in _hands(district, number) and not by.is_alone:
        raise RefusedError(
            "whoever opened a request, scoped it or decided on it does not approve it",
            where=number,
            remedy="Let another person look at the draft.",
        )
    sha256 = hashlib.sha256(_bytes(district, drafted(district, number))).hexdigest()
    word = "records approve, alone" if by.is_alone else "records approve"
    act = _act(by, word, f"{number} {sha256[:16]}")
    with open_chain(district.store, district.home).recording(act) as connection:
        change_record_request(
            connection, number, approved_by=str(by), approved_sha256=sha256
        )
    return sha256


def _hands(district: District, number: str) -> frozenset[str]:
    """Everybody who had a part in a request, as the audit log has it."""
    return frozenset(
        entry.actor
        for entry in open_chain(district.store, district.home).entries()
        if entry.action.startswith("records ")
        and not entry.action.startswith("records approve")
        and entry.subject.split(" ")[0] == number
    )


def give_out(district: District, by: Asker, number: str, to: Path) -> Released:
    """Write the approved release into a folder.

    Raises:
        RecordsError: Nobody approved it, or it is not what was approved.
    """
    request = _open(district, number)
    made = drafted(district, number)
    data = _bytes(district, made)
    sha256 = hashlib.sha256(data).hexdigest()
    if request.approved_sha256 != sha256:
        raise RecordsError(
            "nobody approved it"
            if not request.approved_sha256
            else "it is not what was approved: the data or a decision changed since",
            where=number,
            remedy=f"A second person gives: schoolbell records approve {number}",
        )
    path = to / f"{number}.zip"
    act = _act(by, "records release", f"{number} {sha256}")
    withheld = len(made.withheld)
    with open_chain(district.store, district.home).recording(act) as connection:
        note_record_release(
            connection,
            request_id=number,
            sha256=sha256,
            row_count=len(made.rows),
            withheld_count=withheld,
            least=made.scope.least,
            released_by=str(by),
        )
        change_record_request(
            connection, number, closed_time=now_text(), outcome="released"
        )
        to.mkdir(parents=True, exist_ok=True)
        put(path, data, SECRET_FILE)
    return Released(path, sha256, len(made.rows), withheld)


def close(district: District, by: Asker, number: str, reason: str) -> None:
    """End a request without a release: withdrawn, answered otherwise, nothing there."""
    _open(district, number)
    if not reason.strip():
        raise RecordsError("an end has a reason", where="--reason")
    act = _act(by, "records close", number, reason)
    with open_chain(district.store, district.home).recording(act) as connection:
        change_record_request(
            connection, number, closed_time=now_text(), outcome=reason
        )


def today_of(district: District) -> date:
    """The day in the district."""
    return datetime.now(UTC).astimezone(ZoneInfo(district.zone)).date()


def _bytes(district: District, made: Draft) -> bytes:
    return release(made, district.settings.district.name)


def _open(district: District, number: str) -> RecordRequest:
    request = request_of(district, number)
    if request.closed_time:
        raise RecordsError(
            f"it was closed on {request.closed_time[:10]}: {request.outcome}",
            where=number,
            remedy="Open another request.",
        )
    return request


def _act(by: Asker, action: str, subject: str, reason: str = "") -> Act:
    return Act(actor=str(by), action=action, subject=subject, reason=reason)
