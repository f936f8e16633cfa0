"""Tests the innocent explanations of a rule against what its SQL returned."""

from collections.abc import Collection

from pipelines.findings.record import NOT_TESTABLE, Alternative
from pipelines.findings.rules import Details, rules
from pipelines.findings.rules._tests import ONE_DEVICE
from pipelines.registry.networks import address_text

WORN = Alternative(
    ONE_DEVICE[0],
    "no lease and no row of the registry says which device had the address",
    NOT_TESTABLE,
)


def alternatives(rule: str, details: Details) -> tuple[Alternative, ...]:
    """Every explanation of a rule with the result of its test; none if unknown."""
    known = rules().get(rule)
    return tuple(
        Alternative(name=name, test=text, result=result)
        for name, test in (known.explanations if known else ())
        for result, text in [test(details)]
    )


def of_the_subject(
    subject: str, devices: Collection[str], tested: Collection[Alternative]
) -> tuple[Alternative, ...]:
    """What fits any rule whose subject is a device that only its address names.

    Args:
        devices: The devices of the finding; what is none of them is no device.
        tested: What the rule tested itself, which is not told twice.
    """
    is_bare = subject in devices and address_text(subject) is not None
    return (WORN,) if is_bare and WORN.name not in {one.name for one in tested} else ()
