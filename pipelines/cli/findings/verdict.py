"""Commands that decide: verdicts, assignments, and the second person's approval."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pipelines.cli.context import CommandContext, open_context
from pipelines.cli.findings.cases import found
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.findings import review
from pipelines.findings.review import VERDICTS, Verdict
from pipelines.state.reviews import present_code

SubjectId = Annotated[str, typer.Argument(help="Id of a case or a finding.")]
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
    decision = Verdict(code, reason.strip())
    with open_context(home, "verdict") as context:
        chosen = to_decide(context, subject_id)
        review.decide(
            context.chain, chosen, decision, context.asker, context.own_accounts
        )
    decided = [row["finding_id"] for row in chosen]
    facts = {"subject_id": subject_id, "finding_ids": decided, "verdict": code}
    facts["reason"] = decision.reason
    more = f" ({len(decided)} findings)" if len(decided) > 1 else ""
    tell(facts, f"{subject_id}: {code}, {VERDICTS[code]}{more}", as_json=as_json)


def to_decide(context: CommandContext, subject_id: str) -> list[Mapping[str, Any]]:
    """The findings that a verdict on a case or on one finding is about.

    Raises:
        SettingsError: There is no such case or finding.
    """
    for case in context.cases:
        if case.case_id == subject_id:
            return list(case.undecided or case.counted)
    return [found(context, subject_id)[1]]


def assign(
    home: Home,
    subject_id: SubjectId,
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
