"""Corrections that would keep cases away which a user decided without a violation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.actions.context import ActionContext
from pipelines.actions.fixes import devices_in, uses
from pipelines.actions.proposals import FROM_CASE
from pipelines.findings.cases import SITE_USE, Case
from pipelines.findings.review import VERDICTS
from pipelines.state.accepted_groups import accepted_groups
from pipelines.state.findings import EXPLAINED
from pipelines.state.reviews import last_verdicts

LOOK_BACK = timedelta(days=7)
CAUSES: Mapping[str, tuple[str, str, str, str]] = {
    "leave": (
        "was during leave on file", "were during leave on file",
        "If the leave is wrong, cancel it in the case. If it came late, import leave every day",
        "/start"
    ),
    "duty": (
        "was outside the duty hours on file", "were outside the duty hours on file",
        "Enter extra duty in the case, or accept the hours that the logs suggest", "/proposals"
    ),
    "site": (
        "was about a site that is not on the list", "were about sites that are not on the list",
        "Decide about the site once", "/sites"
    ),
    "device": (
        "was about a device that another account used",
        "were about devices that another account used",
        "Correct the holder in the case, or accept the holders that the logs suggest",
        "/proposals"
    ),
}  # fmt: skip
"""Cause -> the words for one case and for several, what keeps it away, and where."""


@dataclass(frozen=True)
class Prevention:
    """Cases with one cause, and what would keep the next ones away."""

    cases: Sequence[tuple[str, str]]
    cause: str
    remedy: str
    page: str


@dataclass(frozen=True)
class DecidedLately:
    """The user's decided cases of the last days.

    Attributes:
        decided: All of them.
        explained: Those without a violation or an incident.
        corrected: Those among the explained from which a list was corrected.
    """

    decided: int
    explained: int
    corrected: int
    preventions: Sequence[Prevention]


def decided_lately(context: ActionContext) -> DecidedLately | None:
    """Return what the user decided in seven days, with what would prevent it; None without."""
    since = (datetime.now(UTC) - LOOK_BACK).isoformat()
    actor = str(context.asker)
    codes = {
        ident: row["verdict"]
        for ident, row in last_verdicts(context.district.store).items()
        if row["reviewer"] == actor and row["time"] >= since
    }
    decided = [
        case for case in context.cases if any(row["finding_id"] in codes for row in case.findings)
    ]
    explained = [case for case in decided if _is_explained(case, codes)]
    if not explained:
        return None
    fixed = {one["topic"] for one in accepted_groups(context.district.store)}
    open_ones = [one for one in explained if f"{FROM_CASE}:{one.case_id}" not in fixed]
    by_cause: dict[str, list[tuple[str, str]]] = {}
    for case in sorted(open_ones, key=lambda one: one.label):
        if cause := _cause(context, case):
            by_cause.setdefault(cause, []).append((case.case_id, case.label))
    preventions = [
        Prevention(
            by_cause[name], f"{len(by_cause[name])} {words[len(by_cause[name]) > 1]}", *words[2:]
        )
        for name, words in CAUSES.items()
        if name in by_cause
    ]
    corrected = len(explained) - len(open_ones)
    return DecidedLately(len(decided), len(explained), corrected, preventions)


def _is_explained(case: Case, codes: Mapping[str, str]) -> bool:
    given = {codes[row["finding_id"]] for row in case.findings if row["finding_id"] in codes}
    return {VERDICTS[code] for code in given} == {EXPLAINED}


def _cause(context: ActionContext, case: Case) -> str:
    """Return the first cause that a list could remove; empty without one."""
    findings = uses(context, case)
    if findings["leave"]:
        return "leave"
    if case.heaviest["kind"] == "off_hours_external" and findings["duty"]:
        return "duty"
    if case.heaviest["kind"] == SITE_USE:
        return "site"
    is_shared = case.heaviest["kind"] == "shared_account"
    return "device" if is_shared and devices_in(context, case) else ""
