"""Reads `district.toml`, or tells everything that is wrong in it at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipelines.district.home import DistrictHome
from pipelines.district.problems import InvalidSettingsError, Problem, nearest
from pipelines.district.settings_model import Settings
from pipelines.district.settings_text import part_of, shown_value, toml
from pipelines.district.toml_lines import Path, key_lines
from pipelines.errors import SettingsError

__all__ = ["Settings", "load_settings", "parse_settings"]

Fields = Mapping[str, FieldInfo]

NAME = "district.toml"
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_ALLOWED = {
    "missing": "a value",
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list in brackets",
    "mapping_type": "a table",
    "dict_type": "a table",
    "model_type": "a table",
    "date_type": "a day such as 2026-08-24, without quotes",
}


def load_settings(home: DistrictHome) -> Settings:
    """The settings of a district.

    Raises:
        SettingsError: There is no file.
        InvalidSettingsError: Something in it is wrong; carries every problem.
    """
    try:
        data = home.settings_file.read_bytes()
    except OSError as error:
        what = f"the settings can not be read: {error.strerror}"
        remedy = "Make a district home with `schoolbell init`."
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
        raise InvalidSettingsError([_no_toml(text, error)]) from error
    try:
        return Settings.model_validate(_frozen(said))
    except ValidationError as error:
        lines = key_lines(text)
        details = error.errors(include_url=False)
        problems = [_problem(detail, lines, said) for detail in _merged(details)]
        raise InvalidSettingsError(sorted(problems, key=_by_line)) from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = "is not UTF-8; save the file as UTF-8"
        raise InvalidSettingsError([Problem(NAME, what, line)]) from error


def _no_toml(text: str, error: tomllib.TOMLDecodeError) -> Problem:
    found = _AT_LINE.search(str(error))
    last = max(text.count("\n"), 1)
    line = int(found[1]) if found and found[1] else last
    lines = text.splitlines()
    what = _AT_LINE.sub("", str(error)).strip()
    return Problem(
        NAME,
        f"is not TOML: {what}",
        line,
        value=lines[line - 1].strip() if line <= len(lines) else None,
        allowed='key = "text", key = 3, key = true, key = ["a", "b"], [table]',
    )


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value


def _merged(details: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """One error for each key, though a union reports one for each alternative."""
    seen = set()
    for detail in details:
        place = _named(detail["loc"])
        if place not in seen:
            seen.add(place)
            yield detail


def _named(location: Path) -> Path:
    """Without list positions and the names of union members."""
    names = []
    model: type[BaseModel] | None = Settings
    for part in location:
        names.append(part)
        fields = model.model_fields if model is not None else {}
        field = fields.get(str(part))
        inner = part_of(field.annotation) if field is not None else model
        if field is not None and inner is None:
            break
        model = inner
    return tuple(names)


def _problem(
    detail: ErrorDetails, lines: Mapping[Path, int], said: Mapping[str, Any]
) -> Problem:
    path = _named(detail["loc"])
    is_unknown = detail["type"] == "extra_forbidden"
    siblings = _siblings(path)
    found = _found(path, said, detail)
    guess = nearest(str(path[-1]), siblings) if is_unknown else None
    what = {"extra_forbidden": "unknown key", "missing": "is missing"}.get(
        detail["type"], _sentence(detail)
    )
    return Problem(
        NAME,
        f"{what} (did you mean {guess}?)" if guess else what,
        _line(detail["loc"], lines),
        ".".join(map(str, path)),
        None if detail["type"] == "missing" else found,
        ", ".join(siblings) if is_unknown else _allowed(detail, siblings, path),
        paste=_paste(str(path[-1]), found, guess, siblings),
    )


def _sentence(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":
        return detail["msg"].removeprefix("Value error, ")
    return "is not allowed"


def _siblings(path: Path) -> Fields:
    """The fields of the table in which the last key of a path stands."""
    model: type[BaseModel] | None = Settings
    for part in path[:-1]:
        field = model.model_fields.get(str(part)) if model is not None else None
        if field is not None:
            model = part_of(field.annotation)
    return model.model_fields if model is not None else {}


def _line(path: Path, lines: Mapping[Path, int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _found(path: Path, said: Any, detail: ErrorDetails) -> str:
    """What stands there; never what may be a secret."""
    if detail["type"] == "value_error" and path[0] == "alerts":
        return "a secret"
    for part in path:
        if not isinstance(said, Mapping) or part not in said:
            return str(detail["input"])
        said = said[part]
    return toml(said)


def _allowed(detail: ErrorDetails, siblings: Fields, path: Path) -> str:
    context = detail.get("ctx", {})
    if "expected" in context:
        return str(context["expected"])
    bounds = [
        f"{word} {context[key]}"
        for key, word in {"ge": "at least", "le": "at most"}.items()
        if key in context
    ]
    field = siblings.get(str(path[-1]))
    meaning = field.description if field is not None else ""
    parts = [_ALLOWED.get(detail["type"], ""), *bounds, meaning or ""]
    return "; ".join(part for part in parts if part)


def _paste(name: str, found: str, guess: str | None, fields: Fields) -> str:
    """A line that would be right; none for whole tables."""
    field = fields.get(guess or name)
    if field is None or part_of(field.annotation) is not None:
        return ""
    return f"{guess} = {found}" if guess else f"{name} = {shown_value(field)}"


def _by_line(problem: Problem) -> int:
    return problem.line or 0
