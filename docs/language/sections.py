"""Checks that docstrings name only arguments and attributes that exist."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

SECTION = re.compile(r"^(Args|Attributes):\n((?:[ \t]+.*\n?|\n)+)", re.MULTILINE)
ENTRY = re.compile(r"^    (\*{0,2}\w+(?:, \*{0,2}\w+)*): ", re.MULTILINE)


class Stale(NamedTuple):
    """A name of a docstring that its function or class does not have."""

    path: Path
    line: int
    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.owner} has no {self.name!r}: correct the docstring"


def stale(paths: Iterable[Path]) -> Iterator[Stale]:
    """Yield the arguments and attributes of docstrings that do not exist."""
    for path in paths:
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    known = _names(node)
                    for name in _documented(node):
                        if name not in known:
                            yield Stale(path, node.lineno, node.name, name)


def _documented(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[str]:
    text = ast.get_docstring(node) or ""
    for _, body in SECTION.findall(text + "\n"):
        for names in ENTRY.findall(body):
            yield from (name.strip(" *") for name in names.split(","))


def _names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """Return arguments of a function; attributes of a class, with those set in methods."""
    if not isinstance(node, ast.ClassDef):
        given = node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        return {one.arg for one in every if one}
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
            found.add(one.attr)
        elif isinstance(one, ast.FunctionDef):
            found |= {one.name} | _names(one)
    return found
