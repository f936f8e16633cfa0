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

from pipelines.alerts.message import Message
from pipelines.errors import SettingsError
from pipelines.plugins import discover
from pipelines.settings.secrets import is_reference, looked_up


class ChannelSettings(BaseModel):
    """Base of what a channel needs; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    """

    name: str
    settings: type[ChannelSettings]
    deliver: Callable[[Message, Any, Sequence[str]], None]
    rings_phones: bool = False


def channels() -> Mapping[str, Channel]:
    """Every channel in this folder, by name."""
    return discover(__name__, "CHANNEL", Channel)


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
