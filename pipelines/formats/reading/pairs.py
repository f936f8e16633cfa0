"""Values of `key=value` text, found for all keys in one pass over the bytes.

A product writes few *shapes*: the same keys in the same order. So the separators are found once
per batch, and the keys are read once per shape: a key has the same place in all lines of a
shape.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

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
"""A mask of the bits of each number of bytes."""

FRONTS = MASKS[[min(size, PREFIX) for size in range(INLINE + 2)]]
RESTS = MASKS[[max(size - PREFIX, 0) for size in range(INLINE + 1)] + [0]]
"""Mask of the bytes that a view contains, by size of the text; the last for long texts."""

HALF = np.uint64(32)

Bools = npt.NDArray[np.bool_]
LONGEST = 24
"""The number of bytes by which keys are distinguished."""
FACTORS = np.random.default_rng().integers(1, 1 << 63, 256, np.uint64) | np.uint64(1)
"""Random factors for sums of shapes; no sender of lines can know them."""
SPACE, EQUALS, QUOTE = b' ="'
ROWS = 2_048
"""Rows looked at together: what is made of them stays in the processor."""
KEY = re.compile(rb"[A-Za-z0-9_.:-]+")
NEWEST = pl.CompatLevel.newest()


def words(buffer: Bytes, at: Ints) -> Words:
    """Return the eight bytes at each place, as a number; the buffer goes on behind them."""
    every = np.ndarray((len(buffer) - WORD + 1,), "V8", buffer.data, strides=(1,))
    return every[at].view("<u8")


def columns(buffer: Bytes, begin: Ints, size: Ints) -> list[pl.Series]:
    """Return a column for each row of `begin` and `size`; null where the size is nothing.

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
    """Return Arrow's views: the size, then the text itself or its beginning and place."""
    views = np.empty((len(begin), 2), np.uint64)
    kind = np.minimum(size, INLINE + 1)
    front = words(buffer, begin) & FRONTS[kind]
    views[:, 0] = (front << HALF) | size.view(np.uint64)
    views[:, 1] = words(buffer, begin + PREFIX) & RESTS[kind]
    long = np.flatnonzero(size > INLINE)
    views[long, 1] = begin[long].view(np.uint64) << HALF
    return views


def alike(buffer: Bytes, begin: Ints, end: Ints, first: Ints) -> tuple[Ints, Ints]:
    """Return the number of each row's shape, and one row of each shape.

    Args:
        buffer: Text, with at least 24 bytes after the last key.
        begin: Where each key begins.
        end: Where it ends.
        first: Number of the first key of each row; the last item is the total.
    """
    counts = np.diff(first)
    place = np.arange(first[-1]) - np.repeat(first[:-1], counts)
    size = end - begin
    names = [size.view(np.uint64), *_names(buffer, begin, size)]
    mixed = sum(one * factor for one, factor in zip(names, FACTORS, strict=False))
    mixed = (mixed ^ (mixed >> np.uint64(32))) * FACTORS[place & (len(FACTORS) - 1)]
    sums = np.diff(np.append(np.uint64(0), np.cumsum(mixed))[first])
    _, model, which = np.unique(sums, return_index=True, return_inverse=True)
    # if two shapes have the same sum, each row of one is a separate shape
    alone = ~_are_twins(names, place, first, model[which])
    if not alone.any():
        return which, model
    row = np.where(alone, np.arange(len(counts)), model[which])
    model, which = np.unique(row, return_inverse=True)
    return which, model


def _are_twins(names: list[Words], place: Ints, first: Ints, model: Ints) -> Bools:
    """Return whether each row has just the keys of its model."""
    counts = np.diff(first)
    is_twin: Bools = counts == counts[model]
    twin = place + np.repeat(np.where(is_twin, first[model], first[:-1]), counts)
    differs = names[0] != names[0][twin]
    for name in names[1:]:
        differs |= name != name[twin]
    is_twin &= np.diff(np.append(0, np.cumsum(differs))[first]) == 0
    return is_twin


def _names(buffer: Bytes, begin: Ints, size: Ints) -> list[Words]:
    """Return the first 24 bytes of each key, as three numbers."""
    names = [words(buffer, begin) & MASKS[np.minimum(size, WORD)]]
    for passed in range(WORD, LONGEST, WORD):
        longer = np.flatnonzero(size > passed)
        rest = np.zeros(len(begin), np.uint64)
        left = np.minimum(size[longer] - passed, WORD)
        rest[longer] = words(buffer, begin[longer] + passed) & MASKS[left]
        names.append(rest)
    return names


class Tokens(NamedTuple):
    """Each `key=value`: where key and value begin, where both end.

    Attributes:
        first: Number of the first token of each row; at last, of all.
        is_plain: Of each row, whether it is such pairs from end to end, if its keys
            are keys. False where that is not sure.
    """

    first: Ints
    begin: Ints
    equals: Ints
    value: Ints
    end: Ints
    is_plain: Bools


class Writers(NamedTuple):
    """Keys by the writer of their value.

    Attributes:
        names: Keys that name an account. A visitor may have written the second value, or
            the first: a line with two that differ is doubtful.
        visitors: Keys whose values visitors write, and behind which the product names
            no account: a name there is doubtful.
        tail: Where a text may end that is not pairs from end to end: what a visitor wrote,
            and what is behind it, is then not read.
    """

    names: Sequence[str] = ()
    visitors: Sequence[str] = ()
    tail: str = ""


NO_WRITERS = Writers()


class Asked(NamedTuple):
    """The keys asked for, those of them that name an account, and those of visitors."""

    keys: tuple[str, ...]
    names: frozenset[str]
    visitors: frozenset[str]


class Shape(NamedTuple):
    """The keys of a line.

    Attributes:
        places: For each key asked for, the number of its first token; -1 for none.
        again: Pairs of tokens that repeat the key of a name: the first, a later one.
        is_late: A name is behind what a visitor writes.
        is_sound: All are words that can be keys.
    """

    places: Ints
    again: tuple[tuple[int, int], ...]
    is_late: bool
    is_sound: bool


def values(
    texts: pl.Series,
    keys: Sequence[str],
    *,
    writers: Writers = NO_WRITERS,
    loose: bool = False,
    whole: str = "",
) -> pl.DataFrame:
    """Return the value of each key, without quotes; `is_pairs`, `is_doubtful`.

    Args:
        texts: Null, or `key=value key="a value"`: a space between them.
        keys: ASCII, at most 24 bytes each; the first value of a key counts; null if it is
            empty.
        writers: Which of them name an account, and which ones visitors write.
        loose: Whether words without `=` belong to the value before them.
        whole: A regular expression that texts must match, if their characters alone
            do not prove it; others have no values. If it is empty, nothing is
            required.
    """
    starts = range(0, max(len(texts), 1), ROWS)
    parts = [texts.slice(start, ROWS) for start in starts]
    asked = Asked(tuple(keys), frozenset(writers.names), frozenset(writers.visitors))
    found = pl.concat(_part(part, asked, loose=loose, whole=whole) for part in parts)
    # what looks at a column value by value is called once a chunk
    return found.rechunk()


def _part(texts: pl.Series, asked: Asked, *, loose: bool, whole: str) -> pl.DataFrame:
    buffer, offsets = _joined(texts)
    tokens = _tokens(buffer, offsets, loose=loose)
    which, models = alike(buffer, tokens.begin, tokens.equals, tokens.first)
    shapes = [_shape(_keys(buffer, tokens, row), asked) for row in models]
    is_pairs = np.ones(len(texts), np.bool_)
    if whole:
        is_sound = np.array([shape.is_sound for shape in shapes], np.bool_)
        is_pairs = tokens.is_plain & is_sound[which]
        odd = np.flatnonzero(~is_pairs)
        is_pairs[odd] = texts.gather(odd).str.contains(whole).fill_null(value=False)
        which = np.where(is_pairs, which, len(shapes))
    shapes = [*shapes, _shape((), asked)]
    found = _found(buffer, tokens, which, shapes, len(asked.keys))
    is_odd = _doubtful(buffer, tokens, which, shapes)
    flags = [pl.Series(is_pairs), pl.Series(is_odd)]
    return pl.DataFrame([*found, *flags], schema=[*asked.keys, "is_pairs", "is_doubtful"])


def _joined(texts: pl.Series) -> tuple[Bytes, Ints]:
    """Return all texts with a space before each and some behind, and where each begins."""
    sizes = texts.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
    offsets = np.append(0, np.cumsum(sizes + 1))
    # words are read at the last key too
    ends = [pl.Series([""]), texts.alias("").fill_null(""), pl.Series([" " * LONGEST])]
    whole = pl.concat(ends).str.join(" ").to_arrow(compat_level=NEWEST)
    return np.frombuffer(whole.buffers()[2], np.uint8), offsets


def _tokens(buffer: Bytes, offsets: Ints, *, loose: bool) -> Tokens:
    """Find the pairs: one begins after a space outside quotes, if an `=` is the next mark."""
    text = buffer[: offsets[-1]]
    signs = np.flatnonzero((text == SPACE) | (text == EQUALS) | (text == QUOTE))
    quotes, is_outside = _outside(text[signs] == QUOTE, signs, offsets)
    signs = np.compress(is_outside, signs)
    is_space = text[signs] == SPACE
    begins = is_space & ~np.append(is_space[1:], True)
    place = np.flatnonzero(begins)
    begin, equals = signs[place] + 1, signs[place + 1]
    first = np.searchsorted(begin, offsets, side="right")
    end = np.append(np.compress(is_space, signs), len(text))[np.cumsum(is_space)[place]]
    if loose:
        end = _with_words(text, begin, end, offsets, first)
    is_quoted = (buffer[equals + 1] == QUOTE) & (buffer[end - 1] == QUOTE)
    is_quoted &= end > equals + 2
    quoted = np.append(0, np.cumsum(is_quoted))[first]
    is_plain = quotes == 2 * np.diff(quoted)
    astray = np.compress(is_space & ~begins, signs)
    astray = astray[buffer[astray + 1] != SPACE]
    is_plain[np.searchsorted(offsets, astray, side="right") - 1] = False
    is_plain[np.diff(first) == 0] = False
    return Tokens(first, begin, equals, equals + 1 + is_quoted, end - is_quoted, is_plain)


def _outside(is_quote: Bools, signs: Ints, offsets: Ints) -> tuple[Ints, Bools]:
    """Return quotes of each row; marks after an even number of them, without quotes."""
    passed = np.cumsum(is_quote, dtype=np.int32)
    bounds = np.searchsorted(signs, offsets)
    before = np.append(np.int32(0), passed)[bounds]
    quotes = np.diff(before)
    if (quotes % 2).any():
        passed -= np.repeat(before[:-1], np.diff(bounds))
    return quotes, ((passed & 1) | is_quote) == 0


def _with_words(text: Bytes, begin: Ints, end: Ints, offsets: Ints, first: Ints) -> Ints:
    """Return the ends of values that extend to the next pair, without the spaces before it."""
    row_end = np.repeat(offsets[1:], np.diff(first))
    next_begin = np.append(begin[1:] - 1, len(text))[: len(begin)]
    last: Ints = np.minimum(next_begin, row_end)
    while (late := (last > end) & (text[last - 1] == SPACE)).any():
        last -= late
    return last


def _keys(buffer: Bytes, tokens: Tokens, row: int) -> tuple[bytes, ...]:
    """Return the keys of a row."""
    there = slice(tokens.first[row], tokens.first[row + 1])
    bounds = zip(tokens.begin[there].tolist(), tokens.equals[there].tolist(), strict=True)
    return tuple(buffer[begin:end].tobytes() for begin, end in bounds)


@lru_cache(maxsize=4_096)
def _shape(there: tuple[bytes, ...], asked: Asked) -> Shape:
    """Return the places of the requested keys among those of a line."""
    number = {key.encode("ascii"): place for place, key in enumerate(asked.keys)}
    if len(number) < len(asked.keys) or max(map(len, number), default=0) > LONGEST:
        message = f"a key is longer than {LONGEST} bytes, or named twice"
        raise ValueError(message)
    places = np.full(len(asked.keys), -1)
    again = []
    is_visitors = is_late = False
    for token, key in enumerate(there):
        is_visitors |= key.decode("utf-8", "replace") in asked.visitors
        place = number.get(key)
        if place is None:
            continue
        if places[place] < 0:
            places[place] = token
        elif asked.keys[place] in asked.names:
            again.append((int(places[place]), token))
        is_late |= is_visitors and asked.keys[place] in asked.names
    return Shape(places, tuple(again), is_late, all(map(KEY.fullmatch, there)))


def _found(
    buffer: Bytes, tokens: Tokens, which: Ints, shapes: Sequence[Shape], count: int
) -> list[pl.Series]:
    """Return a column for each key: its first value."""
    places = np.array([shape.places for shape in shapes])
    wanted = np.flatnonzero((places >= 0).any(axis=0))
    begin, size = _held(tokens, places, wanted, which)
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(which))
    found = [nothing] * count
    for key, column in zip(wanted, columns(buffer, begin, size), strict=True):
        found[key] = column
    return found


def _doubtful(buffer: Bytes, tokens: Tokens, which: Ints, shapes: Sequence[Shape]) -> Bools:
    """Return whether each row has two names that differ, or one where a visitor writes."""
    is_odd = np.array([shape.is_late for shape in shapes], np.bool_)[which]
    for number, shape in enumerate(shapes):
        if not shape.again:
            continue
        for row in np.flatnonzero(which == number):
            texts = [
                [
                    buffer[tokens.value[at] : tokens.end[at]].tobytes()
                    for at in (tokens.first[row] + token for token in pair)
                ]
                for pair in shape.again
            ]
            is_odd[row] = any(first != later for first, later in texts)
    return is_odd


def _held(tokens: Tokens, places: Ints, wanted: Ints, which: Ints) -> tuple[Ints, Ints]:
    """Return where the values of some keys begin in each row, and their sizes."""
    place = np.ascontiguousarray(places.T[wanted]).take(which, axis=1)
    is_there = place >= 0
    token = np.where(is_there, place + tokens.first[:-1], 0)
    if not len(tokens.value):
        return token, token
    begin = tokens.value[token]
    return begin, np.where(is_there, tokens.end[token] - begin, 0)
