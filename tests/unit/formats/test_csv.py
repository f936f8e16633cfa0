"""Cells of CSV lines come out as the standard library reads them."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.reading.csv import cells, column_places

TEXT = st.text(st.sampled_from('ab ,;"é'), max_size=6)


def cells_of(*lines: str, separator: str = ",") -> list[list[str] | None]:
    frame = pl.DataFrame({"line": list(lines)}, schema={"line": pl.String})
    return frame.select(cells(pl.col("line"), separator)).to_series().to_list()


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@given(rows=st.lists(st.lists(TEXT, min_size=2, max_size=5), min_size=1, max_size=4))
def test_cells_are_what_was_written(rows, quoting):
    lines = []
    for row in rows:
        out = io.StringIO()
        csv.writer(out, quoting=quoting, lineterminator="").writerow(row)
        lines.append(out.getvalue())
    assert cells_of(*lines) == rows


@pytest.mark.parametrize("line", ['a,"b', 'a,"b"c,d', 'a,b"c"', '"a" ,b'])
def test_a_line_with_stray_quotes_has_no_cells(line):
    assert cells_of("x,y", line) == [["x", "y"], None]


def test_other_separators_and_line_ends():
    assert cells_of('a;"b;c"\r', "d;\r", separator=";") == [["a", "b;c"], ["d", ""]]


def test_columns_are_found_by_their_names_in_any_case():
    places = column_places('\ufeffTime,"User, full",IP,ip\r')
    assert places == {"time": 0, "user, full": 1, "ip": 2}


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
def test_quotes_are_read_alike_whatever_separates(separator):
    lines = [
        'a,"b,c",d', '"a,b",c', 'a,"b"', 'a,"b","c,""d"""', '"",b',
        'a"b"', 'b""', 'a,"b"c', '"a"b,c', 'a,b"c"', '"a,b',
    ]  # fmt: skip
    expected = [
        ["a", "b,c", "d"], ["a,b", "c"], ["a", "b"], ["a", "b", 'c,"d"'], ["", "b"],
        None, None, None, None, None, None,
    ]  # fmt: skip
    found = cells_of(*(line.replace(",", separator) for line in lines), separator=separator)
    assert found == [one and [cell.replace(",", separator) for cell in one] for one in expected]
