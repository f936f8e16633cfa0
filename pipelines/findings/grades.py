"""Confidence and severity of a finding, from its innocent explanations, and its sentences.

Severity and confidence come from rules alone: no sums, no scores. Severity depends on
the rule and on repetition. Confidence begins with the rule's own, goes down one
level if an explanation could not be tested and to the lowest if one still fits;
nothing raises it. Explanations that the way of counting excludes are not tested and change
nothing.

Sentences are about accounts and devices, never about guilt. Everything is made from
fields. The reader's edition fills in the account and the devices, under their
pseudonyms, at the places `{account}` and `{devices}`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address, ip_network

from pipelines.errors import capital
from pipelines.findings.record import (
    BY_DESIGN,
    FITS,
    NOT_TESTABLE,
    RULED_OUT,
    Alternative,
    Confidence,
)
from pipelines.settings.problems import Severity
from pipelines.warehouse.headers import Explanation, Header
from pipelines.warehouse.models import shared_words
from pipelines.warehouse.sentences import Details, fill, holds

LEVELS: tuple[Confidence, ...] = ("C1", "C2", "C3")
NOT_SAID = "the logs lack the needed facts"
STILL_FITS = "nothing in the logs speaks against it"

KINDS: Mapping[str, str] = {
    "shared_account": "account in use away from its owner",
    "non_approved_site": "site not on the list",
    "off_hours_external": "outside site outside duty hours",
    "anomaly": "unusual for this account or device",
}
"""The subject of a finding, in reports and messages."""
SURE: Mapping[str, str] = {"C3": "Well supported", "C2": "Likely"}
"""Confidence in words; a finding with less is a lead, which only analysts see."""
OUTSIDE = "the Internet address {account}"
"""Names in sentences for subjects that are not devices of the district."""

INSIDE = [
    ip_network(one)
    for one in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
        "::1/128",
    )
]
"""Networks that are not routed outside, as in the macro `is_private_address`."""
ALWAYS_LIMITS = (
    "Who was at the keyboard: logs name accounts and devices, not people.",
    "What was read or written: under encryption only the site's name is seen.",
    "Whether the use served the job: that is a person's judgment.",
    "Which program caused the traffic, and whether a person knew of it.",
    "What was sent or received: under encryption only its amount is seen.",
)
"""Limits of any finding: three about use, two about traffic of devices."""


def always_limits(header: Header, of_clauses: Collection[str]) -> tuple[str, ...]:
    """Return the limits of any finding of a rule that its clauses do not state already.

    Args:
        of_clauses: The limits that the rule's clauses state.
    """
    if header.about == "device":
        return ALWAYS_LIMITS[3:]
    is_stated = any(re.search("at the keyboard|was typing", one) for one in of_clauses)
    return ALWAYS_LIMITS[is_stated:3]


def alternatives(header: Header, details: Details) -> tuple[Alternative, ...]:
    """Return every explanation of a rule with the result of its test."""
    return tuple(_tested(entry, details) for entry in header.explanations)


def _tested(entry: Explanation, details: Details) -> Alternative:
    fits = details.get(entry.test) if entry.test else None
    if fits is None and fill(entry.by_design, details):
        text, result = entry.by_design, BY_DESIGN
    elif fits is None:
        text, result = entry.not_testable or entry.says or NOT_SAID, NOT_TESTABLE
    elif fits:
        text, result = entry.fits or entry.says or STILL_FITS, FITS
    else:
        text, result = entry.ruled_out or entry.says, RULED_OUT
    return Alternative(entry.name, fill(text, details), result)


def of_the_subject(
    subject: str, devices: Collection[str], tested: Iterable[Alternative]
) -> tuple[Alternative, ...]:
    """Return explanations for any rule about a device that only its address names.

    Args:
        devices: The devices of the finding; other subjects are not devices.
        tested: Explanations that the rule tested itself, which are not repeated.
    """
    from pipelines.registry.networks import address_text  # it imports Polars

    if subject not in devices or address_text(subject) is None:
        return ()
    name = shared_words().explanations["one_device"].name
    if name in {known.name for known in tested}:
        return ()
    why = "no lease and no registry row identifies the device that had the address"
    return (Alternative(name, why, NOT_TESTABLE),)


def confidence(header: Header, tested: Iterable[Alternative]) -> Confidence:
    """Return how well a finding is supported."""
    results = [alternative.result for alternative in tested]
    if FITS in results:
        return "C1"
    level = LEVELS.index(header.base_confidence)
    lowered = 1 if NOT_TESTABLE in results else 0
    return LEVELS[max(0, level - lowered)]


def severity(header: Header, details: Details, days_in_two_weeks: int) -> Severity:
    """Return the severity if it is true.

    Args:
        days_in_two_weeks: Days on which this rule fired for this subject in the
            14 days that end with this one.
    """
    for raised in header.severity_raised:
        if details.get(raised.fact) or 0 < raised.days <= days_in_two_weeks:
            return raised.to
    default = header.severity
    return default if default in ("low", "medium", "high") else "informational"  # type: ignore[return-value]


def claim(header: Header, details: Details) -> str:
    """Return one sentence about what was seen."""
    for claimed in header.claim:
        if all(holds(condition, details) for condition in claimed.when):
            return fill(claimed.says, details)
    return f"Account {{account}} met rule {header.code}."


def of_outside(claim: str, subject: str) -> str:
    """Return the sentence, about an Internet address where the subject is one.

    A sentence that an earlier version kept is corrected as well.
    """
    if OUTSIDE in claim:
        return claim
    try:
        is_outside = not any(ip_address(subject) in net for net in INSIDE)
    except (ValueError, TypeError):
        return claim
    return claim.replace("{account}", OUTSIDE) if is_outside else claim


def told(claim: str, subject: str, kind: str) -> str:
    """Put the subject into a sentence; a device is called one.

    Accounts, and addresses outside, are called so by the sentence itself.
    """
    if kind != "device" or OUTSIDE in claim:
        return capital(claim.replace("{account}", subject))
    said = claim.replace("{account}", f"device {subject}")
    return capital(said)
