"""Emails about an edition: the numbers of its page, for a principal or the superintendent.

An email contains no account, device, site or case. It is made when the newest finished
week is published, and sent from the weekday that the reader has in the settings.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pipelines.alerts.message import Message
from pipelines.alerts.outbox import enqueue, report_reader_channel
from pipelines.errors import SettingsError
from pipelines.registry.outline import Outline
from pipelines.reports.editions import Edition, editions, numbers_of, of_building, said
from pipelines.reports.language import in_locale, language, marked, text
from pipelines.reports.mail import LEFT_OUT, REPORT_CLASS, WITHOUT_ADDRESS, Mail
from pipelines.reports.page_one import notices_of
from pipelines.reports.pages import page
from pipelines.reports.report_inputs import ReportInputs
from pipelines.reports.text_tables import visible
from pipelines.reports.view import View, week_label
from pipelines.settings.model import ReportReader, Settings
from pipelines.state.connections import Store
from pipelines.state.published_reports import stopped_readers

WHY = marked(
    "You receive this because your technology director added your address. To stop these emails, "
    "ask the technology office."
)


def edition_mail(inputs: ReportInputs, week: date, edition: Edition, where: str) -> Mail:
    """Write the email of an edition, in the reader's language.

    Args:
        where: Place of the edition's page.
    """
    facts = _facts(inputs, week, edition, where)
    subject = text(
        "Network report week {number}: {edition}",
        number=week.isocalendar().week,
        edition=edition.label,
    )
    if inputs.revision > 1:
        subject += text(" (revision {revision})", revision=inputs.revision)
    rows = [
        f"{facts['district']}: {edition.label}",
        f"{facts['week']}. {facts['dates']}.",
        str(facts["intro"]),
        *facts["notices"],
        "",
        *(f"{value}: {label}" for value, label in facts["numbers"]),
        "",
        f"{facts['titles']['report']} {where}",
        facts["left_out"],
        f"{facts['why']} {facts['titles']['made']}",
    ]
    body = "\n".join(visible(str(row)) for row in rows) + "\n"
    html = page("edition_mail.html.j2", **facts)
    return Mail(str(facts["report_id"]), subject, body, html)


def _facts(inputs: ReportInputs, week: date, edition: Edition, where: str) -> dict[str, Any]:
    whole = View(inputs, week)
    own = View(of_building(inputs, edition.building), week) if edition.building else whole
    shared = said(own, edition)
    made = text(
        "Report {report}, made {moment}.", report=shared["report_id"], moment=shared["made"]
    )
    return shared | {
        "notices": notices_of(own, has_corrections=False),
        "numbers": [(one.value, one.label) for one in numbers_of(whole, edition)],
        "where": where,
        "left_out": text(LEFT_OUT),
        "why": text(WHY),
        "lang": language(),
        "titles": {
            "numbers": text("The week in numbers"),
            "report": text("The report:"),
            "made": made,
        },
    }


def edition_of(inputs: ReportInputs, reader: ReportReader) -> Edition | None:
    """Return the edition of a reader; None if the week does not know the building."""
    found = editions(inputs, [reader.edition])
    return next((one for one in found if is_reader_of(reader, one)), None)


def is_reader_of(reader: ReportReader, edition: Edition) -> bool:
    """Return whether an edition is the one that a reader gets."""
    return reader.edition == edition.kind and reader.building in (
        "",
        edition.code,
        edition.building,
    )


def queue_reader_mails(
    store: Store,
    settings: Settings,
    reports: Iterable[tuple[date, ReportInputs]],
    newest: date,
) -> int:
    """Put the newest finished week into the outbox for each reader; return how many are new."""
    readers = current_readers(store, settings)
    new = 0
    for week, inputs in reports:
        if week != newest or not View(inputs, week).is_over:
            continue
        for name, reader in readers.items():
            edition = edition_of(inputs, reader)
            if edition is None:
                continue
            with in_locale(reader.locale or settings.reader_locale):
                made = edition_mail(inputs, week, edition, _where(reader, week))
            key = f"{made.report_id}-{name}"
            message = Message(key, made.subject, made.text, REPORT_CLASS, html=made.html)
            new += enqueue(store, message, [report_reader_channel(name)])
    return new


def current_readers(store: Store, settings: Settings) -> Mapping[str, ReportReader]:
    """Return the readers whose emails are not stopped."""
    stopped = stopped_readers(store)
    known = settings.report.readers
    return {name: one for name, one in known.items() if name not in stopped}


def _where(reader: ReportReader, week: date) -> str:
    """Return the address of the page; without one, who has it."""
    if reader.link:
        return f"{reader.link.rstrip('/')}/{week_label(week)}/index.html"
    return text(WITHOUT_ADDRESS)


def check_readers(settings: Settings, outline: Outline) -> None:
    """Stop a run at its beginning, not at its last step.

    Raises:
        SettingsError: A reader's edition is not made, their building is unknown, or their
            address is not an allowed recipient.
    """
    codes = set(outline.buildings)
    for name, reader in settings.report.readers.items():
        where = f"district.toml: [report.readers.{name}]"
        if reader.edition not in settings.report.editions:
            raise SettingsError(
                f"the {reader.edition}'s edition is not made",
                where=where,
                remedy=f'Add "{reader.edition}" to [report] editions.',
            )
        if reader.building and reader.building not in codes:
            raise SettingsError(f"there is no building {reader.building}", where=where)
        if reader.address not in settings.alerts.recipients:
            raise SettingsError(
                f"{reader.address} is not in [alerts] recipients",
                where=where,
                remedy="Add it there, so that mail may be sent to it.",
            )
