"""Every format reads logs that no one on the project wrote, and loses no line.

For each file of a family: each line becomes exactly one event, reject or blank, in
each format of the family. For the family as a whole: the share of lines that *none*
of its formats can read stays under a ceiling, whose reason stands next to it.
"""

from functools import cache
from pathlib import Path

import polars as pl
import pytest

from pipelines.events import EVENT_CLASSES
from pipelines.formats import PLACE
from tests.formats.sample_reading import read
from tests.formats.samples import FAMILIES, files, place, present


@cache
def unread(family: str, name: str, path: Path) -> tuple[frozenset[int], int]:
    """Return numbers of the rejected lines and how many lines are not blanks."""
    height, parsed = read(family, name, path)
    for cls, frame in parsed.events.items():
        assert frame.drop(PLACE).schema == EVENT_CLASSES[cls].schema
        frame.write_ndjson()  # an impossible date raises only when it is written
    frames = [*parsed.events.values(), parsed.rejects]
    found = pl.concat([frame["line_no"] for frame in frames])
    assert found.is_unique().all()
    assert found.is_between(1, height).all()
    assert parsed.blanks >= 0
    assert parsed.rejects["reason"].is_not_null().all()
    return frozenset(parsed.rejects["line_no"]), len(found)


CASES = [(family, name) for family in FAMILIES for name in present(family)]
READABLE = [family for family in FAMILIES if present(family) and files(family)]


@pytest.mark.parametrize(("family", "name"), CASES)
def test_each_line_becomes_one_event_reject_or_blank(family, name):
    for path in files(family):
        unread(family, name, path)


@pytest.mark.parametrize("family", READABLE)
def test_few_lines_of_a_family_are_rejected(family):
    known = FAMILIES[family]
    lines, left = 0, []
    for path in files(family):
        rejected, counts = zip(
            *(unread(family, name, path) for name in present(family)), strict=True
        )
        lines += max(counts)
        refused = frozenset.intersection(*rejected)
        left += [f"{place(path)}:{number}" for number in sorted(refused)]
    share = len(left) / lines
    assert share <= known.ceiling, f"{len(left)} of {lines} lines: {left[:20]}"
