"""Cuts bytes into a batch of lines: number, byte offset and text of each."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.events import PLACE

SCHEMA = pl.Schema([*PLACE.items(), ("line", pl.String)])
BOM = "\ufeff"


def batch(
    data: bytes, *, file_id: int = 0, first_line: int = 1, first_byte: int = 0
) -> pl.DataFrame:
    """Every line of `data`, the last one whether or not it is ended.

    Line ends (LF, CRLF) are not part of `line`. Bytes that are not UTF-8 become
    U+FFFD in `line`; offsets always count the original bytes.
    """
    if not data:
        return pl.DataFrame(schema=SCHEMA)
    starts, texts = _lines(data)
    return pl.DataFrame(
        {
            "line_no": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": starts + first_byte,
        }
    ).select(
        pl.lit(file_id, pl.Int64).alias("file_id"),
        "line_no",
        "byte_offset",
        texts.alias("line"),
    )


def batch_of_files(files: Sequence[tuple[int, bytes]]) -> pl.DataFrame:
    """The lines of several whole files, numbered and placed within their own.

    Args:
        files: Id and bytes of each; no file is empty.
    """
    ended = [data if data.endswith(b"\n") else data + b"\n" for _, data in files]
    starts, texts = _lines(b"".join(ended))
    first_bytes = np.cumsum([0, *map(len, ended)])
    first_lines = np.searchsorted(starts, first_bytes)
    counts = np.diff(first_lines)
    numbers = np.arange(1, len(starts) + 1) - np.repeat(first_lines[:-1], counts)
    return pl.DataFrame(
        {
            "file_id": np.repeat([file_id for file_id, _ in files], counts),
            "line_no": numbers,
            "byte_offset": starts - np.repeat(first_bytes[:-1], counts),
            "line": texts,
        },
        schema=SCHEMA,
    )


def _lines(data: bytes) -> tuple[np.ndarray, pl.Series]:
    """Where each line of some bytes starts, and its text."""
    starts, offsets = _cuts(data)
    if data.isascii():
        return starts, _texts(data, offsets)
    text = _utf8(data)
    if text is not data:
        # U+FFFD never takes a newline with it: as many lines as before
        _, offsets = _cuts(text)
    return starts, _texts(text, offsets)


def _cuts(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Where each line starts; the same, with the end of the data behind."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    offsets = np.concatenate(([0], ends)).astype(np.int64)
    return offsets[:-1], offsets


def _utf8(data: bytes) -> bytes:
    """The data itself, or with U+FFFD for each byte that is no UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode()
    return data


def _texts(data: bytes, offsets: np.ndarray) -> pl.Series:
    # one Arrow array over the block: each value still ends in its newline
    array = pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data)
    )
    lines = pl.Series(array).str.strip_suffix("\n").str.strip_suffix("\r")
    return lines.str.strip_prefix(BOM) if BOM.encode() in data else lines
