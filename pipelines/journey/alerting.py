"""Sends what is due through the channels of a district, each message once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import insert, select

from pipelines.alerts.channels import prepared
from pipelines.alerts.messages import Message, counted, digest, health
from pipelines.alerts.outbox import Sent, deliver_waiting, enqueue
from pipelines.district.settings_parts import Channel
from pipelines.findings.keeping import stored_findings
from pipelines.journey.district import District
from pipelines.journey.status import in_trouble
from pipelines.state import ledger
from pipelines.state.schema import ANNOUNCED

DEFAULT_FILE = "alerts.jsonl"


@dataclass(frozen=True)
class AlertSummary:
    """What one alerts run did."""

    new: int
    by_channel: Mapping[str, Sent]

    def __str__(self) -> str:
        parts = [
            f"{name}: {one.sent} sent, {one.failed} failed"
            for name, one in self.by_channel.items()
        ]
        return f"{self.new} new; " + "; ".join(parts)


def send_alerts(district: District, now: datetime | None = None) -> AlertSummary:
    """Put new messages into the outbox and deliver what waits there."""
    channels = _channels(district)
    findings = stored_findings(district.store)
    message = _digest(district, findings)
    new = 0
    if message is not None:
        new += enqueue(district.store, message, channels)
        # after the outbox has it: a crash in between makes the same key again
        _announce(district, counted(findings), message.key)
    ill = _health(district, now or datetime.now(UTC))
    if ill is not None:
        new += enqueue(district.store, ill, channels)
    allowed = district.settings.alerts.recipients
    sent = {}
    for name, one in channels.items():
        channel, settings = prepared(name, one.type, one.settings)
        deliver = partial(_deliver, channel.deliver, settings, allowed)
        sent[name] = deliver_waiting(district.store, name, deliver)
    return AlertSummary(new, sent)


def _deliver(
    deliver: Any, settings: Any, allowed: tuple[str, ...], message: Message
) -> None:
    deliver(message, settings, allowed)


def _channels(district: District) -> Mapping[str, Channel]:
    """The channels that are on; without any, a file in the home."""
    given = {
        name: one
        for name, one in district.settings.alerts.channels.items()
        if one.enabled
    }
    if given:
        return given
    path = district.home.path / DEFAULT_FILE
    return {"file": Channel(type="file", settings={"path": str(path)})}


def _digest(
    district: District, findings: Sequence[Mapping[str, Any]]
) -> Message | None:
    report = str(district.home.reports / "index.html")
    return digest(findings, _announced(district), report)


def _health(district: District, now: datetime) -> Message | None:
    files = ledger.source_files(district.store)
    trouble = in_trouble(files, district.settings.limits.reject_share)
    return health(trouble, now.date())


def _announced(district: District) -> frozenset[str]:
    with district.store.reading() as connection:
        return frozenset(connection.execute(select(ANNOUNCED.c.finding_id)).scalars())


def _announce(district: District, ids: list[str], key: str) -> None:
    new = sorted(set(ids) - _announced(district))
    rows = [{"finding_id": one, "alert_key": key} for one in new]
    if rows:
        with district.store.writing() as connection:
            connection.execute(insert(ANNOUNCED), rows)
