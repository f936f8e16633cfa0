"""Traffic that has to be there: nightly copies, requests that a filter refuses."""

import polars as pl

from pipelines.registry.frames import conform
from pipelines.registry.reading import LINE, Rows, tell

FILE = "expected_traffic.csv"
LONGEST_DAYS = 28


def expected_traffic(rows: Rows) -> Rows:
    """Frame `expected_traffic`; rows that no rule could judge are set aside."""
    days = pl.col("every_days")
    too_rare = ((days < 1) | (days > LONGEST_DAYS)).fill_null(value=False)
    problems = tell(
        FILE,
        "every_days",
        rows.frame.filter(too_rare).select(LINE, days.cast(pl.String).alias("value")),
        what="is not judged",
        allowed=f"1 to {LONGEST_DAYS} days",
    )
    lower = [pl.col(name).str.to_lowercase() for name in ("device", "destination")]
    good = rows.frame.filter(~too_rare).with_columns(lower)
    return Rows(conform("expected_traffic", good), (*rows.problems, *problems))
