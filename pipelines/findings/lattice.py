"""Severity and confidence by rules alone: no sums, no scores.

Severity belongs to the rule and to repetition. Confidence begins where the rule
begins and goes down one level when an explanation could not be tested, to
the lowest when one still fits; nothing raises it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.findings.record import (
    FITS,
    NOT_TESTABLE,
    Alternative,
    Confidence,
    Severity,
)
from pipelines.findings.rules import rules

LEVELS: tuple[Confidence, ...] = ("C1", "C2", "C3")


def confidence(rule: str, alternatives: Iterable[Alternative]) -> Confidence:
    """How well a finding is shown; a rule without an entry makes leads."""
    results = [alternative.result for alternative in alternatives]
    if FITS in results:
        return "C1"
    known = rules().get(rule)
    level = LEVELS.index(known.begins if known else "C1")
    lowered = 1 if NOT_TESTABLE in results else 0
    return LEVELS[max(0, level - lowered)]


def severity(
    rule: str, default: str, details: Mapping[str, Any], days_in_two_weeks: int
) -> Severity:
    """How bad it is if true.

    Args:
        default: From the rule's header.
        days_in_two_weeks: Days on which this rule fired for this subject in the
            14 days that end with this one.
    """
    known = rules().get(rule)
    raised = known.raised(details, days_in_two_weeks) if known else None
    if raised is not None:
        return raised
    return default if default in ("low", "medium", "high") else "informational"  # type: ignore[return-value]
