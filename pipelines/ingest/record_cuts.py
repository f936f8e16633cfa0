"""Cuts of files into records, for formats whose record is not one line.

No byte with content is left out: what is between records and is not plain
packing becomes a record too, which its format will refuse. Any bytes are
survived, and memory does not grow with the file.
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from pipelines.ingest.blocks import SCHEMA, batch
from pipelines.ingest.cutters import Cut, Cuts, Marked, Piece, evtx_pieces, pieces
from pipelines.ingest.json_cuts import JsonCutter
from pipelines.landing.compression import Reads
from pipelines.landing.streams import SalvagedStream

EVENT_TAGS = re.compile(rb"(?:-[ \t]*)?<Event(?=[\s>])[^>]*>|</Event>")
"""A pasted event has the browser's `- ` before its tag."""

PACKING = re.compile(
    rb"\s+|\xef\xbb\xbf|\x00+|<\?xml[^>]*>|</?Events(?:\s[^>]*)?>|<!--.*?-->", re.DOTALL
)
MARKS = re.compile(rb'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[{};]|^(?=\w+ [^\n]*\{)', re.MULTILINE)
"""Characters that decide where a statement ends; those in quotes or comments do not."""

LINE_BREAK = re.compile(r"[ \t]*[\r\n]+[ \t]*")
RECORDS = 20_000
TEXT_BYTES = 8 << 20
"""Records of a batch, and letters of their texts: parsed before more are cut."""

MAX_ROW = 64 << 10
"""Bytes within which a quoted text of a table ends, if its quotes pair."""
ROWS_LOOKED_AT = 4 * MAX_ROW
QUOTE, NEWLINE = b'"\n'
OPEN_ROW = re.compile(rb'(?:(?:"(?:[^"]|"")*"|[^",;|\t]*)[,;|\t])*"(?:[^"]|"")*$')
"""The first line of a row whose last cell goes on."""


class Part(NamedTuple):
    """Some records of a file.

    Attributes:
        lines: `line_no` counts records from 1; `byte_offset` is where one begins.
        is_oversize: It is one record, too long to keep; its text describes it.
    """

    lines: pl.DataFrame
    is_oversize: bool = False


def records(data: bytes, framing: str, *, file_id: int = 0) -> pl.DataFrame:
    """Return the records of a whole file's bytes, as one batch; see `parts`."""
    if framing == "lines":
        return batch(data, file_id=file_id)
    found = parts(io.BytesIO(data), framing, file_id=file_id)
    return pl.concat([pl.DataFrame(schema=SCHEMA), *(part.lines for part in found)])


def parts(stream: Reads, framing: str, *, file_id: int = 0, most: int = RECORDS) -> Iterator[Part]:
    """Yield the records of a stream, in batches.

    Args:
        stream: The file, decompressed.
        framing: One of `formats.Framing` whose records are not lines.
        file_id: Written into the batches.
        most: Records of a batch.

    Raises:
        KeyError: The framing does not exist.
        DamageError: The stream ends early, after everything readable.
    """
    salvaged = SalvagedStream(stream)
    first = 1
    for group, is_oversize in _groups(FRAMINGS[framing](salvaged), most):
        lines = pl.DataFrame(
            {
                "file_id": [file_id] * len(group),
                "line_no": range(first, first + len(group)),
                "byte_offset": [piece.byte_offset for piece in group],
                "line": [piece.text for piece in group],
            },
            schema=SCHEMA,
        )
        yield Part(lines, is_oversize)
        first += len(group)
    salvaged.settle()


def _groups(found: Iterator[Piece], most: int) -> Iterator[tuple[list[Piece], bool]]:
    """Yield pieces that are parsed together; one that is too long is alone."""
    group: list[Piece] = []
    size = 0
    for piece in found:
        is_full = len(group) >= most or size >= TEXT_BYTES
        if group and (is_full or piece.is_oversize):
            yield group, False
            group, size = [], 0
        if piece.is_oversize:
            yield [piece], True
        else:
            group.append(piece)
            size += len(piece.text)
    if group:
        yield group, False


def xml_events(data: bytes, *, is_last: bool) -> Cuts:
    """`<Event>` blocks, each on one line; a block without an end is a record too."""
    done = 0
    begin: int | None = None
    for tag in EVENT_TAGS.finditer(data):
        is_end = tag.group().startswith(b"</")
        if is_end and begin is not None:
            yield Cut(begin, tag.end(), _one_line(data[begin : tag.end()]))
            done, begin = tag.end(), None
        elif not is_end:
            yield from _leftover(data, done, tag.start())
            done = begin = tag.start()
    if is_last:
        yield from _leftover(data, done, len(data))
        done = len(data)
    return done


def _leftover(data: bytes, begin: int, end: int) -> Iterator[Cut]:
    """Yield the text between two events, unless it is packing."""
    while packing := PACKING.match(data, begin, end):
        begin = packing.end()
    if begin < end:
        yield Cut(begin, end, _one_line(data[begin:end]))


def _one_line(block: bytes) -> str:
    return LINE_BREAK.sub(" ", _text(block)).strip()


def paragraphs(data: bytes, *, is_last: bool) -> Cuts:
    """Return blocks of lines with blank lines between them; line ends inside stay."""
    if not is_last:
        data = data[: data.rfind(b"\n") + 1]
    line = pl.col("line")
    is_blank = line.str.strip_chars(" \t\r\x00\x1a\ufeff") == ""
    found = (
        batch(data)
        .with_columns(
            block=is_blank.cum_sum(),
            is_blank=is_blank,
            end=pl.col("byte_offset").shift(-1, fill_value=len(data)),
        )
        .filter(~pl.col("is_blank"))
        .group_by("block", maintain_order=True)
        .agg(pl.col("byte_offset").first(), pl.col("end").last(), line.str.join("\n"))
    )
    for begin, end, text in found.select("byte_offset", "end", "line").iter_rows():
        if end == len(data) and not is_last:
            return int(begin)  # it may go on
        yield Cut(begin, end, text)
    return len(data)


def blocks(data: bytes, *, is_last: bool) -> Cuts:
    """Cut statements such as `lease 192.0.2.17 { ... }` or `name value;`, and comments.

    A block that begins at the left edge ends an open one: a truncated block
    costs only itself.
    """
    if not is_last:
        data = data[: data.rfind(b"\n") + 1]
    begin = depth = 0
    for mark in MARKS.finditer(data):
        sign = mark.group()
        depth += {b"{": 1, b"}": -1}.get(sign, 0)
        is_cut_off = not sign and depth > 0
        is_end = depth <= 0 and (sign in (b"}", b";") or sign.startswith(b"#"))
        if is_cut_off or is_end:
            yield from _statement(data, begin, mark.end())
            begin, depth = mark.end(), 0
    if is_last:
        yield from _statement(data, begin, len(data))
        begin = len(data)
    return begin


def _statement(data: bytes, begin: int, end: int) -> Iterator[Cut]:
    text = data[begin:end]
    bare = text.lstrip(b" \t\r\n\x00")
    if bare:
        yield Cut(begin + len(text) - len(bare), end, _text(bare.rstrip()))


def csv_rows(data: bytes, *, is_last: bool) -> Cuts:
    """Cut rows of a table; a line end inside quotes is a part of its cell.

    If quotes do not pair, the line is alone, and costs nothing but itself. A blank row
    is a record too, so that rows count as the product counts them.
    """
    if not is_last:
        data = data[: data.rfind(b"\n") + 1]
    begin = 0
    while begin < len(data):
        looked_at = data[begin : begin + ROWS_LOOKED_AT]
        is_all = is_last and begin + len(looked_at) == len(data)
        start, is_broken = 0, is_all or len(looked_at) > MAX_ROW
        for end in _row_ends(looked_at):
            if end - start > MAX_ROW or not _is_row(looked_at[start:end]):
                is_broken = True
                break
            yield _row(looked_at, start, end, begin)
            start = end
        if not start and is_broken:
            start = looked_at.find(b"\n") + 1 or len(looked_at)
            yield _row(looked_at, 0, start, begin)
        if not start:
            return begin  # it may go on
        begin += start
    return begin


def _row_ends(data: bytes) -> list[int]:
    """Return places after each line end outside quotes, and the end of a last row."""
    signs = np.frombuffer(data, np.uint8)
    is_outside = np.cumsum(signs == QUOTE, dtype=np.int32) % 2 == 0
    ends = (np.flatnonzero((signs == NEWLINE) & is_outside) + 1).tolist()
    return [int(end) for end in ends]


def _is_row(data: bytes) -> bool:
    """Return whether text that continues after a line end is inside a cell's opening quote."""
    line, _, rest = data.partition(b"\n")
    return not rest or OPEN_ROW.match(line) is not None


def _row(data: bytes, start: int, end: int, before: int) -> Cut:
    text = _text(data[start:end]).removesuffix("\n").removesuffix("\r")
    return Cut(before + start, before + end, text)


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


CSV_ROWS = Marked(csv_rows, re.compile(rb"\n"))
XML_EVENTS = Marked(xml_events, re.compile(rb"</Event>|(?=<Event[\s>])"))
PARAGRAPHS = Marked(paragraphs, re.compile(rb"\n(?=[ \t\r\x00\x1a]*\n)"))
BLOCKS = Marked(blocks, re.compile(rb"\n(?=\w+ [^\n]*\{)"))

FRAMINGS: Mapping[str, Callable[[Reads], Iterator[Piece]]] = {
    "evtx": evtx_pieces,
    "json_array": lambda stream: pieces(stream, JsonCutter()),
    "xml_events": lambda stream: pieces(stream, XML_EVENTS),
    "csv": lambda stream: pieces(stream, CSV_ROWS),
    "paragraphs": lambda stream: pieces(stream, PARAGRAPHS),
    "blocks": lambda stream: pieces(stream, BLOCKS),
}
