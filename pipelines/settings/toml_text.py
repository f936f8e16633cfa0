"""TOML as text: every setting written with its meaning, and the line of each key."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipelines.errors import SettingsError

NAMED = {
    "sources": "proxy",
    "collector.receive": "firewall",
    "detections": "SA-1",
    "lists": "games",
    "fetch": "okta",
    "alerts.routes": "at_night",
    "alerts.expected": "filter_canary",
    "alerts.channels": "director",
    "desk.tokens": "grafana",
    "report.readers": "principal_hs",
}
"""Tables whose names a district chooses, and the name of the example."""

Path = tuple[str | int, ...]
_TABLE = re.compile(r"^\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_DISTRICT = re.compile(r"^[ \t]*\[district\][^\n]*$", re.MULTILINE)
_VALUE = re.compile(r"""\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s#]+)""")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")


def documented(model: type[BaseModel], known: Mapping[str, str]) -> str:
    """Return the text of a settings file.

    Args:
        model: The settings.
        known: Values that are set rather than shown, as TOML, by dotted key.
    """
    head = [
        "# Settings of this district. Every key is shown with its meaning; those",
        "# that begin with # have their default, or are an example.",
        "# Check: schoolbell check",
    ]
    return "\n".join([*head, *_tables(model, known, "")]) + "\n"


def _tables(model: type[BaseModel], known: Mapping[str, str], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = part_of(field.annotation)
        if inner is None:
            continue
        at = f"{path}{name}"
        named = at in NAMED
        title = f"{at}.{NAMED[at]}" if named else at
        is_set = any(key.startswith(f"{title}.") for key in known)
        mark = "# " if named and not is_set else ""
        yield ""
        yield f"# {(inner.__doc__ or '').splitlines()[0]}"
        yield f"{mark}[{title}]"
        for key, setting in inner.model_fields.items():
            if part_of(setting.annotation) is None:
                yield from _setting(f"{title}.{key}", key, setting, known)
        yield from _tables(inner, known, f"{title}.")


def _setting(path: str, key: str, field: FieldInfo, known: Mapping[str, str]) -> Iterator[str]:
    yield f"# {field.description}"
    value = known.get(path)
    yield f"{key} = {value}" if value else f"# {key} = {shown_value(field)}"


def part_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model of a table, or of the tables in a mapping."""
    if get_origin(annotation) is not None:
        parts = [part_of(inner) for inner in get_args(annotation)]
        return next((part for part in parts if part is not None), None)
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def shown_value(field: FieldInfo) -> str:
    """Return the field's example as TOML."""
    return toml(field.examples[0]) if field.examples else '""'


def toml(value: object) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {toml(inner)}" for key, inner in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "").isalnum() and name.isascii()
    return name if plain else json.dumps(name)


def key_lines(text: str) -> Mapping[Path, int]:
    """Return the line on which each table or key of a TOML text begins."""
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if head := _TABLE.match(line):
            table = _parts(head[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _parts(key[1]), number)
    return lines


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """Return the line of a key, or of the nearest table around it or first below it."""
    while path:
        below = [line for one, line in lines.items() if one[: len(path)] == path]
        if path in lines or below:
            return lines.get(path, min(below, default=1))
        path = path[:-1]
    return 1


def mended_line(line: str) -> str:
    """Return the probable meaning of a line that is not TOML, or the line as a comment."""
    return next((guess for guess in _guesses(line) if _is_toml(guess)), f"# {line}")


def _guesses(line: str) -> Iterator[str]:
    if line.startswith("["):
        yield f"[{line.strip('[] ')}]"
    key, _, value = (part.strip() for part in line.partition("="))
    if clock := _CLOCK.match(value):
        yield f"{key} = {int(clock[1]):02}:{clock[2]}:00"
    bare = value.strip("\"'")
    yield f"{key} = '{bare}'" if "\\" in bare else f'{key} = "{bare}"'


def _is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def scalar(text: str) -> Any:
    """Return a value as people write it: TOML, or a text without quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def with_value(settings: str, path: tuple[str, ...], value: object) -> str:
    """Return the text of a settings file with another value of a key; None removes its line.

    Everything else stays as it is, with comments.

    Raises:
        SettingsError: The key is written in a way that no single line can change.
    """
    lines, line_numbers = settings.splitlines(keepends=True), key_lines(settings)
    end = "\r\n" if "\r\n" in settings else "\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    *above, key = path
    line = "" if value is None else f"{_key(key)} = {toml(value)}{end}"
    at = line_numbers.get(path, line_numbers.get(path[:-1], 0)) - 1
    if path in line_numbers:
        start = _KEY.match(lines[at])
        if start and value is not None:  # a comment after the value stays
            rest = _VALUE.sub("", lines[at][start.end() :], count=1)
            line = f"{start[0]} {toml(value)}{rest}"
        lines[at] = line
    elif at >= 0 and _TABLE.match(lines[at]):
        lines.insert(at + 1, line)
    elif value is not None:
        lines += [end, f"[{'.'.join(map(_key, above))}]{end}", line]
    after = "".join(lines)
    if not _differs_only_at(settings, after, path, value):
        raise SettingsError(
            f"{'.'.join(path)} is not on a line of its own",
            where="district.toml",
            remedy=f"Edit it there: {line.strip() or f'remove {key}'}",
        )
    return after


def _differs_only_at(before: str, after: str, path: tuple[str, ...], value: object) -> bool:
    """Return whether two texts mean the same, but for the value of a key."""
    try:
        was, now = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    *above, key = path
    table = was
    for name in above:
        table = table.setdefault(name, {})
    table.pop(key, None)
    if value is not None:
        table[key] = value
    return was == now


def with_district_line(settings: str, line: str) -> str:
    """Return the text of a settings file with a line in its table `[district]`.

    A line of the same key that is a comment is replaced.

    Raises:
        SettingsError: The file states the key, or has no such table.
    """
    key = line.partition("=")[0].strip()
    written = re.compile(rf"^[ \t]*#?[ \t]*{re.escape(key)}[ \t]*=.*$", re.MULTILINE)
    lines = list(written.finditer(settings))
    if any(not one[0].lstrip().startswith("#") for one in lines):
        raise SettingsError(f"already has {key}", where="district.toml", remedy="Edit it there.")
    if lines:
        return settings[: lines[0].start()] + line + settings[lines[0].end() :]
    if (table := _DISTRICT.search(settings)) is None:
        raise SettingsError(
            "has no table [district]", where="district.toml", remedy=f"Write below it: {line}"
        )
    return f"{settings[: table.end()]}\n{line}{settings[table.end() :]}"
