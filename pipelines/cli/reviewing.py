"""Commands that decide: verdicts, assignments, and the second person's approval."""

from typing import Annotated

import typer

from pipelines.cli.asking import desk
from pipelines.cli.findings import FindingId, found
from pipelines.cli.options import AsJson, Home
from pipelines.cli.telling import tell
from pipelines.findings import review
from pipelines.findings.review import VERDICTS, Verdict

Reason = Annotated[str, typer.Option(help="Why, in your words; kept for good.")]


def verdict(
    home: Home,
    finding_id: FindingId,
    code: Annotated[str, typer.Argument(help="One of: " + ", ".join(VERDICTS))],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Decide a finding; the last verdict counts, all are kept."""
    decision = Verdict(code, reason.strip())
    with desk(home, "verdict") as one:
        _, finding = found(one, finding_id)
        review.decide(one.chain, finding, decision, one.asker, one.own_accounts)
    facts = {"finding_id": finding_id, "verdict": code, "reason": decision.reason}
    tell(facts, f"{finding_id}: {code}, {VERDICTS[code]}", as_json=as_json)


def assign(
    home: Home,
    subject_id: Annotated[str, typer.Argument(help="Id of a finding or a case.")],
    assignee: Annotated[str, typer.Argument(help="Login of whoever looks after it.")],
    reason: Annotated[str, typer.Option(help="Why, if it needs saying.")] = "",
    as_json: AsJson = False,
) -> None:
    """Give a finding or a case to somebody."""
    with desk(home, "assign") as one:
        review.assign(one.chain, subject_id, assignee, one.asker, reason)
    facts = {"subject_id": subject_id, "assignee": assignee}
    tell(facts, f"{subject_id}: {assignee}", as_json=as_json)


def approve(
    home: Home,
    request_id: Annotated[str, typer.Argument(help="Id that the request printed.")],
    as_json: AsJson = False,
) -> None:
    """Approve, as the second person, what another asked for."""
    with desk(home, "approve") as one:
        row = review.approve(one.chain, request_id, one.asker)
    facts = {"request_id": request_id, **{k: row[k] for k in ("action", "case_id")}}
    said = f"approved: {row['action']} of case {row['case_id']}"
    tell(facts, said, as_json=as_json)
