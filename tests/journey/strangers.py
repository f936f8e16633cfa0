"""Small districts of another author, laid into homes for tests."""

from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.judge import PRAIRIE, Stranger, complete, generated


def stranger(
    folder: Path, *, seed: int, people: int, weeks: int, more: Sequence[str] = ()
) -> Stranger:
    """Make a district of the first generator and lay it into a home; run nothing.

    Args:
        folder: Contains both in the end.
        more: Further options of the generator, such as `--no-violations`.
    """
    district = generated(folder, seed=seed, people=people, weeks=weeks, more=more)
    return complete(PRAIRIE, folder, district)
