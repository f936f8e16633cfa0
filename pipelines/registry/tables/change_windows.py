"""Hours in which changes of a system's settings are agreed."""

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.table import (
    FROM,
    FROM_CELL,
    TO,
    TO_CELL,
    Dates,
    Table,
    conform,
    identifier,
    text,
)

FILE = File(
    "change_windows.csv",
    {
        "system": identifier("fw1", "device"),
        "weekday": Cell("2", "word", allowed=("0", "1", "2", "3", "4", "5", "6", "every")),
        "start_local": Cell("17:00", "clock", required=True),
        "end_local": Cell("21:00", "clock", required=True),
        "valid_from": FROM_CELL,
        "valid_to": TO_CELL,
        "note": Cell("maintenance"),
    },
    "whether a firewall was changed outside its hours is not judged",
)
COLUMNS = {
    "system": text("device as its log names it, in lower case and without a domain", "indirect"),
    "weekday": Column(pl.Int64, "0 is Monday; null: every day"),
    "start_minute": Column(pl.Int64, "local minute of the day, from"),
    "end_minute": Column(pl.Int64, "to, exclusive; before the start it is of the day after"),
    "valid_from": FROM,
    "valid_to": TO,
}


def change_windows(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `change_windows`; a window without a length is set aside."""
    is_empty = pl.col("start_local") == pl.col("end_local")
    problems = tell(
        FILE.name,
        "end_local",
        rows.frame.filter(is_empty).select(
            LINE, pl.col("end_local").cast(pl.String).alias("value")
        ),
        what="is start_local",
        allowed="another time; before start_local is the next day",
    )
    weekday = pl.col("weekday").replace("every", None)
    good = rows.frame.filter(~is_empty).with_columns(
        weekday=weekday.cast(pl.Int64),
        start_minute=pl.col("start_local").cast(pl.Int64),
        end_minute=pl.col("end_local").cast(pl.Int64),
    )
    return RegistryFrame(conform(COLUMNS, good), (*rows.problems, *problems))


TABLE = Table(
    name="change_windows",
    file=FILE,
    frames={"change_windows": COLUMNS},
    make=lambda inputs: {"change_windows": change_windows(inputs.rows[FILE.name])},
    touches=Dates(),
)
