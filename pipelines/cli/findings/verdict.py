"""Commands that decide: verdicts, assignments, and the second person's answer."""

from typing import Annotated

import typer

from pipelines.acts import verdicts
from pipelines.cli.context import open_context
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.findings.review import VERDICTS
from pipelines.state.reviews import present_code

SubjectId = Annotated[str, typer.Argument(help="Id of a case or a finding.")]
RequestId = Annotated[str, typer.Argument(help="Id that the request printed.")]
Reason = Annotated[str, typer.Option(help="Why, in your words; recorded permanently.")]


def verdict(
    home: Home,
    subject_id: SubjectId,
    code: Annotated[str, typer.Argument(help="One of: " + ", ".join(VERDICTS))],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Record a verdict on a case, or on one finding; the last one counts.

    One on a case is a verdict on each of its findings that nobody has decided, or on
    all of them where somebody has; all verdicts are kept.
    """
    code = present_code(code)
    with open_context(home, "verdict") as context:
        chosen = verdicts.verdict(context, subject_id, code, reason)
    decided = [row["finding_id"] for row in chosen]
    facts = {"subject_id": subject_id, "finding_ids": decided, "verdict": code}
    facts["reason"] = reason.strip()
    more = f" ({len(decided)} findings)" if len(decided) > 1 else ""
    tell(facts, f"{subject_id}: {code}, {VERDICTS[code]}{more}", as_json=as_json)


def assign(
    home: Home,
    subject_id: SubjectId,
    assignee: Annotated[str, typer.Argument(help="Login of the person responsible.")],
    reason: Annotated[str, typer.Option(help="Why, if needed.")] = "",
    as_json: AsJson = False,
) -> None:
    """Assign a finding or a case."""
    with open_context(home, "assign") as context:
        verdicts.assign(context, subject_id, assignee, reason)
    facts = {"subject_id": subject_id, "assignee": assignee}
    tell(facts, f"{subject_id}: {assignee}", as_json=as_json)


def approve(home: Home, request_id: RequestId, as_json: AsJson = False) -> None:
    """Approve, as a second person, what somebody requested."""
    with open_context(home, "approve") as context:
        row = verdicts.approve(context, request_id)
    facts = {"request_id": request_id, **{k: row[k] for k in ("action", "case_id")}}
    said = f"approved: {row['action']} of case {row['case_id']}"
    tell(facts, said, as_json=as_json)


def refuse(
    home: Home, request_id: RequestId, reason: Reason, as_json: AsJson = False
) -> None:
    """Refuse, as a second person, what somebody requested; they may ask again."""
    with open_context(home, "approve") as context:
        row = verdicts.refuse(context, request_id, reason)
    facts = {"request_id": request_id, **{k: row[k] for k in ("action", "case_id")}}
    said = f"refused: {row['action']} of case {row['case_id']}"
    tell(facts, said, as_json=as_json)
