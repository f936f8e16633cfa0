"""Tests the innocent explanations of a rule against what its SQL returned."""

from pipelines.findings.record import Alternative
from pipelines.findings.rules import Details, rules


def alternatives(rule: str, details: Details) -> tuple[Alternative, ...]:
    """Every explanation of a rule with the result of its test; none if unknown."""
    known = rules().get(rule)
    return tuple(
        Alternative(name=name, test=text, result=result)
        for name, test in (known.explanations if known else ())
        for result, text in [test(details)]
    )
