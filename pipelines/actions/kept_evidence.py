"""Actions that preserve evidence: legal holds, and packs of cases.

Days under a hold are not deleted. A pack is one zip file. The audit chain records its
hash.
"""

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.action import HIDDEN, CaseId, Form, Input, Reason, Result, WithNames, action
from pipelines.actions.context import ActionContext
from pipelines.findings.packs import gathered
from pipelines.findings.packs import pack as packed
from pipelines.findings.review import NameRequest, granted, required_reason
from pipelines.state.audit import Act
from pipelines.state.connections import now_text
from pipelines.state.retention import Hold, HoldError, new_hold_id, place_hold, release_hold

FIRST, LAST = typer.Option("--from", help="First day."), typer.Option("--to", help="Last day.")


class HoldInput(Input):
    """Days, or a case whose week is held."""

    case: Annotated[str, HIDDEN, typer.Option("--case", help="Hold the week of this case.")] = ""
    reason: Reason
    first: Annotated[date | None, FIRST] = None
    last: Annotated[date | None, LAST] = None


@action(
    name="hold",
    command="hold add",
    right="hold",
    title="Hold the week",
    button="Hold",
    case_rank=9,
    hint="Nothing in it is deleted until the hold is released.",
)
def hold(context: ActionContext, given: HoldInput) -> Result:
    """Place a hold: keep all data of some days, regardless of the retention period."""
    case_id, first, last = given.case, given.first, given.last
    if not case_id and first and last:
        return _placed(context, first, last, given.reason)
    week = next((one.monday for one in context.cases if one.case_id == case_id), None)
    if week is None or first or last:
        raise HoldError(
            f"there is no case {case_id!r}" if case_id else "no days are given",
            where="hold add",
            remedy="Give --from DAY and --to DAY, or --case and an id that "
            "`schoolbell findings cases` lists.",
        )
    return _placed(context, week, week + timedelta(days=6), given.reason, case_id)


class HoldDaysInput(Input):
    """Days that are held."""

    first: Annotated[date, Form("First day", "date")]
    last: Annotated[date, Form("Last day", "date")]
    reason: Reason


@action(
    name="hold-days",
    of_command="hold add",
    right="hold",
    title="Put days on hold",
    button="Hold",
    back="/exceptions",
)
def hold_days(context: ActionContext, given: HoldDaysInput) -> Result:
    """Keep everything of some days."""
    return _placed(context, given.first, given.last, given.reason)


def _placed(
    context: ActionContext, first: date, last: date, reason: str, case_id: str | None = None
) -> Result:
    placed = Hold(
        hold_id=new_hold_id(),
        first_day=first,
        last_day=last,
        reason=reason,
        actor=str(context.asker),
        time=now_text(),
        case_id=case_id,
    )
    with context.chain.recording(hold_act(placed)) as transaction:
        place_hold(transaction, placed)
    return Result(
        f"{placed.hold_id} keeps {first} to {last}.", placed.__dict__, (f"hold {line_of(placed)}",)
    )


def hold_act(placed: Hold) -> Act:
    """Build the entry of a hold in the audit chain."""
    return Act(
        actor=placed.actor,
        action="hold",
        subject=f"{placed.hold_id} {placed.first_day}/{placed.last_day}",
        reason=placed.reason,
        case=placed.case_id or "",
    )


class ReleaseInput(Input):
    """A hold that ends."""

    hold: Annotated[
        str, HIDDEN, typer.Argument(metavar="hold_id", help="ID that `hold list` shows.")
    ]
    reason: Reason


@action(
    command="hold release",
    right="hold",
    title="Release a hold",
    button="Release",
    back="/exceptions",
)
def release(context: ActionContext, given: ReleaseInput) -> Result:
    """Release a hold; the next purge may delete its data."""
    ident, actor = given.hold, str(context.asker)
    act = Act(actor=actor, action="release", subject=ident, reason=given.reason)
    with context.chain.recording(act) as transaction:
        release_hold(transaction, ident, actor, given.reason)
    return Result(f"{ident} is released.", {"hold_id": ident, "released_by": actor})


class PackInput(Input):
    """A case whose evidence is packed."""

    case: CaseId
    names: WithNames = False
    reason: Reason


@action(
    command="findings pack",
    right="export",
    title="Evidence pack",
    button="Pack",
    case_rank=10,
    out=typer.Option("--to", help="New file to write, such as case.zip."),
)
def pack(context: ActionContext, given: PackInput) -> Result:
    """Pack the evidence of a case into a zip file that can be verified offline."""
    case, why = context.case(given.case), required_reason(given.reason)
    if given.names:
        context.require("names")
        wish = NameRequest(action="pack", case_id=given.case, reason=why)
        granted(context.chain, wish, context.asker)
    data = packed(gathered(context.district, case, None if given.names else context.named))
    seal = hashlib.sha256(data).hexdigest()
    edition = "with names" if given.names else "under pseudonyms"
    act = Act(
        actor=str(context.asker),
        action="packed",
        subject=given.case,
        case=given.case,
        reason=f"{edition}, {seal}: {why}",
    )
    with context.chain.recording(act):
        context.put(data)
    head, file = context.chain.head(), context.file
    number, count = head.number if head else 0, len(case.findings)
    return Result(
        "Packed.",
        {"file": file, "sha256": seal, "findings": count, "audit_entry": number},
        (
            f"{file}: {count} findings, {edition}",
            f"sha256 {seal}, entry {number} of the audit chain",
            f"To check it: python3 verify.py {Path(file).name} --sha256 {seal}",
        ),
        file=f"{given.case}.zip",
    )


def line_of(one: Hold) -> str:
    """Return a hold in one line."""
    case = f", case {one.case_id}" if one.case_id else ""
    days = f"{one.first_day} to {one.last_day}"
    line = f"{one.hold_id}: {days}{case}, by {one.actor}: {one.reason}"
    if one.released_time:
        line += f"; released {one.released_time[:10]}: {one.release_reason}"
    return line
