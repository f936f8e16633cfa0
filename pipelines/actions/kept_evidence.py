"""Actions that preserve evidence: legal holds, and packs of cases.

Days under a hold are not deleted. A pack is one zip file. The audit chain records its
hash.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from pipelines.actions.action import (
    CASE,
    OUT,
    REASON,
    WITH_NAMES,
    Action,
    Parameter,
    Result,
    Values,
    day_of,
)
from pipelines.actions.context import ActionContext
from pipelines.findings.packs import gathered
from pipelines.findings.packs import pack as packed
from pipelines.findings.review import NameRequest, granted, required_reason
from pipelines.state.audit import Act
from pipelines.state.connections import now_text
from pipelines.state.retention import Hold, HoldError, new_hold_id, place_hold, release_hold


def hold(
    context: ActionContext,
    reason: str,
    first: date | None = None,
    last: date | None = None,
    case: str | None = None,
) -> Hold:
    """Keep everything of some days, or of the week of a case."""
    context.require("hold")
    begin, end = _days(context, first, last, case)
    placed = Hold(
        hold_id=new_hold_id(),
        first_day=begin,
        last_day=end,
        reason=reason,
        actor=str(context.asker),
        time=now_text(),
        case_id=case,
    )
    with context.chain.recording(hold_act(placed)) as transaction:
        place_hold(transaction, placed)
    return placed


def hold_act(placed: Hold) -> Act:
    """Build the entry of a hold in the audit chain."""
    return Act(
        actor=placed.actor,
        action="hold",
        subject=f"{placed.hold_id} {placed.first_day}/{placed.last_day}",
        reason=placed.reason,
        case=placed.case_id or "",
    )


def _days(
    context: ActionContext, first: date | None, last: date | None, case: str | None
) -> tuple[date, date]:
    if case is None and first and last:
        return first, last
    found = [one for one in context.cases if one.case_id == case]
    if case is None or first or last or not found:
        raise HoldError(
            f"there is no case {case!r}" if case else "no days are given",
            where="hold add",
            remedy="Give --from DAY and --to DAY, or --case and an id that "
            "`schoolbell findings cases` lists.",
        )
    return found[0].monday, found[0].monday + timedelta(days=6)


def release(context: ActionContext, hold_id: str, reason: str) -> str:
    """Release a hold; the next purge may delete what it kept. By whom."""
    context.require("hold")
    actor = str(context.asker)
    act = Act(actor=actor, action="release", subject=hold_id, reason=reason)
    with context.chain.recording(act) as transaction:
        release_hold(transaction, hold_id, actor, reason)
    return actor


@dataclass(frozen=True)
class PackResult:
    """An evidence pack.

    Attributes:
        number: Number of its entry in the audit chain.
    """

    sha256: str
    findings: int
    number: int


def pack(context: ActionContext, case_id: str, reason: str, *, names: bool = False) -> PackResult:
    """Pack the evidence of a case into a zip file that can be verified offline.

    Raises:
        RefusedError: Names were requested without approval.
    """
    context.require("export")
    case, why = context.case(case_id), required_reason(reason)
    if names:
        context.require("names")
        wish = NameRequest(action="pack", case_id=case_id, reason=why)
        granted(context.chain, wish, context.asker)
    named = None if names else context.named
    data = packed(gathered(context.district, case, named))
    seal = hashlib.sha256(data).hexdigest()
    act = Act(
        actor=str(context.asker),
        action="packed",
        subject=case_id,
        case=case_id,
        reason=f"{edition(names=names)}, {seal}: {why}",
    )
    with context.chain.recording(act):
        context.put(data)
    head = context.chain.head()
    return PackResult(seal, len(case.findings), head.number if head else 0)


def edition(*, names: bool) -> str:
    """Return how names appear in a pack."""
    return "with names" if names else "under pseudonyms"


def line_of(one: Hold) -> str:
    """Return a hold in one line."""
    case = f", case {one.case_id}" if one.case_id else ""
    days = f"{one.first_day} to {one.last_day}"
    line = f"{one.hold_id}: {days}{case}, by {one.actor}: {one.reason}"
    if one.released_time:
        line += f"; released {one.released_time[:10]}: {one.release_reason}"
    return line


def _hold(context: ActionContext, values: Values) -> Result:
    first, last = (
        day_of(values[name], name) if values.get(name) else None for name in ("first", "last")
    )
    placed = hold(context, values["reason"], first, last, values.get("case") or None)
    return Result(
        f"{placed.hold_id} keeps {placed.first_day} to {placed.last_day}.",
        placed.__dict__,
        (f"hold {line_of(placed)}",),
    )


def _release(context: ActionContext, values: Values) -> Result:
    ident = values["hold"]
    facts = {"hold_id": ident, "released_by": release(context, ident, values["reason"])}
    return Result(f"{ident} is released.", facts)


def _pack(context: ActionContext, values: Values) -> Result:
    case, names = values["case"], bool(values["names"])
    made = pack(context, case, values["reason"], names=names)
    out = values.get(OUT, "")
    facts = {
        "file": out,
        "sha256": made.sha256,
        "findings": made.findings,
        "audit_entry": made.number,
    }
    lines = (
        f"{out}: {made.findings} findings, {edition(names=names)}",
        f"sha256 {made.sha256}, entry {made.number} of the audit chain",
        f"To check it: python3 verify.py {Path(out).name} --sha256 {made.sha256}",
    )
    return Result("Packed.", facts, lines, file=f"{case}.zip")


FIRST = Parameter("first", "First day", "date", option="--from", help="First day.")
LAST = Parameter("last", "Last day", "date", option="--to", help="Last day.")
HOLD = Action(
    name="hold",
    command="hold add",
    right="hold",
    title="Hold the week",
    button="Hold",
    act=_hold,
    parameters=(
        replace(CASE, option="--case", help="Hold the week of this case.", is_required=False),
        REASON,
        replace(FIRST, is_field=False, is_required=False),
        replace(LAST, is_field=False, is_required=False),
    ),
    hint="Nothing in it is deleted until the hold is released.",
    summary="Place a hold: keep all data of some days, regardless of the retention period.",
)
HOLD_DAYS = Action(
    name="hold-days",
    command="hold add",
    right="hold",
    title="Put days on hold",
    button="Hold",
    act=_hold,
    about="",
    parameters=(FIRST, LAST, REASON),
    back="/exceptions",
)
RELEASE = Action(
    name="release",
    command="hold release",
    right="hold",
    title="Release a hold",
    button="Release",
    act=_release,
    about="",
    parameters=(
        Parameter("hold", kind="hidden", option="hold_id", help="ID that `hold list` shows."),
        REASON,
    ),
    back="/exceptions",
    summary="Release a hold; the next purge may delete its data.",
)
PACK = Action(
    name="pack",
    command="findings pack",
    right="export",
    title="Evidence pack",
    button="Pack",
    act=_pack,
    parameters=(CASE, WITH_NAMES, REASON),
    out=Parameter(OUT, option="--to", help="New file to write, such as case.zip."),
    summary="Pack the evidence of a case into a zip file that can be verified offline.",
)
ACTIONS = (HOLD, HOLD_DAYS, RELEASE, PACK)
