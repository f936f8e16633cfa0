"""The shape of a finding and of what it stands on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from pipelines.settings.parts import Severity

Confidence = Literal["C1", "C2", "C3"]
Result = Literal["ruled out", "fits", "not testable", "excluded by design"]

RULED_OUT: Result = "ruled out"
FITS: Result = "fits"
NOT_TESTABLE: Result = "not testable"
BY_DESIGN: Result = "excluded by design"
"""No test: the rule counts in such a way that it cannot be the explanation."""


@dataclass(frozen=True)
class Alternative:
    """An innocent explanation and what testing it showed.

    Attributes:
        name: The explanation, in words a reader knows.
        test: What was looked at, or how the rule counts.
        result: Whether it still fits, and whether that was tested at all.
    """

    name: str
    test: str
    result: Result


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a detection found, about an account, on one day.

    Attributes:
        finding_id: The same whenever the same thing is found again.
        subject: The account; never a person.
        claim: One sentence made from fields alone.
        evidence: Ids of the cited events.
        would_change: What would withdraw it.
        limits: What these logs cannot show about it.
        stage: `trial` findings are shown and alert nobody.
        suppressed_by: The exception that hides it, if any.
        permitted_by: The consent that allows all of it, if any.
        withheld: Sites of a sensitive kind, which no default surface spells.
    """

    finding_id: str
    rule: str
    kind: str
    subject: str
    event_date: date
    start_time: datetime
    end_time: datetime
    severity: Severity
    confidence: Confidence
    claim: str
    devices: tuple[str, ...]
    sites: tuple[str, ...]
    evidence: tuple[int, ...]
    details: Mapping[str, Any]
    clauses: tuple[Mapping[str, str], ...]
    alternatives: tuple[Alternative, ...]
    limits: tuple[str, ...]
    would_change: tuple[str, ...]
    next_step: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    stage: str = "live"
    suppressed_by: str | None = None
    permitted_by: str | None = None
    withheld: tuple[str, ...] = ()


def finding_id(rule: str, subject: str, day: date) -> str:
    """Names a finding by what it is about, so that a re-run finds the same one.

    A detection returns one row for each subject and day; the first cited line
    may change with late data, the rule, subject and day do not.
    """
    text = f"{rule}\x1f{subject}\x1f{day.isoformat()}"
    return "f-" + hashlib.sha256(text.encode()).hexdigest()[:16]
