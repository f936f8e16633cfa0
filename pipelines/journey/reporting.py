"""Makes the weekly reports of a district from its newest snapshot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.district.home import SHARED
from pipelines.district.settings_parts import Detection as DetectionSettings
from pipelines.errors import ModelError, SettingsError
from pipelines.journey.coverage import expected_hours, source_days
from pipelines.journey.district import District
from pipelines.journey.mailing import mail_channel, queue_mail
from pipelines.journey.revisions import record, revised
from pipelines.reports.archive import left_over, write_archive
from pipelines.reports.editions import edition_report, editions
from pipelines.reports.headline import this_week
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.sections import sections
from pipelines.reports.view import View, week_label
from pipelines.reports.weekly import Pages, gone_page, weekly_report
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
    done: list[tuple[Published, ReportInputs]] = []
    headlines = [this_week(View(inputs, week)) for week in held]
    full = replace(
        inputs, previous=tuple(one for one in headlines if one.get("week_start"))
    )
    for week in held:
        if week not in wanted:
            continue
        ready = revised(district, full, week)
        done.append((_publish(district, ready, week), ready))
    over = [week for week in held if View(inputs, week).is_over]
    if over:
        made = [(one.week_start, ready) for one, ready in done]
        queue_mail(district, made, over[-1])
    return [one for one, _ in done]


def _publish(district: District, inputs: ReportInputs, week: date) -> Published:
    """Write one week in every edition, and note what it says."""
    folder, label = district.home.reports, week_label(week)
    _write(weekly_report(inputs, week), folder, inputs, week)
    for edition in editions(inputs, district.settings.report.editions):
        own = district.home.editions / edition.name
        _write(edition_report(inputs, week, edition), own, inputs, week)
        own.chmod(SHARED)
    page = folder / label / "index.html"
    record(district, inputs, week, page)
    return Published(week, page)


def _write(pages: Pages, folder: Path, inputs: ReportInputs, week: date) -> None:
    """Write the pages; what the week no longer holds is taken away.

    An item's address goes on to answer: it says that the item was removed.
    """
    write_archive(pages, folder)
    for path in left_over(pages, folder, week_label(week)):
        if path.suffix != ".html":
            path.unlink()
        elif GONE not in path.read_text(encoding="utf-8"):
            gone = {path.relative_to(folder).as_posix(): gone_page(inputs, week)}
            write_archive(gone, folder)


GONE = 'id="gone"'


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


def check_report_settings(district: District) -> None:
    """Stop a run at its beginning, not at its last step.

    Raises:
        SettingsError: A section or a channel is named that does not exist.
    """
    sections_off(district)
    mail_channel(district)


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
