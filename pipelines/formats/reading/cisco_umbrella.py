"""Which of Umbrella's logs a line is of, by its columns."""

import polars as pl

from pipelines.formats.reading.csv import cell

RECORD = pl.col("record")


def record() -> pl.Expr:
    """The name of the log, null where the columns fit none."""
    width = pl.col("cells").list.len()
    return (
        pl.when((width >= 10) & cell(6).str.contains(r"^[0-9]+ \(.+\)$"))
        .then(pl.lit("dns"))
        .when((width >= 22) & cell(6).str.contains(r"^[A-Z][A-Z _-]+$"))
        .then(pl.lit("web"))
        .when((width == 7) & cell(3).str.contains("^[0-9]{1,5}$"))
        .then(pl.lit("ip"))
        .when((width >= 14) & cell(5).str.contains("^[0-9]{1,3}$"))
        .then(pl.lit("firewall"))
    )


def in_place() -> pl.Expr:
    """What shows its meaning stands in its column; `9` is the agent, `10` a status."""
    is_web = (
        cell(7).str.contains("^[a-zA-Z][a-zA-Z0-9+.-]*://|^$")
        & ~cell(9).str.contains("^[0-9]{3}$")
        & cell(10).str.contains("^[0-9]{3}$|^$")
        & cell(11).str.contains("^[0-9]*$")
        & ~cell(14).str.contains("^[0-9]{1,12}$")
    )
    is_dns = cell(7).str.contains("^[A-Z0-9_]*$") & (
        cell(8).str.contains(".", literal=True) | (cell(8) == "")
    )
    return (
        pl.when(RECORD == "web")
        .then(is_web)
        .when(RECORD == "dns")
        .then(is_dns)
        .otherwise(RECORD.is_not_null())
    )
