"""Sums and maxima of a frame's column as plain numbers; an empty column is zero."""

import polars as pl


def total(rows: pl.DataFrame, column: str) -> int:
    """The sum of a column of counts."""
    return int(rows.select(pl.col(column).sum()).item() or 0)


def amount(rows: pl.DataFrame, column: str) -> float:
    """The sum of a column of measures."""
    return float(rows.select(pl.col(column).sum()).item() or 0)


def largest(rows: pl.DataFrame, column: str) -> float:
    """The maximum of a column."""
    return float(rows.select(pl.col(column).max()).item() or 0)
