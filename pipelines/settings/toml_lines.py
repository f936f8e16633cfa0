"""Where in a TOML text each key stands, which the parser does not say."""

import re
import tomllib
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_TABLE = re.compile(r"^\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")


def key_lines(text: str) -> Mapping[Path, int]:
    """The line on which each table or key of a TOML text begins."""
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
    """The line of a key, else of the nearest table around it or first below it."""
    while path:
        below = [line for one, line in lines.items() if one[: len(path)] == path]
        if path in lines or below:
            return lines.get(path, min(below, default=1))
        path = path[:-1]
    return 1


def mended_line(line: str) -> str:
    """What a line that is not TOML was probably meant to be; else as a comment."""
    return next((one for one in _guesses(line) if _is_toml(one)), f"# {line}")


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
