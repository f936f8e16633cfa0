"""Exact bounds of counts: how sure a share or a rate of few cases can be."""

import math
from collections.abc import Callable

LEVEL = 0.95
_HALVINGS = 60


def share_bounds(found: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson bounds of a share: `found` of `of`.

    With nothing to count, everything is possible: 0 to 1.
    """
    if of == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if found == 0 else _root(lambda p: 1 - _at_most(found - 1, of, p), tail)
    high = 1.0 if found == of else _root(lambda p: 1 - _at_most(found, of, p), 1 - tail)
    return low, high


def count_bounds(count: int, level: float = LEVEL) -> tuple[float, float]:
    """Exact bounds of the mean of a Poisson count."""
    tail = (1 - level) / 2
    most = 2.0 * count + 20
    low = 0.0
    if count:
        low = _root(lambda mean: 1 - _poisson_at_most(count - 1, mean), tail, most)
    return low, _root(lambda mean: 1 - _poisson_at_most(count, mean), 1 - tail, most)


def _root(rising: Callable[[float], float], value: float, high: float = 1.0) -> float:
    """Where a rising function takes a value, between 0 and `high`."""
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if rising(middle) < value:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(found: int, of: int, p: float) -> float:
    """Chance of at most `found` successes of `of`, each with chance `p`."""
    logs = (math.log(p), math.log1p(-p))
    return math.fsum(
        math.exp(_log_choose(of, k) + k * logs[0] + (of - k) * logs[1])
        for k in range(found + 1)
    )


def _log_choose(of: int, k: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)


def _poisson_at_most(count: int, mean: float) -> float:
    log = math.log(mean)
    return math.fsum(
        math.exp(k * log - mean - math.lgamma(k + 1)) for k in range(count + 1)
    )
