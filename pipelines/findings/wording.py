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


def told(claim: str, subject: str, kind: str) -> str:
    """The sentence with its subject put in; a device is called one.

    Accounts are called so by the rules themselves.
    """
    if kind != "device":
        return claim.replace("{account}", subject)
    said = claim.replace("{account}", f"device {subject}")
    return said[:1].upper() + said[1:]


def would_change(rule: str) -> tuple[str, ...]:
    """What would withdraw a finding of this rule."""
    known = rules().get(rule)
    return known.would_change if known else ()


ALWAYS_LIMITS = (
    "Who was at the keyboard: logs name accounts and devices, not people.",
    "What was read or written: under encryption only the site's name is seen.",
    "Whether the use served the job: that is a person's judgement.",
)
