"""The sentences of a finding: about accounts and devices, never about guilt.

Everything is made from fields; no sentence holds a judgment. The account and
the devices are put in by the reader's edition, under their pseudonyms, at the
places `{account}` and `{devices}`.
"""

from collections.abc import Mapping

from pipelines.errors import capital
from pipelines.warehouse.headers import Header
from pipelines.warehouse.sentences import Details, fill, holds

KINDS: Mapping[str, str] = {
    "shared_account": "account in use away from its owner",
    "non_approved_site": "site not on the list",
    "off_hours_external": "outside site outside duty hours",
    "anomaly": "unusual for this account or device",
}
"""What a finding is about, in reports and messages alike."""

SURE: Mapping[str, str] = {"C3": "Well supported", "C2": "Likely"}
"""How sure it is; what is less sure is a lead, and stays with analysts."""


def claim(header: Header, details: Details) -> str:
    """One sentence that says what was seen."""
    for claimed in header.claim:
        if all(holds(condition, details) for condition in claimed.when):
            return fill(claimed.says, details)
    return f"Account {{account}} met rule {header.code}."


def told(claim: str, subject: str, kind: str) -> str:
    """The sentence with its subject put in; a device is called one.

    Accounts are called so by the rules themselves.
    """
    if kind != "device":
        return claim.replace("{account}", subject)
    said = claim.replace("{account}", f"device {subject}")
    return capital(said)


ALWAYS_LIMITS = (
    "Who was at the keyboard: logs name accounts and devices, not people.",
    "What was read or written: under encryption only the site's name is seen.",
    "Whether the use served the job: that is a person's judgment.",
)
