"""History of attribution changes from rebuilt days."""

from datetime import date, datetime

import polars as pl

from pipelines.events import INSTANT
from pipelines.privacy.pseudonyms import Kind, Pseudonyms, renamed
from pipelines.state.connections import Store
from pipelines.state.privacy_records import add_attribution_changes, attribution_changes
from pipelines.warehouse import attribution
from pipelines.warehouse.database import Database

CHANGES = "identity.attribution_changes"
_NAMED: tuple[Kind, ...] = ("device", "account")
_SHOWN: dict[str, pl.DataType | type[pl.DataType]] = {
    "change_id": pl.Int64,
    "changed_time": INSTANT,
    "event_date": pl.Date,
    "source": pl.String,
    "device_before": pl.String,
    "device_now": pl.String,
    "account_before": pl.String,
    "account_now": pl.String,
    "grade_before": pl.String,
    "grade_now": pl.String,
    "request_count": pl.Int64,
}


def keep_changes(database: Database, store: Store) -> int:
    """Move what waits in the warehouse into `state.db`; the number of rows."""
    found = attribution.waiting(database)
    if found.is_empty():
        return 0
    rows = [
        {**row, "event_date": row["event_date"].isoformat()} for row in found.iter_rows(named=True)
    ]
    add_attribution_changes(store, rows)
    attribution.handed_over(database)
    return len(rows)


def change_frame(store: Store, names: Pseudonyms) -> pl.DataFrame:
    """Return every change under pseudonyms."""
    rows = [
        {
            **row,
            "changed_time": datetime.fromisoformat(row["changed_time"]),
            "event_date": date.fromisoformat(row["event_date"]),
        }
        for row in attribution_changes(store)
    ]
    frame = pl.DataFrame(rows, schema=_SHOWN)
    return frame.with_columns(
        renamed(frame[f"{kind}_{when}"], kind, names)
        for kind in _NAMED
        for when in ("before", "now")
    )
