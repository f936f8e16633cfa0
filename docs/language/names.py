"""Lint of names: words that were renamed stay out of Python and SQL."""

import io
import re
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
NAME = re.compile(r"[A-Za-z_]\w*")
# of SQL: comments and strings are texts, and the header is YAML
SQL_TEXTS = re.compile(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'", re.DOTALL)


@dataclass(frozen=True)
class Renamed:
    """A name that is gone, with its place and the name to use instead."""

    path: Path
    line: int
    name: str
    write: str

    def __str__(self) -> str:
        """Return file, line, name and replacement, as compilers print them."""
        return f'{self.path}:{self.line}: name "{self.name}": write {self.write}'


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    table = tomllib.loads((HERE / "names.toml").read_text(encoding="utf-8"))
    return tuple((re.compile(one["pattern"]), one["write"]) for one in table["name"])


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the names of a Python or SQL file, each with its line."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                yield token.start[0], token.string
    elif path.suffix == ".sql":
        code = SQL_TEXTS.sub(lambda text: "\n" * text.group().count("\n"), source)
        for number, line in enumerate(code.split("\n"), start=1):
            for match in NAME.finditer(line):
                yield number, match.group()


def renamed(paths: Iterable[Path]) -> Iterator[Renamed]:
    """Yield every use of a name that is gone in some files."""
    for path in paths:
        for line, name in names(path):
            for pattern, write in _patterns():
                if pattern.fullmatch(name):
                    yield Renamed(path, line, name, write)
