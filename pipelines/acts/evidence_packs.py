"""The act that packs a case: one zip, whose hash stands in the audit chain."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.acts.context import ActContext
from pipelines.findings.packs import gathered
from pipelines.findings.packs import pack as packed
from pipelines.findings.review import Wish, granted, required_reason
from pipelines.state.audit import Act

Put = Callable[[bytes], None]
"""Takes the file away; called in the transaction that notes its hash."""


@dataclass(frozen=True)
class Packed:
    """What was packed.

    Attributes:
        number: Of the entry in the audit chain.
    """

    sha256: str
    findings: int
    number: int


def pack(
    context: ActContext, case_id: str, reason: str, put: Put, *, names: bool = False
) -> Packed:
    """Pack the evidence of a case into a zip file that can be verified offline.

    Raises:
        RefusedError: Names were asked for, and nobody has approved it yet.
    """
    context.require("export")
    case, why = context.case(case_id), required_reason(reason)
    if names:
        context.require("names")
        wish = Wish(action="pack", case_id=case_id, reason=why)
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
    return Packed(seal, len(case.findings), head.number if head else 0)


def edition(*, names: bool) -> str:
    """How names stand in it."""
    return "with names" if names else "under pseudonyms"
