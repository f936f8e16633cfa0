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

LEVELS: tuple[Confidence, ...] = ("C1", "C2", "C3")

BEGINS: Mapping[str, Confidence] = {
    "SA-1": "C3",
    "SA-2": "C2",
    "SA-3": "C2",
    "SA-4": "C2",
    "SA-5": "C3",
    "SA-6": "C2",
    "SA-7": "C2",
    "NA-1": "C2",
    "NA-2": "C2",
    "NA-3": "C2",
    "NA-4": "C2",
    "NA-5": "C2",
    "NA-6": "C2",
    "OH-1": "C2",
    "AN-1": "C3",
    "AN-2": "C2",
    "AN-3": "C2",
    "AN-5": "C3",
    "AN-8": "C3",
}

CLOSED = ("weekend", "holiday", "closure")


def confidence(rule: str, alternatives: Iterable[Alternative]) -> Confidence:
    """How well a finding is shown; a rule without an entry makes leads."""
    results = [alternative.result for alternative in alternatives]
    if FITS in results:
        return "C1"
    level = LEVELS.index(BEGINS.get(rule, "C1"))
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
    repeated = days_in_two_weeks >= 3
    if rule.startswith("NA-") and (repeated or details.get("is_repeated")):
        return "medium"
    if rule == "OH-1" and (repeated or _in_closed_building(details)):
        return "medium"
    return default if default in ("low", "medium", "high") else "informational"  # type: ignore[return-value]


def _in_closed_building(details: Mapping[str, Any]) -> bool:
    return not details.get("is_remote") and details.get("day_type") in CLOSED
