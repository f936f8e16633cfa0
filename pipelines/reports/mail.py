"""The week's report in small, as a mail: the same facts as HTML and as plain text.

No name, account, device or site is in it: mail is copied, forwarded and kept by
others. Tables and inline styles only, because Outlook draws pages as Word does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.alerts.channels import report_channels
from pipelines.alerts.message import Message
from pipelines.alerts.outbox import enqueue
from pipelines.errors import SettingsError
from pipelines.findings.cases import aged, by_kind
from pipelines.findings.work_list import in_items
from pipelines.reports.corrections import changes
from pipelines.reports.headline import coverage, dated, history, work
from pipelines.reports.language import marked
from pipelines.reports.page_one import Line, lines, opening
from pipelines.reports.pages import page
from pipelines.reports.report_inputs import ReportInputs, week_of
from pipelines.reports.text_tables import visible
from pipelines.reports.view import View, week_label
from pipelines.reports.weekly import about, versions
from pipelines.reports.words import NOT_KNOWN, count, day, number
from pipelines.settings.alert_settings import Channel
from pipelines.settings.model import Settings
from pipelines.state.audit import AUDIT_RECORD
from pipelines.state.connections import Store

WEEKS_SHOWN = 6
WIDEST = 240  # pixels of the longest bar
LEFT_OUT = marked(
    "For privacy, this email contains no accounts, devices, sites, log lines or charts. They are "
    "in the report."
)
WITHOUT_ADDRESS = marked("Your technology office can open it for you.")
WHY = "You receive this because your address is on the district's list of recipients."

REPORT_CLASS = "report"


@dataclass(frozen=True)
class Mail:
    """A mail ready to be sent.

    Attributes:
        report_id: The report's id, from which the message's id is made.
        subject: One line without a name.
        text: The whole of it for readers without HTML.
        html: The same facts in a page of tables.
    """

    report_id: str
    subject: str
    text: str
    html: str


def mail(inputs: ReportInputs, week_start: date, *, where: str) -> Mail:
    """Write the mail of one week.

    Args:
        inputs: Of the director's edition.
        week_start: A Monday.
        where: Where the report is, a path or an address that the operator set.
    """
    view = View(inputs, week_start)
    shared, five = about(view), lines(view)
    values = shared | opening(view, five)
    facts = {
        "five": [(line.label, said_number(line), sentence(line)) for line in five],
        "kinds": by_kind(view.waiting),
        "undecided": undecided(view),
        "bars": bars(view),
        "corrections": [
            f"{change.what}: {change.before}, now {change.now}"
            for change in changes(view)
            if change.revision == inputs.revision
        ],
        "where": where,
        "notes": [inputs.pdf_note] if inputs.pdf_note else [],
        "left_out": LEFT_OUT,
        "kept": [version for version in versions(inputs) if version[0] == AUDIT_RECORD],
        "why": WHY,
    }
    html = page("mail.html.j2", **values, **facts)
    said = {**values, **facts}
    return Mail(shared["report_id"], subject(view, five), plain(said), html)


def undecided(view: View) -> str:
    """Return a sentence about cases that waited through two reports; empty without any."""
    waiting = [*view.waiting, *view.of_students.waiting]
    old = aged(waiting, view.start)
    if not old:
        return ""
    verb = "has" if len(old) == 1 else "have"
    first = day(min(case.monday for case in old))
    return (
        f"{count(len(old), 'case')} of these {verb} waited for two weeks or more, the "
        f"oldest since the week of {first}."
    )


def subject(view: View, five: Sequence[Line]) -> str:
    """Return text such as "Network report week 47: 2 cases to decide"."""
    week = view.start.isocalendar().week
    revision, waiting = view.inputs.revision, five[0].value or 0
    corrected = f" (revision {revision})" if revision > 1 else ""
    said = f"{in_items(waiting, len(work(view)))} to decide" if waiting else "nothing to decide"
    if not coverage(view).has_data:
        said = "no log lines arrived"
    return f"Network report week {week}{corrected}: {said}"


def said_number(line: Line) -> str:
    """Return the number of a line; without one, the sentence explains why."""
    if line.word:
        return f"{line.word}."
    return NOT_KNOWN if line.value is None else number(line.value)


def sentence(line: Line) -> str:
    """Return the text after the number."""
    return ("(or more) " if line.is_least else "") + f"{line.whole} {line.comparison}".strip()


def bars(view: View) -> list[dict[str, object]]:
    """Return cases to decide over the last weeks, each as long as its number."""
    weeks = [*history(view)[1 - WEEKS_SHOWN :], dated(view)]
    known = [(week_of(week), week.get("needs_review")) for week in weeks]
    top = max([value or 0 for _, value in known] + [1])
    return [
        {
            "label": f"Week {start.isocalendar().week}",
            "said": NOT_KNOWN if value is None else number(value),
            "width": max(1, round(WIDEST * (value or 0) / top)),
        }
        for start, value in known
    ]


def plain(said: dict[str, Any]) -> str:
    """Return the mail as text, in the order of the page."""
    rows = [
        f"{said['district']}: {said['report_title']}",
        f"{said['week']}. {said['headline']}",
        f"{said['dates']}. {said['school_days'].capitalize()}.",
        *said["notices"],
        "",
        *(f"{label}: {value} {rest}" for label, value, rest in said["five"]),
        "",
    ]
    if said["kinds"]:
        rows += ["Waiting for a decision:"]
        rows += [f"  {size} about: {label} ({sure})" for label, size, sure in said["kinds"]]
        rows += [said["undecided"]] if said["undecided"] else []
        rows += [f"Decide them: {said['desk']}"] if said["desk"] else []
        rows += [""]
    rows += ["Cases to decide, week by week:"]
    rows += [f"  {bar['label']}: {bar['said']}" for bar in said["bars"]]
    if said["corrections"]:
        rows += [
            "",
            "What changed:",
            *(f"  {correction}" for correction in said["corrections"]),
        ]
    rows += ["", f"The report: {said['where']}", *said["notes"], said["left_out"]]
    rows += [said["why"], f"Report {said['report_id']}, made {said['made']}."]
    rows += [f"{name}: {value}" for name, value in said["kept"]]
    return "\n".join(visible(row) for row in rows) + "\n"


def mail_channels(settings: Settings) -> Mapping[str, Channel]:
    """Return the channels that can send reports, by name."""
    channels = settings.alerts.channels
    return {name: one for name, one in channels.items() if one.type in report_channels()}


def mail_channel(settings: Settings) -> str | None:
    """Return the name of the channel that sends reports; None where none is to.

    Raises:
        SettingsError: There is no such channel, or it sends no mail.
    """
    name = settings.report.mail
    if not name:
        return None
    by_mail = mail_channels(settings)
    if name not in by_mail:
        raise SettingsError(
            f"there is no channel {name!r} of type {' or '.join(report_channels())}",
            where="district.toml: [report] mail",
            remedy=f"Channels of that type: {', '.join(by_mail) or 'none yet'}. "
            f'Add [alerts.channels.NAME] with type = "{report_channels()[0]}".',
        )
    return name if by_mail[name].enabled else None


def queue_mail(
    store: Store,
    settings: Settings,
    reports: Iterable[tuple[date, ReportInputs]],
    newest: date,
) -> int:
    """Put the mail of the newest finished week into the outbox; how many are new.

    Args:
        reports: The weeks just published, with what each was made from.
        newest: The newest week of all that have ended.
    """
    channel = mail_channel(settings)
    if channel is None:
        return 0
    new = 0
    for week, inputs in reports:
        if week == newest and View(inputs, week).is_over:
            made = mail(inputs, week, where=_where(settings, week))
            message = Message(made.report_id, made.subject, made.text, REPORT_CLASS, html=made.html)
            new += enqueue(store, message, [channel])
    return new


def _where(settings: Settings, week: date) -> str:
    """Return the address of a week's page; without one, who has it."""
    address = settings.reports_address
    return f"{address}/{week_label(week)}/index.html" if address else WITHOUT_ADDRESS
