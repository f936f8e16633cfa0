"""Cuts whole files into records, for formats whose record is not one line.

A record is a `Piece`: where it begins, and its text. No byte that says
something is left out: what is between records and is no mere packing becomes a
record too, which its format will refuse. Any bytes are survived.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import polars as pl

from pipelines.sources import evtx_records, json_objects
from pipelines.sources.lines import SCHEMA, batch

EVENT_TAGS = re.compile(rb"(?:-[ \t]*)?<Event(?=[\s>])[^>]*>|</Event>")
"""A pasted event has the browser's `- ` before its tag."""

PACKING = re.compile(
    rb"\s+|\xef\xbb\xbf|\x00+|<\?xml[^>]*>|</?Events(?:\s[^>]*)?>|<!--.*?-->", re.DOTALL
)
MARKS = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[{};]|^(?=\w+ [^\n]*\{)', re.MULTILINE
)
"""What a cut between statements turns on; signs in quotes or comments do not."""

LINE_BREAK = re.compile(r"[ \t]*[\r\n]+[ \t]*")
RECORDS = 20_000
"""Records of a batch: some ten MiB, which are parsed before more are cut."""


class Piece(NamedTuple):
    """A record: its first byte and its text."""

    byte_offset: int
    text: str


def records(data: bytes, framing: str, *, file_id: int = 0) -> pl.DataFrame:
    """The records of a whole file's bytes, as one batch; see `parts`."""
    found = list(parts(data, framing, file_id=file_id, size=len(data) + 1))
    return found[0] if found else pl.DataFrame(schema=SCHEMA)


def parts(
    data: bytes, framing: str, *, file_id: int = 0, size: int = RECORDS
) -> Iterator[pl.DataFrame]:
    """The records of a whole file's bytes, in batches of `size`.

    `line_no` counts records from 1; `byte_offset` is where the record begins.

    Args:
        data: The file, decompressed.
        framing: One of `formats.Framing`.
        file_id: Written into the batch.
        size: Records of a batch; what is not asked for is not cut yet.

    Raises:
        KeyError: There is no such framing.
    """
    if framing == "lines":
        yield batch(data, file_id=file_id)
        return
    cut = iter(FRAMINGS[framing](data))
    first = 1
    while pieces := [Piece(*piece) for piece in islice(cut, size)]:
        yield pl.DataFrame(
            {
                "file_id": [file_id] * len(pieces),
                "line_no": range(first, first + len(pieces)),
                "byte_offset": [piece.byte_offset for piece in pieces],
                "line": [piece.text for piece in pieces],
            },
            schema=SCHEMA,
        )
        first += len(pieces)


def xml_events(data: bytes) -> Iterator[tuple[int, str]]:
    """`<Event>` blocks, each on one line; a block without an end is a record too."""
    done = 0
    begin: int | None = None
    for tag in EVENT_TAGS.finditer(data):
        is_end = tag.group().startswith(b"</")
        if is_end and begin is not None:
            yield begin, _one_line(data[begin : tag.end()])
            done, begin = tag.end(), None
        elif not is_end:
            yield from _leftover(data, done, tag.start())
            done = begin = tag.start()
    yield from _leftover(data, done, len(data))


def _leftover(data: bytes, begin: int, end: int) -> Iterator[tuple[int, str]]:
    """What stands between two events, unless it is packing."""
    while packing := PACKING.match(data, begin, end):
        begin = packing.end()
    if begin < end:
        yield begin, _one_line(data[begin:end])


def _one_line(block: bytes) -> str:
    return LINE_BREAK.sub(" ", _text(block)).strip()


def paragraphs(data: bytes) -> Iterator[tuple[int, str]]:
    """Blocks of lines with blank lines between them; line ends inside stay."""
    line = pl.col("line")
    is_blank = line.str.strip_chars(" \t\r\x00\x1a\ufeff") == ""
    blocks = (
        batch(data)
        .with_columns(block=is_blank.cum_sum())
        .filter(~is_blank)
        .group_by("block", maintain_order=True)
        .agg(pl.col("byte_offset").first(), line.str.join("\n"))
    )
    yield from blocks.select("byte_offset", "line").iter_rows()


def blocks(data: bytes) -> Iterator[tuple[int, str]]:
    """Statements such as `lease 192.0.2.17 { ... }` or `name value;`, and comments.

    A block that begins at the left edge ends an open one: a block that was cut
    off costs itself only.
    """
    begin = depth = 0
    for mark in MARKS.finditer(data):
        sign = mark.group()
        depth += {b"{": 1, b"}": -1}.get(sign, 0)
        is_cut_off = not sign and depth > 0
        is_end = depth <= 0 and (sign in (b"}", b";") or sign.startswith(b"#"))
        if is_cut_off or is_end:
            yield from _statement(data, begin, mark.end())
            begin, depth = mark.end(), 0
    yield from _statement(data, begin, len(data))


def _statement(data: bytes, begin: int, end: int) -> Iterator[tuple[int, str]]:
    text = data[begin:end]
    bare = text.lstrip(b" \t\r\n\x00")
    if bare:
        yield begin + len(text) - len(bare), _text(bare.rstrip())


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


FRAMINGS: Mapping[str, Callable[[bytes], Iterator[tuple[int, str]]]] = {
    "evtx": evtx_records.cut,
    "json_array": json_objects.cut,
    "xml_events": xml_events,
    "paragraphs": paragraphs,
    "blocks": blocks,
}
