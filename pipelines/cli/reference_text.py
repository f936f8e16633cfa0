"""Markdown for the pages of `docs/reference/`: headings, lists and tables."""

import re
from collections.abc import Iterable, Sequence

MADE = "<!-- Made by `make docs` from what the code says; do not edit. -->"


def page(title: str, intro: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join([MADE, f"# {title}", intro, *parts]) + "\n"


def section(title: str, *parts: str) -> str:
    """A second-level heading and what stands below it."""
    return "\n\n".join([f"## {title}", *parts])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first cell of a row is a name and set as code."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for first, *rest in rows:
        cells = [f"`{first}`", *(cell(one) for one in rest)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text that keeps a table in one piece, on one line."""
    return spaced(text).replace("|", "\\|").replace("<", "&lt;").strip()


def plain(text: str) -> str:
    """Text in which no character means anything to Markdown."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", text)


def listed(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {spaced(item)}" for item in items)


def spaced(text: str) -> str:
    """Text without its line breaks."""
    return re.sub(r"\s+", " ", text).strip()
