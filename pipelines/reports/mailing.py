"""Hands the newest finished week's report to the outbox, as a mail.

The outbox sends it with the alerts, once; a corrected report has another id and
is a mail of its own. Only the channel that `[report] mail` names gets it.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from pipelines.alerts.channels import report_channels
from pipelines.alerts.delivery import enqueue
from pipelines.alerts.message import Message
from pipelines.district import District
from pipelines.errors import SettingsError
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.mail import mail
from pipelines.reports.view import View, week_label
from pipelines.settings.alert_settings import Channel

REPORT_CLASS = "report"


def mail_channels(district: District) -> Mapping[str, Channel]:
    """The channels that can send reports, by name."""
    channels = district.settings.alerts.channels
    return {
        name: one for name, one in channels.items() if one.type in report_channels()
    }


def mail_channel(district: District) -> str | None:
    """The name of the channel that sends reports; None where none is to.

    Raises:
        SettingsError: There is no such channel, or it sends no mail.
    """
    name = district.settings.report.mail
    if not name:
        return None
    by_mail = mail_channels(district)
    if name not in by_mail:
        raise SettingsError(
            f"there is no channel {name!r} of type {' or '.join(report_channels())}",
            where="district.toml: [report] mail",
            remedy=f"Channels of that type: {', '.join(by_mail) or 'none yet'}. "
            f'Add [alerts.channels.NAME] with type = "{report_channels()[0]}".',
        )
    return name if by_mail[name].enabled else None


def queue_mail(
    district: District,
    reports: Iterable[tuple[date, ReportInputs]],
    newest: date,
) -> int:
    """Put the mail of the newest finished week into the outbox; how many are new.

    Args:
        reports: The weeks just published, with what each was made from.
        newest: The newest week of all that is over.
    """
    channel = mail_channel(district)
    if channel is None:
        return 0
    new = 0
    for week, inputs in reports:
        if week == newest and View(inputs, week).is_over:
            made = mail(inputs, week, where=_where(district, week))
            message = Message(
                made.report_id, made.subject, made.text, REPORT_CLASS, html=made.html
            )
            new += enqueue(district.store, message, [channel])
    return new


def _where(district: District, week: date) -> str:
    """The address of a week's page; its place in the home, whose path stays there."""
    address = district.settings.report.address
    place = f"{week_label(week)}/index.html"
    if address:
        return f"{address.rstrip('/')}/{place}"
    return f"{district.home.reports.name}/{place}"
