"""Emails to readers of the report: who gets one, a test, and stopping them."""

from datetime import UTC, datetime
from typing import Annotated, TypedDict

import typer

from pipelines.actions.action import HIDDEN, Input, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.alerts.dispatch import send_to
from pipelines.alerts.message import Message, hashed
from pipelines.alerts.outbox import report_reader_channel
from pipelines.errors import DeliveryError, SettingsError
from pipelines.findings.review import required_reason
from pipelines.settings.model import ReportReader
from pipelines.state.alert_records import SENT, outbox
from pipelines.state.audit import Act
from pipelines.state.published_reports import put_stopped, stopped_readers


class ReaderRow(TypedDict):
    """A reader of the report, and the emails to them."""

    name: str
    edition: str
    building: str
    address: str
    day: str
    is_stopped: bool
    last_sent: str
    is_waiting: bool


def readers(context: ActionContext) -> list[ReaderRow]:
    """Return the readers of the settings, whether they are stopped, and the last email sent."""
    context.require("sign")
    district = context.district
    stopped, sent = stopped_readers(district.store), outbox(district.store)
    rows: list[ReaderRow] = []
    for name, reader in sorted(district.settings.report.readers.items()):
        channel = report_reader_channel(name)
        messages = [one for one in sent if one["channel"] == channel]
        rows.append(
            {
                "name": name,
                "edition": reader.edition,
                "building": reader.building,
                "address": reader.address,
                "day": reader.day,
                "is_stopped": name in stopped,
                "last_sent": max((one["sent_time"] or "" for one in messages), default=""),
                "is_waiting": any(one["state"] != SENT for one in messages),
            }
        )
    return rows


def _reader(context: ActionContext, name: str) -> ReportReader:
    reader = context.district.settings.report.readers.get(name)
    if reader is None:
        raise SettingsError(
            f"there is no reader {name}",
            where="NAME",
            remedy="Readers are in district.toml: [report.readers.NAME].",
        )
    return reader


ReaderName = Annotated[
    str, HIDDEN, typer.Argument(metavar="name", help="Name of a reader in [report.readers].")
]


class ReaderInput(Input):
    """A reader of the report."""

    reader: ReaderName


class ReaderChange(Input):
    """A reader whose emails stop or begin again."""

    reader: ReaderName
    reason: Reason


@action(
    command="report stop-mail",
    right="sign",
    title="Stop the emails",
    button="Stop",
    back="/readers",
)
def stop_mail(context: ActionContext, given: ReaderChange) -> Result:
    """Stop the emails to a reader."""
    return _changed(context, given, "stop mail", "stopped", is_stopped=True)


@action(
    command="report resume-mail",
    right="sign",
    title="Send emails again",
    button="Send again",
    back="/readers",
)
def resume_mail(context: ActionContext, given: ReaderChange) -> Result:
    """Send emails to a reader again."""
    return _changed(context, given, "resume mail", "sent again", is_stopped=False)


def _changed(
    context: ActionContext, given: ReaderChange, action: str, state: str, *, is_stopped: bool
) -> Result:
    name = given.reader
    _reader(context, name)
    stopped = set(stopped_readers(context.district.store))
    if (name in stopped) == is_stopped:
        now = "already stopped" if is_stopped else "not stopped"
        raise SettingsError(f"the emails to {name} are {now}", where="NAME")
    act = Act(
        actor=str(context.asker), action=action, subject=name, reason=required_reason(given.reason)
    )
    with context.chain.recording(act) as transaction:
        put_stopped(transaction, stopped ^ {name})
    return Result(
        f"Emails to {name} are {state}.", {"name": name}, (f"{name}: emails are {state}",)
    )


@action(
    command="report test-mail",
    right="sign",
    title="Send a test",
    button="Send a test email",
    back="/readers",
)
def send_test_mail(context: ActionContext, given: ReaderInput) -> Result:
    """Send a marked test to a reader now."""
    name, district = given.reader, context.district
    reader = _reader(context, name)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = (
        "This is a test. Nothing happened, and nothing is wrong.",
        "",
        f"You will receive the {reader.edition}'s edition of the weekly network report by email.",
        "To stop these emails, ask the technology office.",
    )
    message = Message(
        f"t-{hashed([name, now])}",
        "Schoolbell: test of your report email",
        "\n".join(lines),
        "test",
    )
    with context.chain.recording(Act(actor=str(context.asker), action="test mail", subject=name)):
        pass
    if not send_to(district.store, district.home, district.settings, message, [reader.address]):
        raise DeliveryError(
            f"the test to {reader.address} was not sent: it is not in [alerts] recipients, there "
            "is no channel of type smtp, or the mail server refused it",
            retryable=True,
        )
    text = f"test was sent to {reader.address}"
    facts = {"name": name, "address": reader.address}
    return Result(f"A {text}.", facts, (f"{name}: a {text}",))
