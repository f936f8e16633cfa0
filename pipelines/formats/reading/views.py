"""Text columns that look into one buffer instead of copying from it."""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

WORD = 8
INLINE, PREFIX = 12, 4
"""Bytes of text that an Arrow view holds itself; of a longer one, its beginning."""

MASKS = np.array([(1 << 8 * size) - 1 for size in range(WORD + 1)], np.uint64)
"""For each number of bytes, the bits of so many."""

FRONTS = MASKS[[min(size, PREFIX) for size in range(INLINE + 2)]]
RESTS = MASKS[[max(size - PREFIX, 0) for size in range(INLINE + 1)] + [0]]
"""For each size of a text, which of its bytes a view holds; at last of long ones."""

HALF = np.uint64(32)


def words(buffer: Bytes, at: Ints) -> Words:
    """The eight bytes at each place, as a number; the buffer goes on behind them."""
    every = np.ndarray((len(buffer) - WORD + 1,), "V8", buffer.data, strides=(1,))
    return every[at].view("<u8")


def columns(buffer: Bytes, begin: Ints, size: Ints) -> list[pl.Series]:
    """A column for each row of `begin` and `size`; null where the size is nothing.

    Args:
        buffer: UTF-8, with at least eight bytes behind the last text.
        begin: Where each text begins, between characters; two dimensions.
        size: Its bytes.
    """
    height = begin.shape[1]
    views = _views(buffer, begin.ravel(), size.ravel()).reshape(*begin.shape, 2)
    valid = np.packbits(size > 0, axis=1, bitorder="little")
    data = pa.py_buffer(buffer)
    return [
        pl.Series(
            pa.Array.from_buffers(
                pa.string_view(), height, [pa.py_buffer(bits), pa.py_buffer(one), data]
            )
        )
        for bits, one in zip(valid, views, strict=True)
    ]


def _views(buffer: Bytes, begin: Ints, size: Ints) -> Words:
    """Arrow's views: the size, then the text itself or its beginning and place."""
    views = np.empty((len(begin), 2), np.uint64)
    kind = np.minimum(size, INLINE + 1)
    front = words(buffer, begin) & FRONTS[kind]
    views[:, 0] = (front << HALF) | size.view(np.uint64)
    views[:, 1] = words(buffer, begin + PREFIX) & RESTS[kind]
    long = np.flatnonzero(size > INLINE)
    views[long, 1] = begin[long].view(np.uint64) << HALF
    return views
