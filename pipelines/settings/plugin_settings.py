"""Settings of plug-ins: tables of `district.toml` whose keys a plug-in declares.

Alert channels and fetched services have them. A secret is a reference, never a value.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticUndefined

from pipelines.errors import SettingsError
from pipelines.settings.allowed_values import allowed_values
from pipelines.settings.problems import (
    NOT_ALLOWED,
    Fault,
    MisusedKeyError,
    Part,
    gathered,
    nearest,
)
from pipelines.settings.secrets import is_reference, looked_up
from pipelines.settings.toml_text import toml

SECRET_WORDS = ("password", "token", "secret", "api_key", "urls")
WRONG_SETTING = "wrong_setting"


class PluginPart(Part):
    """A table with further keys, which the plug-in of its type declares."""

    settings: Mapping[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
        return gathered(cls, data, "settings")

    @model_validator(mode="after")
    def _secrets_by_reference(self) -> "PluginPart":
        for key, value in self.settings.items():
            if is_secret(key) and not is_reference(value):
                raise MisusedKeyError(
                    key,
                    "must be a reference, not the secret itself",
                    allowed='{ file = "/path" }, { env = "NAME" }, '
                    '{ credential = "NAME" } or { keyring = "NAME" }',
                    paste=secret_line(key),
                )
        return self


class OwnSettings(BaseModel):
    """Base of what a plug-in declares; unknown keys are refused.

    An example of a field is what `check` proposes where the key is missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


Own = TypeVar("Own", bound=OwnSettings)


def is_secret(key: str) -> bool:
    """Return whether a key may hold a secret, which is never repeated."""
    return any(word in key.lower() for word in SECRET_WORDS)


def secret_line(key: str) -> str:
    """Return a description of a secret: its place."""
    return f'{key} = {{ file = "/etc/schoolbell/{key}" }}'


def shown_found(key: str, value: object) -> str:
    """Return a value as TOML; a table by its keys alone, since it may hold secrets."""
    if isinstance(value, Mapping):
        return f"a table with {', '.join(map(str, value)) or 'nothing'}"
    return "a secret" if is_secret(key) else toml(value)


def wrong_setting(what: str, allowed: str, paste: str) -> PydanticCustomError:
    """Build the error of a channel's validator, with everything that `check` prints.

    Args:
        what: What is wrong with the value.
        allowed: The allowed values.
        paste: A correct line.
    """
    words = {"what": what, "allowed": allowed, "paste": paste}
    return PydanticCustomError(WRONG_SETTING, "{allowed}", words)


def with_secrets(
    model: type[Own], given: Mapping[str, object], where: str, home: Path = Path()
) -> Own:
    """Return the settings of a plug-in, with its secrets.

    Args:
        where: The table, for messages.
        home: Base folder of relative paths.

    Raises:
        SettingsError: Wrong setting, or missing secret.
    """
    values = {
        key: looked_up(value, f"{where} {key}") if is_reference(value) else value
        for key, value in given.items()
    }
    try:
        return model.model_validate(values, context={"home": home})
    except ValidationError as error:
        fields = model.model_fields
        wrong = "; ".join(
            f"{key} {_mistake(detail, fields.get(key))}" for key, detail in _by_key(error)
        )
        remedy = "Correct district.toml; for the line and a corrected one: schoolbell check"
        raise SettingsError(wrong, where=where, remedy=remedy) from error


def setting_faults(
    at: tuple[str, ...], model: type[OwnSettings], given: Mapping[str, object], error: SettingsError
) -> Iterator[Fault]:
    """Yield the faults behind an error of `with_secrets`, each with a corrected line."""
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        yield from _keys(at, model.model_fields, given, cause)
    else:
        yield _secret(at, given, error)


def _by_key(error: ValidationError) -> Iterator[tuple[str, ErrorDetails]]:
    """Yield the first error of each setting."""
    seen: set[str] = set()
    for detail in error.errors(include_input=False, include_url=False):
        key = str(detail["loc"][0])
        if key not in seen:
            seen.add(key)
            yield key, detail


def _mistake(detail: ErrorDetails, field: FieldInfo | None) -> str:
    fixed = {"missing": "is missing", "extra_forbidden": "is not a setting of this type"}
    if detail["type"] == WRONG_SETTING:
        return "{what}; write {paste}".format_map(detail["ctx"])
    return fixed.get(detail["type"]) or f"must be {allowed_values(detail, field)}"


def _keys(
    at: tuple[str, ...],
    fields: Mapping[str, FieldInfo],
    given: Mapping[str, object],
    error: ValidationError,
) -> Iterator[Fault]:
    for key, detail in _by_key(error):
        if detail["type"] == "extra_forbidden":
            yield _unknown(at, key, given, fields)
            continue
        if detail["type"] == WRONG_SETTING:
            words = detail["ctx"]
            place = (*at, key)
            yield Fault(place, words["what"], None, words["allowed"], words["paste"])
            continue
        is_missing = detail["type"] == "missing"
        what = "is missing" if is_missing else NOT_ALLOWED
        found = None if is_missing else shown_found(key, given.get(key))
        allowed = allowed_values(detail, fields[key])
        yield Fault((*at, key), what, found, allowed, _line(key, fields[key]))


def _unknown(
    at: tuple[str, ...],
    key: str,
    given: Mapping[str, object],
    fields: Mapping[str, FieldInfo],
) -> Fault:
    """Build the fault of an unknown key; its value may be a secret."""
    guess = nearest(key, fields)
    what = f"unknown key (did you mean {guess}?)" if guess else "unknown key"
    paste = f"# {key} ="
    if guess and (is_secret(guess) or is_secret(key)):
        paste = secret_line(guess)
    elif guess:
        paste = f"{guess} = {toml(given[key])}"
    return Fault((*at, key), what, key, ", ".join(fields), paste)


def _line(key: str, field: FieldInfo) -> str:
    """Return a correct line: the example or the default."""
    if is_secret(key):
        return secret_line(key)
    if field.examples:
        return f"{key} = {toml(field.examples[0])}"
    is_set = field.default is not PydanticUndefined and field.default is not None
    return f"{key} = {toml(field.default)}" if is_set else f"# {key} ="


def _secret(at: tuple[str, ...], given: Mapping[str, object], error: SettingsError) -> Fault:
    """Build the fault of a secret that its reference does not lead to."""
    key = error.where.rpartition(" ")[2]
    found = given.get(key)
    return Fault(
        (*at, key),
        error.what,
        toml(found),  # a reference, not a secret
        "a file that the account of Schoolbell can read, or a variable that is set",
        secret_line(key),
    )
