"""What is said of a rule's candidates, one file a rule; this is their contract.

A rule finds in `sql/detections/NAME.sql`; here `NAME.py` says in words what was
found, tests the innocent explanations, and says how sure the rule may begin.
Modules whose name begins with an underscore hold what several rules share.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.findings.record import Confidence, Result, Severity
from pipelines.plugins import discover

Details = Mapping[str, Any]
"""The facts that the rule's SQL returned."""

Test = Callable[[Details], tuple[Result, str]]
"""The result for an explanation, and what was looked at.

`ruled out` needs a fact against the explanation. Where the source of that fact is
missing, the result is `not testable`, never `ruled out`.
"""


def never_raised(details: Details, days: int) -> Severity | None:  # noqa: ARG001 - the contract's shape
    """For rules whose severity nothing raises."""
    return None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The words and the tests of one rule.

    Attributes:
        name: The detection's file, without `.sql`.
        code: Its short code, such as SA-1.
        begins: Confidence when every explanation is ruled out.
        claim: One sentence that says what was seen, with `{account}` for the subject.
        explanations: Innocent explanations, in words a reader knows, and their tests.
        would_change: What would withdraw the finding.
        raised: A severity above the header's, from the facts and the days within
            two weeks on which the rule fired for the subject.
    """

    name: str
    code: str
    begins: Confidence
    claim: Callable[[Details], str]
    explanations: tuple[tuple[str, Test], ...]
    would_change: tuple[str, ...]
    raised: Callable[[Details, int], Severity | None] = never_raised


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule of this folder by its code."""
    found: Mapping[str, Rule] = discover(__name__, "RULE", Rule)
    return {rule.code: rule for rule in found.values()}
