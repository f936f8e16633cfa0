"""Marked tests of the channels, sent the way that alerts go."""

from collections.abc import Mapping
from datetime import datetime

from pipelines.alerts.asking import test_message
from pipelines.alerts.delivery import channels_of, deliver, only_sender
from pipelines.alerts.facts import utc
from pipelines.alerts.outbox import enqueue
from pipelines.alerts.sending import AlertSummary
from pipelines.district import District
from pipelines.errors import SettingsError
from pipelines.settings.alert_settings import Channel
from pipelines.state.database import now_text

RECIPIENTS = "recipients"


def send_test(
    district: District, only: str = "", to: str = "", now: datetime | None = None
) -> AlertSummary:
    """Send a marked test through each channel, or through one, or to one address.

    Args:
        to: Only to this recipient: through the channels that send to it, or through
            the one that `only` names. What does not arrive is not tried again later.

    Raises:
        SettingsError: No channel that is on has this name, or none sends there.
    """
    channels = _asked(channels_of(district), only)
    if to:
        channels = _addressed(district, channels, only, to)
    mark = " ".join([now_text(utc(now)), to]).rstrip()
    sent = {}
    with only_sender(district.home):
        for name, one in channels.items():
            message = test_message(name, mark)
            enqueue(district.store, message, [name])
            sent[name] = deliver(district, name, one, message.key if to else "")
    return AlertSummary(len(channels), sent)


def _asked(channels: Mapping[str, Channel], only: str) -> Mapping[str, Channel]:
    found = {name: one for name, one in channels.items() if only in ("", name)}
    if not found:
        raise SettingsError(
            f"there is no channel {only!r} that is on",
            where="--channel",
            remedy="Channels are in district.toml: [alerts.channels.NAME].",
        )
    return found


def _addressed(
    district: District, channels: Mapping[str, Channel], only: str, to: str
) -> dict[str, Channel]:
    """The channels, changed so that they send to one address alone."""
    if to not in district.settings.alerts.recipients:
        raise SettingsError(
            f"{to} is not in [alerts] recipients, so that nothing is sent there",
            where="--to",
            remedy="Add it there, in district.toml, or name one of the list.",
        )
    found = {
        name: one.model_copy(update={"settings": {**one.settings, RECIPIENTS: [to]}})
        for name, one in channels.items()
        if RECIPIENTS in one.settings and (only or to in one.settings[RECIPIENTS])
    }
    if not found:
        raise SettingsError(
            f"no channel sends to {to}",
            where="--to",
            remedy="Name a channel that sends mail: --channel NAME.",
        )
    return found
