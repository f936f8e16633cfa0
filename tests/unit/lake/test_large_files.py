"""A large file of the lake is written by Arrow; its rows are those that Polars would write."""

from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.events import EVENT_CLASSES
from pipelines.lake import files
from pipelines.lake.counts import placed

START = datetime(2026, 11, 2, 14, tzinfo=UTC)
VALUES = {
    pl.Int16: lambda n: n % 600,
    pl.Int32: lambda n: n % 65_536,
    pl.Int64: lambda n: n * n,
    pl.Float64: lambda n: n / 7,
    pl.Boolean: lambda n: n % 3 == 0,
    pl.String: lambda n: f"value {n % 50}",
    pl.Datetime: lambda n: START + timedelta(seconds=n * 7 % 5_000),
    pl.Date: lambda _: date(2026, 11, 2),
}


def rows(event_class: str) -> pl.DataFrame:
    """Return 500 rows of a class; each column has every seventh value missing."""
    cls = EVENT_CLASSES[event_class]
    columns = {
        name: pl.Series(
            name,
            [None if n % 7 == at % 7 else VALUES[kind.base_type()](n) for n in range(500)],
            dtype=kind,
        )
        for at, (name, kind) in enumerate(cls.schema.items())
    }
    places = {
        "file_id": pl.Series([1] * 500),
        "line_no": pl.Series(range(1, 501)),
        "byte_offset": pl.Series([n * 131 for n in range(500)]),
    }
    frame = pl.DataFrame(places | columns).with_columns(time=pl.col("time").fill_null(START))
    return placed(frame, "proxy", "squid_access", "America/Chicago").with_columns(
        event_date=date(2026, 11, 2)
    )


@pytest.mark.parametrize("event_class", EVENT_CLASSES)
def test_the_rows_are_the_same(event_class, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGE", 100)
    frame = rows(event_class)
    written = files.write(tmp_path, "a", "proxy", event_class, frame)
    path = tmp_path / written.path
    assert_frame_equal(pl.read_parquet(path), frame)
    shown = duckdb.sql(f"set TimeZone='UTC'; from '{path}'").pl()
    assert_frame_equal(shown.select(frame.columns), frame, check_dtypes=False)


def test_slowly_growing_numbers_take_less_room(tmp_path, monkeypatch):
    frame = pl.concat([rows("http_requests")] * 40).with_columns(
        line_no=pl.int_range(20_000), byte_offset=pl.int_range(20_000) * 131
    )
    small = files.write(tmp_path, "a", "proxy", "http_requests", frame)
    monkeypatch.setattr(files, "LARGE", 100)
    assert files.write(tmp_path, "b", "proxy", "http_requests", frame).bytes < small.bytes
