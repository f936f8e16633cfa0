"""Explanations that nothing could test, where they keep a rule from being sure.

An explanation that is "not testable" for most of a rule's candidates in a week works
like a switch: it fits everyone and turns the rule's findings into leads. Leads count,
since most of what such a switch holds back is one.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache

from pipelines.findings.record import FITS, NOT_TESTABLE
from pipelines.gaps.losses import REMEDIES
from pipelines.gaps.relation import NO_OWNER, Gap
from pipelines.gaps.remedies import KEYBOARDS
from pipelines.state.connections import Store
from pipelines.state.findings import OPEN, WITHDRAWN, stored_findings
from pipelines.warehouse.models import rule_headers, shared_words

MIN_CANDIDATES = 3
"""Minimum number in a week for a statement about most of them."""
HOLDER = REMEDIES[NO_OWNER]
OUTSIDE = "a file of outside addresses with the kind and the place of networks (*.mmdb)"
TESTED_WITH: Mapping[str, str] = {
    "is_administrator": "is_admin in accounts.csv",
    "is_after_work": HOLDER,
    "is_approved": "approved_shared in accounts.csv",
    "is_break": "breaks in staff_duty.csv",
    "is_carried": HOLDER,
    "is_changing_address": OUTSIDE,
    "is_clock_wrong": "a second log of the same sign-ins, as the domain controller's",
    "is_computer_moved": "these devices in devices.csv",
    "is_drive_possible": "lat and lon in buildings.csv",
    "is_event_possible": "each person's own hours in staff_duty.csv",
    "is_left_open": KEYBOARDS,
    "is_log_mistake": "a second log of the same events",
    "is_name_kept": KEYBOARDS,
    "is_owner_possible": HOLDER,
    "is_owner_there": HOLDER,
    "is_place_wrong": OUTSIDE,
    "is_server": "device_class in devices.csv",
    "is_shared_address": "DHCP leases, and the device in devices.csv",
    "is_shared_network": OUTSIDE,
    "NA-3 is_unused": "bytes and durations in the firewall's log",
}
"""Fact that tests an explanation, of one rule where it is named -> the log or list without which
it has no value. A fact that no log can fill, because nothing happened that would show it, has
none.
"""


def untested(findings: Iterable[tuple[str, Iterable[Mapping[str, object]]]]) -> list[Gap]:
    """Return the explanations that were not testable for most candidates of a rule.

    Args:
        findings: Code of the rule and the tested explanations of each candidate.
    """
    candidates: dict[str, int] = {}
    counts: dict[tuple[str, str], int] = {}
    reasons: dict[tuple[str, str], str] = {}
    for rule, explanations in findings:
        candidates[rule] = candidates.get(rule, 0) + 1
        for explanation in explanations:
            if explanation.get("result") != NOT_TESTABLE:
                continue
            key = (rule, str(explanation.get("name")))
            counts[key] = counts.get(key, 0) + 1
            reasons.setdefault(key, str(explanation.get("test")))
    gaps = [
        Gap(
            reason="explanation",
            rules=(rule,),
            what=name,
            lost=count,
            total=candidates[rule],
            unit="candidates",
            remedy=remedy_of(rule, name),
            detail=reasons[rule, name],
        )
        for (rule, name), count in counts.items()
        if candidates[rule] >= MIN_CANDIDATES and 2 * count > candidates[rule]
    ]
    return sorted(gaps, key=lambda gap: (-gap.lost, gap.rules, gap.what))


def remedy_of(rule: str, name: str) -> str:
    """Return the log or list that would test an explanation of a rule; empty if none would."""
    shared = shared_words().explanations.values()
    fact = next((one.test for one in shared if one.name == name), "") or _facts().get((rule, name))
    return TESTED_WITH.get(f"{rule} {fact}", TESTED_WITH.get(fact or "", ""))


@cache
def _facts() -> Mapping[tuple[str, str], str]:
    """Return the fact that tests each explanation, by rule and name."""
    return {
        (code, one.name): one.test
        for code, header in rule_headers().items()
        for one in header.explanations
    }


def lacks(rule: str, explanations: Iterable[Mapping[str, object]]) -> frozenset[str] | None:
    """Return the logs and lists that would test every untested explanation of a finding.

    None if they would decide nothing: an explanation fits, or nothing can test one.
    """
    results = [(str(one.get("name")), one.get("result")) for one in explanations]
    if any(result == FITS for _, result in results):
        return None
    needed = frozenset(remedy_of(rule, name) for name, result in results if result == NOT_TESTABLE)
    return None if "" in needed else needed


def undecided(findings: Iterable[tuple[str, Iterable[Mapping[str, object]]]]) -> list[Gap]:
    """Return the logs and lists that could decide findings, those that most wait for first.

    A finding counts for one only if nothing else is missing: no explanation fits, and
    the same log or list would test each that was not testable.

    Args:
        findings: Code of the rule and the tested explanations of each open finding.
    """
    total = 0
    counts: dict[str, int] = {}
    for rule, explanations in findings:
        total += 1
        needed = lacks(rule, explanations)
        if needed is not None and len(needed) == 1:
            (remedy,) = needed
            counts[remedy] = counts.get(remedy, 0) + 1
    gaps = [
        Gap(reason="open", lost=count, total=total, unit="findings", remedy=remedy)
        for remedy, count in counts.items()
    ]
    return sorted(gaps, key=lambda gap: (-gap.lost, gap.remedy))


def open_undecided(store: Store) -> list[Gap]:
    """Return those of the open findings."""
    rows = stored_findings(store)
    return undecided(
        (row["rule"], row["record"]["alternatives"]) for row in rows if row["status"] == OPEN
    )


def newest_untested(store: Store) -> list[Gap]:
    """Return those of the newest week with findings."""
    rows = [row for row in stored_findings(store) if row["status"] != WITHDRAWN]
    newest = max((str(row["event_date"]) for row in rows), default="")
    if not newest:
        return []
    first = str(date.fromisoformat(newest) - timedelta(days=6))
    week = [row for row in rows if str(row["event_date"]) >= first]
    return untested((row["rule"], row["record"]["alternatives"]) for row in week)
