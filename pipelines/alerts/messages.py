"""What is said, and in which words. Pure.

No message holds a name, an account, an address or a site: it says how many
items wait, how sure they are, and where to look. Leads of the lowest confidence
are never announced, and what people did is never announced at once: it goes to
the list that is read in the morning.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

ANNOUNCED = ("C2", "C3")
KINDS: Mapping[str, str] = {
    "shared_account": "accounts in use in two places or while their owner is away",
    "non_approved_site": "use of sites that are not on the approved list",
    "off_hours_external": "use of outside sites outside duty hours",
    "anomaly": "unusual activity of a device or account",
}


@dataclass(frozen=True)
class Message:
    """One message to a reader.

    Attributes:
        key: The same for the same news, so that it is sent once.
        subject: One line.
        text: The body, plain text.
        class_name: digest or health; see the settings of alerts.
    """

    key: str
    subject: str
    text: str
    class_name: str


def digest(
    findings: Iterable[Mapping[str, Any]], announced: frozenset[str], report: str
) -> Message | None:
    """The findings that nobody was told of yet, as one message.

    Args:
        findings: Rows of `state.db`.
        announced: Ids that earlier messages counted.
        report: Where the newest report is.
    """
    new = [
        one
        for one in findings
        if _is_announced(one) and one["finding_id"] not in announced
    ]
    if not new:
        return None
    ids = sorted(one["finding_id"] for one in new)
    count = len(new)
    noun = "item" if count == 1 else "items"
    lines = [
        f"{count} {noun} wait for a decision.",
        "",
        *(f"  {line}" for line in _by_kind(new)),
        "",
        f"The report: {report}",
        "Each item shows what was seen, how sure it is, and other explanations.",
        "You get this because your address is on the district's alert list.",
    ]
    return Message(
        key="digest-" + _hash(ids),
        subject=f"Network report: {count} {noun} to review",
        text="\n".join(lines) + "\n",
        class_name="digest",
    )


def counted(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids that a digest of these findings counts."""
    return sorted(one["finding_id"] for one in findings if _is_announced(one))


def _is_announced(finding: Mapping[str, Any]) -> bool:
    """Waits for a decision, is well shown, and its rule is past its trial."""
    return (
        finding["status"] == "open"
        and finding["confidence"] in ANNOUNCED
        and finding["record"].get("stage") != "trial"
    )


def health(trouble: Iterable[Mapping[str, Any]], day: date) -> Message | None:
    """Files that could not be read, as one message a day."""
    files = sorted(_one_line(f"{one['source']}/{one['path']}") for one in trouble)
    if not files:
        return None
    shown = files[:10]
    more = len(files) - len(shown)
    lines = [
        f"{len(files)} delivered files could not be read in full:",
        "",
        *(f"  {name}" for name in shown),
        *([f"  and {more} more"] if more else []),
        "",
        "What to do: schoolbell status --json names the reason for each.",
    ]
    return Message(
        key=f"health-{day.isoformat()}-" + _hash(files),
        subject=f"Schoolbell: {len(files)} files need attention",
        text="\n".join(lines) + "\n",
        class_name="health",
    )


def _one_line(name: str) -> str:
    """A file's name can not begin a line of its own."""
    return "".join(char if char.isprintable() else "?" for char in name)


def _by_kind(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    counts: dict[str, int] = {}
    for one in findings:
        counts[one["kind"]] = counts.get(one["kind"], 0) + 1
    return [
        f"{count} about {KINDS.get(kind, KINDS['anomaly'])}"
        for kind, count in sorted(counts.items())
    ]


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
