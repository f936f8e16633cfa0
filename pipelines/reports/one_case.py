"""One current case, in the words and charts of the report.

The weekly report is based on a snapshot. A person who decides sees the state itself;
only facts about the logs (silent hours, rules) come from the newest snapshot.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.findings.cases import Case
from pipelines.privacy.pseudonyms import Pseudonyms
from pipelines.privacy.redaction import hidden_sites
from pipelines.registry.registry import Registry, building_names
from pipelines.reports.cards import CaseCard, case_cards, in_units
from pipelines.reports.evidence_pages import Lines, by_minute, log_lines
from pipelines.reports.report_inputs import ReportInputs
from pipelines.reports.snapshot_inputs import (
    ELSEWHERE,
    claim_with_names,
    with_building_names,
)
from pipelines.reports.snapshot_tables import case_frames, known_by
from pipelines.reports.text_tables import with_looks
from pipelines.reports.view import View
from pipelines.reports.weekly import picture
from pipelines.settings.home import DistrictHome
from pipelines.state.connections import Store
from pipelines.state.findings import stored_evidence
from pipelines.state.rows import FindingRow
from pipelines.warehouse.models import subject_kind
from pipelines.warehouse.snapshots import attach_warehouse


@dataclass(frozen=True)
class CasePage:
    """A case in words and pictures.

    Attributes:
        picture: Its swim lanes; None without a line.
        lines: The cited lines of each finding, by its id.
    """

    card: CaseCard
    picture: Mapping[str, object] | None
    lines: Mapping[str, Lines]


def case_page(
    base: ReportInputs, district: District, case: Case, names: Pseudonyms
) -> CasePage | None:
    """Return a case from the state, under pseudonyms; None where it holds leads alone.

    Args:
        base: Logs and rules as of the newest snapshot.
    """
    view = case_view(base, district.store, district.home, district.registry, case, names)
    if case.case_id not in {one.case_id for one in view.cases}:
        return None
    shown = next(one for one in view.cases if one.case_id == case.case_id)
    (card,) = case_cards(view, [shown])
    return CasePage(
        card,
        picture(view, [one.finding_id for one in card.findings], card.kind),
        {
            finding: by_minute(log_lines(view, lines))
            for finding, lines in view.evidence_of(list(view.known["finding_id"])).items()
        },
    )


def claim_for_readers(registry: Registry, row: FindingRow, claim: str) -> str:
    """Return a finding's sentence as the report prints it.

    Buildings go by their names, and distances are in the units of the locale.
    """
    details = row["record"].get("details") or {}
    names = {**ELSEWHERE, **building_names(registry)}
    return with_looks(in_units(claim_with_names(claim, details, names), details))


def _known_by(
    base: ReportInputs, home: DistrictHome, case: Case, names: Pseudonyms
) -> dict[str, list[str]]:
    """Return how the account of each finding is known.

    The newest snapshot contains it for a finding that has not changed since; the warehouse
    takes longer, and is not available during a run.
    """
    ids = [row["finding_id"] for row in case.findings]
    rows = base.findings.filter(pl.col("finding_id").is_in(ids)).iter_rows(named=True)
    shown = {(row["finding_id"], row["revision"], row["subject"]): row["record"] for row in rows}
    keys = [
        (
            row["finding_id"],
            row["revision"],
            names.names(subject_kind(row["rule"]), [row["subject"]])[row["subject"]],
        )
        for row in case.findings
    ]
    if shown.keys() >= set(keys):
        return {key[0]: json.loads(shown[key]).get("known_by", []) for key in keys}
    try:
        with attach_warehouse(home.warehouse) as database:
            return known_by(database, [case], names, "built.")
    except SchoolbellError:
        return {}


def case_view(
    base: ReportInputs,
    store: Store,
    home: DistrictHome,
    registry: Registry,
    case: Case,
    names: Pseudonyms,
) -> View:
    """Return a report of this case alone, for the week of the case."""
    sensitive = {site for row in case.findings for site in hidden_sites(row["record"])}
    ids = [row["finding_id"] for row in case.findings]
    findings, evidence = case_frames(
        [case],
        stored_evidence(store, ids),
        names,
        names.names("site", sensitive),
        _known_by(base, home, case, names),
    )
    inputs = replace(base, findings=findings, evidence=evidence)
    named = with_building_names(inputs, building_names(registry))
    is_student = bool(findings["is_student"].any())
    return View(named, case.monday, is_of_students=is_student)
