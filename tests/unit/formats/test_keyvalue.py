"""Values of key=value lines, against a reader that takes one line at a time."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.formats.reading import pairs as _pairs
from pipelines.formats.reading import pairs as _shapes
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.table import value

KEYS = ["user", "url", "id", "a", "srccountry_of_the_device", "us"]
NAMES = st.sampled_from([*KEYS, "use", "userx", "x" * 40, "other", "is-b.c:d"])
INSIDE = st.text('ab =é\t\x1fuser"\\', max_size=20)


def escaped(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


BARE = st.text("ab=é-\\\t:", max_size=20)
PAIR = st.tuples(NAMES, st.one_of(BARE, INSIDE.map(escaped)))
GAP = st.sampled_from([" ", "  "])
LINE = st.lists(st.tuples(PAIR, GAP), min_size=1, max_size=8).map(
    lambda parts: "".join(f"{key}={text}{gap}" for (key, text), gap in parts)
)


def read_alone(line: str | None) -> dict[str, str | None]:
    """Return the first value of each key; an empty one is a value, and shown as none."""
    found: dict[str, str | None] = dict.fromkeys(KEYS)
    seen = set()
    bare = (line or "").strip(" \t\r\x00")
    pattern = r'([A-Za-z0-9_.:-]+)=("(?:[^"\\]|\\.)*"|[^ "]*)(?: +|$)'
    if "".join(one.group() for one in re.finditer(pattern, bare)) != bare:
        return found
    for key, text in re.findall(pattern, bare):
        plain = text[1:-1] if text.startswith('"') else text
        plain = re.sub(r'\\([\\"])', r"\1", plain)
        if key in found and key not in seen:
            found[key] = plain or None
        seen.add(key)
    return found


def read_together(lines: list[str | None]) -> list[dict[str, str | None]]:
    frame = pl.LazyFrame({"line": lines}, schema={"line": pl.String})
    columns = [value(key).alias(key) for key in KEYS]
    found = with_values(frame, pl.col("line"), *KEYS).select(columns)
    return found.collect().to_dicts()


@given(st.lists(st.one_of(LINE, st.none(), st.just('user="a'), st.just("no pairs"))))
@example([])
@example([None])
@example(['agent="x user=ada" user=bo', "user= user=ada", 'user="" user=ada'])
@example(["a=" + "0123456789ab", "a=" + "0123456789abc", 'a="0123456789abc"'])
def test_keys_are_found_together_as_alone(lines):
    assert read_together(lines) == [read_alone(line) for line in lines]


@pytest.mark.parametrize(
    ("line", "is_doubtful"),
    [
        ("user=ada id=1", False),
        ("user=ada id=1 user=ada", False),
        ('user="" agent="Moz" user="ada"', True),
        ("user=ada id=1 user=bo", True),
        ("user=ada agent=x", False),
        ('agent="Moz" user="ada"', True),
    ],
)
def test_a_line_with_two_names_or_one_behind_an_agent_is_doubtful(line, is_doubtful):
    frame = pl.LazyFrame({"line": [line]})
    writers = _pairs.Writers(["user"], ["agent"])
    found = with_values(frame, pl.col("line"), "user", "agent", writers=writers).collect()
    assert found["is_doubtful"].to_list() == [is_doubtful]


def test_parts_of_a_batch_are_put_together(monkeypatch):
    monkeypatch.setattr(_pairs, "ROWS", 3)
    lines = [f"id={number} user=u{number}" for number in range(10)]
    assert [one["id"] for one in read_together(lines)] == list(map(str, range(10)))


def test_shapes_that_can_not_be_told_apart_by_their_sums_are_told_apart(monkeypatch):
    monkeypatch.setattr(_shapes, "FACTORS", np.zeros(256, np.uint64))
    lines = ["id=1 user=ada", "id=2 user=bo", "user=cy id=3", "id=4", "id=5 a=b url=x"]
    assert read_together(lines) == [read_alone(line) for line in lines]


def test_words_without_a_sign_belong_to_the_value_before_them():
    frame = pl.LazyFrame({"line": ['type=Unknown (0x0)  user=ada id="a b"', "id=a b "]})
    found = with_values(frame, pl.col("line"), "type", "id", escapes=False, loose=True)
    rows = found.select(value("type"), value("id")).collect().rows()
    assert rows == [("Unknown (0x0)", "a b"), (None, "a b")]


def test_a_key_that_is_too_long_is_a_mistake_of_the_format():
    with pytest.raises(ValueError, match="longer than 24 bytes"):
        _pairs.values(pl.Series(["a=b"]), ["x" * 25])
