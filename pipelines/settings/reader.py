"""Reads `district.toml`, or tells everything that is wrong in it at once."""

import tomllib
from typing import Any

from pydantic import ValidationError

from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.settings.messages import NAME, no_toml, told
from pipelines.settings.model import Settings
from pipelines.settings.problems import InvalidSettingsError, Problem

__all__ = ["NAME", "Settings", "load_settings", "parse_settings"]


def load_settings(home: DistrictHome) -> Settings:
    """The settings of a district.

    Raises:
        SettingsError: There is no file.
        InvalidSettingsError: Something in it is wrong; carries every problem.
    """
    try:
        data = home.settings_file.read_bytes()
    except PermissionError:
        raise  # it is there; whoever asks is another account
    except OSError as error:
        what = f"the settings can not be read: {error.strerror}"
        remedy = (
            "Make a district home with `schoolbell init`; or bring this file back from "
            "the last backup."
        )
        raise SettingsError(
            what, where=str(home.settings_file), remedy=remedy
        ) from error
    return parse_settings(data)


def parse_settings(data: bytes) -> Settings:
    """The settings that some bytes hold.

    Raises:
        InvalidSettingsError: Something is wrong; carries every problem.
    """
    text = _decoded(data)
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettingsError([no_toml(text, error)]) from error
    try:
        return Settings.model_validate(_frozen(said))
    except ValidationError as error:
        raise InvalidSettingsError(told(error, text, said)) from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = data.splitlines()[line - 1].decode("cp1252", errors="replace")
        raise InvalidSettingsError(
            [
                Problem(
                    NAME,
                    "is not UTF-8",
                    line,
                    value=found,
                    allowed="UTF-8; in your editor: Save as, encoding UTF-8",
                    paste=found,
                )
            ]
        ) from error


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value
