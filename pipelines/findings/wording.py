"""The sentences of a finding: about accounts and devices, never about guilt.

Everything is made from fields; no sentence holds a judgement. The account and
the devices are put in by the reader's edition, under their pseudonyms, at the
places `{account}` and `{devices}`.
"""

from pipelines.findings.rules import Details, rules


def claim(rule: str, details: Details) -> str:
    """One sentence that says what was seen."""
    known = rules().get(rule)
    return known.claim(details) if known else f"Account {{account}} met rule {rule}."


def would_change(rule: str) -> tuple[str, ...]:
    """What would withdraw a finding of this rule."""
    known = rules().get(rule)
    return known.would_change if known else ()


ALWAYS_LIMITS = (
    "Who was at the keyboard: logs name accounts and devices, not people.",
    "What was read or written: under encryption only the site's name is seen.",
    "Whether the use served the job: that is a person's judgement.",
)
