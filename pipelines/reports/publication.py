"""Makes the weekly reports of a district from its newest snapshot."""

import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.errors import ModelError
from pipelines.registry.outline import Outline
from pipelines.reports.archive import archive_pages, left_over, write_archive
from pipelines.reports.corrections import facts, revision_after
from pipelines.reports.edition_mail import (
    check_readers,
    is_reader_of,
    queue_reader_mails,
)
from pipelines.reports.editions import TRANSLATED, Edition, edition_report, editions
from pipelines.reports.headline import NUMBERS, this_week
from pipelines.reports.language import in_locale, page_locale
from pipelines.reports.mail import REPORT_CLASS, mail_channel, queue_mail
from pipelines.reports.report_inputs import ReportInputs
from pipelines.reports.report_rows import WeekNumbers
from pipelines.reports.snapshot_inputs import readable, report_inputs, sections_off
from pipelines.reports.view import View, week_label
from pipelines.reports.weekly import (
    Pages,
    about,
    gone_page,
    name_of,
    report_id,
    weekly_report,
)
from pipelines.settings.home import PLAIN_FILE, SHARED, DistrictHome
from pipelines.settings.model import Report, Settings
from pipelines.settings.scratch import scratch
from pipelines.state.alert_records import newest_sent
from pipelines.state.connections import Store
from pipelines.state.published_reports import (
    first_publication,
    mark_reports_written,
    pending_reports,
    put_report,
    report_facts,
)
from pipelines.state.retention import kept_from, purged_reports
from pipelines.state.reviews import reviews
from pipelines.state.rows import ReportFacts
from pipelines.warehouse.database import Database
from pipelines.warehouse.snapshots import current, reading
from pipelines.weeks import monday

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_SECONDS = 120
NO_BROWSER = "The PDF is missing: no browser was found on the machine."
FAILED = "The PDF is missing: the browser could not print the page."

SWITCHES = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--no-pdf-header-footer",
    # our pages request nothing; this makes sure of it
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
ONE_WEEK = timedelta(days=7)
PDF = "report.pdf"
GONE = 'id="gone"'


def revised(store: Store, inputs: ReportInputs, week: date, said: ReportFacts) -> ReportInputs:
    """Return the inputs with the revision that the week's report now is, and those before."""
    earlier = {row["revision"]: row["facts"] for row in report_facts(store, week)}
    revision = revision_after(earlier, said)
    before = tuple(earlier[one] for one in sorted(earlier) if one < revision)
    return replace(inputs, revision=revision, earlier_facts=before)


def is_set_up_today(store: Store, zone: str, now: datetime) -> bool:
    """Return whether the first report was made today, and no one has decided or got one by mail."""
    first = first_publication(store)
    if first is None or reviews(store) or newest_sent(store, REPORT_CLASS):
        return False
    days = {one.astimezone(ZoneInfo(zone)).date() for one in (datetime.fromisoformat(first), now)}
    return len(days) == 1


def record(
    store: Store,
    home: DistrictHome,
    inputs: ReportInputs,
    week: date,
    said: ReportFacts,
    page: Path,
) -> None:
    """Record a written report with its facts; the same revision once."""
    report = {
        "report_id": name_of(week, inputs.revision, said),
        "path": page.relative_to(home.path).as_posix(),
        "sha256": hashlib.sha256(page.read_bytes()).hexdigest(),
        "snapshot": inputs.snapshot_id,
        "facts": json.dumps(said),
    }
    with store.writing() as transaction:
        put_report(transaction, week, inputs.revision, report)


def remembered(store: Store, held: Collection[date]) -> list[WeekNumbers]:
    """Return the numbers of published weeks whose events are no longer kept.

    A week whose report was deleted as well has none, and is marked.
    """
    weeks = {week: WeekNumbers(is_removed=True) for week in purged_reports(store)}
    for row in report_facts(store):
        weeks[row["week"]] = WeekNumbers()
        for key in NUMBERS:
            weeks[row["week"]][key] = row["facts"]["numbers"].get(key)
    for week, numbers in weeks.items():
        numbers["week_start"] = date.fromisoformat(week)
    return [weeks[week] for week in sorted(weeks) if date.fromisoformat(week) not in held]


def browser(settings: Report) -> str | None:
    """Return the browser that the settings name, or the first one that is installed."""
    if settings.browser:
        return shutil.which(settings.browser)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def print_page(program: str, page: Path, target: Path) -> bool:
    """Print a page into a file; False if that did not work.

    A file that is there is replaced whole, or left alone.
    """
    with tempfile.TemporaryDirectory(prefix=scratch("print")) as folder:
        made = Path(folder) / "page.pdf"
        command = [
            program,
            *SWITCHES,
            *_as_root(),
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={made}",
            page.resolve().as_uri(),
        ]
        if not _ran(command, Path(folder)) or not _is_pdf(made):
            return False
        beside = target.with_name(f".{target.name}.part")
        shutil.copyfile(made, beside)
        beside.chmod(PLAIN_FILE)
        beside.replace(target)
    return True


def _as_root() -> tuple[str, ...]:
    """Return options for root: Chromium refuses root its sandbox, and containers use root."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ("--no-sandbox",) if is_root else ()


def _ran(command: list[str], folder: Path) -> bool:
    known = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    try:
        process = subprocess.Popen(  # noqa: S603 - our own switches, no shell
            command,
            env=known | {"HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        return process.wait(PATIENCE_SECONDS) == 0
    except subprocess.TimeoutExpired:
        # its children too: they would go on in a folder that is gone
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        return False


def _is_pdf(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(b"%PDF-")


@dataclass(frozen=True)
class Published:
    """A report on disk."""

    week_start: date
    page: Path
    inputs: ReportInputs

    @property
    def shown(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            "week": self.week_start.isoformat(),
            "report": str(self.page),
            "report_id": report_id(View(self.inputs, self.week_start)),
            "revision": self.inputs.revision,
            "pdf": str(self.page.with_name(PDF)) if self.inputs.pdf else None,
        }


def nobody_waits(_week: date, _at: int, _of: int) -> None:
    """Do nothing, for callers without progress."""


def publish_pending(
    district: District,
    now: datetime,
    also: Iterable[date] = (),
    progress: Callable[[date, int, int], None] = nobody_waits,
) -> list[Published]:
    """Write the reports of the weeks that were judged since theirs were written.

    Args:
        also: Mondays of weeks that are written in any case.
        progress: See `publish_reports`.
    """
    weeks = {*pending_reports(district.store), *also}
    done = publish_reports(district, now, weeks, progress)
    mark_reports_written(district.store, weeks)
    return done


def publish_reports(
    district: District,
    now: datetime,
    weeks: Iterable[date] | None = None,
    progress: Callable[[date, int, int], None] = nobody_waits,
) -> list[Published]:
    """Write the reports of some weeks, or of every week with events.

    Args:
        weeks: Mondays; the archive's other weeks are not changed, except for the
            week before each, which links to it.
        progress: Called before each week is written: the week, its place, the total.

    Raises:
        ModelError: Nothing has been built.
    """
    snapshot = current(district.home.snapshots)
    with reading(snapshot) as database:
        if not database.has("marts.source_hours"):
            raise ModelError(
                "nothing is built yet",
                where=str(district.home.path),
                remedy="Put logs into landing/, then run: schoolbell run --home HOME",
            )
        inputs = report_inputs(database, district, now, snapshot.stem)
        gone = set(purged_reports(district.store))
        held = [week for week in mondays(database) if week.isoformat() not in gone]
    wanted = set(held if weeks is None else weeks)
    wanted |= {week - ONE_WEEK for week in wanted}
    done: list[Published] = []
    headlines: list[WeekNumbers] = []
    said: dict[date, ReportFacts] = {}
    for week in held:
        view = View(inputs, week)
        headlines += [one for one in (this_week(view),) if one.get("week_start")]
        if week in wanted or week == held[-1]:
            said[week] = facts(view)
    known = (*remembered(district.store, held), *headlines)
    first = kept_from(district.store)
    full = replace(
        inputs,
        previous=known,
        kept_from=first,
        is_set_up_today=is_set_up_today(district.store, district.zone, now),
    )
    due = [one for one in held if one in wanted and not (first and one < first)]
    with in_locale(page_locale(district.settings.reader_locale)):
        for place, week in enumerate(due, start=1):
            progress(week, place, len(due))
            ready = revised(district.store, full, week, said[week])
            done.append(
                _publish(district.store, district.home, district.settings, ready, week, said[week])
            )
        if due and due[-1] != held[-1]:
            # index, months and semesters list all weeks, as of the newest
            week = held[-1]
            newest = View(revised(district.store, full, week, said[week]), week)
            write_archive(archive_pages(newest, about(newest)), district.home.reports)
        over = [week for week in held if View(inputs, week).is_over]
        if over:
            told = [(one.week_start, one.inputs) for one in done]
            queue_mail(district.store, district.settings, told, over[-1])
            queue_reader_mails(district.store, district.settings, told, over[-1])
    return done


def _publish(
    store: Store,
    home: DistrictHome,
    settings: Settings,
    inputs: ReportInputs,
    week: date,
    said: ReportFacts,
) -> Published:
    """Write one week in every edition, and record its facts."""
    folder = home.reports
    ready = _write(settings, inputs, week, partial(weekly_report, week_start=week), folder)
    for edition in editions(inputs, settings.report.editions):
        own = home.editions / edition.name
        made = partial(edition_report, week_start=week, edition=edition)
        with in_locale(edition_locale(settings, edition)):
            _write(settings, inputs, week, made, own)
        # the set-group-id bit stays, by which new files get the readers' group
        own.chmod(SHARED | own.stat().st_mode & stat.S_ISGID)
    page = folder / week_label(week) / "index.html"
    record(store, home, inputs, week, said, page)
    return Published(week, page, ready)


def edition_locale(settings: Settings, edition: Edition) -> str:
    """Return the locale of an edition: that of its readers if they agree, otherwise of all."""
    own = {
        reader.locale or settings.reader_locale
        for reader in settings.report.readers.values()
        if is_reader_of(reader, edition)
    }
    locale = own.pop() if len(own) == 1 else settings.reader_locale
    return locale if edition.kind in TRANSLATED else page_locale(locale)


def _write(
    settings: Settings,
    inputs: ReportInputs,
    week: date,
    made: Callable[[ReportInputs], Pages],
    folder: Path,
) -> ReportInputs:
    """Write an edition's pages and print them; without a PDF, the page explains why."""
    said, label = settings.report, week_label(week)
    program = browser(said) if said.pdf else None
    if not said.pdf:
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
    """Write the pages; remove those that the week no longer contains.

    An item's address remains: its page states that the item was removed.
    """
    write_archive(pages, folder)
    for path in left_over(pages, folder, week_label(week)):
        if path.suffix != ".html":
            path.unlink()
        elif GONE not in path.read_text(encoding="utf-8"):
            gone = {path.relative_to(folder).as_posix(): gone_page(inputs, week)}
            write_archive(gone, folder)


def mondays(database: Database) -> list[date]:
    """Return the Mondays of the weeks that hold events, oldest first.

    A week in which the sources together spoke in less than a day's hours is none:
    a tunnel that began before midnight, a clock that ran ahead. The fullest week
    is one in any case.
    """
    hours = database.rows("select event_date, count(*) from marts.source_hours group by event_date")
    weeks: dict[date, int] = {}
    for day, count in hours:
        week = monday(day)
        weeks[week] = weeks.get(week, 0) + count
    enough = min(24, max(weeks.values(), default=0))
    return sorted(week for week, count in weeks.items() if count >= enough)


def check_report_settings(settings: Settings, outline: Outline) -> None:
    """Stop a run at its beginning, not at its last step.

    Raises:
        SettingsError: A section or a channel is named that does not exist, or a
            color cannot be read.
    """
    sections_off(settings)
    readable(settings.report)
    mail_channel(settings)
    check_readers(settings, outline)
