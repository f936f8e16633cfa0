"""The channels of a district, and the one place that sends through them.

Whoever sends holds the lock of the outbox: a run and a watch at the same time send
nothing twice. It is another lock than that of a run, so that a run which hangs can
not keep a watch from telling of it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from filelock import FileLock, Timeout

from pipelines.alerts.channels import channels as known_channels
from pipelines.alerts.channels import prepared
from pipelines.alerts.message import Message
from pipelines.alerts.outbox import PATIENT, Sent, deliver_waiting
from pipelines.district import District
from pipelines.errors import BusyError, SchoolbellError
from pipelines.settings.alert_settings import Channel
from pipelines.settings.home import DistrictHome

DEFAULT_FILE = "alerts.jsonl"
LOCK = ".alerts.lock"
LONGEST_SENDING_SECONDS = 300


@contextmanager
def only_sender(
    home: DistrictHome, seconds: float = LONGEST_SENDING_SECONDS
) -> Iterator[None]:
    """Hold the lock of the outbox.

    Raises:
        BusyError: Another process has sent for longer than `seconds`.
    """
    lock = FileLock(home.path / LOCK)
    try:
        lock.acquire(timeout=seconds)
    except Timeout as error:
        raise BusyError(
            "another process is sending alerts and does not end",
            where=str(home.path / LOCK),
            remedy="Look for it with: ps ax | grep schoolbell",
        ) from error
    try:
        yield
    finally:
        lock.release()


def deliver_all(
    district: District, channels: Mapping[str, Channel]
) -> tuple[dict[str, Sent], list[str]]:
    """Send what waits, channel by channel; what each sent, and what is wrong.

    A channel whose settings are wrong keeps no other from sending.
    """
    sent, wrong = {}, []
    for name, one in channels.items():
        try:
            sent[name] = deliver(district, name, one)
        except BusyError:
            raise
        except SchoolbellError as error:
            sent[name] = Sent(failed=1)
            wrong.append(f"{name}: {error.what}")
    return sent, wrong


def deliver(district: District, name: str, one: Channel, alone: str = "") -> Sent:
    """Send what waits for one channel, or a single message; see `deliver_waiting`."""
    channel, settings = prepared(name, one.type, one.settings, district.home.path)
    allowed = district.settings.alerts.recipients
    through = partial(_through, channel.deliver, settings, allowed)
    return deliver_waiting(district.store, name, through, PATIENT, alone=alone)


def _through(
    deliver: Any, settings: Any, allowed: tuple[str, ...], message: Message
) -> None:
    deliver(message, settings, allowed)


def channels_of(district: District) -> Mapping[str, Channel]:
    """The channels that are on; without any, a file in the home."""
    given = {
        name: one
        for name, one in district.settings.alerts.channels.items()
        if one.enabled
    }
    if given:
        return given
    return {"file": Channel(type="file", settings={"path": DEFAULT_FILE})}


def is_phone(channel: Channel) -> bool:
    """A kind of channel that rings phones, whatever its settings say."""
    kinds = {name for name, one in known_channels().items() if one.rings_phones}
    return channel.type in kinds


def readers_of(name: str, channel: Channel) -> frozenset[str]:
    """Who reads a channel: its addresses, else itself."""
    return frozenset(channel.settings.get("recipients") or [name])
