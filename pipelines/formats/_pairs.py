"""Values of `key=value` text, found for all keys at once in one look at the bytes.

Looking for sixty keys one after the other reads each line sixty times. Here the
spaces and the first `=` behind each are found once a batch; a key's first 24
bytes, as three numbers, then tell which of the keys it is.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

SPACE, EQUALS, QUOTE = b' ="'
WORD, LONGEST = 8, 24
"""Bytes of a number, and of the longest key."""

VIEW, INLINE, PREFIX = 16, 12, 4
"""Bytes of an Arrow string view; of text it holds itself; else of its beginning."""

SLOT_BITS = 12
ROWS = 4_096
"""Rows looked at together: what is made of them stays in the processor."""

OLDEST = pl.CompatLevel.oldest()
ODD = np.uint64(1)
MASKS = np.array(
    [
        [(1 << 8 * min(max(size - first, 0), WORD)) - 1 for first in (0, 8, 16)]
        for size in range(LONGEST + 1)
    ],
    np.uint64,
)
"""For each size of a key, which of the bytes read at it are its own."""

KEPT = np.array(
    [
        [(1 << 8 * min(max(size - first, 0), 4)) - 1 for first in (0, 4, 8)]
        for size in [*range(INLINE + 1), PREFIX]
    ],
    np.uint32,
)
"""For each size of a text, which of its first bytes stay in its view."""


class Tokens(NamedTuple):
    """Each `key=value`: its row, where key and value begin, where both end."""

    row: Ints
    begin: Ints
    equals: Ints
    value: Ints
    end: Ints


class Table(NamedTuple):
    """The keys as numbers, and for each slot of their hash which key is there."""

    words: Words
    sizes: Ints
    factors: Words
    slots: npt.NDArray[np.int16]


def values(texts: pl.Series, keys: Sequence[str], *, loose: bool = False) -> pl.Series:
    """Structs of what each key holds, without quotes; null where it holds nothing.

    Args:
        texts: Null, or ` key=value key="a value"`: a space before each key.
        keys: ASCII, at most 24 bytes each; of two values of one key the first that
            is not empty counts.
        loose: Whether words without `=` belong to the value before them.
    """
    known = table(tuple(keys))
    starts = range(0, max(len(texts), 1), ROWS)
    parts = [_part(texts.slice(start, ROWS), known, loose=loose) for start in starts]
    return (
        pl.concat(parts)
        .rename(dict(zip(map(str, range(len(keys))), keys, strict=True)))
        .to_struct(texts.name)
    )


def _part(texts: pl.Series, known: Table, *, loose: bool) -> pl.DataFrame:
    array = pa.array(texts.cast(pl.Binary).to_arrow(compat_level=OLDEST))
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int64)[array.offset :][: len(array) + 1]
    size = int(offsets[-1]) if data else 0
    buffer = np.zeros(size + LONGEST, np.uint8)  # a key can be read at the last byte
    buffer[:size] = np.frombuffer(data or b"", np.uint8)[:size]
    tokens = _tokens(buffer, offsets, loose=loose)
    which = _which(buffer, tokens, known)
    return _columns(buffer, tokens, which, len(texts), len(known.sizes))


def _tokens(buffer: Bytes, offsets: Ints, *, loose: bool) -> Tokens:
    """A pair begins behind a space outside quotes, if an `=` is the next sign."""
    text = buffer[: offsets[-1]]
    signs = np.flatnonzero((text == SPACE) | (text == EQUALS) | (text == QUOTE))
    row, is_inside = _quoted(text[signs] == QUOTE, signs, offsets)
    keep = ~is_inside & (text[signs] != QUOTE)
    signs, row = signs[keep], row[keep]
    is_space = text[signs] == SPACE
    begins = is_space & ~np.append(is_space[1:], True)
    place = np.flatnonzero(begins)
    begin, equals, row = (
        signs[place] + 1,
        signs[np.minimum(place + 1, len(signs) - 1)],
        row[place],
    )
    closes = begins if loose else is_space
    following = np.append(signs[closes], offsets[-1])
    end = following[np.cumsum(closes)[place]]
    while (late := loose & (end > equals + 1) & (text[end - 1] == SPACE)).any():
        end = end - late
    is_quoted = (buffer[equals + 1] == QUOTE) & (buffer[end - 1] == QUOTE)
    is_quoted &= end > equals + 2
    return Tokens(row, begin, equals, equals + 1 + is_quoted, end - is_quoted)


def _quoted(
    is_quote: npt.NDArray[np.bool_], signs: Ints, offsets: Ints
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The row of each sign, and whether an odd number of quotes is before it."""
    first = np.searchsorted(signs, offsets)
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(first))
    passed = np.append(0, np.cumsum(is_quote))
    before = passed[:-1] - passed[first[:-1]][row]
    return row, before % 2 == 1


def _which(buffer: Bytes, tokens: Tokens, known: Table) -> Ints:
    """The number of each token's key, -1 for keys that nobody asked for."""
    size = tokens.equals - tokens.begin
    at = np.ndarray(
        (len(buffer) - LONGEST + 1,), f"V{LONGEST}", buffer.data, strides=(1,)
    )
    words = at[tokens.begin].view("<u8").reshape(-1, LONGEST // WORD)
    words &= MASKS[np.minimum(size, LONGEST)]
    found = known.slots[_slots(words, known.factors)]
    is_it = (known.sizes[found] == size) & (tokens.end > tokens.value)
    for place in range(LONGEST // WORD):
        is_it &= known.words[found, place] == words[:, place]
    return np.where(is_it, found, -1)


def _slots(words: Words, factors: Words) -> Ints:
    mixed = (words[:, 0] * factors[0]) ^ (words[:, 1] * factors[1])
    mixed = (mixed ^ (words[:, 2] * factors[2])) * factors[3]
    slots: Ints = (mixed >> np.uint64(64 - SLOT_BITS)).astype(np.int64)
    return slots


@lru_cache(maxsize=64)
def table(keys: tuple[str, ...]) -> Table:
    """What the keys are told by: a hash that no two of them share."""
    encoded = [key.encode("ascii") for key in keys]
    sizes = np.array([len(key) for key in encoded], np.int64)
    if sizes.max() > LONGEST or len(set(keys)) < len(keys):
        message = f"a key is longer than {LONGEST} bytes, or named twice"
        raise ValueError(message)
    joined = b"".join(key.ljust(LONGEST, b"\0") for key in encoded)
    words = np.frombuffer(joined, "<u8").reshape(len(keys), -1)
    random = np.random.default_rng(len(keys))
    slots = np.zeros(len(keys), np.int64)
    while len(set(slots.tolist())) < len(keys):
        factors = random.integers(1, 1 << 63, LONGEST // WORD + 1, np.uint64) | ODD
        slots = _slots(words, factors)
    held = np.zeros(1 << SLOT_BITS, np.int16)
    held[slots] = np.arange(len(keys))
    return Table(words, sizes, factors, held)


def _columns(
    buffer: Bytes, tokens: Tokens, which: Ints, height: int, count: int
) -> pl.DataFrame:
    """A column a key; all look into the same buffer, none copies it."""
    wanted = np.flatnonzero(which >= 0)
    wanted = wanted[np.argsort(which[wanted], kind="stable")]
    key, row = which[wanted], tokens.row[wanted]
    is_first = np.append(True, (key[1:] != key[:-1]) | (row[1:] != row[:-1]))
    wanted, key, row = (one[is_first[: len(one)]] for one in (wanted, key, row))
    views = _views(buffer, tokens.value[wanted], tokens.end[wanted])
    bounds = np.searchsorted(key, np.arange(count + 1))
    data = pa.py_buffer(buffer)
    found = {}
    for number in range(count):
        part = slice(bounds[number], bounds[number + 1])
        found[str(number)] = _column(views[part], row[part], height, data)
    return pl.DataFrame(found)


def _column(views: Bytes, rows: Ints, height: int, data: pa.Buffer) -> pl.Series:
    if not len(rows):
        return pl.Series([None], dtype=pl.String).new_from_index(0, height)
    whole = np.zeros(height, f"V{VIEW}")
    whole[rows] = views
    is_there = np.zeros(height, np.bool_)
    is_there[rows] = True
    valid = np.packbits(is_there, bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(whole), data]
    return pl.Series(pa.Array.from_buffers(pa.string_view(), height, buffers))


def _views(buffer: Bytes, begin: Ints, end: Ints) -> Bytes:
    """Arrow's views: the size, then the text itself or its beginning and place."""
    size = (end - begin).astype(np.int32)
    at = np.ndarray(
        (len(buffer) - INLINE + 1,), f"V{INLINE}", buffer.data, strides=(1,)
    )
    views = np.zeros((len(begin), VIEW // 4), np.uint32)
    views[:, 0] = size
    views[:, 1:] = at[begin].view(np.uint32).reshape(-1, INLINE // 4)
    views[:, 1:] &= KEPT[np.minimum(size, INLINE + 1)]
    is_long = np.flatnonzero(size > INLINE)
    views[is_long, 3] = begin[is_long]
    return views.view(f"V{VIEW}").ravel()
