"""Sends what is due through the channels of a district, each message once.

Marked tests go the same way as alerts, and a place outside hears that a run ended well.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.alerts.channels import report_channels
from pipelines.alerts.facts import noticed, open_days, utc
from pipelines.alerts.memory import Observation, take_news
from pipelines.alerts.message import Message, test_message
from pipelines.alerts.news import Alert
from pipelines.alerts.outbox import (
    MAX_SENDING_SECONDS,
    DeliveryCounts,
    channels_of,
    deliver,
    deliver_all,
    enqueue,
    only_sender,
    report_channels_due,
)
from pipelines.alerts.rounds import RoundContext, run_round
from pipelines.district import District
from pipelines.errors import DeliveryError, SettingsError
from pipelines.findings.cases import queue
from pipelines.health.overview import Health, looked_at
from pipelines.settings.alert_settings import Channel
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state.connections import Store, now_text
from pipelines.web import NearAddressError, asked

WEB = ("https://", "http://")
TIMEOUT_SECONDS = 10.0
BAD_STATUS = 400
RECIPIENTS = "recipients"


@dataclass(frozen=True)
class AlertSummary:
    """Result of one alerts run.

    Attributes:
        new: Messages that entered the outbox.
        warning: Other problems, such as a heartbeat that did not arrive.
    """

    new: int
    by_channel: Mapping[str, DeliveryCounts]
    warning: str = ""

    def __str__(self) -> str:
        parts = [
            f"{name}: {one.sent} sent, {one.failed} failed" for name, one in self.by_channel.items()
        ]
        more = f"; {self.warning}" if self.warning else ""
        return f"{self.new} new; " + "; ".join(parts) + more


def send_alerts(
    district: District, now: datetime | None = None, health: Health | None = None
) -> AlertSummary:
    """Decide the messages for each receiver, deliver the waiting ones, send the heartbeat.

    Args:
        health: Health of the sources; computed if absent.
    """
    moment = utc(now)
    new = collect_alerts(district, moment, health or looked_at(district, moment))
    return deliver_alerts(district, moment, new)


def collect_alerts(
    district: District, now: datetime, health: Health, seconds: float = MAX_SENDING_SECONDS
) -> int:
    """Put the messages that are due into the outbox; return their number.

    The caller holds the home's lock: during a run, findings are incomplete.

    Raises:
        BusyError: Another process has sent for longer than `seconds`.
    """
    return _collect(district, noticed(district, now, health), now, seconds)


def deliver_alerts(district: District, now: datetime, new: int) -> AlertSummary:
    """Deliver what waits in the outbox, and send the heartbeat; this may take minutes.

    Args:
        new: Number of messages that were put in.
    """
    summary = _deliver(district, now, new)
    warnings = [summary.warning, _beat(district.home, district.settings, now)]
    return replace(summary, warning="; ".join(filter(None, warnings)))


def send_watch(district: District, now: datetime | None = None) -> AlertSummary:
    """Send facts from the ledger alone, without waiting for a run in progress."""
    moment = utc(now)
    return _send(district, noticed(district, moment), moment)


def announce(
    district: District, news: Iterable[Alert], looked: Iterable[str], now: datetime
) -> AlertSummary:
    """Send facts that only the caller knows, such as a job that failed.

    Args:
        looked: Keys, or prefixes of keys, that the caller covers completely: facts
            that are not in `news` have ended.
    """
    return _send(district, Observation(list(news), tuple(looked)), now)


def _send(district: District, found: Observation, now: datetime) -> AlertSummary:
    return _deliver(district, now, _collect(district, found, now))


def _collect(
    district: District, found: Observation, now: datetime, seconds: float = MAX_SENDING_SECONDS
) -> int:
    with only_sender(district.home, seconds):
        ids = take_news(district.store, found, now)
        channels = channels_of(district.settings)
        return run_round(context_of(district), channels, found.news, ids, now)


def _deliver(district: District, now: datetime, new: int) -> AlertSummary:
    with only_sender(district.home):
        due = report_channels_due(district.store, district.settings, now)
        channels = {**channels_of(district.settings), **due}
        sent, wrong = deliver_all(district.store, district.home, district.settings, channels)
    return AlertSummary(new, sent, "; ".join(wrong))


def context_of(district: District) -> RoundContext:
    """Build the context of a district's rounds of alerts."""
    return RoundContext(
        store=district.store,
        alerts=district.settings.alerts,
        zone=ZoneInfo(district.zone),
        is_open=open_days(district.outline),
        report=_report(district.home, district.settings),
        desk=district.settings.desk.address,
        queue=queue(district.store, district.home, district.reading),
        report_channel=district.settings.report.mail,
    )


def _report(home: DistrictHome, settings: Settings) -> str:
    """Return the address of the reports, or their folder without one."""
    return settings.reports_address or f"{home.reports.name}/index.html"


def _beat(home: DistrictHome, settings: Settings, now: datetime) -> str:
    where = settings.alerts.heartbeat
    if where is None:
        return ""
    try:
        beat(where, home.path, now)
    except DeliveryError as error:
        return str(error)
    return ""


def beat(where: str, home: Path, now: datetime) -> None:
    """Request a url, or write the time into a file.

    Args:
        where: From the settings; a relative path is in the home.

    Raises:
        DeliveryError: The place cannot be reached.
    """
    try:
        if where.startswith(WEB):
            answer = asked("GET", where, seconds=TIMEOUT_SECONDS, allow_redirects=False)
            if answer.status >= BAD_STATUS:
                raise DeliveryError(
                    f"the heartbeat failed: the server answered {answer.status}", retryable=True
                )
        else:
            beat = home / where
            is_new = not beat.exists()
            beat.write_text(now_text(now) + "\n", encoding="ascii")
            if is_new:
                beat.chmod(0o644)  # the monitor may be another user
    except NearAddressError as error:
        raise DeliveryError(f"the heartbeat failed: {error.what}", retryable=False) from error
    except OSError as error:  # which those of requests are
        reason = type(error).__name__
        raise DeliveryError(f"the heartbeat failed: {reason}", retryable=True) from error


def send_test(
    store: Store,
    home: DistrictHome,
    settings: Settings,
    only: str = "",
    to: str = "",
    now: datetime | None = None,
) -> AlertSummary:
    """Send a marked test through each channel, or through one, or to one address.

    Args:
        to: Only to this recipient: through the channels that send to it, or through
            the one that `only` names. A failed test is not retried later.

    Raises:
        SettingsError: No channel that is on has this name, or none sends there.
    """
    channels = _asked(channels_of(settings), only)
    if to:
        channels = _addressed(settings, channels, only, to)
    mark = " ".join([now_text(utc(now)), to]).rstrip()
    sent = {}
    with only_sender(home):
        for name, one in channels.items():
            message = test_message(name, mark)
            enqueue(store, message, [name])
            sent[name] = deliver(store, home, settings, name, one, message.key if to else "")
    return AlertSummary(len(channels), sent)


def send_to(
    store: Store,
    home: DistrictHome,
    settings: Settings,
    message: Message,
    addresses: Collection[str],
) -> bool:
    """Send a message to some addresses by the first mail channel; return whether it was sent.

    Only addresses of `[alerts] recipients` receive it. A failed message is not retried.
    """
    allowed = [to for to in settings.alerts.recipients if to in addresses]
    kinds = report_channels()
    mail = [(name, one) for name, one in channels_of(settings).items() if one.type in kinds]
    if not (allowed and mail):
        return False
    name, one = mail[0]
    limited = one.model_copy(update={"settings": {**one.settings, RECIPIENTS: allowed}})
    with only_sender(home):
        enqueue(store, message, [name])
        return bool(deliver(store, home, settings, name, limited, message.key).sent)


def _asked(channels: Mapping[str, Channel], only: str) -> Mapping[str, Channel]:
    found = {name: channel for name, channel in channels.items() if only in ("", name)}
    if not found:
        raise SettingsError(
            f"channel {only!r} does not exist or is off",
            where="--channel",
            remedy="Channels are in district.toml: [alerts.channels.NAME].",
        )
    return found


def _addressed(
    settings: Settings, channels: Mapping[str, Channel], only: str, to: str
) -> dict[str, Channel]:
    """Return the channels, limited to one address."""
    if to not in settings.alerts.recipients:
        raise SettingsError(
            f"{to} is not in [alerts] recipients, so nothing is sent there",
            where="--to",
            remedy="Add it in district.toml, or use an address from the list.",
        )
    found = {
        name: channel.model_copy(update={"settings": {**channel.settings, RECIPIENTS: [to]}})
        for name, channel in channels.items()
        if RECIPIENTS in channel.settings and (only or to in channel.settings[RECIPIENTS])
    }
    if not found:
        raise SettingsError(
            f"no channel sends to {to}",
            where="--to",
            remedy="Use a channel that sends mail: --channel NAME.",
        )
    return found
