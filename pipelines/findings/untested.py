"""Explanations that nothing could test, where they keep a rule from being sure.

An explanation that is "not testable" for most of a rule's candidates in a week works
like a switch: it fits everyone and turns the rule's findings into leads. Leads count,
since most of what such a switch holds back is one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.findings.record import NOT_TESTABLE
from pipelines.warehouse.models import shared_words

MIN_CANDIDATES = 3
"""Minimum number in a week for a statement about most of them."""
TESTED_WITH: Mapping[str, str] = {
    "administrator": "is_admin in accounts.csv",
    "break": "breaks in staff_duty.csv",
    "clock": "a second log of the same sign-ins, as the domain controller's",
    "drive": "lat and lon in buildings.csv",
    "live": "the computers' Security logs or Google's ChromeOS audit",
    "one_device": "DHCP leases, and the device in devices.csv",
    "one_log": "a second log of the same events",
    "planned": "change_windows.csv",
}
"""Explanation that rules share -> the log or list that would test it."""


@dataclass(frozen=True)
class Untested:
    """An explanation that could not be tested for most of a rule's candidates.

    Attributes:
        rule: Code of the rule.
        explanation: Its name.
        count: Candidates that it could not be tested for.
        candidates: All of the rule's, leads included.
        tested_with: The log or list that would test it; empty where it is not known.
        reason: Why it could not be tested.
    """

    rule: str
    explanation: str
    count: int
    candidates: int
    tested_with: str
    reason: str

    @property
    def line(self) -> str:
        """A sentence, as an operator reads it."""
        with_what = f"; {self.tested_with} would test it" if self.tested_with else ""
        return (
            f"{self.rule}: {self.count} of {self.candidates} candidates of the week, "
            f'leads included, could not be tested for "{self.explanation}"'
            f"{with_what}"
        )


def untested(findings: Iterable[tuple[str, Iterable[Mapping[str, object]]]]) -> list[Untested]:
    """Return the explanations that were not testable for most candidates of a rule.

    Args:
        findings: Code of the rule and the tested explanations of each candidate.
    """
    known = {shared_words().explanations[name].name: text for name, text in TESTED_WITH.items()}
    candidates: dict[str, int] = {}
    counts: dict[tuple[str, str], int] = {}
    reasons: dict[tuple[str, str], str] = {}
    for rule, alternatives in findings:
        candidates[rule] = candidates.get(rule, 0) + 1
        for one in alternatives:
            if one.get("result") != NOT_TESTABLE:
                continue
            key = (rule, str(one.get("name")))
            counts[key] = counts.get(key, 0) + 1
            reasons.setdefault(key, str(one.get("test")))
    found = [
        Untested(
            rule,
            name,
            count,
            candidates[rule],
            known.get(name, ""),
            reasons[rule, name],
        )
        for (rule, name), count in counts.items()
        if candidates[rule] >= MIN_CANDIDATES and 2 * count > candidates[rule]
    ]
    return sorted(found, key=lambda one: (-one.count, one.rule, one.explanation))
