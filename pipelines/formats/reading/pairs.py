"""Values of `key=value` text, found for all keys at once in one look at the bytes.

A product writes few *shapes*: the same keys in the same order. So the signs that
part keys from values are found once a batch, and the keys are read once a shape:
where a key stands in one line of a shape it stands in all of them.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl

from pipelines.formats.reading.shapes import LONGEST, Bools, alike
from pipelines.formats.reading.views import Bytes, Ints, columns

SPACE, EQUALS, QUOTE = b' ="'
ROWS = 2_048
"""Rows looked at together: what is made of them stays in the processor."""

KEY = re.compile(rb"[A-Za-z0-9_.:-]+")
NEWEST = pl.CompatLevel.newest()


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


class Shape(NamedTuple):
    """The keys of a line.

    Attributes:
        places: For each key asked for, the number of its token; -1 for none. Once
            more for keys that come twice.
        is_sound: All are words that can be keys.
    """

    places: tuple[Ints, ...]
    is_sound: bool


def values(
    texts: pl.Series, keys: Sequence[str], *, loose: bool = False, whole: str = ""
) -> pl.DataFrame:
    """What each key holds, without quotes, and `is_pairs`; null for nothing.

    Args:
        texts: Null, or `key=value key="a value"`: a space between them.
        keys: ASCII, at most 24 bytes each; of two values of one key the first that
            is not empty counts.
        loose: Whether words without `=` belong to the value before them.
        whole: A regular expression that texts must match, where a look at their
            signs does not prove it; others have no values. Nothing is asked of them
            where it is empty.
    """
    starts = range(0, max(len(texts), 1), ROWS)
    parts = [texts.slice(start, ROWS) for start in starts]
    return pl.concat(
        _part(part, tuple(keys), loose=loose, whole=whole) for part in parts
    )


def _part(
    texts: pl.Series, keys: tuple[str, ...], *, loose: bool, whole: str
) -> pl.DataFrame:
    buffer, offsets = _joined(texts)
    tokens = _tokens(buffer, offsets, loose=loose)
    which, models = alike(buffer, tokens.begin, tokens.equals, tokens.first)
    shapes = [_shape(_keys(buffer, tokens, row), keys) for row in models]
    is_pairs = np.ones(len(texts), np.bool_)
    if whole:
        is_sound = np.array([shape.is_sound for shape in shapes], np.bool_)
        is_pairs = tokens.is_plain & is_sound[which]
        odd = np.flatnonzero(~is_pairs)
        is_pairs[odd] = texts.gather(odd).str.contains(whole).fill_null(value=False)
        which = np.where(is_pairs, which, len(shapes))
    found = _found(buffer, tokens, which, [*shapes, _shape((), keys)], len(keys))
    return pl.DataFrame([*found, pl.Series(is_pairs)], schema=[*keys, "is_pairs"])


def _joined(texts: pl.Series) -> tuple[Bytes, Ints]:
    """All texts with a space before each and some behind, and where each begins."""
    sizes = texts.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
    offsets = np.append(0, np.cumsum(sizes + 1))
    # words are read at the last key too
    ends = [pl.Series([""]), texts.alias("").fill_null(""), pl.Series([" " * LONGEST])]
    whole = pl.concat(ends).str.join(" ").to_arrow(compat_level=NEWEST)
    return np.frombuffer(whole.buffers()[2], np.uint8), offsets


def _tokens(buffer: Bytes, offsets: Ints, *, loose: bool) -> Tokens:
    """A pair begins behind a space outside quotes, if an `=` is the next sign."""
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
    return Tokens(
        first, begin, equals, equals + 1 + is_quoted, end - is_quoted, is_plain
    )


def _outside(is_quote: Bools, signs: Ints, offsets: Ints) -> tuple[Ints, Bools]:
    """Quotes of each row; the signs with an even number of them before, no quotes."""
    passed = np.cumsum(is_quote, dtype=np.int32)
    bounds = np.searchsorted(signs, offsets)
    before = np.append(np.int32(0), passed)[bounds]
    quotes = np.diff(before)
    if (quotes % 2).any():
        passed -= np.repeat(before[:-1], np.diff(bounds))
    return quotes, ((passed & 1) | is_quote) == 0


def _with_words(
    text: Bytes, begin: Ints, end: Ints, offsets: Ints, first: Ints
) -> Ints:
    """Where values end that reach to the next pair, less the spaces before it."""
    row_end = np.repeat(offsets[1:], np.diff(first))
    next_begin = np.append(begin[1:] - 1, len(text))[: len(begin)]
    last: Ints = np.minimum(next_begin, row_end)
    while (late := (last > end) & (text[last - 1] == SPACE)).any():
        last -= late
    return last


def _keys(buffer: Bytes, tokens: Tokens, row: int) -> tuple[bytes, ...]:
    """The keys of a row."""
    there = slice(tokens.first[row], tokens.first[row + 1])
    bounds = zip(
        tokens.begin[there].tolist(), tokens.equals[there].tolist(), strict=True
    )
    return tuple(buffer[begin:end].tobytes() for begin, end in bounds)


@lru_cache(maxsize=4_096)
def _shape(there: tuple[bytes, ...], asked: tuple[str, ...]) -> Shape:
    """Where the keys that are asked for stand among those of a line."""
    number = {key.encode("ascii"): place for place, key in enumerate(asked)}
    if len(number) < len(asked) or max(map(len, number), default=0) > LONGEST:
        message = f"a key is longer than {LONGEST} bytes, or named twice"
        raise ValueError(message)
    places: list[Ints] = []
    for token, key in enumerate(there):
        if key not in number:
            continue
        for places_of_nth in places:
            if places_of_nth[number[key]] < 0:
                places_of_nth[number[key]] = token
                break
        else:
            places.append(np.full(len(asked), -1))
            places[-1][number[key]] = token
    return Shape(tuple(places), all(map(KEY.fullmatch, there)))


def _found(
    buffer: Bytes, tokens: Tokens, which: Ints, shapes: Sequence[Shape], count: int
) -> list[pl.Series]:
    """A column for each key; the first of its values that is not empty."""
    depth = max(1, *(len(shape.places) for shape in shapes))
    nowhere = np.full(count, -1)
    places = np.array([[*one.places, *[nowhere] * depth][:depth] for one in shapes])
    wanted = np.flatnonzero((places[:, 0] >= 0).any(axis=0))
    begin, size = _held(tokens, places[:, 0], wanted, which)
    for nth in range(1, depth):
        again, length = _held(tokens, places[:, nth], wanted, which)
        is_empty = size == 0
        begin, size = np.where(is_empty, again, begin), np.where(is_empty, length, size)
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(which))
    found = [nothing] * count
    for key, column in zip(wanted, columns(buffer, begin, size), strict=True):
        found[key] = column
    return found


def _held(tokens: Tokens, places: Ints, wanted: Ints, which: Ints) -> tuple[Ints, Ints]:
    """Where the values of some keys begin in each row, and their sizes."""
    place = np.ascontiguousarray(places.T[wanted]).take(which, axis=1)
    is_there = place >= 0
    token = np.where(is_there, place + tokens.first[:-1], 0)
    if not len(tokens.value):
        return token, token
    begin = tokens.value[token]
    return begin, np.where(is_there, tokens.end[token] - begin, 0)
