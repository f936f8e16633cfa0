"""One synthetic district, made, judged and held against its truth and its log lines."""

import gzip
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.build.steps import build_and_judge, ingest_sources
from pipelines.district import only_writer, open_district
from pipelines.findings.cases import SITE_USE, block_of
from pipelines.findings.grades import alternatives
from pipelines.proposals.setup import plan_of, write
from pipelines.registry.new_home import create
from pipelines.state.findings import WITHDRAWN, stored_evidence, stored_findings
from pipelines.state.rows import EvidenceRow, FindingRow
from pipelines.synthetic.generate import DISTRICT_NAME, generate
from pipelines.synthetic.habits import FRIENDLY, Habits
from pipelines.synthetic.proof import sites_asked, unproven
from pipelines.synthetic.writers.exports import FOLDER
from pipelines.warehouse.models import rules as rule_models

SHOWN = ("C2", "C3")


# who uses a site off duty breaks the rule about sites too
ALSO_SHOWS = {"off_hours_external": ("non_approved_site",)}
WEEKS_BEFORE = 7
"""Weeks of the directory's log before the others: a silence of 45 days needs them."""
SLACK = pl.duration(minutes=15)


def lead_rules() -> list[str]:
    """Return codes of the rules that never make more than leads."""
    return sorted(
        code for code, rule in rule_models().items() if rule.header.base_confidence not in SHOWN
    )


def planted_cases(home: Path) -> pl.DataFrame:
    """Return the cases of `truth/planted.csv` with their times as instants."""
    cases = pl.read_csv(home / "truth" / "planted.csv", infer_schema_length=0)
    instants = [
        pl.col(name)
        .str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%SZ", strict=False)
        .dt.replace_time_zone("UTC")
        for name in ("start_utc", "end_utc")
    ]
    return cases.with_columns(*instants, is_violation=pl.col("is_violation") == "true")


def finding_frame(findings: Iterable[FindingRow]) -> pl.DataFrame:
    """Return stored findings: rule, account, kind and span."""
    rows = [
        {
            "rule": finding["rule"],
            "account": finding["subject"],
            "kind": finding["kind"],
            "first": finding["record"]["start_time"],
            "last": finding["record"]["end_time"],
        }
        for finding in findings
    ]
    schema = dict.fromkeys(("rule", "account", "kind", "first", "last"), pl.String)
    return pl.DataFrame(rows, schema=schema).with_columns(
        pl.col("first", "last").str.to_datetime(time_unit="us", time_zone="UTC")
    )


def incomplete(
    findings: Iterable[FindingRow], evidence: Iterable[EvidenceRow], landing: Path
) -> dict[str, str]:
    """Return what is missing, by finding; complete findings are absent.

    Args:
        findings: Stored findings, each with its record.
        evidence: Stored lines, with source, path and place in the file.
    """
    copies: dict[str, list[EvidenceRow]] = {}
    for row in evidence:
        copies.setdefault(row["finding_id"], []).append(row)
    files = _Files(landing)
    lacks = {
        finding["finding_id"]: _lacking(finding, copies.get(finding["finding_id"], []), files)
        for finding in findings
    }
    return {name: said for name, said in lacks.items() if said}


def _lacking(finding: FindingRow, lines: list[EvidenceRow], files: "_Files") -> str:
    record = finding["record"]
    named = [alternative["name"] for alternative in record["alternatives"]]
    wanted = [
        alternative.name
        for alternative in alternatives(rule_models()[finding["rule"]].header, record["details"])
    ]
    if not wanted or named[: len(wanted)] != wanted:
        return "not every other explanation was tested"
    if len(lines) != len(set(record["evidence"])):
        return f"{len(lines)} of {len(set(record['evidence']))} cited lines were kept"
    differing = sum(not files.holds(line) for line in lines)
    if differing:
        return f"{differing} cited lines are not in their files as copied"
    return ""


class _Files:
    """The landed files, each read once."""

    def __init__(self, landing: Path) -> None:
        self._landing = landing
        self._read: dict[Path, bytes] = {}

    def holds(self, row: EvidenceRow) -> bool:
        """Return whether the copied line is at its place, byte for byte."""
        path = self._landing / row["source"] / row["path"]
        if path not in self._read:
            data = path.read_bytes() if path.is_file() else b""
            self._read[path] = gzip.decompress(data) if path.suffix == ".gz" else data
        data, first = self._read[path], row["byte_offset"]
        line = row["line"].encode()
        last = first + len(line)
        begins = first == 0 or data[first - 1 : first] == b"\n"
        return begins and data[first:last] == line and data[last : last + 1] in b"\r\n"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A district's findings, compared with its planted cases.

    Attributes:
        cases: Planted violations: family, expected_rule, intensity, `is_found` by
            that rule, `is_met` by any finding of the same kind, `is_lead` if the
            rule makes leads only and a lead is all there is to find. `unproven` is why
            the logs cannot show a missed one, empty if they can; for a missed use of a
            site, `is_asked` if the report asks about that site.
        findings: Findings for reports, with `is_true` and, if false, the
            `alike` family that it touches, and its record.
        leads: Findings of the lowest confidence, by rule.
        lacking: What findings lack to be checked, by finding.
        rules: Ids of the existing rules.
    """

    seed: int
    people: int
    weeks: int
    has_violations: bool
    cases: pl.DataFrame
    findings: pl.DataFrame
    leads: Mapping[str, int]
    lacking: Mapping[str, str]
    rules: tuple[str, ...]


def set_up(home: Path) -> None:
    """Read the exports into the registry, where the district has some."""
    exports = home / FOLDER
    if not exports.is_dir():
        return
    with open_district(home) as district, only_writer(district.home):
        write(
            district.store, district.home, plan_of(district, [exports]), "schoolbell demo", FOLDER
        )


def hold_trial(
    home: Path,
    seed: int,
    *,
    people: int,
    weeks: int,
    violations: bool = True,
    habits: Habits = FRIENDLY,
    weeks_before: int = WEEKS_BEFORE,
) -> Trial:
    """Make a district in an empty folder, run it as any other, and compare."""
    create(home, name=DISTRICT_NAME, account_domains=habits.account_domains)
    truth = generate(
        home,
        seed,
        people=people,
        weeks=weeks,
        violations=violations,
        weeks_before=weeks_before,
        habits=habits,
    )
    set_up(home)
    with open_district(home) as district, only_writer(district.home):
        ingest_sources(district, settle_seconds=0)
        build_and_judge(district)
    return judge_trial(
        home, seed=seed, people=truth.people, weeks=truth.weeks, has_violations=violations
    )


def judge_trial(home: Path, *, seed: int, people: int, weeks: int, has_violations: bool) -> Trial:
    """Compare the findings of a home with the cases planted in its logs.

    Args:
        home: Where `generate` wrote the facts of the other arguments, and a run read it.
    """
    with open_district(home) as district:
        stored = [
            finding for finding in stored_findings(district.store) if finding["status"] != WITHDRAWN
        ]
        evidence = stored_evidence(district.store)
        rules = tuple(sorted(district.detections))
    shown = [finding for finding in stored if finding["confidence"] in SHOWN]
    leads = [finding for finding in stored if finding["confidence"] not in SHOWN]
    cases, findings = compare(planted_cases(home), shown, leads)
    missed = cases.filter(~pl.col("is_found"))
    reasons = unproven(home, missed)
    asked = sites_asked(home, missed.filter(kind=SITE_USE))
    cases = cases.with_columns(
        is_asked=pl.col("case_id").is_in(sorted(asked)),
        unproven=pl.col("case_id").replace_strict(reasons, default="", return_dtype=pl.String),
    )
    return Trial(
        seed=seed,
        people=people,
        weeks=weeks,
        has_violations=has_violations,
        cases=cases,
        findings=findings,
        leads=Counter(lead["rule"] for lead in leads),
        lacking=incomplete(shown, evidence, home / "landing"),
        rules=rules,
    )


def compare(
    cases: pl.DataFrame, shown: Sequence[FindingRow], leads: Sequence[FindingRow] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return violations with whether they were found, and findings with whether they are true.

    A finding is true if it is about the account and the time of a violation of
    its kind, with a tolerance of a quarter of an hour, or is included in such a one, as the
    use of a site while the account was away from its owner. A lead finds what its rule
    was planted for, and is neither true nor false.
    """
    findings = finding_frame(shown).with_row_index("number")
    met = _met(findings, cases)
    also = pl.col("kind_case").replace_strict(
        {kind: others[0] for kind, others in ALSO_SHOWS.items()}, default=None
    )
    fits = (pl.col("kind") == pl.col("kind_case")) | (pl.col("kind") == also)
    right = met.filter("is_violation", fits.fill_null(value=False))
    of_kind = right.filter(pl.col("kind") == pl.col("kind_case"))
    alike = met.filter(~pl.col("is_violation")).group_by("number")
    led = _by_rule(_met(finding_frame(leads), cases))
    is_lead = pl.col("expected_rule").is_in(lead_rules())
    violations = cases.filter("is_violation").with_columns(
        is_lead=is_lead,
        is_found=pl.col("case_id").is_in(_by_rule(right))
        | (is_lead & pl.col("case_id").is_in(led)),
        is_met=pl.col("case_id").is_in(of_kind["case_id"].to_list()),
        unproven=pl.lit(""),
        is_asked=pl.lit(value=False),
    )
    judged = findings.join(
        alike.agg(alike=pl.col("family").first()), on="number", how="left"
    ).with_columns(is_true=pl.col("number").is_in(right["number"].to_list()))
    names = pl.Series("finding_id", [row["finding_id"] for row in shown], pl.String)
    named = judged.sort("number").with_columns(names).drop("number")
    true = set(named.filter("is_true")["finding_id"])
    inside = [one["finding_id"] for one in shown if _is_within(one, shown, true)]
    return violations, named.with_columns(
        is_true=pl.col("is_true") | pl.col("finding_id").is_in(inside)
    )


def _is_within(finding: FindingRow, shown: Sequence[FindingRow], true: set[str]) -> bool:
    """Return whether it is a part of a true finding, and never separate."""
    block = block_of(finding, shown)
    return block is not None and block["finding_id"] in true


def _met(findings: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """Match findings with the cases of the same account and time."""
    return findings.join(cases, on="account", suffix="_case").filter(
        pl.col("first") <= pl.col("end_utc") + SLACK, pl.col("last") >= pl.col("start_utc") - SLACK
    )


def _by_rule(met: pl.DataFrame) -> list[str]:
    of_rule = met.filter(pl.col("rule") == pl.col("expected_rule"))
    return of_rule["case_id"].to_list()
