"""Makes the weekly reports of a district from its newest snapshot."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import delete, insert, select

from pipelines.journey.district import District
from pipelines.reports.archive import write_archive
from pipelines.reports.headline import this_week
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.view import View, week_label
from pipelines.reports.weekly import weekly_report
from pipelines.state.schema import REPORTS
from pipelines.state.store import now_text
from pipelines.warehouse.database import Database
from pipelines.warehouse.snapshots import current, reading

ONE_WEEK = timedelta(days=7)
HOURS = pl.DataFrame({"hour": list(range(24))}, schema={"hour": pl.Int64})
COUNTS = ("rejects", "blanks", "duplicates", "pending")


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
    """
    snapshot = current(district.home.snapshots)
    with reading(snapshot) as database:
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
        pages = weekly_report(full, week)
        write_archive(pages, district.home.reports)
        page = district.home.reports / week_label(week) / "index.html"
        _record(district, week, page, snapshot.stem)
        done.append(Published(week, page))
    return done


def mondays(database: Database) -> list[date]:
    """The Mondays of the weeks that hold events, oldest first.

    A week in which the sources together spoke in less than a day's hours is none:
    a tunnel that began before midnight, a clock that ran ahead.
    """
    hours = database.rows(
        "select event_date, count(*) from marts.source_hours group by event_date"
    )
    weeks: dict[date, int] = {}
    for day, count in hours:
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = weeks.get(monday, 0) + count
    return sorted(monday for monday, count in weeks.items() if count >= 24)


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
        zone=district.zone,
        generated_time=now,
        snapshot_id=snapshot,
        settings_hash=district.settings_hash,
        registry_version=district.registry.version[:12],
    )


def expected_hours(hours: pl.DataFrame, days: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Source-hours with and without lines; expected where the source usually speaks.

    An hour is expected of a source when it spoke in that local hour on at least
    three quarters of the other days of the same kind, of which there are at
    least three. The hour that a day lacks in spring is never expected.
    """
    kinds = days.group_by("event_date").agg(pl.col("day_type").mode().first())
    span = pl.DataFrame({"event_date": _all_days(hours)}).join(
        kinds, on="event_date", how="left"
    )
    grid = (
        hours.select("source").unique().join(span, how="cross").join(HOURS, how="cross")
    )
    seen = hours.group_by("source", "event_date", "hour").agg(
        pl.col("line_count").sum(), pl.col("hour_start").min()
    )
    spoken = grid.join(seen, on=["source", "event_date", "hour"], how="left")
    others = pl.len().over("source", "day_type", "hour") - 1
    spoke = pl.col("line_count").is_not_null()
    times = spoke.sum().over("source", "day_type", "hour") - spoke.cast(pl.UInt32)
    expected = (others >= 3) & (times >= 0.75 * others)
    return (
        spoken.with_columns(is_expected=expected.fill_null(value=False))
        .filter(spoke | pl.col("is_expected"))
        .with_columns(
            pl.coalesce("hour_start", _beginning(zone)).alias("hour_start"),
            pl.col("line_count").fill_null(0),
        )
        .drop_nulls("hour_start")
        .sort("source", "event_date", "hour")
    )


def _beginning(zone: str) -> pl.Expr:
    """When a local hour of a local day began."""
    local = pl.col("event_date").cast(pl.Datetime("us")) + pl.duration(hours="hour")
    return local.dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    ).dt.convert_time_zone("UTC")


def _all_days(hours: pl.DataFrame) -> pl.Series:
    first, last = hours["event_date"].min(), hours["event_date"].max()
    if first is None:
        return pl.Series([], dtype=pl.Date)
    assert isinstance(first, date)
    assert isinstance(last, date)
    return pl.date_range(first, last, eager=True)


def source_days(files: pl.DataFrame, file_days: pl.DataFrame) -> pl.DataFrame:
    """The account of lines by source and local day.

    Events count on their own day; what a file holds besides counts on the last
    day of its events, or on the day it arrived if it has none.
    """
    last = file_days.group_by("file_id").agg(pl.col("event_date").max())
    events = file_days.group_by("source", "event_date").agg(pl.col("events").sum())
    rest = (
        files.join(last, on="file_id", how="left")
        .with_columns(
            event_date=pl.coalesce("event_date", pl.col("first_seen_time").dt.date())
        )
        .group_by("source", "event_date")
        .agg(pl.col(name).sum() for name in COUNTS)
    )
    both = events.join(rest, on=["source", "event_date"], how="full", coalesce=True)
    counts = ["events", *COUNTS]
    return both.with_columns(pl.col(counts).fill_null(0)).with_columns(
        lines=pl.sum_horizontal(counts)
    )


def _rules(district: District) -> Sequence[Mapping[str, Any]]:
    rules = []
    for code, detection in sorted(district.detections.items()):
        header = detection.model.header
        said = district.settings.detections.get(code)
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
                        "regulation": said.regulation if said else None,
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
