"""Text units that people read: docstrings, comments, strings, SQL headers, templates, pages."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DIRECTIVE = re.compile(r"#\s*(noqa|type:|fmt:|ruff:|mypy:|pragma|!)")
SQL = re.compile(r"\s*(with\s|select\s|count\(|create (or|table|view)|insert into|delete from)")
SQL_COMMENT = re.compile(r"(?m)^\s*-- (.*)$")
WORDS = re.compile(r"[A-Za-z][a-z']+[,;:.]? +\{?[A-Za-z]")


@dataclass(frozen=True)
class Unit:
    """One text with its place in a file.

    Attributes:
        path: file.
        line: first line, from 1.
        kind: function, class, module, comment, string, header, text.
        text: the words, without quotes, comment marks and indents.
        start: offset of the first character in the file.
        end: offset after the last character.
        column: characters before the text on its first line.
    """

    path: Path
    line: int
    kind: str
    text: str
    start: int
    end: int
    column: int


def units(path: Path) -> Iterator[Unit]:
    """Yield the text units of a file, in order.

    A Python file has docstrings, comments and strings of two words or more, of queries only
    the comments. An SQL file has its header's entries and its comments; a notebook its cells,
    whose number is the line; any other text file its paragraphs.
    """
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _python(path, source)
    elif path.suffix == ".sql":
        yield from _sql(path, source)
    elif path.suffix == ".ipynb":
        for number, cell in enumerate(json.loads(source)["cells"], start=1):
            yield Unit(path, number, "text", "".join(cell["source"]), 0, len(source), 0)
    elif path.suffix == ".yaml":
        yield from _entries(path, source, 0, len(source))
    else:
        yield from _paragraphs(path, source)


def _offsets(source: str) -> list[int]:
    offsets = [0]
    for line in io.StringIO(source):
        offsets.append(offsets[-1] + len(line))
    return offsets


def _docstrings(source: str) -> dict[int, str]:
    """Return the kind of docstring that begins on each line."""
    kinds = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            kinds[first.lineno] = _kind(node)
    return kinds


THINGS = re.compile(r"(\w+\.)?(property|cached_property|fixture)\b")


def _kind(node: ast.AST) -> str:
    """Return the kind of a docstring: a property, a fixture and a test are things."""
    if isinstance(node, ast.Module):
        return "module"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        is_thing = any(THINGS.match(ast.unparse(one)) for one in node.decorator_list)
        is_scene = re.match(r"S[0-9]+[a-z]?[:,]", ast.get_docstring(node) or "")
        is_thing = is_thing or bool(is_scene) or node.name.startswith("test_")
        return "class" if is_thing else "function"
    return "class"


def _python(path: Path, source: str) -> Iterator[Unit]:
    offsets, kinds = _offsets(source), _docstrings(source)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    group: list[tokenize.TokenInfo] = []
    block: list[tokenize.TokenInfo] = []
    for token in tokens:
        if token.type == tokenize.COMMENT:
            full = token.line.lstrip().startswith("#") and not DIRECTIVE.match(token.string)
            if (
                full
                and block
                and block[-1].start[0] + 1 == token.start[0]
                and block[-1].start[1] == token.start[1]
            ):
                block.append(token)
                continue
            yield from _comment(path, offsets, block)
            block = []
            if full:
                block = [token]
            elif not DIRECTIVE.match(token.string):
                yield from _comment(path, offsets, [token])
        elif token.type == tokenize.STRING:
            group.append(token)
        elif token.type != tokenize.NL:
            yield from _strings(path, offsets, group, kinds)
            group = []
    yield from _comment(path, offsets, block)
    yield from _strings(path, offsets, group, kinds)


def _comment(path: Path, offsets: list[int], block: list[tokenize.TokenInfo]) -> Iterator[Unit]:
    if not block:
        return
    text = "\n".join(one.string.removeprefix("#").removeprefix(" ") for one in block)
    (line, column), (last, after) = block[0].start, block[-1].end
    start, end = offsets[line - 1] + column, offsets[last - 1] + after
    yield Unit(path, line, "comment", text, start, end, column)


def pieces(token: str) -> tuple[str, str, str]:
    """Return the prefix, the quote and the body of a string's source."""
    match = re.match(r"([A-Za-z]*)(\"\"\"|'''|\"|')", token)
    if match is None:  # pragma: no cover - the tokenizer gave it
        raise ValueError(token)
    prefix, quote = match.groups()
    return prefix.lower(), quote, token[match.end() : -len(quote)]


def _strings(
    path: Path,
    offsets: list[int],
    group: list[tokenize.TokenInfo],
    kinds: dict[int, str],
) -> Iterator[Unit]:
    if not group:
        return
    (line, column), (last, after) = group[0].start, group[-1].end
    start, end = offsets[line - 1] + column, offsets[last - 1] + after
    parts = [pieces(one.string) for one in group]
    if len(group) == 1 and kinds.get(line) and parts[0][1] == '"""':
        yield Unit(path, line, kinds[line], parts[0][2], start, end, column)
        return
    if any("b" in prefix or "r" in prefix for prefix, _, _ in parts):
        return
    is_format = any("f" in prefix for prefix, _, _ in parts)
    text = "".join(
        body if "f" in prefix or not is_format else body.replace("{", "{{").replace("}", "}}")
        for prefix, _, body in parts
    )
    if SQL.match(text) or "::" in text:
        text = "\n".join(SQL_COMMENT.findall(text))
    if WORDS.search(text):
        kind = "string" if all(len(quote) == 1 for _, quote, _ in parts) else "block"
        yield Unit(path, line, kind, text, start, end, column)


ENTRY = re.compile(r"^( *)(- |[A-Za-z_][\w-]*:)")


def _entries(path: Path, source: str, start: int, end: int) -> Iterator[Unit]:
    """Yield the entries of a YAML text: a key or an item with the lines that continue it."""
    current: list[tuple[int, str]] = []
    offset = start
    indent = 0
    for text in source[start:end].splitlines(keepends=True):
        match = ENTRY.match(text)
        deeper = len(text) - len(text.lstrip(" ")) > indent
        if match or not deeper or not text.strip():
            yield from _entry(path, source, current)
            current = []
            indent = len(match.group(1)) if match else 0
        if text.strip():
            current.append((offset, text))
        offset += len(text)
    yield from _entry(path, source, current)


def _entry(path: Path, source: str, lines: list[tuple[int, str]]) -> Iterator[Unit]:
    if lines:
        start = lines[0][0]
        text = "".join(line for _, line in lines).rstrip("\n")
        line = source.count("\n", 0, start) + 1
        yield Unit(path, line, "header", text, start, start + len(text), 0)


COMMENT = re.compile(r"(?:^[ ]*--[^\n]*\n)+|--[^\n]*\n", re.MULTILINE)


def _sql(path: Path, source: str) -> Iterator[Unit]:
    body = 0
    if source.startswith("/* ---"):
        body = source.index("*/")
        yield from _entries(path, source, source.index("\n") + 1, body)
    for match in COMMENT.finditer(source, body):
        text = match.group().rstrip("\n")
        start = match.start() + len(text) - len(text.lstrip(" "))
        words = "\n".join(line.strip().removeprefix("--").strip() for line in text.split("\n"))
        line = source.count("\n", 0, start) + 1
        column = start - source.rfind("\n", 0, start) - 1
        yield Unit(path, line, "comment", words, start, match.start() + len(text), column)


def _paragraphs(path: Path, source: str) -> Iterator[Unit]:
    """Yield the paragraphs of a text; blocks of code in Markdown are left out."""
    offset, current, fenced = 0, "", False
    start = 0
    for line in [*source.splitlines(keepends=True), "\n"]:
        fence = path.suffix == ".md" and line.lstrip().startswith("```")
        if fence or fenced or not line.strip():
            if current.strip():
                yield Unit(
                    path,
                    source.count("\n", 0, start) + 1,
                    "text",
                    current.rstrip("\n"),
                    start,
                    start + len(current.rstrip("\n")),
                    0,
                )
            current = ""
            fenced = fenced != fence
        else:
            if not current:
                start = offset
            current += line
        offset += len(line)
