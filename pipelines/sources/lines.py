"""Cuts bytes into a batch of lines: number, byte offset and text of each."""

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
    starts, offsets = _cuts(data)
    text, text_offsets = data, offsets
    if not data.isascii():
        text = _utf8(data)
        if text is not data:
            # U+FFFD never takes a newline with it: as many lines as before
            _, text_offsets = _cuts(text)
    return pl.DataFrame(
        {
            "line_no": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": starts + first_byte,
        }
    ).select(
        pl.lit(file_id, pl.Int64).alias("file_id"),
        "line_no",
        "byte_offset",
        _texts(text, text_offsets).alias("line"),
    )


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
