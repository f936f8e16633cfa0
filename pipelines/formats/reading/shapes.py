"""Tells which rows have the same keys in the same order: the same *shape*."""

import numpy as np
import numpy.typing as npt

from pipelines.formats.reading.views import MASKS, WORD, Bytes, Ints, Words, words

Bools = npt.NDArray[np.bool_]

LONGEST = 24
"""Bytes by which keys are told apart."""

FACTORS = np.random.default_rng().integers(1, 1 << 63, 256, np.uint64) | np.uint64(1)
"""By which shapes are summed up; no sender of lines can know them."""


def alike(buffer: Bytes, begin: Ints, end: Ints, first: Ints) -> tuple[Ints, Ints]:
    """Of each row the number of its shape; of each shape a row that has it.

    Args:
        buffer: Text, with at least 24 bytes behind the last key.
        begin: Where each key begins.
        end: Where it ends.
        first: Number of the first key of each row; at last, of all.
    """
    counts = np.diff(first)
    place = np.arange(first[-1]) - np.repeat(first[:-1], counts)
    size = end - begin
    names = [size.view(np.uint64), *_names(buffer, begin, size)]
    mixed = sum(one * factor for one, factor in zip(names, FACTORS, strict=False))
    mixed = (mixed ^ (mixed >> np.uint64(32))) * FACTORS[place & (len(FACTORS) - 1)]
    sums = np.diff(np.append(np.uint64(0), np.cumsum(mixed))[first])
    _, model, which = np.unique(sums, return_index=True, return_inverse=True)
    # should two shapes have the same sum, each row of one is a shape of its own
    alone = ~_are_twins(names, place, first, model[which])
    if not alone.any():
        return which, model
    row = np.where(alone, np.arange(len(counts)), model[which])
    model, which = np.unique(row, return_inverse=True)
    return which, model


def _are_twins(names: list[Words], place: Ints, first: Ints, model: Ints) -> Bools:
    """Whether each row has just the keys of its model."""
    counts = np.diff(first)
    is_twin: Bools = counts == counts[model]
    twin = place + np.repeat(np.where(is_twin, first[model], first[:-1]), counts)
    differs = names[0] != names[0][twin]
    for one in names[1:]:
        differs |= one != one[twin]
    is_twin &= np.diff(np.append(0, np.cumsum(differs))[first]) == 0
    return is_twin


def _names(buffer: Bytes, begin: Ints, size: Ints) -> list[Words]:
    """The first 24 bytes of each key, as three numbers."""
    names = [words(buffer, begin) & MASKS[np.minimum(size, WORD)]]
    for passed in range(WORD, LONGEST, WORD):
        longer = np.flatnonzero(size > passed)
        rest = np.zeros(len(begin), np.uint64)
        left = np.minimum(size[longer] - passed, WORD)
        rest[longer] = words(buffer, begin[longer] + passed) & MASKS[left]
        names.append(rest)
    return names
