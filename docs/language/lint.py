"""Word lint: phrases that American readers stumble over, found in text units."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docs.language.units import Unit, units

HERE = Path(__file__).parent
# names of attributes and code: identifiers are checked separately
NAMES = re.compile(r"(?m)^ +\w+: |`[^`\n]*`")
FIELD = re.compile(r"\{[^{}]*\}")
TEMPLATE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|<style>.*?</style>|<[^>]*>")
TABLES = ("words.toml", "spelling.toml")
SUFFIXES = frozenset({".ipynb", ".py", ".sql", ".yaml", ".j2", ".md", ".toml"})
# texts that quote other people or other times, the tables of this lint, and generated
# pages, whose sources are read
LEFT_OUT = (
    "docs/language/",
    "docs/reference/",
    "tests/upgrades/",
    "/corpora/",
)


@dataclass(frozen=True)
class Word:
    """A phrase to avoid: its pattern, the replacement, and the kinds of text it applies to."""

    pattern: re.Pattern[str]
    write: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Finding:
    """A phrase to rewrite, with its place."""

    unit: Unit
    phrase: str
    write: str

    def __str__(self) -> str:
        """Return file, line, phrase and replacement, as compilers print them."""
        where = f"{self.unit.path}:{self.unit.line}"
        return f'{where}: "{self.phrase}": write {self.write}'


@cache
def words(table: str) -> tuple[Word, ...]:
    """Return the phrases of a table."""
    entries = tomllib.loads((HERE / table).read_text(encoding="utf-8"))["word"]
    return tuple(
        Word(re.compile(one["pattern"]), one["write"], frozenset(one.get("kinds", ())))
        for one in entries
    )


@cache
def _verbs() -> frozenset[str]:
    return frozenset((HERE / "verbs.txt").read_text(encoding="utf-8").split())


@cache
def _allowed() -> dict[str, str]:
    """Return the phrases that may stay, with the reason for each."""
    table = tomllib.loads((HERE / "allowed.toml").read_text(encoding="utf-8"))
    return {one["text"]: one["reason"] for one in table["allow"]}


def check(unit: Unit, tables: Iterable[str] = TABLES) -> Iterator[Finding]:
    """Yield the phrases of a unit that need another word, from some tables."""
    text = " ".join(NAMES.sub("", unit.text).split())
    if unit.kind == "string":
        text = FIELD.sub("{}", text)
    elif unit.path.suffix == ".j2":
        text = TEMPLATE.sub("", text)
    for allowed in _allowed():
        text = text.replace(allowed, "")
    for word in (word for table in tables for word in words(table)):
        if not word.kinds or unit.kind in word.kinds:
            for match in word.pattern.finditer(text):
                yield Finding(unit, match.group(), word.write)
    first = re.match(r"[A-Za-z]+", unit.text.strip())
    if unit.kind == "function" and first and first.group() not in _verbs():
        yield Finding(unit, first.group(), "a verb first: Return, Build, Read")


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files to read under some paths, sorted."""
    for path in paths:
        if path.is_file():
            yield path
        else:
            yield from sorted(
                one
                for one in path.rglob("*")
                if one.suffix in SUFFIXES and not any(part in str(one) for part in LEFT_OUT)
            )


def findings(paths: Iterable[Path], tables: Iterable[str] = TABLES) -> Iterator[Finding]:
    """Yield every phrase to rewrite in the files under some paths."""
    for path in files(paths):
        for unit in units(path):
            yield from check(unit, tables)
