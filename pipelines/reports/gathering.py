"""Gathers everything that a report says, from a snapshot and the settings."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl

from pipelines.district import District
from pipelines.errors import SettingsError
from pipelines.findings.unjudged import UNJUDGED
from pipelines.health.source_hours import closed_times, expected_hours, usual_lags
from pipelines.registry.building_names import building_names
from pipelines.reports.descriptions import audit_head, clauses, permits, rules
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.named_buildings import with_building_names
from pipelines.reports.palette import DARK, LIGHT, READABLE, least_contrast
from pipelines.reports.schemas import empty_frame
from pipelines.reports.sections import sections
from pipelines.reports.source_days import source_days
from pipelines.settings.model import Report
from pipelines.state.days import source_days as counted_days
from pipelines.state.runs import last_look
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
    # what nobody looked for is not missing
    as_of = min(now, last_look(district.store) or now)
    closed = closed_times(lags, as_of, is_history_closed=True)
    inputs = ReportInputs(
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
        permits=permits(district),
        not_believed=[
            f"{one.name} shrank and was not taken: its rows of {one.kept.time[:10]} "
            "were used."
            for one in district.registry.refused
        ],
        rule_standing=_known(database, "findings.rule_standing"),
        blind_share=_known(database, "marts.blind_share"),
        new_services=_known(database, "marts.new_services"),
        audit_head=audit_head(district),
        rules=rules(district),
        clauses=clauses(district),
        district=district.settings.district.name,
        title=district.settings.report.title,
        sections_off=sections_off(district),
        least_count=district.settings.report.least_count,
        paper=district.settings.report.paper,
        accent=district.settings.report.accent,
        accent_dark=district.settings.report.accent_dark,
        zone=district.zone,
        generated_time=now,
        snapshot_id=snapshot,
        settings_hash=district.settings_hash,
        registry_version=district.registry.version[:12],
    )
    return with_building_names(inputs, building_names(district.registry))


def pale(report: Report) -> Iterator[tuple[str, str, float]]:
    """The accents that can not be read well: setting, colour and contrast."""
    own = (("accent", report.accent, LIGHT), ("accent_dark", report.accent_dark, DARK))
    for name, colour, palette in own:
        if colour and least_contrast(colour, palette) < READABLE:
            yield name, colour, least_contrast(colour, palette)


def readable(report: Report) -> None:
    """Stop where a colour could not be read.

    Raises:
        SettingsError: An accent has too little contrast with its ground.
    """
    for name, colour, measured in pale(report):
        raise SettingsError(
            f"the colour {colour} has a contrast of {measured:.1f}",
            where=f"district.toml: [report] {name}",
            remedy=f"Text needs {READABLE} at least; take a "
            f"{'darker' if name == 'accent' else 'lighter'} one.",
        )


def _known(database: Database, table: str) -> pl.DataFrame:
    """A table; empty in a snapshot of an earlier version."""
    if database.has(table):
        return database.table(table)
    return empty_frame(table.split(".")[1])


def _unjudged(database: Database, district: District) -> pl.DataFrame:
    """Days not judged; a snapshot of an earlier version knows of none."""
    if not database.has(UNJUDGED):
        return empty_frame("unjudged")
    kinds = {code: one.kind for code, one in district.detections.items()}
    kind = pl.col("rule").replace_strict(kinds, default=None, return_dtype=pl.String)
    return database.table(UNJUDGED).with_columns(kind=kind)


def known_sections() -> Sequence[str]:
    """The name of every section that may be left out, in the order of the report."""
    return [section.name for section in sections() if not section.stays]


def sections_off(district: District) -> Sequence[str]:
    """The sections that the district leaves out of its report.

    Raises:
        SettingsError: There is no section of that name, or it may not be left out:
            without it the numbers would seem surer than they are.
    """
    off = district.settings.report.sections_off
    known = known_sections()
    if strange := [name for name in off if name not in known]:
        raise SettingsError(
            f"there is no section {', '.join(map(repr, strange))} to leave out",
            where="district.toml: [report] sections_off",
            remedy="Sections that may be left out: " + ", ".join(known),
        )
    return off
