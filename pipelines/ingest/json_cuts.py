"""Cuts JSON into its objects, each as text on one line.

Reads a top-level array, several arrays in a row (one per page), objects one behind the
other or one per line, and an export that wraps its records:
`{"kind": "...", "items": [{...}, {...}], "nextPageToken": "..."}`. Values are
unchanged; only space between them is removed.
"""

import json
import re

import numpy as np

from pipelines.ingest.cutters import LONGEST, NEAR, Cut, Cuts

# bytes are looked at as Latin-1: a letter is a byte, so that places are offsets
SCALAR = r'(?:"(?:[^"\\]|\\.)*"|[^\s"\[\]{},:]+)'
MEMBER = rf'"(?:[^"\\]|\\.)*"\s*:\s*{SCALAR}'
WRAPPER = re.compile(
    rf'\{{\s*(?:{MEMBER}\s*,\s*)*"(?:items|value|records|Records)"\s*:\s*\[(?=\s*[{{\]])', re.ASCII
)
"""The head of an export: a few plain members, then the array of records."""
WRAPPER_END = re.compile(rf"\]\s*(?:,\s*{MEMBER}\s*)*\}}", re.ASCII)
MAX_MEMBERS = 1 << 16
"""Bytes of the plain members in front of or behind the records."""
MARK, NO_BREAK = "\xef\xbb\xbf", "\xc2\xa0"
BETWEEN = re.compile(rf"(?:[\s,\[\]\x00\x1a\x1c-\x1f]|{MARK}|{NO_BREAK})+", re.ASCII)
SPACE_OR_STRING = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')
LINE_BREAK = re.compile(r"[ \t]*[\r\n]+[ \t]*")
NEXT_OBJECT = re.compile(rb"\}\s*,\s*(?=\{)|\n(?=\s*\{)")
ESCAPE = re.compile(rb"\\.", re.DOTALL)
STEP = 1 << 20
DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
MAX_SCAN = 1 << 14
NEAR_END = 16
NO_INDENT = b"-"
DEEPER = np.zeros(256, np.int8)
DEEPER[[*b"{["]], DEEPER[[*b"}]"]] = 1, -1


class MalformedError(ValueError):
    """A place where no value begins, or a broken value."""


class JsonCutter:
    """Cutter of objects, and of everything that is not one, window by window; see `Cutter`."""

    def __init__(self) -> None:
        self._is_wrapped = False
        self._before = b""
        self._open = _Open(NEXT_OBJECT)

    def cut(self, data: bytes, *, is_last: bool) -> Cuts:
        """Return each value, and each damage up to where the next value may begin."""
        text = data.decode("latin-1")
        place = 0
        while place < len(text):
            behind = self._behind_packing(text, place, is_last=is_last)
            if behind is None:
                end, is_whole = self._value(data, text, place, is_last=is_last)
                if end is not None:
                    line = _line(data[place:end], is_whole=is_whole)
                    yield Cut(place, end, line)
                behind = end or place
            if behind == place:
                break
            place = behind
        self._before = self._indent(data, place)
        return place

    def passed(self, data: bytes) -> tuple[int, bool]:
        """Return up to where its brackets pair, or to the next value behind damage."""
        size, is_over = self._open.passed(data)
        self._before = self._indent(data, size)
        return size, is_over

    def _behind_packing(self, text: str, place: int, *, is_last: bool) -> int | None:
        """Return where the packing that begins here ends; None if a value begins."""
        reach = place + MAX_MEMBERS
        if self._is_wrapped and text[place] == "]":
            if tail := WRAPPER_END.match(text, place, reach):
                self._is_wrapped = False
                return tail.end()
            if reach > len(text) and not is_last:
                return place
        if text[place] == "{":
            head = WRAPPER.match(text, place, reach)
            self._is_wrapped = self._is_wrapped or head is not None
            return head.end() if head else None
        if (found := BETWEEN.match(text, place)) is None:
            return None
        bracket = text.find("]", place, found.end()) if self._is_wrapped else -1
        return bracket if bracket > place else found.end()

    def _value(
        self, data: bytes, text: str, begin: int, *, is_last: bool
    ) -> tuple[int | None, bool]:
        """Return where the value that begins here ends, if it does; whether it is whole."""
        try:
            end = _end(text, begin, is_last=is_last)
        except MalformedError:
            self._open = _Open(_next_value(self._indent(data, begin)), is_broken=True)
            found = self._open.next_value.search(data, begin + 1)
            return found.end() if found else len(data) if is_last else None, False
        if end is None:
            self._open = _Open(_next_value(self._indent(data, begin)))
        return end, True

    def _indent(self, data: bytes, place: int) -> bytes:
        """Return the space in front of a place on its line, if there is nothing else."""
        first = max(0, place - NEAR)
        start = data.rfind(b"\n", first, place) + 1
        if start == 0 and first > 0:
            return NO_INDENT
        line = data[start:place] if start else self._before + data[:place]
        return NO_INDENT if line.strip() or len(line) > NEAR else line


class _Open:
    """A long value, up to where it was skipped.

    Args:
        next_value: Matches up to where the next value may begin.
        is_broken: The value ends there, wherever its brackets pair.
    """

    def __init__(self, next_value: re.Pattern[bytes], *, is_broken: bool = False) -> None:
        self.next_value = next_value
        self._is_broken = is_broken
        self._in_string = False
        self._depth = 0

    def passed(self, data: bytes) -> tuple[int, bool]:
        """Cut records; see `Cutter`."""
        place = 0
        if not self._is_broken:
            place, is_over = self._paired(ESCAPE.sub(b"__", data[:STEP]))
            if is_over or not self._is_broken:
                return place, is_over
        found = self.next_value.search(data, max(1, place))
        return (found.end(), True) if found else (max(0, len(data) - NEAR), False)

    def _paired(self, data: bytes) -> tuple[int, bool]:
        """Return up to where brackets pair, or to a line end in a string: a quote is missing.

        Args:
            data: The next bytes, without escapes save one at their end.
        """
        signs = np.frombuffer(data.removesuffix(b"\\"), np.uint8)
        is_quote = signs == ord('"')
        in_string = (np.cumsum(is_quote, dtype=np.int32) + self._in_string) % 2 == 1
        steps = np.where(in_string, np.int8(0), DEEPER[signs])
        depth = np.cumsum(steps, dtype=np.int32) + self._depth
        is_close = (steps < 0) | (is_quote & ~in_string)
        is_end = is_close & (depth <= 0)
        is_break = in_string & (signs == ord("\n"))
        stops = np.flatnonzero(is_end | is_break)
        if len(stops):
            self._is_broken = bool(is_break[stops[0]])
            return int(stops[0]) + (not self._is_broken), not self._is_broken
        if len(signs):
            self._in_string, self._depth = bool(in_string[-1]), int(depth[-1])
        return len(signs), False


def _next_value(indent: bytes) -> re.Pattern[bytes]:
    """Return a pattern of the next value: pretty-printed siblings begin at the same column."""
    if indent == NO_INDENT:
        return NEXT_OBJECT
    return re.compile(rb"\n(?=" + re.escape(indent) + rb"\{)")


def _end(text: str, begin: int, *, is_last: bool) -> int | None:
    """Return where the value that begins here ends; None if that is unknown.

    Raises:
        MalformedError: It is broken.
    """
    # an error counts the lines before it, so the decoder is shown little
    size = MAX_SCAN
    while True:
        shown = text[begin : begin + min(size, LONGEST)]
        is_all = begin + len(shown) == len(text)
        try:
            end = int(DECODER.raw_decode(shown)[1])
        except RecursionError as error:
            raise MalformedError from error
        except json.JSONDecodeError as error:
            is_cut = error.msg.startswith("Unterminated") or (error.pos >= len(shown) - NEAR_END)
            if not is_cut or (is_all and is_last):
                raise MalformedError from error
        else:
            if end < len(shown) or shown[-1] in '}"' or (is_all and is_last):
                return begin + end
        if is_all or size >= LONGEST:
            return None
        size *= 64


def _line(value: bytes, *, is_whole: bool) -> str:
    text = value.decode(errors="replace")
    return _packed(text) if is_whole else LINE_BREAK.sub(" ", text).strip()


def _packed(value: str) -> str:
    """Remove the space between values; strings are unchanged."""
    if "\\" in value:
        return SPACE_OR_STRING.sub(r"\1", value)
    # without escapes every second part is inside quotes: ten times as fast
    parts = value.split('"')
    parts[::2] = ["".join(part.split()) for part in parts[::2]]
    return '"'.join(parts)
