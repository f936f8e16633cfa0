"""Delivery methods, one per module.

A channel declares its settings; a secret is a reference to the environment or to a file.
`deliver` sends one message, or raises `DeliveryError`, which shows whether a retry may
help. The settings of a channel are validated against this declaration.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Generic, TypeVar

from pydantic import AfterValidator, ValidationInfo

from pipelines.alerts.message import Message
from pipelines.errors import DeliveryError, SettingsError
from pipelines.plugins import discover
from pipelines.settings import alert_settings
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.plugin_settings import OwnSettings, setting_faults, with_secrets
from pipelines.settings.problems import Fault, nearest
from pipelines.settings.toml_text import toml

IsSame = Callable[[Mapping[str, object]], bool]


class ChannelSettings(OwnSettings):
    """Base of what a channel needs."""


Own = TypeVar("Own", bound=ChannelSettings)


def _in_home(path: Path, info: ValidationInfo) -> Path:
    home: Path = (info.context or {}).get("home", Path())
    return home / path


HomePath = Annotated[Path, AfterValidator(_in_home)]
"""A path; a relative one starts at the district home."""


@dataclass(frozen=True)
class Channel(Generic[Own]):
    """One way to deliver messages.

    Attributes:
        deliver: Given a message, the settings, and the only addresses allowed.
        rings_phones: It reaches people anywhere, so that it never carries findings
            about what accounts did.
        sends_reports: It can carry the weekly report, a page with its text.
        recipients: The addresses in its settings that receive messages;
            each has to be in `[alerts] recipients`.
    """

    name: str
    settings: type[Own]
    deliver: Callable[[Message, Own, Sequence[str]], None]
    rings_phones: bool = False
    sends_reports: bool = False
    recipients: Callable[[Own], Sequence[str]] = lambda _settings: ()


AnyChannel = Channel[Any]
"""A channel with settings that only its own functions read."""


def channels() -> Mapping[str, AnyChannel]:
    """Return every channel in this folder, by name."""
    return discover(__name__, "CHANNEL", Channel)


def report_channels() -> Sequence[str]:
    """Return the types of channels that can send reports."""
    return sorted(name for name, channel in channels().items() if channel.sends_reports)


def prepared(
    name: str, kind: str, given: Mapping[str, object], home: Path = Path()
) -> tuple[AnyChannel, ChannelSettings]:
    """Return a channel and its settings, with secrets.

    Args:
        home: Base folder of relative paths.

    Raises:
        SettingsError: Unknown type, wrong setting, or missing secret.
    """
    known = channels()
    where = f"[alerts.channels.{name}]"
    if kind not in known:
        raise SettingsError(
            f"{kind!r} is not a type of channel",
            where=where,
            remedy="Types: " + ", ".join(sorted(known)),
        )
    return known[kind], with_secrets(known[kind].settings, given, where, home)


def unusable(home: DistrictHome, settings: Settings) -> Iterator[str]:
    """Yield the reason why an enabled channel can deliver nothing, a line per channel."""
    for name, channel in settings.alerts.channels.items():
        try:
            if channel.enabled:
                prepared(name, channel.type, channel.settings, home.path)
        except SettingsError as error:
            yield f"{error.where} {error.what}; schoolbell check shows a corrected line"


def append_line(path: Path, line: str, *, may_repeat: bool = False, is_same: IsSame) -> None:
    """Append a JSON object as a line of ASCII and force it to disk.

    A line that a crash cut off is ended first, so that it spoils no other.

    Args:
        may_repeat: The line may be there already: then it is looked for.
        is_same: Whether an object of the file is this one.

    Raises:
        DeliveryError: The file cannot be written.
    """
    try:
        if may_repeat and _is_there(path, is_same):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            file.write(_end_of_torn(file) + line.encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # a line that was half written is none; one that was written is looked for
        raise DeliveryError(
            f"{path}: {error.strerror}", retryable=True, may_have_arrived=True
        ) from error


def _end_of_torn(file: BinaryIO) -> bytes:
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _is_there(path: Path, is_same: IsSame) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return any(is_same(one) for line in file if (one := _object(line)) is not None)


def _object(line: bytes) -> Mapping[str, object] | None:
    """Parse a line; None if it is cut off."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if line.endswith(b"\n") and isinstance(found, dict) else None


def channel_faults(
    home: DistrictHome, settings: Settings, name: str, configured: alert_settings.Channel
) -> Iterator[Fault]:
    """Yield the faults in type, keys, secrets and recipients of one channel."""
    at = ("alerts", "channels", name)
    known = channels()
    if configured.type not in known:
        guess = nearest(configured.type, known) or report_channels()[0]
        path, paste = (*at, "type"), f'type = "{guess}"'
        what, allowed = "this type of channel does not exist", ", ".join(sorted(known))
        yield Fault(path, what, configured.type, allowed, paste)
        return
    try:
        channel, own = prepared(name, configured.type, configured.settings, home.path)
    except SettingsError as error:
        model = known[configured.type].settings
        yield from setting_faults(at, model, configured.settings, error)
    else:
        yield from _strangers(settings, at, channel.recipients(own))


def _strangers(settings: Settings, at: tuple[str, ...], given: Sequence[str]) -> Iterator[Fault]:
    """Yield faults for mail recipients that are not allowed."""
    allowed = settings.alerts.recipients
    strangers = [address for address in given if address not in allowed]
    if strangers:
        yield Fault(
            ("alerts", "recipients"),
            f"lacks recipients of [{'.'.join(at)}], so nothing is sent to them",
            ", ".join(strangers),
            "every address that may receive alerts",
            f"recipients = {toml([*allowed, *strangers])}",
        )
