"""Lines of comma-separated values, some of them in quotes.

    10,"Doe, Ada",,"said ""no"" twice"

Lines without a quote, which are most, are cut at each separator. In the others the separators
inside quotes are hidden first. A line whose quotes do not match, or are inside a bare value, is
not CSV: its cells are null, not shifted.
"""

import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipelines.formats.reading.table import PREFIX

if TYPE_CHECKING:
    from pipelines.formats import Context

HIDDEN = "\x1f"  # represents a separator inside quotes


def cells(text: pl.Expr, separator: str = ",") -> pl.Expr:
    """Return the values of a line as a list, without their quotes; otherwise null.

    An empty value is an empty text. The length of the list is the number of
    columns of the line, which the format must compare with the expected one.
    """
    bare = text.str.strip_chars_end("\r\n\x00")
    return bare.map_batches(lambda lines: _cells(lines, separator), return_dtype=pl.List(pl.String))


def _cells(lines: pl.Series, separator: str) -> pl.Series:
    text = pl.col("text")
    has_quotes = lines.str.contains('"', literal=True).fill_null(value=False)
    if not has_quotes.any():
        return lines.str.split(separator)
    plain = lines.filter(~has_quotes).str.split(separator)
    quoted = lines.filter(has_quotes).to_frame("text")
    has_one = quoted.select(text.str.count_matches('"', literal=True) == 2).to_series()
    one = quoted.filter(has_one).select(_of_one_quoted(text, separator)).to_series()
    sound = pl.when(text.str.contains(_shape(separator))).then(text)
    more = quoted.filter(~has_one).select(_unquoted(sound, separator)).to_series()
    at = has_quotes.arg_true()
    places = [(~has_quotes).arg_true(), at.filter(has_one), at.filter(~has_one)]
    parts = [part.alias("cells") for part in (plain, one, more)]
    return pl.concat(parts).gather(pl.concat(places).arg_sort())


def _of_one_quoted(text: pl.Expr, separator: str) -> pl.Expr:
    """Return cells of lines with exactly one quoted cell; null if it is incomplete."""
    parts = text.str.splitn('"', 3).struct
    front, inside, behind = (parts.field(f"field_{at}") for at in range(3))
    hidden = inside.str.replace_all(separator, HIDDEN, literal=True)
    is_sound = ((front == "") | front.str.ends_with(separator)) & (
        (behind == "") | behind.str.starts_with(separator)
    )
    whole = pl.when(is_sound).then(front + hidden + behind)
    shown = pl.element().str.replace_all(HIDDEN, separator, literal=True)
    return whole.str.split(separator).list.eval(shown)


def cell(index: int, within: str = "cells") -> pl.Expr:
    """Return one value of a list of cells; null where the line is shorter."""
    return pl.col(within).list.get(index, null_on_oob=True)


def of_places(columns: Sequence[str], names: Sequence[str]) -> list[pl.Expr]:
    """Return the fields of lines without a header, by the order of their columns."""
    return [cell(columns.index(name)).alias(f"{PREFIX}{name}") for name in names]


def width(within: str = "cells") -> pl.Expr:
    """Return how many columns the line has; null for no CSV."""
    return pl.col(within).list.len()


def is_wide(*counts: int, within: str = "cells") -> pl.Expr:
    """Match lines with one of these numbers of columns; false if not CSV."""
    return pl.col(within).list.len().is_in(counts).fill_null(value=False)


def column_places(header: str | None, separator: str = ",") -> dict[str, int]:
    """Return the place of each column of a header line, by its name in lower case.

    Of two columns with one name the first counts.
    """
    places: dict[str, int] = {}
    for index, name in enumerate(_names(header, separator)):
        places.setdefault(name.strip().lower(), index)
    return places


def split(batch: pl.LazyFrame, context: "Context", names: Sequence[str]) -> pl.LazyFrame:
    """Cut lines into the fields of a table, named by the titles of the header line."""
    return headed(batch, context.header, {f"{PREFIX}{name}": name for name in names})


def headed(
    batch: pl.LazyFrame, header: str | None, wanted: Mapping[str, str], separator: str = ","
) -> pl.LazyFrame:
    """Cut `line` by the names of a header line.

    Adds `is_whole` (there is a header, and the line has as many columns) and a
    text column for each key of `wanted`, whose value is the name to look for.
    """
    names = _names(header, separator)
    places = column_places(header, separator)
    whole = is_wide(len(names)) if names else pl.lit(value=False)
    values = {
        column: cell(places[title.lower()]) if title.lower() in places else pl.lit(None, pl.String)
        for column, title in wanted.items()
    }
    return (
        batch.with_columns(cells=cells(pl.col("line"), separator))
        .with_columns(is_whole=whole)
        .with_columns(**values)
    )


def _names(header: str | None, separator: str) -> list[str]:
    # a lone carriage return inside would be the end of the line to `csv`
    line = (header or "").strip("\ufeff\r\n\x00 ").replace("\r", " ")
    return next(csv.reader([line], delimiter=separator), []) if line else []


def _shape(separator: str) -> str:
    value = rf'(?:"(?:[^"]|"")*"|[^"{separator}]*)'
    return rf"^{value}(?:[{separator}]{value})*$"


def _unquoted(text: pl.Expr, separator: str) -> pl.Expr:
    """Return cells of lines with quotes; a doubled quote inside keeps the parity."""
    piece, value = pl.element(), pl.element()
    inside = pl.int_range(pl.len()) % 2 == 1
    covered = piece.str.replace_all(separator, HIDDEN, literal=True)
    veiled = pl.when(inside).then(covered)
    hidden = text.str.split('"').list.eval(veiled.otherwise(piece)).list.join('"')
    shown = (
        value.str.strip_prefix('"')
        .str.strip_suffix('"')
        .str.replace_many(['""', HIDDEN], ['"', separator])
    )
    return hidden.str.split(separator).list.eval(shown)
