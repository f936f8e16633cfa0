"""The documents, and the commands and outputs that are in them."""

import re
from dataclasses import dataclass
from pathlib import Path

from docs.reference_pages import COMMITTED, PAGES
from tests.conftest import REPO_ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of commands, and the output that stands right below it, if any."""

    commands: str
    output: str


def documents() -> list[Path]:
    """Return every document of the project that is committed."""
    found = [*sorted(REPO_ROOT.glob("*.md")), *sorted(REPO_ROOT.glob("docs/**/*.md"))]
    return [path for path in found if path.name not in {*PAGES} - COMMITTED]


def blocks(text: str) -> list[Block]:
    """Return the `sh` blocks of a document in order."""
    found = list(FENCE.finditer(text))
    after: list[re.Match[str] | None] = [*found[1:], None]
    return [
        Block(one[2], _output(text, one, following))
        for one, following in zip(found, after, strict=True)
        if one[1] == "sh"
    ]


def _output(text: str, one: re.Match[str], following: re.Match[str] | None) -> str:
    if following is None or following[1] != "text":
        return ""
    between = text[one.end() : following.start()]
    return "" if between.strip() else following[2]


def missing(expected: str, said: str) -> list[str]:
    """Return lines that should have been stated and were not; `...` represents anything."""
    lines = [line.rstrip() for line in said.splitlines()]
    return [
        line
        for line in expected.splitlines()
        if not any(_pattern(line).fullmatch(one) for one in lines)
    ]


def _pattern(line: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in line.rstrip().split("..."))
    return re.compile(".*".join(parts))
