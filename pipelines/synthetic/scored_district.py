"""One synthetic district, after its run, compared with the cases that its logs contain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.district import only_writer, open_district
from pipelines.findings.cases import block_of
from pipelines.proposals.setup import plan_of, write
from pipelines.state.findings import WITHDRAWN, stored_findings
from pipelines.state.rows import FindingRow
from pipelines.synthetic.writers.exports import FOLDER
from pipelines.warehouse.models import rules as rule_models

SHOWN = ("C2", "C3")


# who uses a site off duty breaks the rule about sites too
ALSO_SHOWS = {"off_hours_external": ("non_approved_site",)}
SLACK = pl.duration(minutes=15)


NO_SIZES = "judges requests in a log without sizes; every log here has them"
NOT_PLANTED: Mapping[str, str] = {
    "AN-8": "judges an account that was silent for weeks before; the logs begin later",
    "AN-25": "judges the lists of bad hosts that a district takes; this one takes none",
    "AN-26": "judges a filter's class of malware; the filter here writes no classes",
    "NA-L": NO_SIZES,
    "OH-L": NO_SIZES,
    "SA-K": NO_SIZES,
}
"""Rules that these logs can give no case, and why."""


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


@dataclass(frozen=True)
class Scored:
    """Findings of a district, compared with its planted cases.

    Attributes:
        cases: Planted violations: family, expected_rule, intensity, `is_found` by
            that rule, `is_met` by any finding of the same kind, `is_lead` if the
            rule makes leads only and a lead is all there is to find.
        findings: Findings for reports, with `is_true` and, if false, the
            `alike` family that it touches.
    """

    cases: pl.DataFrame
    findings: pl.DataFrame

    def by_rule(self) -> list[tuple[str, int, int, int, int, str]]:
        """Return for each rule the cases planted and found, the findings made and true, and notes.

        The note of a rule without a case gives the reason.
        """
        leads, rows = set(lead_rules()), []
        for rule in sorted(rule_models()):
            planted = self.cases.filter(expected_rule=rule)
            named = self.findings.filter(rule=rule)
            cases_found, true = int(planted["is_found"].sum()), int(named["is_true"].sum())
            note = "" if planted.height else NOT_PLANTED.get(rule, "")
            note = note or ("leads only" if rule in leads else "")
            rows.append((rule, planted.height, cases_found, named.height, true, note))
        return rows

    def false(self) -> pl.DataFrame:
        """Return the findings about something innocent."""
        return self.findings.filter(~pl.col("is_true"))

    def missed(self) -> pl.DataFrame:
        """Return the planted cases that their rule did not find."""
        return self.cases.filter(~pl.col("is_found"))


def set_up(home: Path) -> None:
    """Read the exports into the registry, where the district has some."""
    exports = home / FOLDER
    if not exports.is_dir():
        return
    with open_district(home) as district, only_writer(district.home):
        write(
            district.store, district.home, plan_of(district, [exports]), "schoolbell demo", FOLDER
        )


def score(home: Path) -> Scored:
    """Compare the findings of a home, which `generate` wrote and a run read, with its cases."""
    with open_district(home) as district:
        stored = [one for one in stored_findings(district.store) if one["status"] != WITHDRAWN]
    shown = [finding for finding in stored if finding["confidence"] in SHOWN]
    leads = [finding for finding in stored if finding["confidence"] not in SHOWN]
    return Scored(*compare(planted_cases(home), shown, leads))


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
