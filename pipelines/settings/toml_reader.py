"""Reader of `district.toml`, which reports all problems together."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipelines.errors import SettingsError
from pipelines.settings.allowed_values import allowed_values
from pipelines.settings.home import DistrictHome, own_rule_files, owner_of
from pipelines.settings.model import Detection, Settings
from pipelines.settings.plugin_settings import is_secret, secret_line, shown_found
from pipelines.settings.problems import (
    NOT_ALLOWED,
    InvalidSettingsError,
    MisusedKeyError,
    Part,
    Problem,
    nearest,
)
from pipelines.settings.toml_text import (
    Path,
    key_lines,
    line_of,
    mended_line,
    part_of,
    shown_value,
)

Fields = Mapping[str, FieldInfo]

NAME = "district.toml"
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_OF_A_KEY = "[key]"
_HIDDEN = "a secret"
_WELL_NAMED = "a name of a-z, 0-9, _ and -"


def problems_of(error: ValidationError, text: str, said: Mapping[str, object]) -> list[Problem]:
    """Return every problem of a settings file, in the order of its lines."""
    lines = key_lines(text)
    details = _merged(error.errors(include_url=False))
    problems = [_problem(detail, lines, said, text.splitlines()) for detail in details]
    return sorted(problems, key=lambda problem: problem.line or 0)


def syntax_problem(text: str, error: tomllib.TOMLDecodeError) -> Problem:
    """Return a text that is not TOML at all; the parser stops at the first place."""
    found = _AT_LINE.search(str(error))
    last = max(text.count("\n"), 1)
    line = int(found[1]) if found and found[1] else last
    lines = text.splitlines()
    written = lines[line - 1].strip() if line <= len(lines) else ""
    key = written.partition("=")[0].strip()
    return Problem(
        NAME,
        f"is not TOML: {_AT_LINE.sub('', str(error)).strip()}",
        line,
        value=_HIDDEN if is_secret(key) else written,
        allowed='key = "text", key = 3, key = true, key = ["a", "b"], [table]',
        paste=secret_line(key) if is_secret(key) else mended_line(written),
    )


def _merged(details: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Yield one error for each key, though a union reports one for each alternative."""
    seen = set()
    for detail in details:
        place = _named(detail["loc"])
        if place not in seen:
            seen.add(place)
            yield detail


def _named(location: Path) -> Path:
    """Remove list positions and the names of union members."""
    names = []
    model: type[BaseModel] | None = Settings
    for part in location:
        if part == _OF_A_KEY:
            break
        names.append(part)
        fields = model.model_fields if model is not None else {}
        field = fields.get(str(part))
        inner = part_of(field.annotation) if field is not None else model
        if field is not None and inner is None:
            break
        model = inner
    return tuple(names)


def _problem(
    detail: ErrorDetails, lines: Mapping[Path, int], said: Mapping[str, object], written: list[str]
) -> Problem:
    path, line = _named(detail["loc"]), line_of(detail["loc"], lines)
    misused = detail.get("ctx", {}).get("error")
    if isinstance(misused, MisusedKeyError):
        return _misused(misused, path, lines, said)
    siblings = _siblings(path)
    found = _found(path, said, detail)
    if detail["type"] == "extra_forbidden":
        return _unknown(path, line, found, siblings, written[line - 1])
    if detail["loc"][-1] == _OF_A_KEY:
        small = written[line - 1].strip().lower()
        name, where = str(path[-1]), ".".join(map(str, path))
        allowed = detail.get("ctx", {}).get("expected", "").replace("'", '"') or _WELL_NAMED
        return Problem(NAME, "bad name", line, where, name, allowed, paste=small)
    is_missing = detail["type"] == "missing"
    field = siblings.get(str(path[-1]))
    return Problem(
        NAME,
        "is missing" if is_missing else _sentence(detail),
        line,
        ".".join(map(str, path)),
        None if is_missing else found,
        allowed_values(detail, field),
        meaning=(field and field.description) or "",
        paste=_paste(str(path[-1]), siblings),
    )


def _misused(error: MisusedKeyError, at: Path, lines: Mapping[Path, int], said: object) -> Problem:
    path = (*at, error.key)
    for part in path:
        said = said.get(part) if isinstance(said, Mapping) else None
    return Problem(
        NAME,
        error.what,
        line_of(path, lines),
        ".".join(map(str, path)),
        shown_found(error.key, said),
        error.allowed,
        paste=error.paste,
    )


def _unknown(path: Path, line: int, found: str, siblings: Fields, written: str) -> Problem:
    """Return a key that is not ours; in its place the nearest, or a comment."""
    name = str(path[-1])
    guess = nearest(name, siblings)
    bare = written.strip()
    paste = bare.replace(name, guess, 1) if guess else f"# {bare}"
    if is_secret(name):
        paste = f"# {name} ="
    return Problem(
        NAME,
        f"unknown key (did you mean {guess}?)" if guess else "unknown key",
        line,
        ".".join(map(str, path)),
        found,
        ", ".join(siblings),
        paste=paste,
    )


def _sentence(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":
        return detail["msg"].removeprefix("Value error, ")
    return NOT_ALLOWED


def _siblings(path: Path) -> Fields:
    """Return the fields of the table that contains the last key of a path."""
    model: type[BaseModel] | None = Settings
    for part in path[:-1]:
        field = model.model_fields.get(str(part)) if model is not None else None
        if field is not None:
            model = part_of(field.annotation)
    return model.model_fields if model is not None else {}


def _found(path: Path, said: object, detail: ErrorDetails) -> str:
    """Return the value as TOML."""
    for part in path:
        if not isinstance(said, Mapping) or part not in said:
            return shown_found(str(path[-1]), detail["input"])
        said = said[part]
    return shown_found(str(path[-1]), said)


def _paste(name: str, fields: Fields) -> str:
    """Return a line that would be right: the example, or the head of a table."""
    field = fields.get(name)
    if field is None:
        return ""
    if part_of(field.annotation) is not None:
        return f"[{name}]"
    return f"{name} = {shown_value(field)}"


__all__ = ["NAME", "Settings", "load_settings", "parse_settings"]


def load_settings(home: DistrictHome) -> Settings:
    """Return the settings of a district.

    Raises:
        SettingsError: There is no file, or a part of the home is another's.
        InvalidSettingsError: Something in it is wrong; carries every problem.
    """
    owner_of(home)
    try:
        data = home.settings_file.read_bytes()
    except PermissionError:
        raise  # it exists; the reader is another account
    except OSError as error:
        what = f"the settings cannot be read: {error.strerror}"
        remedy = (
            "Make a district home with `schoolbell init`; or bring this file back from "
            "the last backup."
        )
        raise SettingsError(what, where=str(home.settings_file), remedy=remedy) from error
    return parse_settings(data).below(agency_rules(home)).with_rules(own_rule_files(home))


def agency_rules(home: DistrictHome) -> Mapping[str, Detection]:
    """Return the agency's settings for rules; empty without an agency.

    Raises:
        InvalidSettingsError: Something in it is wrong; carries every problem.
    """
    try:
        data = home.agency_rules.read_bytes()
    except FileNotFoundError:
        return {}
    return parse_rules(data, str(home.agency_rules.relative_to(home.path)))


def parse_rules(data: bytes, name: str) -> Mapping[str, Detection]:
    """Return the rule settings of a layer: `[detections.CODE]` as in `district.toml`.

    Raises:
        InvalidSettingsError: Something is wrong; carries every problem.
    """
    text = _decoded(data)
    try:
        said = tomllib.loads(text)
        return _Rules.model_validate(_frozen(said)).detections
    except tomllib.TOMLDecodeError as error:
        found = [syntax_problem(text, error)]
    except ValidationError as error:
        found = problems_of(error, text, said)
    raise InvalidSettingsError([replace(one, file=name) for one in found])


class _Rules(Part):
    """All that a layer's `rules.toml` may say."""

    detections: Mapping[str, Detection] = {}


@lru_cache(maxsize=2)
def parse_settings(data: bytes) -> Settings:
    """Return the settings that some bytes hold; a command asks for those of its home twice.

    Raises:
        InvalidSettingsError: Something is wrong; carries every problem.
    """
    text = _decoded(data)
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettingsError([syntax_problem(text, error)]) from error
    try:
        return Settings.model_validate(_frozen(said))
    except ValidationError as error:
        raise InvalidSettingsError(problems_of(error, text, said)) from error


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


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value
