"""Cuts bytes into a batch of lines: number, byte offset and text of each."""

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.events import PLACE

SCHEMA = pl.Schema([*PLACE.items(), ("line", pl.String)])


def batch(
    data: bytes, *, file_id: int = 0, first_line: int = 1, first_byte: int = 0
) -> pl.DataFrame:
    """Every line of `data`, the last one whether or not it is ended.

    Line ends (LF, CRLF) are not part of `line`. Bytes that are not UTF-8 become
    U+FFFD in `line`; offsets always count the original bytes.
    """
    if not data:
        return pl.DataFrame(schema=SCHEMA)
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1] + 1))
    return pl.DataFrame(
        {
            "line_no": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": starts.astype(np.int64) + first_byte,
        }
    ).select(
        pl.lit(file_id, pl.Int64).alias("file_id"),
        "line_no",
        "byte_offset",
        _texts(data, starts, ends).alias("line"),
    )


def _texts(data: bytes, starts: np.ndarray, ends: np.ndarray) -> pl.Series:
    try:
        data.decode()
    except UnicodeDecodeError:
        texts = [
            data[start:end].decode(errors="replace").removesuffix("\r")
            for start, end in zip(starts, ends, strict=True)
        ]
        return pl.Series(texts, dtype=pl.String)
    # one Arrow array over the block: each value still ends in its newline
    offsets = np.append(starts, ends[-1] + (1 if data.endswith(b"\n") else 0))
    array = pa.LargeStringArray.from_buffers(
        len(starts), pa.py_buffer(offsets.astype(np.int64)), pa.py_buffer(data)
    )
    lines = pl.Series(array)
    return lines.str.strip_suffix("\n").str.strip_suffix("\r")
