"""Commands that decide: verdicts, assignments, and the second person's approval."""

from typing import Annotated

import typer

from pipelines.cli.context import open_context
from pipelines.cli.findings.cases import FindingId, found
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.findings import review
from pipelines.findings.review import VERDICTS, Verdict

Reason = Annotated[str, typer.Option(help="Why, in your words; recorded permanently.")]


def verdict(
    home: Home,
    finding_id: FindingId,
    code: Annotated[str, typer.Argument(help="One of: " + ", ".join(VERDICTS))],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Record a verdict; the last one counts, all are kept."""
    decision = Verdict(code, reason.strip())
    with open_context(home, "verdict") as context:
        _, finding = found(context, finding_id)
        review.decide(
            context.chain, finding, decision, context.asker, context.own_accounts
        )
    facts = {"finding_id": finding_id, "verdict": code, "reason": decision.reason}
    tell(facts, f"{finding_id}: {code}, {VERDICTS[code]}", as_json=as_json)


def assign(
    home: Home,
    subject_id: Annotated[str, typer.Argument(help="Id of a finding or a case.")],
    assignee: Annotated[str, typer.Argument(help="Login of the person responsible.")],
    reason: Annotated[str, typer.Option(help="Why, if needed.")] = "",
    as_json: AsJson = False,
) -> None:
    """Assign a finding or a case."""
    with open_context(home, "assign") as context:
        review.assign(context.chain, subject_id, assignee, context.asker, reason)
    facts = {"subject_id": subject_id, "assignee": assignee}
    tell(facts, f"{subject_id}: {assignee}", as_json=as_json)


def approve(
    home: Home,
    request_id: Annotated[str, typer.Argument(help="Id that the request printed.")],
    as_json: AsJson = False,
) -> None:
    """Approve, as a second person, what somebody requested."""
    with open_context(home, "approve") as context:
        row = review.approve(context.chain, request_id, context.asker)
    facts = {"request_id": request_id, **{k: row[k] for k in ("action", "case_id")}}
    said = f"approved: {row['action']} of case {row['case_id']}"
    tell(facts, said, as_json=as_json)
