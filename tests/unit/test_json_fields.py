"""JSON lines become text columns, each line by itself, whatever stands next to it."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.reading.json import json_text, with_fields

FIELDS = {
    "plain": "a",
    "dotted": "id.x",
    "deep": "b/c/d",
    "listed": "l/1/n",
    "at": "@t",
}
GOOD = json.dumps({"a": "x", "id.x": 5, "b": {"c": {"d": True}}, "l": [{"n": 1}, {"n": "two"}]})
ODD = [
    '{"a":1},{"a":2}',
    '{"a":[1',
    '{"b":1}]}',
    '{"mark_0":0},{"mark_1":1}',
    '{"a":{"b":1}}',
    '{"b":5}',
    '{"l":{"n":1}}',
    '{"a":"\\ud800"}',
    '{"a":1e999}',
    '{"a":"\x00"}',
    "{}",
    "[]",
    "null",
    "",
    "{" * 3_000,
    '{"a":"x","a":"y"}',
]


def read(lines: list[str | None]) -> list[dict]:
    batch = pl.DataFrame({"line": pl.Series(lines, dtype=pl.String)})
    return with_fields(batch.lazy(), FIELDS).drop("line").collect().rows(named=True)


def test_values_come_out_as_text_by_their_paths():
    (row,) = read([GOOD])
    assert row == {
        "plain": "x",
        "dotted": "5",
        "deep": "true",
        "listed": "two",
        "at": None,
        "is_object": True,
    }


def test_an_object_where_text_is_meant_comes_out_as_json():
    (row,) = read(['{"a":{"b":1},"id.x":"y"}'])
    assert (row["plain"], row["dotted"], row["is_object"]) == ('{"b":1}', "y", True)


@pytest.mark.parametrize("line", ["", "[1]", "5", "null", '{"a":1', '{"a":1},{"a":2}', None])
def test_what_is_no_object_has_no_fields(line):
    (row,) = read([line])
    assert row.pop("is_object") is False
    assert set(row.values()) == {None}


def test_an_empty_batch_has_the_columns():
    assert read([]) == []


@given(lines=st.lists(st.sampled_from([GOOD, *ODD]) | st.text(max_size=20), max_size=40))
def test_a_line_is_read_the_same_beside_any_other(lines):
    assert read(lines) == [row for line in lines for row in read([line])]


@pytest.mark.parametrize(
    "line",
    ['{"a":1,}', '{"a":[1, ]}', '{"a":NaN}', '{"a": -inf}', '{"a":[1,Infinity]}'],
)
def test_what_no_json_has_is_not_forgiven(line):
    assert [row["is_object"] for row in read([line, GOOD])] == [False, True]


def test_a_text_may_hold_what_no_json_has():
    line = json.dumps({"a": "1,} and [1,] :NaN", "id.x": 2**60 + 1})
    (row,) = read([line])
    assert (row["plain"], row["dotted"]) == ("1,} and [1,] :NaN", str(2**60 + 1))


@given(st.dictionaries(st.sampled_from("abc"), st.none() | st.text(), min_size=1))
def test_json_text_leaves_out_what_is_null(values):
    fields = {key: pl.lit(text, pl.String) for key, text in values.items()}
    (text,) = pl.select(json_text(**fields)).to_series().to_list()
    expected = {key: value for key, value in values.items() if value is not None}
    assert (json.loads(text) if text else {}) == expected
