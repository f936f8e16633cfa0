"""Finds lines that are written twice next to each other, as by a relay that sends twice.

Two events can be equal: a log with whole seconds shows two visits of a page in one second as
two equal lines, and both count. The second of two equal lines repeats the first only where the
line itself distinguishes events: by a stamp with parts of a second, or by the port of a
connection. Products' own ids are compared in `overlap`.
"""

import polars as pl

from pipelines.events import EVENT_CLASSES
from pipelines.lake.same_content import key

LINE = ["file_id", "line_no"]


def repeated(
    frame: pl.DataFrame, event_class: str, before: pl.DataFrame | None = None
) -> pl.Series:
    """Return which events equal the one on the line before, in every field and the stamp.

    Args:
        frame: Events of one class.
        before: Events that were read earlier, such as the last one of a file that grew.
    """
    columns = [*LINE, *EVENT_CLASSES[event_class].names()]
    known = (frame.clear() if before is None else before).select(columns)
    rows = pl.concat([known, frame.select(columns)]).with_row_index("_row")
    is_told_apart = pl.col("time").dt.nanosecond() != 0
    if "src_port" in frame.columns:
        is_told_apart |= pl.col("src_port").is_not_null()
    likely = (
        rows.lazy()
        .select("_row", *LINE, "time", is_told_apart.alias("_is_told_apart"))
        .sort(LINE)
        .with_columns(pl.col("_row", *LINE, "time").shift(1).name.suffix("_before"))
        .filter(
            "_is_told_apart",
            pl.col("file_id") == pl.col("file_id_before"),
            pl.col("line_no") == pl.col("line_no_before") + 1,
            pl.col("time") == pl.col("time_before"),
        )
        .select("_row", "_row_before")
        .collect()
    )
    if not likely.height:
        return pl.repeat(value=False, n=frame.height, eager=True)
    both = pl.concat([likely["_row"], likely["_row_before"]]).unique()
    content = rows[both].select("_row", key(event_class))
    same = (
        likely.join(content, on="_row")
        .join(content, left_on="_row_before", right_on="_row", suffix="_before")
        .filter(pl.col("_key") == pl.col("_key_before"))["_row"]
    )
    return rows["_row"].is_in(same.implode())[known.height :]


def line_before(frame: pl.DataFrame, rows: pl.LazyFrame) -> pl.DataFrame:
    """Return the events of the lake on the lines before those with which a frame begins."""
    first = frame.group_by("file_id").agg(line_no=pl.col("line_no").min() - 1)
    wanted = first.filter(pl.col("line_no") > 0)
    if not wanted.height:
        return frame.clear()
    found = rows.filter(pl.col("line_no").is_in(wanted["line_no"].unique().implode())).collect()
    return found.join(wanted, on=LINE, how="semi")
