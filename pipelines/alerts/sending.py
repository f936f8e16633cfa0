"""Sends what is due through the channels of a district, each message once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pipelines.alerts.delivery import channels_of, deliver_all, only_sender
from pipelines.alerts.facts import noticed, open_days, utc
from pipelines.alerts.heartbeat import beat
from pipelines.alerts.memory import Noticed, take_news
from pipelines.alerts.news import News
from pipelines.alerts.outbox import Sent
from pipelines.alerts.rounds import Desk, told_round
from pipelines.district import District
from pipelines.errors import DeliveryError
from pipelines.health.overview import Health, looked_at


@dataclass(frozen=True)
class AlertSummary:
    """What one alerts run did.

    Attributes:
        new: Messages that entered the outbox.
        warning: What else went wrong, such as a heartbeat that did not arrive.
    """

    new: int
    by_channel: Mapping[str, Sent]
    warning: str = ""

    def __str__(self) -> str:
        parts = [
            f"{name}: {one.sent} sent, {one.failed} failed"
            for name, one in self.by_channel.items()
        ]
        more = f"; {self.warning}" if self.warning else ""
        return f"{self.new} new; " + "; ".join(parts) + more


def send_alerts(
    district: District, now: datetime | None = None, health: Health | None = None
) -> AlertSummary:
    """Decide who is told of what, and deliver what waits; then the heartbeat.

    Args:
        health: How the sources do; without it they are looked at.
    """
    moment = utc(now)
    found = health or looked_at(district, moment)
    with only_sender(district.home):
        summary = _told(district, noticed(district, moment, found), moment)
    warnings = [one for one in (summary.warning, _beat(district, moment)) if one]
    return AlertSummary(summary.new, summary.by_channel, "; ".join(warnings))


def send_watch(district: District, now: datetime | None = None) -> AlertSummary:
    """Tell what the ledger alone knows, without waiting for a run at work."""
    moment = utc(now)
    with only_sender(district.home):
        return _told(district, noticed(district, moment), moment)


def announce(
    district: District, news: Iterable[News], looked: Iterable[str], now: datetime
) -> AlertSummary:
    """Tell of facts that only the caller knows, such as a job that failed.

    Args:
        looked: Keys, or beginnings of keys, that the caller knows all about: what is
            not in `news` has ended.
    """
    with only_sender(district.home):
        return _told(district, Noticed(list(news), tuple(looked)), now)


def _told(district: District, found: Noticed, now: datetime) -> AlertSummary:
    channels = channels_of(district)
    ids = take_news(district.store, found, now)
    new = told_round(desk_of(district), channels, found.news, ids, now)
    sent, wrong = deliver_all(district, channels)
    return AlertSummary(new, sent, "; ".join(wrong))


def desk_of(district: District) -> Desk:
    """What every round of alerts of a district needs."""
    return Desk(
        store=district.store,
        alerts=district.settings.alerts,
        zone=ZoneInfo(district.zone),
        is_open=open_days(district),
        report=_report(district),
    )


def _report(district: District) -> str:
    """Where the reports are: their address in the house, else their folder."""
    address = district.settings.report.address
    return address or f"{district.home.reports.name}/index.html"


def _beat(district: District, now: datetime) -> str:
    where = district.settings.alerts.heartbeat
    if where is None:
        return ""
    try:
        beat(where, district.home.path, now)
    except DeliveryError as error:
        return str(error)
    return ""
