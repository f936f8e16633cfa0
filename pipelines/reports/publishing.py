"""Makes the weekly reports of a district from its newest snapshot."""

import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from pipelines.clock import monday
from pipelines.district import District
from pipelines.errors import ModelError
from pipelines.reports.archive import left_over, write_archive
from pipelines.reports.editions import edition_report, editions
from pipelines.reports.gathering import readable, report_inputs, sections_off
from pipelines.reports.headline import this_week
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.mailing import mail_channel, queue_mail
from pipelines.reports.printing import FAILED, NO_BROWSER, browser, print_page
from pipelines.reports.revisions import record, remembered, revised
from pipelines.reports.view import View, week_label
from pipelines.reports.weekly import Pages, gone_page, report_id, weekly_report
from pipelines.settings.home import SHARED
from pipelines.state.retention import kept_from, purged_reports
from pipelines.warehouse.database import Database
from pipelines.warehouse.snapshots import current, reading

ONE_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Published:
    """A report on disk."""

    week_start: date
    page: Path
    inputs: ReportInputs

    @property
    def shown(self) -> dict[str, object]:
        """As plain values for JSON."""
        return {
            "week": self.week_start.isoformat(),
            "report": str(self.page),
            "report_id": report_id(View(self.inputs, self.week_start)),
            "revision": self.inputs.revision,
            "pdf": str(self.page.with_name(PDF)) if self.inputs.pdf else None,
        }


def nobody_waits(_week: date, _at: int, _of: int) -> None:
    """For callers that show no progress."""


def publish_reports(
    district: District,
    now: datetime,
    weeks: Iterable[date] | None = None,
    progress: Callable[[date, int, int], None] = nobody_waits,
) -> list[Published]:
    """Write the reports of some weeks, or of every week with events.

    Args:
        weeks: Mondays; the archive's other weeks stay as they are, but for the
            week before each, which links to it.
        progress: Told before each week is written: which, its place, of how many.

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
        gone = set(purged_reports(district.store))
        held = [week for week in mondays(database) if week.isoformat() not in gone]
    wanted = set(held if weeks is None else weeks)
    wanted |= {week - ONE_WEEK for week in wanted}
    done: list[Published] = []
    headlines = [this_week(View(inputs, week)) for week in held]
    headlines = [one for one in headlines if one.get("week_start")]
    known = (*remembered(district, held), *headlines)
    first = kept_from(district.store)
    full = replace(inputs, previous=known, kept_from=first)
    due = [one for one in held if one in wanted and not (first and one < first)]
    for place, week in enumerate(due, start=1):
        progress(week, place, len(due))
        done.append(_publish(district, revised(district, full, week), week))
    over = [week for week in held if View(inputs, week).is_over]
    if over:
        queue_mail(district, [(one.week_start, one.inputs) for one in done], over[-1])
    return done


def _publish(district: District, inputs: ReportInputs, week: date) -> Published:
    """Write one week in every edition, and note what it says."""
    folder = district.home.reports
    ready = _write(
        district, inputs, week, partial(weekly_report, week_start=week), folder
    )
    for edition in editions(inputs, district.settings.report.editions):
        own = district.home.editions / edition.name
        made = partial(edition_report, week_start=week, edition=edition)
        _write(district, inputs, week, made, own)
        # the set-group-id bit stays, by which new files get the readers' group
        own.chmod(SHARED | own.stat().st_mode & stat.S_ISGID)
    page = folder / week_label(week) / "index.html"
    record(district, inputs, week, page)
    return Published(week, page, ready)


def _write(
    district: District,
    inputs: ReportInputs,
    week: date,
    made: Callable[[ReportInputs], Pages],
    folder: Path,
) -> ReportInputs:
    """Write an edition's pages and print them; without a PDF, the page says why."""
    settings, label = district.settings.report, week_label(week)
    program = browser(settings) if settings.pdf else None
    if not settings.pdf:
        ready = inputs
    elif program is None:
        ready = replace(inputs, pdf_note=NO_BROWSER)
    else:
        ready = replace(inputs, pdf=PDF)
    _replace(made(ready), folder, ready, week)
    page = folder / label / "index.html"
    if program is None or print_page(program, page, page.with_name(PDF)):
        return ready
    failed = replace(inputs, pdf_note=FAILED)
    _replace(made(failed), folder, failed, week)
    return failed


def _replace(pages: Pages, folder: Path, inputs: ReportInputs, week: date) -> None:
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


PDF = "report.pdf"
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
        week = monday(day)
        weeks[week] = weeks.get(week, 0) + count
    enough = min(24, max(weeks.values(), default=0))
    return sorted(week for week, count in weeks.items() if count >= enough)


def check_report_settings(district: District) -> None:
    """Stop a run at its beginning, not at its last step.

    Raises:
        SettingsError: A section or a channel is named that does not exist, or a
            colour can not be read.
    """
    sections_off(district)
    readable(district.settings.report)
    mail_channel(district)
