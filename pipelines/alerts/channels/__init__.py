"""Ways of delivery. Each module here is one.

A channel says which settings it needs; a secret among them is a reference to
the environment or to a file. `deliver` sends one message, or raises
`DeliveryError`, which says whether asking again may help.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from pipelines.alerts.message import Message
from pipelines.errors import SettingsError
from pipelines.plugins import discover
from pipelines.settings.secrets import is_reference, looked_up


class ChannelSettings(BaseModel):
    """Base of what a channel needs; unknown keys are refused.

    An example of a field is what `check` proposes where the key is missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


WRONG_SETTING = "wrong_setting"


def wrong_setting(what: str, allowed: str, paste: str) -> PydanticCustomError:
    """What a validator of a channel raises, so that `check` can say it in full.

    Args:
        what: What is wrong with the value.
        allowed: What may stand there instead.
        paste: A line that would be right.
    """
    words = {"what": what, "allowed": allowed, "paste": paste}
    return PydanticCustomError(WRONG_SETTING, "{allowed}", words)


def _in_home(path: Path, info: ValidationInfo) -> Path:
    home: Path = (info.context or {}).get("home", Path())
    return home / path


HomePath = Annotated[Path, AfterValidator(_in_home)]
"""A path; one that is not absolute begins at the district home."""


@dataclass(frozen=True)
class Channel:
    """One way to deliver messages.

    Attributes:
        deliver: Given a message, the settings, and the only addresses allowed.
        rings_phones: It reaches people wherever they are, so that what accounts
            did is never sent through it.
        sends_reports: It can carry the weekly report, a page beside its text.
        recipients: The addresses in its settings that anything would be sent to;
            each has to be in `[alerts] recipients`.
    """

    name: str
    settings: type[ChannelSettings]
    deliver: Callable[[Message, Any, Sequence[str]], None]
    rings_phones: bool = False
    sends_reports: bool = False
    recipients: Callable[[Any], Sequence[str]] = lambda _settings: ()


def channels() -> Mapping[str, Channel]:
    """Every channel in this folder, by name."""
    return discover(__name__, "CHANNEL", Channel)


def report_channels() -> Sequence[str]:
    """The types of channels that can send reports."""
    return sorted(name for name, channel in channels().items() if channel.sends_reports)


def prepared(
    name: str, kind: str, given: Mapping[str, Any], home: Path = Path()
) -> tuple[Channel, Any]:
    """A channel and its settings, secrets looked up.

    Args:
        home: Where a path that is not absolute begins.

    Raises:
        SettingsError: No such kind, a setting is wrong, or a secret is missing.
    """
    known = channels()
    where = f"[alerts.channels.{name}]"
    if kind not in known:
        raise SettingsError(
            f"there is no channel of type {kind!r}",
            where=where,
            remedy="Types: " + ", ".join(sorted(known)),
        )
    values = {
        key: looked_up(value, f"{where} {key}") if is_reference(value) else value
        for key, value in given.items()
    }
    try:
        return known[kind], known[kind].settings.model_validate(
            values, context={"home": home}
        )
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(
            wrong, where=where, remedy="Correct district.toml."
        ) from error
