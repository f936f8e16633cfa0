"""The measures of several trials together, and of one district told in other ways."""

import gzip
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.district import only_writer, open_district
from pipelines.findings.rule_quality import count_bounds, share_bounds
from pipelines.refresh.steps import build_and_judge, take_in
from pipelines.registry.new_home import create
from pipelines.state.findings import WITHDRAWN, stored_findings
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME, generate
from pipelines.synthetic.trial import SHOWN, Trial, lead_rules

Row = dict[str, Any]


def quality(trials: Sequence[Trial]) -> Mapping[str, Any]:
    """Every measure, as values that JSON can hold.

    Shares come with exact bounds of 95 % as `[low, high]`. Nothing here is a mean
    over districts: their findings, cases and weeks are put together.
    """
    planted = pl.concat([trial.cases for trial in trials])
    cases = planted.filter(~pl.col("is_lead"))
    findings = pl.concat([trial.findings for trial in trials])
    false = findings.filter(~pl.col("is_true"))
    leads = sum(sum(trial.leads.values()) for trial in trials)
    lacking = sum(len(trial.lacking) for trial in trials)
    user_weeks = sum(trial.people * trial.weeks for trial in trials)
    return {
        "districts": [_district(trial) for trial in trials],
        "user_weeks": user_weeks,
        "findings": findings.height,
        "false_findings": false.height,
        "precision": _share(_sum(findings["is_true"]), findings.height),
        "people_falsely_named": false["account"].n_unique(),
        "false_per_1000_user_weeks": _rate(false.height, user_weeks),
        "recall": _share(_sum(cases["is_found"]), cases.height),
        "recall_by_kind": _share(_sum(cases["is_met"]), cases.height),
        "lead_share": _share(leads, leads + findings.height),
        "complete": _share(findings.height - lacking, findings.height),
        "by_rule": _by_rule(trials, cases, findings),
        "leads": _leads(trials, planted.filter("is_lead")),
        "by_family": _recall(planted, ["family", "intensity"]),
        "false_by_alike": _false_by_alike(false),
    }


def false_rows(trials: Sequence[Trial]) -> list[Row]:
    """Each false finding, for a closer look."""
    return [
        {
            "seed": trial.seed,
            **row,
            "first": str(row["first"]),
            "last": str(row["last"]),
        }
        for trial in trials
        for row in trial.findings.filter(~pl.col("is_true")).to_dicts()
    ]


def missed_rows(trials: Sequence[Trial]) -> list[Row]:
    """Each planted case that its rule did not find; a lead counts where it is all."""
    names = ("case_id", "family", "expected_rule", "intensity", "is_met", "note")
    return [
        {"seed": trial.seed, **row}
        for trial in trials
        for row in trial.cases.filter(~pl.col("is_found")).select(names).to_dicts()
    ]


def _district(trial: Trial) -> Row:
    return {
        "seed": trial.seed,
        "has_violations": trial.has_violations,
        "people": trial.people,
        "weeks": trial.weeks,
        "planted": trial.cases.filter(~pl.col("is_lead")).height,
        "found": _sum(trial.cases.filter(~pl.col("is_lead"))["is_found"]),
        "findings": trial.findings.height,
        "false_findings": trial.findings.filter(~pl.col("is_true")).height,
        "leads": sum(trial.leads.values()),
        "lacking": dict(trial.lacking),
    }


def _share(found: int, of: int) -> Row:
    return {
        "count": found,
        "of": of,
        "share": found / of if of else None,
        "bounds": list(share_bounds(found, of)),
    }


def _sum(flags: pl.Series) -> int:
    return int(flags.sum())


def _rate(count: int, user_weeks: int) -> Row:
    low, high = (1000 * bound / user_weeks for bound in count_bounds(count))
    return {"rate": 1000 * count / user_weeks, "bounds": [low, high]}


def _by_rule(
    trials: Sequence[Trial], cases: pl.DataFrame, findings: pl.DataFrame
) -> list[Row]:
    built = set().union(*(trial.rules for trial in trials))
    rows = []
    for rule in sorted((built | set(cases["expected_rule"])) - set(lead_rules())):
        planted = cases.filter(pl.col("expected_rule") == rule)
        named = findings.filter(pl.col("rule") == rule)
        rows.append(
            {
                "rule": rule,
                "is_built": rule in built,
                "recall": _share(_sum(planted["is_found"]), planted.height),
                "precision": _share(_sum(named["is_true"]), named.height),
            }
        )
    return rows


def _leads(trials: Sequence[Trial], cases: pl.DataFrame) -> list[Row]:
    """The leads of each rule; of those that make nothing else, what was planted."""
    counts = sum((Counter(trial.leads) for trial in trials), Counter())
    rows = []
    for rule in sorted(set(counts) | set(lead_rules())):
        planted = cases.filter(pl.col("expected_rule") == rule)
        found = _sum(planted["is_found"])
        rows.append(
            {
                "rule": rule,
                "planted": planted.height,
                "found": found,
                "leads": counts[rule],
            }
        )
    return rows


def _recall(cases: pl.DataFrame, keys: list[str]) -> list[Row]:
    grouped = cases.group_by(keys).agg(
        planted=pl.len(), found=pl.col("is_found").sum(), met=pl.col("is_met").sum()
    )
    return grouped.sort(keys).to_dicts()


def _false_by_alike(false: pl.DataFrame) -> list[Row]:
    grouped = false.group_by(pl.col("alike").fill_null("nothing planted"), "rule")
    return grouped.agg(findings=pl.len()).sort("alike", "rule").to_dicts()


Key = tuple[str, str, str]
"""Rule, account and local day of a finding."""

_SQUID_USER = re.compile(
    rb"^(\S+ +\d+ \S+ \S+ \d+ \S+ \S+ )([^-\s]\S*)( )", re.MULTILINE
)
LATE = 3  # every third file comes after the first run


@dataclass(frozen=True)
class Stability:
    """How one variation compares.

    Attributes:
        same: Findings that both have.
        only_before: Findings of the district as it was that the variation lacks.
        only_after: Findings that the variation alone has.
    """

    variation: str
    same: int
    only_before: frozenset[Key]
    only_after: frozenset[Key]

    @property
    def jaccard(self) -> float:
        """1.0 where the findings are the same."""
        either = self.same + len(self.only_before) + len(self.only_after)
        return self.same / either if either else 1.0


def stability(folder: Path, seed: int, *, people: int, weeks: int) -> list[Stability]:
    """Make a district, and run it as it is and in every variation.

    Args:
        folder: An empty folder; each home in it is deleted when it was compared.
    """
    plain = folder / "plain"
    create(plain, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    generate(plain, seed, people=people, weeks=weeks)
    before = _as_it_is(_copy(plain, folder))
    found = []
    for name, run in VARIATIONS.items():
        after = run(_copy(plain, folder))
        found.append(
            Stability(name, len(before & after), before - after, after - before)
        )
    return found


def _copy(home: Path, folder: Path) -> Path:
    target = folder / "home"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(home, target)
    return target


def _as_it_is(home: Path) -> frozenset[Key]:
    with open_district(home) as district, only_writer(district.home):
        take_in(district, settle_seconds=0)
        build_and_judge(district)
        return frozenset(
            (finding["rule"], finding["subject"], finding["event_date"])
            for finding in stored_findings(district.store)
            if finding["status"] != WITHDRAWN and finding["confidence"] in SHOWN
        )


def _twice(home: Path) -> frozenset[Key]:
    """Every file a second time, under another name and compressed."""
    for path in _files(home):
        copy = path.with_name(f"again-{path.name.removesuffix('.gz')}.gz")
        copy.write_bytes(gzip.compress(_content(path), 1))
    return _as_it_is(home)


def _late(home: Path) -> frozenset[Key]:
    """Every third file after a first run that lacks it."""
    files = _files(home)[::LATE]
    aside = home.with_name("late")
    for path in files:
        target = aside / path.relative_to(home)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    _as_it_is(home)
    for path in files:
        (aside / path.relative_to(home)).rename(path)
    shutil.rmtree(aside)
    return _as_it_is(home)


def _spelt(home: Path) -> frozenset[Key]:
    """The proxy writes accounts in capitals, with the domain before them."""
    for path in _files(home):
        if path.parent.name == "proxy":
            data = _SQUID_USER.sub(_capitals, _content(path))
            path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)
    return _as_it_is(home)


def _capitals(found: re.Match[bytes]) -> bytes:
    name = found[2].replace(b"%5C", b"\\").rsplit(b"\\", 1)[-1].split(b"@")[0].upper()
    return found[1] + ACCOUNT_DOMAINS[0].encode() + b"\\" + name + found[3]


def _files(home: Path) -> list[Path]:
    return [path for path in sorted((home / "landing").rglob("*")) if path.is_file()]


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


VARIATIONS: Mapping[str, Callable[[Path], frozenset[Key]]] = {
    "every file comes twice": _twice,
    "every third file comes a run later": _late,
    "accounts are spelt in capitals, with their domain": _spelt,
}
