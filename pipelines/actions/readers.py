"""Emails to readers of the report: who gets one, a test, and stopping them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypedDict

from pipelines.actions.action import REASON, Action, Parameter, Result, Values
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
        times = [one["sent_time"] for one in sent if one["channel"] == channel]
        rows.append(
            {
                "name": name,
                "edition": reader.edition,
                "building": reader.building,
                "address": reader.address,
                "day": reader.day,
                "is_stopped": name in stopped,
                "last_sent": max((one for one in times if one), default=""),
                "is_waiting": any(
                    one["channel"] == channel and one["state"] != SENT for one in sent
                ),
            }
        )
    return rows


def _reader(context: ActionContext, name: str) -> ReportReader:
    found = context.district.settings.report.readers.get(name)
    if found is None:
        raise SettingsError(
            f"there is no reader {name}",
            where="NAME",
            remedy="Readers are in district.toml: [report.readers.NAME].",
        )
    return found


def stop_mail(context: ActionContext, name: str, reason: str) -> None:
    """Stop the emails to a reader."""
    _change(context, name, "stop mail", reason, is_stopped=True)


def resume_mail(context: ActionContext, name: str, reason: str) -> None:
    """Send emails to a reader again."""
    _change(context, name, "resume mail", reason, is_stopped=False)


def _change(
    context: ActionContext, name: str, action: str, reason: str, *, is_stopped: bool
) -> None:
    context.require("sign")
    _reader(context, name)
    stopped = set(stopped_readers(context.district.store))
    if (name in stopped) == is_stopped:
        state = "already stopped" if is_stopped else "not stopped"
        raise SettingsError(f"the emails to {name} are {state}", where="NAME")
    changed = stopped | {name} if is_stopped else stopped - {name}
    act = Act(actor=str(context.asker), action=action, subject=name, reason=required_reason(reason))
    with context.chain.recording(act) as transaction:
        put_stopped(transaction, changed)


def send_test_mail(context: ActionContext, name: str) -> Mapping[str, str]:
    """Send a marked test to a reader now.

    Raises:
        DeliveryError: It could not be sent.
    """
    context.require("sign")
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
    act = Act(actor=str(context.asker), action="test mail", subject=name)
    with context.chain.recording(act):
        pass
    if not send_to(
        context.district.store,
        context.district.home,
        context.district.settings,
        message,
        [reader.address],
    ):
        raise DeliveryError(
            f"the test to {reader.address} was not sent: it is not in [alerts] recipients, there "
            "is no channel of type smtp, or the mail server refused it",
            retryable=True,
        )
    return {"name": name, "address": reader.address}


def _stop(context: ActionContext, values: Values) -> Result:
    name = values["reader"]
    stop_mail(context, name, values["reason"])
    facts, lines = {"name": name}, (f"{name}: emails are stopped",)
    return Result(f"Emails to {name} are stopped.", facts, lines)


def _resume(context: ActionContext, values: Values) -> Result:
    name = values["reader"]
    resume_mail(context, name, values["reason"])
    facts, lines = {"name": name}, (f"{name}: emails are sent again",)
    return Result(f"Emails to {name} are sent again.", facts, lines)


def _test(context: ActionContext, values: Values) -> Result:
    sent = send_test_mail(context, values["reader"])
    said = f"was sent to {sent['address']}"
    return Result(f"A test {said}.", sent, (f"{sent['name']}: a test {said}",))


READER = Parameter(
    "reader", kind="hidden", option="name", help="Name of a reader in [report.readers]."
)
STOP_MAIL = Action(
    name="stop-mail",
    command="report stop-mail",
    right="sign",
    title="Stop the emails",
    button="Stop",
    act=_stop,
    about="",
    parameters=(READER, REASON),
    back="/readers",
    summary="Stop the emails to a reader.",
)
RESUME_MAIL = Action(
    name="resume-mail",
    command="report resume-mail",
    right="sign",
    title="Send emails again",
    button="Send again",
    act=_resume,
    about="",
    parameters=(READER, REASON),
    back="/readers",
    summary="Send emails to a reader again.",
)
TEST_MAIL = Action(
    name="test-mail",
    command="report test-mail",
    right="sign",
    title="Send a test",
    button="Send a test email",
    act=_test,
    about="",
    parameters=(READER,),
    back="/readers",
    summary="Send a marked test to a reader now.",
)
ACTIONS = (STOP_MAIL, RESUME_MAIL, TEST_MAIL)
