"""Ways of delivery. Each module here is one.

A channel says which settings it needs; a secret among them is a reference to
the environment or to a file. `deliver` sends one message, or raises
`DeliveryError`, which says whether asking again may help.
"""

import os
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

from pipelines.alerts.messages import Message
from pipelines.errors import SettingsError
from pipelines.plugins import discover


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
    values = {key: _secret(value, f"{where} {key}") for key, value in given.items()}
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


def _secret(value: Any, where: str) -> Any:
    """What `{ env = "NAME" }` or `{ file = "PATH" }` refers to."""
    if not (isinstance(value, Mapping) and set(value) <= {"env", "file"} and value):
        return value
    if "env" in value:
        found = os.environ.get(str(value["env"]))
        if found is None:
            raise SettingsError(
                f"the environment has no {value['env']}",
                where=where,
                remedy="Set it for the account that runs Schoolbell.",
            )
        return found
    try:
        return Path(str(value["file"])).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"the secret's file can not be read: {error.strerror}", where=where
        ) from error
