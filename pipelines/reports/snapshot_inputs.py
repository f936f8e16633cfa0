"""Inputs of a week's report from snapshot, registry and state."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District
from pipelines.errors import NothingReadError, SettingsError
from pipelines.gaps.days import UNJUDGED
from pipelines.gaps.logs import arrived, fed_since, lacking_files
from pipelines.health.arrival import usual_lags
from pipelines.health.overview import fetched_until
from pipelines.health.source_hours import closed_times, expected_hours
from pipelines.privacy.lookups import gives_name
from pipelines.registry.account_domains import APPLIED
from pipelines.registry.registry import Registry, building_names, placeless_networks
from pipelines.reports.app_rows import decisions
from pipelines.reports.charts import DARK, LIGHT, READABLE, least_contrast
from pipelines.reports.controls import controls_by_clause
from pipelines.reports.report_inputs import SCHEMAS, ReportInputs, empty_frame, with_frames
from pipelines.reports.report_rows import ClauseInfo, RuleInfo
from pipelines.reports.sections import sections
from pipelines.reports.sign_off import signatures
from pipelines.reports.view import NO_BUILDING
from pipelines.reports.words import count, number
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Detection as DetectionSettings
from pipelines.settings.model import Report, Settings
from pipelines.state.audit import open_chain
from pipelines.state.connections import Store
from pipelines.state.records_requests import record_requests
from pipelines.state.reviews import referrals, statements_by_case
from pipelines.state.rows import texts_in
from pipelines.state.source_records import last_look, noted_domains, stored_issues
from pipelines.state.source_records import source_days as counted_days
from pipelines.warehouse.database import Database
from pipelines.weeks import school_year

_REACH = """
select
    count(*) filter (where is_portable) as portable,
    count(*) filter (where is_portable and last_outside_date is not null) as outside,
    count(*) filter (where last_seen_date is null) as nowhere,
    max(last_seen_date) as day
from marts.device_reach
"""
ELSEWHERE = {"elsewhere": NO_BUILDING}
"""Value of the models without a building -> its label."""
BUILDINGS = ("building", "buildings")
"""Ends of the names of a finding's details that contain codes of buildings."""
BETWEEN = "(, and |, | and then at | and )"
COUNTS = ("rejects", "blanks", "duplicates", "pending")


def rules(district: District) -> Sequence[RuleInfo]:
    """Return every rule in words, with the thresholds in force."""
    held = arrived(district.store)
    lacking = lacking_files(district.detections, district.registry)
    found: list[RuleInfo] = []
    for code, detection in sorted(district.detections.items()):
        header = detection.model.header
        said = district.said_of_rules.get(code)
        given = district.parameters.get(code, {})
        since = fed_since(detection.model, district.models, held, district.registry)
        found.append(
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
                "response": " ".join(header.triage.split()),
                "stage": district.stages[code],
                "is_fed": since is not None,
                "since": since or "",
                "lacks": list(lacking.get(code, ())),
                "clauses": [clause.clause_id for clause in detection.clauses],
            }
        )
    return found


def _regulation(said: DetectionSettings) -> str | None:
    """Return the regulation behind a rule's numbers, with who approved it and when."""
    if said.regulation is None:
        return None
    day = said.approved_on.isoformat() if said.approved_on else None
    approved = ", ".join(one for one in (said.approver, day) if one)
    return f"{said.regulation} ({approved})" if approved else said.regulation


def clauses(district: District, database: Database) -> Sequence[ClauseInfo]:
    """Return the clauses of the district's policy, with the rules and controls of each."""
    serving: dict[str, list[str]] = {}
    for code, detection in district.detections.items():
        for clause in detection.clauses:
            serving.setdefault(clause.clause_id, []).append(code)
    columns = ["clause_id", "title", "binds", "strength", "cannot_show"]
    frame = district.registry.frames["clauses"].select(columns)
    controls = {**controls_by_clause(district), **reach(database)}
    return [
        ClauseInfo(
            clause_id=clause_id,
            title=title,
            binds=binds,
            strength=strength,
            cannot_show=cannot_show,
            detections=sorted(serving.get(clause_id, [])),
            controls=list(controls.get(clause_id, [])),
        )
        for clause_id, title, binds, strength, cannot_show in frame.iter_rows()
    ]


def reach(database: Database) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """Return what the logs show of devices away from the district's networks, and of none.

    An earlier snapshot has no such table, and proves nothing.
    """
    known = "select 1 from duckdb_tables() where table_name = 'device_reach'"
    rows = database.rows(_REACH) if database.rows(known) else [(0, 0, 0, None)]
    ((portable, outside, nowhere, day),) = rows
    what = (
        f"{number(outside)} of {number(portable)} laptops and Chromebooks seen away from the "
        f"district's networks, {count(nowhere, 'device')} not seen anywhere"
    )
    said = {
        "name": "reach",
        "label": "reach of the logs",
        "what": what if day else "",
        "day": day.isoformat() if day else "",
    }
    return {"cl.16": [said]}


def openness(store: Store, home: DistrictHome, zone: str, now: datetime) -> Mapping[str, int]:
    """Return how often names were looked up, and records asked for, this school year."""
    local = ZoneInfo(zone)
    year = school_year(now.astimezone(local).date())

    def is_now(time: str) -> bool:
        return school_year(datetime.fromisoformat(time).astimezone(local).date()) == year

    asked = [one for one in record_requests(store) if is_now(one.opened_time)]
    entries = open_chain(store, home).entries()
    return {
        "look_ups": sum(gives_name(one) and is_now(one.time) for one in entries),
        "answered": sum(bool(one.closed_time) for one in asked),
        "open": sum(not one.closed_time for one in asked),
    }


def permits(registry: Registry) -> pl.DataFrame:
    """Return consents and exceptions with their days, without names."""
    frames = registry.frames
    given = frames["consents"].select(
        permit_id="consent_id",
        kind=pl.lit("consent"),
        about="clause",
        valid_to="valid_to",
        review_by="review_by",
    )
    excepted = frames["exceptions"].select(
        permit_id="exception_id",
        kind=pl.lit("exception"),
        about=pl.when(pl.col("rule") == "*").then(pl.lit("all rules")).otherwise("rule"),
        valid_to="valid_to",
        review_by=pl.lit(None, pl.Date),
    )
    return pl.concat([given, excepted])


def audit_head(store: Store, home: DistrictHome) -> str:
    """Return number and hash of the newest entry of the audit chain; empty if none."""
    return str(open_chain(store, home).head() or "")


def with_building_names(inputs: ReportInputs, names: Mapping[str, str]) -> ReportInputs:
    """Return the same inputs; every building that has a name is called by it."""
    names = {**ELSEWHERE, **names}
    frames = {
        name: getattr(inputs, name).with_columns(pl.col("building").replace(names))
        for name, columns in SCHEMAS.items()
        if "building" in columns
    }
    said = [_said(row, names) for row in inputs.findings.iter_rows(named=True)]
    schema = {"claim": pl.String, "record": pl.String}
    told = inputs.findings.with_columns(pl.DataFrame(said, schema, orient="row"))
    codes = {name: code for code, name in names.items()}
    return with_frames(replace(inputs, building_codes=codes), {**frames, "findings": told})


def _said(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    """Return claim and record of a finding; only its buildings change."""
    record = json.loads(row["record"])
    measures = record.get("measures") or {}
    claim = claim_with_names(row["claim"], measures, names)
    named = {
        key: [names.get(code, code) for code in codes]
        for key, codes in building_codes(measures).items()
        if key.endswith("buildings")
    }
    if all(measures[key] == called for key, called in named.items()):
        return claim, row["record"]
    return claim, json.dumps({**record, "measures": {**measures, **named}}, sort_keys=True)


def claim_with_names(claim: str, details: Mapping[str, object], names: Mapping[str, str]) -> str:
    """Return the sentence of a finding, with the buildings of its details by their names."""
    for codes in building_codes(details).values():
        if any(code in names for code in codes):
            claim = with_place_names(claim, codes, names)
    return claim


def building_codes(details: Mapping[str, object]) -> Mapping[str, Sequence[str]]:
    """Return the details that contain codes of buildings."""
    lists = {
        key: [value] if isinstance(value, str) else texts_in(details, key)
        for key, value in details.items()
        if key.endswith(BUILDINGS)
    }
    return {key: codes for key, codes in lists.items() if codes}


def with_place_names(claim: str, codes: Sequence[str], names: Mapping[str, str]) -> str:
    """Return the sentence, with the list of its buildings as people call them."""
    pattern = r"\bat " + BETWEEN.join(re.escape(code) for code in codes) + r"(?![\w-])"

    def called(found: re.Match[str]) -> str:
        parts = [names.get(code, code) for code in codes]
        gaps = [*found.groups(), ""]
        return "at " + "".join(part + gap for part, gap in zip(parts, gaps, strict=True))

    return re.sub(pattern, called, claim)


def source_days(files: pl.DataFrame, file_days: pl.DataFrame) -> pl.DataFrame:
    """Return the account of lines by source and local day.

    Events count on their own day; what a file holds besides counts on the last
    day of its events, or on the day it arrived if it has none. `unchecked` are events
    of files that came compressed without a checksum.
    """
    last = file_days.group_by("file_id").agg(pl.col("event_date").max())
    marked = files.select("file_id", "has_checksum")
    checked = file_days.join(marked, on="file_id", how="left")
    unchecked = pl.when(~pl.col("has_checksum")).then("events").sum()
    events = checked.group_by("source", "event_date").agg(
        pl.col("events").sum(), unchecked=unchecked
    )
    rest = (
        files.join(last, on="file_id", how="left")
        .with_columns(event_date=pl.coalesce("event_date", pl.col("first_seen_time").dt.date()))
        .group_by("source", "event_date")
        .agg(pl.col(name).sum() for name in COUNTS)
    )
    both = events.join(rest, on=["source", "event_date"], how="full", coalesce=True)
    counts = ["events", *COUNTS]
    filled = pl.col(*counts, "unchecked").fill_null(0)
    return both.with_columns(filled).with_columns(lines=pl.sum_horizontal(counts))


def report_inputs(
    database: Database, district: District, now: datetime, snapshot: str
) -> ReportInputs:
    """Read the inputs of a report from a snapshot.

    Raises:
        NothingReadError: It has no day, since a purge deleted them all.
    """
    if not database.has("marts.site_first_seen"):
        raise NothingReadError(
            "no day of logs is stored: the purge deleted them all",
            where=snapshot,
            remedy="The next run builds the days of new log lines: schoolbell run --home HOME",
        )
    first_seen = database.table("marts.site_first_seen")
    site_use = database.table("marts.site_use").join(first_seen, on="site", how="left")
    hours = database.table("marts.source_hours")
    days = database.table("marts.school_days")
    lags = dict.fromkeys(hours["source"].unique()) | usual_lags(counted_days(district.store))
    # hours before the next look are not missing
    as_of = min(now, last_look(district.store) or now)
    closed = closed_times(lags, as_of, fetched_until(district), is_history_closed=True)
    app_use = _known(database, "marts.app_use")
    frames, today = district.registry.frames, now.astimezone(ZoneInfo(district.zone)).date()
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
        unjudged_days=_known(database, UNJUDGED),
        source_issues=_issues(district.store),
        school_days=days,
        permits=permits(district.registry),
        not_believed=[
            {"name": one.name, "day": one.kept.time[:10]} for one in district.registry.refused
        ],
        rule_standing=_known(database, "findings.rule_standing"),
        blind_share=_known(database, "marts.blind_share"),
        rule_coverage=_known(database, "marts.rule_coverage"),
        placeless_networks=placeless_networks(district.registry),
        account_names=[
            domain.pattern for domain in noted_domains(district.store) if domain.state == APPLIED
        ],
        new_services=_known(database, "marts.new_services"),
        app_use=app_use,
        apps=decisions(frames["apps"], frames["approved_sites"], app_use, today),
        unjudged_sites=_known(database, "marts.unjudged_sites"),
        rule_ends=_known(database, "marts.rule_ends"),
        unused_lines=_known(database, "marts.unused_lines"),
        hourly_use=_known(database, "marts.hourly_use"),
        audit_head=audit_head(district.store, district.home),
        signed=signatures(district.store, district.home),
        openness=openness(district.store, district.home, district.zone, now),
        statements=statements_by_case(district.store),
        with_office={
            row["case_id"]: row["office"]
            for row in referrals(district.store)
            if row["returned_time"] is None
        },
        rules=rules(district),
        clauses=clauses(district, database),
        district=district.settings.district.name,
        title=district.settings.report.title,
        sections_off=sections_off(district.settings),
        desk=district.settings.desk.address,
        least_count=district.settings.report.least_count,
        paper=district.settings.report.paper,
        accent=district.settings.report.accent,
        accent_dark=district.settings.report.accent_dark,
        zone=district.zone,
        referral=district.settings.referral,
        generated_time=now,
        snapshot_id=snapshot,
        settings_hash=district.settings_hash,
        registry_version=district.registry.version[:12],
    )
    return with_building_names(inputs, building_names(district.registry))


def pale(report: Report) -> Iterator[tuple[str, str, float]]:
    """Yield the accents that cannot be read well: setting, color and contrast."""
    own = (("accent", report.accent, LIGHT), ("accent_dark", report.accent_dark, DARK))
    for name, color, palette in own:
        if color and least_contrast(color, palette) < READABLE:
            yield name, color, least_contrast(color, palette)


def readable(report: Report) -> None:
    """Stop where a color could not be read.

    Raises:
        SettingsError: An accent has too little contrast with its ground.
    """
    for name, color, measured in pale(report):
        raise SettingsError(
            f"the color {color} has a contrast of {measured:.1f}",
            where=f"district.toml: [report] {name}",
            remedy=(
                f"Text needs {READABLE} at least; use a "
                f"{'darker' if name == 'accent' else 'lighter'} one."
            ),
        )


def _known(database: Database, table: str) -> pl.DataFrame:
    """Return a table; empty in a snapshot of an earlier version."""
    if database.has(table):
        return database.table(table)
    return empty_frame(table.split(".")[1])


def _issues(store: Store) -> pl.DataFrame:
    """Return all problems of the sources; also of a source without lines."""
    rows = [
        {name: value for name, value in row.items() if name in SCHEMAS["source_issues"]}
        for row in stored_issues(store, datetime.fromtimestamp(0, UTC))
    ]
    text = dict.fromkeys(SCHEMAS["source_issues"], pl.String)
    instant = pl.col("start_time", "end_time").str.to_datetime(time_unit="us", time_zone="UTC")
    return pl.DataFrame(rows, schema=text).with_columns(instant)


def known_sections() -> Sequence[str]:
    """Return the name of every section that may be left out, in the order of the report."""
    return [section.name for section in sections() if not section.stays]


def sections_off(settings: Settings) -> Sequence[str]:
    """Return the sections that the district leaves out of its report.

    Raises:
        SettingsError: There is no section of that name, or it may not be left out:
            without it the numbers would seem surer than they are.
    """
    off = settings.report.sections_off
    known = known_sections()
    if strange := [name for name in off if name not in known]:
        raise SettingsError(
            f"there is no section {', '.join(map(repr, strange))} to leave out",
            where="district.toml: [report] sections_off",
            remedy="Sections that may be left out: " + ", ".join(known),
        )
    return off
