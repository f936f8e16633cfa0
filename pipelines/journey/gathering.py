"""Gathers everything that a report says, from a snapshot and the settings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.district.settings_parts import Detection as DetectionSettings
from pipelines.errors import SettingsError
from pipelines.health.covering import closed_times, expected_hours, usual_lags
from pipelines.journey.coverage import source_days
from pipelines.journey.district import District
from pipelines.journey.unjudged import UNJUDGED
from pipelines.reports.inputs import ReportInputs, empty_frame
from pipelines.reports.sections import sections
from pipelines.state.days import source_days as counted_days
from pipelines.warehouse.database import Database


def report_inputs(
    database: Database, district: District, now: datetime, snapshot: str
) -> ReportInputs:
    """Everything that a report says, read from a snapshot."""
    first_seen = database.table("marts.site_first_seen")
    site_use = database.table("marts.site_use").join(first_seen, on="site", how="left")
    hours = database.table("marts.source_hours")
    days = database.table("marts.school_days")
    lags = dict.fromkeys(hours["source"].unique()) | usual_lags(
        counted_days(district.store)
    )
    closed = closed_times(lags, now, is_history_closed=True)
    return ReportInputs(
        findings=database.table("findings.findings"),
        evidence=database.table("findings.evidence"),
        daily_use=database.table("marts.daily_use"),
        attribution=database.table("marts.attribution"),
        site_use=site_use.with_columns(site_class=pl.lit(None, pl.String)),
        off_hours=database.table("marts.off_hours"),
        source_hours=expected_hours(hours, days, closed, district.zone),
        source_days=source_days(
            database.table("marts.source_files"), database.table("marts.file_days")
        ),
        unjudged=_unjudged(database, district),
        school_days=days,
        rules=_rules(district),
        clauses=_clauses(district),
        district=district.settings.district.name,
        title=district.settings.report.title,
        sections_off=sections_off(district),
        least_count=district.settings.report.least_count,
        paper=district.settings.report.paper,
        zone=district.zone,
        generated_time=now,
        snapshot_id=snapshot,
        settings_hash=district.settings_hash,
        registry_version=district.registry.version[:12],
    )


def _unjudged(database: Database, district: District) -> pl.DataFrame:
    """Days not judged; a snapshot of an earlier version knows of none."""
    if not database.has(UNJUDGED):
        return empty_frame("unjudged")
    kinds = {code: one.kind for code, one in district.detections.items()}
    kind = pl.col("rule").replace_strict(kinds, default=None, return_dtype=pl.String)
    return database.table(UNJUDGED).with_columns(kind=kind)


def known_sections() -> Sequence[str]:
    """The name of every section, in the order of the report."""
    return [section.name for section in sections()]


def sections_off(district: District) -> Sequence[str]:
    """The sections that the district leaves out of its report.

    Raises:
        SettingsError: There is no section of that name.
    """
    off = district.settings.report.sections_off
    known = known_sections()
    if strange := [name for name in off if name not in known]:
        raise SettingsError(
            f"there is no section {', '.join(map(repr, strange))}",
            where="district.toml: [report] sections_off",
            remedy="Sections: " + ", ".join(known),
        )
    return off


def _rules(district: District) -> Sequence[Mapping[str, Any]]:
    rules = []
    for code, detection in sorted(district.detections.items()):
        header = detection.model.header
        said = district.said_of_rules.get(code)
        given = district.parameters.get(code, {})
        rules.append(
            {
                "code": code,
                "name": detection.model.table_name,
                "kind": detection.kind,
                "title": header.title,
                "summary": " ".join(header.summary.split()),
                "severity": header.severity,
                "params": [
                    {
                        "name": name,
                        "value": given.get(name, param.default),
                        "why": param.why,
                        "regulation": _regulation(said) if said else None,
                    }
                    for name, param in header.params.items()
                    if name not in ("event_date", "zone")
                ],
                "false_positives": list(header.false_positives),
                "response": " ".join(header.response.split()),
                "stage": header.stage,
                "clauses": [clause.clause_id for clause in detection.clauses],
            }
        )
    return rules


def _regulation(said: DetectionSettings) -> str | None:
    """The regulation behind a rule's numbers, with who approved it and when."""
    if said.regulation is None:
        return None
    day = said.approved_on.isoformat() if said.approved_on else None
    approved = ", ".join(one for one in (said.approver, day) if one)
    return f"{said.regulation} ({approved})" if approved else said.regulation


def _clauses(district: District) -> Sequence[Mapping[str, Any]]:
    serving: dict[str, list[str]] = {}
    for code, detection in district.detections.items():
        for clause in detection.clauses:
            serving.setdefault(clause.clause_id, []).append(code)
    frame = district.registry.frames["clauses"]
    return [
        {**row, "detections": sorted(serving.get(row["clause_id"], []))}
        for row in frame.iter_rows(named=True)
    ]
