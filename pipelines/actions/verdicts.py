"""Acts on cases, findings and weeks: verdicts, assignments, approvals, signatures."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.actions.context import ActionContext
from pipelines.findings import review
from pipelines.findings.review import Verdict
from pipelines.reports.sign_off import Signature, sign_week


def verdict(
    context: ActionContext, subject_id: str, code: str, reason: str, *, is_again: bool
) -> Sequence[Mapping[str, Any]]:
    """Record a verdict on a case or on one finding; return the findings it is about.

    Args:
        is_again: The person knows of an earlier verdict, and replaces it.
    """
    context.require("verdict")
    decision = Verdict(code, reason.strip())
    chosen = to_decide(context, subject_id)
    review.decide(
        context.chain,
        chosen,
        decision,
        context.asker,
        context.is_own,
        is_again=is_again,
    )
    return chosen


def to_decide(context: ActionContext, subject_id: str) -> list[Mapping[str, Any]]:
    """Return the findings of a verdict on a case or on one finding.

    Raises:
        SettingsError: The case or finding does not exist.
    """
    for case in context.cases:
        if case.case_id == subject_id:
            return list(case.undecided or case.counted)
    return [context.finding(subject_id)[1]]


def assign(context: ActionContext, subject_id: str, assignee: str, reason: str = "") -> None:
    """Assign a finding or a case."""
    context.require("assign")
    review.assign(context.chain, subject_id, assignee, context.asker, reason)


def approve(context: ActionContext, request_id: str) -> Mapping[str, Any]:
    """Approve another person's request, as a second person; return the request."""
    context.require("approve")
    return review.approve(context.chain, request_id, context.asker, context.people.is_same)


def refuse(context: ActionContext, request_id: str, reason: str) -> Mapping[str, Any]:
    """Refuse another person's request, as a second person; return the request."""
    context.require("approve")
    why = review.required_reason(reason)
    return review.refuse(context.chain, request_id, why, context.asker, context.people.is_same)


def sign(context: ActionContext, week: str, by: str) -> Signature:
    """Sign a week's report: that it was looked at."""
    context.require("sign")
    return sign_week(context.district, context.chain, week, by, context.asker)
