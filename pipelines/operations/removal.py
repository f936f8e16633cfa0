"""Deletes the pages of a week's report, and leaves a page that says so."""

import shutil
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.reports.archive import write_archive
from pipelines.reports.removed import is_last_of, removed_page, spans_of
from pipelines.reports.view import week_label
from pipelines.reports.weekly import PAPER
from pipelines.reports.words import moment
from pipelines.state.published_reports import remove_reports
from pipelines.state.retention import Purged, note_purged


def remove_report(district: District, thing: Purged, now: datetime) -> None:
    """Delete a week in every edition; its pages first, then what the state knows.

    A month or a semester goes with the last of its weeks.
    """
    week = date.fromisoformat(thing.name)
    shared = {
        "district": district.settings.district.name,
        "report_title": district.settings.report.title,
        "paper": PAPER[district.settings.report.paper],
        "made": moment(now, ZoneInfo(district.zone)),
    }
    label = week_label(week)
    for folder in _archives(district):
        if (folder / label).is_dir():
            shutil.rmtree(folder / label)
            page = {f"{label}/index.html": removed_page(shared, week)}
            write_archive(page, folder)
        for span in spans_of(week):
            if is_last_of(span, week):
                for ending in (".html", ".csv", ".xlsx", ".parquet"):
                    (folder / f"{span}{ending}").unlink(missing_ok=True)
    with district.store.writing() as transaction:
        note_purged(transaction, [thing])
        remove_reports(transaction, thing.name)


def _archives(district: District) -> Iterable[Path]:
    yield district.home.reports
    if district.home.editions.is_dir():
        yield from sorted(
            one for one in district.home.editions.iterdir() if one.is_dir()
        )
