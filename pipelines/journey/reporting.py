"""Makes the weekly reports of a district from its newest snapshot."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import delete, insert, select

from pipelines.district.home import SHARED
from pipelines.district.settings_parts import Detection as DetectionSettings
from pipelines.errors import ModelError, SettingsError
from pipelines.journey.coverage import expected_hours, source_days
from pipelines.journey.district import District
from pipelines.reports.archive import write_archive
from pipelines.reports.editions import edition_report, editions
from pipelines.reports.headline import this_week
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.sections import sections
from pipelines.reports.view import View, week_label
from pipelines.reports.weekly import weekly_report
from pipelines.state.schema import REPORTS
from pipelines.state.store import now_text
from pipelines.warehouse.database import Database
from pipelines.warehouse.snapshots import current, reading

ONE_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Published:
    """A report on disk."""

    week_start: date
    page: Path


def publish_reports(
    district: District, now: datetime, weeks: Iterable[date] | None = None
) -> list[Published]:
    """Write the reports of some weeks, or of every week with events.

    Args:
        weeks: Mondays; the archive's other weeks stay as they are, but for the
            week before each, which links to it.

    Raises:
        ModelError: Nothing is built yet.
    """
    snapshot = current(district.home.snapshots)
    with reading(snapshot) as database:
        if not database.has("marts.source_hours"):
            raise ModelError(
                "nothing is built yet",
                where=str(district.home.path),
                remedy="Put logs into landing/, then: schoolbell run --home HOME",
            )
        inputs = report_inputs(database, district, now, snapshot.stem)
        held = mondays(database)
    wanted = set(held if weeks is None else weeks)
    wanted |= {week - ONE_WEEK for week in wanted}
    done: list[Published] = []
    headlines = [this_week(View(inputs, week)) for week in held]
    full = replace(
        inputs, previous=tuple(one for one in headlines if one.get("week_start"))
    )
    for week in held:
        if week not in wanted:
            continue
        write_archive(weekly_report(full, week), district.home.reports)
        _write_editions(district, full, week)
        page = district.home.reports / week_label(week) / "index.html"
        _record(district, week, page, snapshot.stem)
        done.append(Published(week, page))
    return done


def _write_editions(district: District, inputs: ReportInputs, week: date) -> None:
    """The editions that the settings ask for, each in a folder of its own."""
    wanted = district.settings.report.editions
    for edition in editions(inputs, wanted):
        folder = district.home.editions / edition.name
        write_archive(edition_report(inputs, week, edition), folder)
        folder.chmod(SHARED)


def mondays(database: Database) -> list[date]:
    """The Mondays of the weeks that hold events, oldest first.

    A week in which the sources together spoke in less than a day's hours is none:
    a tunnel that began before midnight, a clock that ran ahead. The fullest week
    is one in any case.
    """
    hours = database.rows(
        "select event_date, count(*) from marts.source_hours group by event_date"
    )
    weeks: dict[date, int] = {}
    for day, count in hours:
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = weeks.get(monday, 0) + count
    enough = min(24, max(weeks.values(), default=0))
    return sorted(monday for monday, count in weeks.items() if count >= enough)


def report_inputs(
    database: Database, district: District, now: datetime, snapshot: str
) -> ReportInputs:
    """Everything that a report says, read from a snapshot."""
    first_seen = database.table("marts.site_first_seen")
    site_use = database.table("marts.site_use").join(first_seen, on="site", how="left")
    hours = database.table("marts.source_hours")
    days = database.table("marts.school_days")
    return ReportInputs(
        findings=database.table("findings.findings"),
        evidence=database.table("findings.evidence"),
        daily_use=database.table("marts.daily_use"),
        attribution=database.table("marts.attribution"),
        site_use=site_use.with_columns(site_class=pl.lit(None, pl.String)),
        off_hours=database.table("marts.off_hours"),
        source_hours=expected_hours(hours, days, district.zone),
        source_days=source_days(
            database.table("marts.source_files"), database.table("marts.file_days")
        ),
        school_days=days,
        rules=_rules(district),
        clauses=_clauses(district),
        district=district.settings.district.name,
        title=district.settings.report.title,
        sections_off=sections_off(district),
        least_count=district.settings.report.least_count,
        zone=district.zone,
        generated_time=now,
        snapshot_id=snapshot,
        settings_hash=district.settings_hash,
        registry_version=district.registry.version[:12],
    )


def sections_off(district: District) -> Sequence[str]:
    """The sections that the district leaves out of its report.

    Raises:
        SettingsError: There is no section of that name.
    """
    off = district.settings.report.sections_off
    known = [section.name for section in sections()]
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


def _record(district: District, week: date, page: Path, snapshot: str) -> None:
    content = page.read_bytes()
    report_id = f"{week_label(week)}-{snapshot[-6:]}"
    with district.store.writing() as connection:
        earlier = connection.execute(
            select(REPORTS.c.revision)
            .where(REPORTS.c.week == week.isoformat())
            .order_by(REPORTS.c.revision.desc())
        ).scalar()
        connection.execute(delete(REPORTS).where(REPORTS.c.report_id == report_id))
        connection.execute(
            insert(REPORTS).values(
                report_id=report_id,
                week=week.isoformat(),
                revision=(earlier or 0) + 1,
                path=page.relative_to(district.home.path).as_posix(),
                sha256=hashlib.sha256(content).hexdigest(),
                snapshot=snapshot,
                published_time=now_text(),
            )
        )
