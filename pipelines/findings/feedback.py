"""What verdicts say of each rule: how often it was right, and what follows from it.

Reviewers decide cases, so findings of one case that got the same verdict for the
same rule count as one decision. A rule is right where a violation was confirmed;
`undetermined` decides nothing. A rule of which it can not be said with 95 %
confidence that nine of ten decisions confirm it makes leads, once there are 30.
Thresholds never follow from verdicts: people change them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.district import District
from pipelines.findings.bounds import share_bounds
from pipelines.state.database import Store
from pipelines.state.findings import stored_findings
from pipelines.state.reviews import cases_by_finding, last_verdicts

LEAST = 30
"""Decisions below which nothing follows: five errors of ten say little."""
NEEDED = 0.9
"""The share of confirmed decisions that a rule has to reach, surely."""
ONE_SIDED = 0.9
"""Two tails of 5 %: below the lower bound lies 5 %. With the 2.5 % of a two-sided
interval, a rule that was right 30 times of 30 would fall (0.884)."""

FACTS_HOLD = ("violation", "authorised", "benign")
"""Verdicts that say that what the finding tells did happen."""
DECIDES = (*FACTS_HOLD, "misattributed", "data_fault")

State = Literal["too few", "holds", "leads", "may go live", "stays on trial"]
MEANS: Mapping[State, str] = {
    "too few": f"fewer than {LEAST} decisions: nothing follows yet",
    "holds": "confirmed often enough",
    "leads": "not confirmed often enough: its undecided findings are leads",
    "may go live": "on trial, and confirmed often enough to be announced",
    "stays on trial": "on trial, and not confirmed often enough",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a rule stands after what reviewers decided.

    Attributes:
        verdicts: How many findings have each verdict, the last one given.
        decisions: Decisions that count; see the module.
        right: Of these, the confirmed ones.
        facts_hold: Of these, those whose facts were not in doubt.
    """

    code: str
    stage: str
    verdicts: Mapping[str, int] = field(default_factory=dict)
    decisions: int = 0
    right: int = 0
    facts_hold: int = 0

    @property
    def bounds(self) -> tuple[float, float]:
        """Clopper-Pearson bounds of the share that was confirmed, 95 %."""
        return share_bounds(self.right, self.decisions)

    @property
    def at_least(self) -> float:
        """The share that it surely reaches: the one-sided bound, 95 %."""
        return share_bounds(self.right, self.decisions, ONE_SIDED)[0]

    @property
    def state(self) -> State:
        """What follows from it."""
        is_good = self.at_least >= NEEDED
        if self.decisions < LEAST:
            return "too few"
        if self.stage == "trial":
            return "may go live" if is_good else "stays on trial"
        return "holds" if is_good else "leads"


def standings(
    store: Store, versions: Mapping[str, str], stages: Mapping[str, str]
) -> list[Standing]:
    """How every rule stands, in order of its code.

    Args:
        versions: What each rule is now, by code; decisions about another version
            of it, or other thresholds, no longer count.
        stages: Trial or live, by code.
    """
    decided = last_verdicts(store)
    cases = cases_by_finding(store)
    rows = [
        {**row, "verdict": decided[row["finding_id"]]["verdict"]}
        for row in stored_findings(store)
        if row["finding_id"] in decided
    ]
    return [
        _standing(
            code,
            stages.get(code, "live"),
            [r for r in rows if r["rule"] == code and _is_same(r, version)],
            cases,
        )
        for code, version in sorted(versions.items())
    ]


def demoted(found: Iterable[Standing]) -> frozenset[str]:
    """Rules whose undecided findings are leads."""
    return frozenset(one.code for one in found if one.state == "leads")


def _standing(
    code: str,
    stage: str,
    rows: Sequence[Mapping[str, Any]],
    cases: Mapping[str, str],
) -> Standing:
    units = {
        (cases.get(row["finding_id"], row["finding_id"]), row["verdict"])
        for row in rows
        if row["verdict"] in DECIDES
    }
    given = Counter(verdict for _, verdict in units)
    return Standing(
        code=code,
        stage=stage,
        verdicts=Counter(row["verdict"] for row in rows),
        decisions=len(units),
        right=given["violation"],
        facts_hold=sum(given[verdict] for verdict in FACTS_HOLD),
    )


def _is_same(row: Mapping[str, Any], version: str) -> bool:
    """Found by the rule as it is now; older findings do not say by which."""
    return bool(row["record"]["inputs"].get("rule", version) == version)


def standings_of(district: District) -> Sequence[Standing]:
    """How each rule of a district stands after what reviewers decided so far."""
    return standings(district.store, district.versions, district.stages)
