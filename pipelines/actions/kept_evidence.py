"""Actions that preserve evidence: legal holds, and packs of cases.

Days under a hold are not deleted. A pack is one zip file. The audit chain records its
hash.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.actions.context import ActionContext
from pipelines.findings.packs import gathered
from pipelines.findings.packs import pack as packed
from pipelines.findings.review import NameRequest, granted, required_reason
from pipelines.state.audit import Act
from pipelines.state.connections import now_text
from pipelines.state.retention import (
    Hold,
    HoldError,
    new_hold_id,
    place_hold,
    release_hold,
)

Put = Callable[[bytes], None]
"""Takes the file away; called in the transaction that notes its hash."""


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


def pack(
    context: ActionContext, case_id: str, reason: str, put: Put, *, names: bool = False
) -> PackResult:
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
        put(data)
    head = context.chain.head()
    return PackResult(seal, len(case.findings), head.number if head else 0)


def edition(*, names: bool) -> str:
    """Return how names appear in a pack."""
    return "with names" if names else "under pseudonyms"
