"""What verdicts suggest to put right, so that the same is not found again.

Nothing is changed by itself: each row names a file of the registry or a source,
and a person decides.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PLACES: Mapping[str, str] = {
    "authorised": "registry/consents.csv or registry/approved_sites.csv",
    "benign": "registry/approved_sites.csv, or registry/staff_duty.csv",
    "misattributed": "registry/devices.csv and registry/subnets.csv",
    "data_fault": "the source of the cited lines, and its clock",
}
"""Verdict -> where what was missing belongs."""


@dataclass(frozen=True)
class Fix:
    """One thing to look at.

    Attributes:
        about: A site, or a device; empty where the findings name neither.
        is_device: It is a device, to be shown under its pseudonym.
    """

    verdict: str
    rule: str
    about: str
    is_device: bool
    findings: int

    @property
    def place(self) -> str:
        """Where what was missing belongs."""
        return PLACES[self.verdict]


def fixes(decided: Iterable[Mapping[str, Any]]) -> list[Fix]:
    """What to look at, the most frequent first.

    Args:
        decided: Rows of findings, each with its `verdict`.
    """
    found = Counter(key for row in decided for key in _about(row))
    return [
        Fix(*key, count)
        for key, count in sorted(found.items(), key=lambda one: (-one[1], one[0]))
    ]


def _about(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    verdict, rule, record = row["verdict"], row["rule"], row["record"]
    if verdict not in PLACES:
        return
    is_device = verdict in ("misattributed", "data_fault") or not record["sites"]
    for about in record["devices" if is_device else "sites"] or ("",):
        yield verdict, rule, about, is_device
