"""Explanations that nothing could test, where they keep a rule from being sure.

An explanation that is "not testable" for most of a rule's candidates in a week works
like a switch: it fits everyone and turns the rule's findings into leads. Leads count,
since most of what such a switch holds back is one.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from pipelines.findings.record import FITS, NOT_TESTABLE
from pipelines.gaps.relation import Gap
from pipelines.state.connections import Store
from pipelines.state.findings import OPEN, WITHDRAWN, stored_findings
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
}
"""Explanation that rules share -> the log or list that would test it."""


def untested(findings: Iterable[tuple[str, Iterable[Mapping[str, object]]]]) -> list[Gap]:
    """Return the explanations that were not testable for most candidates of a rule.

    Args:
        findings: Code of the rule and the tested explanations of each candidate.
    """
    remedies = _remedies()
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
            remedy=remedies.get(name, ""),
            detail=reasons[rule, name],
        )
        for (rule, name), count in counts.items()
        if candidates[rule] >= MIN_CANDIDATES and 2 * count > candidates[rule]
    ]
    return sorted(gaps, key=lambda gap: (-gap.lost, gap.rules, gap.what))


def _remedies() -> dict[str, str]:
    return {shared_words().explanations[name].name: text for name, text in TESTED_WITH.items()}


def undecided(findings: Iterable[Iterable[Mapping[str, object]]]) -> list[Gap]:
    """Return the logs and lists that could decide findings, those that most wait for first.

    A finding counts for one only if nothing else is missing: no explanation fits, and
    the same log or list would test each that was not testable.

    Args:
        findings: The tested explanations of each open finding.
    """
    remedies = _remedies()
    total = 0
    counts: dict[str, int] = {}
    for explanations in findings:
        total += 1
        results = [(str(one.get("name")), one.get("result")) for one in explanations]
        if any(result == FITS for _, result in results):
            continue
        needed = {remedies.get(name, "") for name, result in results if result == NOT_TESTABLE}
        if len(needed) == 1 and (remedy := needed.pop()):
            counts[remedy] = counts.get(remedy, 0) + 1
    gaps = [
        Gap(reason="open", lost=count, total=total, unit="findings", remedy=remedy)
        for remedy, count in counts.items()
    ]
    return sorted(gaps, key=lambda gap: (-gap.lost, gap.remedy))


def open_undecided(store: Store) -> list[Gap]:
    """Return those of the open findings."""
    rows = stored_findings(store)
    return undecided(row["record"]["alternatives"] for row in rows if row["status"] == OPEN)


def newest_untested(store: Store) -> list[Gap]:
    """Return those of the newest week with findings."""
    rows = [row for row in stored_findings(store) if row["status"] != WITHDRAWN]
    newest = max((str(row["event_date"]) for row in rows), default="")
    if not newest:
        return []
    first = str(date.fromisoformat(newest) - timedelta(days=6))
    week = [row for row in rows if str(row["event_date"]) >= first]
    return untested((row["rule"], row["record"]["alternatives"]) for row in week)
