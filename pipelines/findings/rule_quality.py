"""Conclusions from verdicts for each rule: how often it was right, and the effect.

Reviewers decide cases, so findings of one case that got the same verdict for the
same rule count as one decision. A rule is right if a violation was confirmed;
`undetermined` decides nothing. After 30 decisions, a rule makes leads unless it is
certain at 95 % confidence that nine of ten decisions confirm it.
Verdicts never change thresholds: people do.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from pipelines.district import District
from pipelines.state.connections import Store
from pipelines.state.findings import stored_findings
from pipelines.state.reviews import cases_by_finding, last_verdicts
from pipelines.state.rows import DecidedFinding, FindingRow

LEVEL = 0.95
_HALVINGS = 60

LEAST = 30
"""Decisions below which nothing follows: five errors of ten say little."""
NEEDED = 0.9
"""The share of confirmed decisions that a rule has to reach, surely."""
ONE_SIDED = 0.9
"""Two tails of 5 %: below the lower bound lies 5 %. With the 2.5 % of a two-sided
interval, a rule that was right 30 times of 30 would fall (0.884)."""
IS_CONFIRMED = ("violation", "security_incident")
"""Verdicts that confirm a finding."""
FACTS_HOLD = (*IS_CONFIRMED, "authorized", "benign")
"""Verdicts that confirm the facts of the finding."""
DECIDES = (*FACTS_HOLD, "misattributed", "data_fault")
State = Literal["too few", "holds", "leads", "may go live", "stays on trial"]
MEANS: Mapping[State, str] = {
    "too few": f"fewer than {LEAST} decisions: nothing follows yet",
    "holds": "confirmed often enough",
    "leads": "not confirmed often enough: its undecided findings are leads",
    "may go live": "on trial, and confirmed often enough to be announced",
    "stays on trial": "on trial, and not confirmed often enough",
}
PLACES: Mapping[str, str] = {
    "authorized": "registry/consents.csv or registry/approved_sites.csv",
    "benign": "registry/approved_sites.csv, or registry/staff_duty.csv",
    "misattributed": "registry/devices.csv and registry/subnets.csv",
    "data_fault": "the source of the cited lines, and its clock",
}
"""Verdict -> where what was missing belongs."""

_QUALITY: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "code": pl.String,
    "stage": pl.String,
    "state": pl.String,
    **dict.fromkeys((*DECIDES, "undetermined"), pl.Int64),
    "decisions": pl.Int64,
    "confirmed": pl.Int64,
    "facts_hold": pl.Int64,
    "precision": pl.Float64,
    "precision_low": pl.Float64,
    "precision_high": pl.Float64,
    "at_least": pl.Float64,
}


def share_bounds(found: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the Clopper-Pearson bounds of a share: `found` of `of`.

    With nothing to count, everything is possible: 0 to 1.
    """
    if of == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if found == 0 else _root(lambda p: 1 - _at_most(found - 1, of, p), tail)
    high = 1.0 if found == of else _root(lambda p: 1 - _at_most(found, of, p), 1 - tail)
    return low, high


def _root(rising: Callable[[float], float], value: float) -> float:
    """Find where a rising function has a value, between 0 and 1."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if rising(middle) < value:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(found: int, of: int, p: float) -> float:
    """Return the chance of at most `found` successes of `of`, each with chance `p`."""
    logs = (math.log(p), math.log1p(-p))
    return math.fsum(
        math.exp(_log_choose(of, k) + k * logs[0] + (of - k) * logs[1]) for k in range(found + 1)
    )


def _log_choose(of: int, k: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)


@dataclass(frozen=True, kw_only=True)
class RuleQuality:
    """A rule's record after reviewers' decisions.

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
        """The effect on the rule."""
        is_good = self.at_least >= NEEDED
        if self.decisions < LEAST:
            return "too few"
        if self.stage == "trial":
            return "may go live" if is_good else "stays on trial"
        return "holds" if is_good else "leads"


def rule_qualities(
    store: Store, versions: Mapping[str, str], stages: Mapping[str, str]
) -> list[RuleQuality]:
    """Return every rule's record, in order of its id.

    Args:
        versions: The current version of each rule, by id; decisions about another version
            of it, or other thresholds, no longer count.
        stages: Trial or live, by id.
    """
    decided = last_verdicts(store)
    cases = cases_by_finding(store)
    rows: list[DecidedFinding] = [
        {**row, "verdict": decided[row["finding_id"]]["verdict"]}
        for row in stored_findings(store)
        if row["finding_id"] in decided
    ]
    return [
        _quality(
            code,
            stages.get(code, "live"),
            [r for r in rows if r["rule"] == code and is_of_version(r, version)],
            cases,
        )
        for code, version in sorted(versions.items())
    ]


def demoted(found: Iterable[RuleQuality]) -> frozenset[str]:
    """Return rules whose undecided findings are leads."""
    return frozenset(quality.code for quality in found if quality.state == "leads")


def _quality(
    code: str, stage: str, rows: Sequence[DecidedFinding], cases: Mapping[str, str]
) -> RuleQuality:
    units = {
        (cases.get(row["finding_id"], row["finding_id"]), row["verdict"])
        for row in rows
        if row["verdict"] in DECIDES
    }
    given = Counter(verdict for _, verdict in units)
    return RuleQuality(
        code=code,
        stage=stage,
        verdicts=Counter(row["verdict"] for row in rows),
        decisions=len(units),
        right=sum(given[verdict] for verdict in IS_CONFIRMED),
        facts_hold=sum(given[verdict] for verdict in FACTS_HOLD),
    )


def is_of_version(row: FindingRow, version: str) -> bool:
    """Return whether the current version of the rule found it; older findings lack the version."""
    return row["record"]["inputs"].get("rule", version) == version


def qualities_of(district: District) -> Sequence[RuleQuality]:
    """Return each rule's record after the decisions so far."""
    return rule_qualities(district.store, district.versions, district.stages)


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
        """The place for the missing fact."""
        return PLACES[self.verdict]


def fixes(decided: Iterable[DecidedFinding]) -> list[Fix]:
    """Return what to correct, the most frequent first.

    Args:
        decided: Rows of findings, each with its `verdict`.
    """
    found = Counter(key for row in decided for key in _about(row))
    return [
        Fix(*key, count)
        for key, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]


def _about(row: DecidedFinding) -> Iterator[tuple[str, str, str, bool]]:
    verdict, rule, record = row["verdict"], row["rule"], row["record"]
    if verdict not in PLACES:
        return
    is_device = verdict in ("misattributed", "data_fault") or not record["sites"]
    for about in record["devices" if is_device else "sites"] or ("",):
        yield verdict, rule, about, is_device


def quality_row(quality: RuleQuality) -> dict[str, object]:
    """Return a rule's record as values for JSON and tables."""
    low, high = quality.bounds
    counts = {name: quality.verdicts.get(name, 0) for name in (*DECIDES, "undetermined")}
    return {
        "code": quality.code,
        "stage": quality.stage,
        "state": quality.state,
        **counts,
        "decisions": quality.decisions,
        "confirmed": quality.right,
        "facts_hold": quality.facts_hold,
        "precision": quality.right / quality.decisions if quality.decisions else None,
        "precision_low": low,
        "precision_high": high,
        "at_least": quality.at_least,
    }


def quality_frame(found: Iterable[RuleQuality]) -> pl.DataFrame:
    """`findings.rule_standing`: one row a rule."""
    return pl.DataFrame([quality_row(quality) for quality in found], schema=_QUALITY)
