"""Leave of staff, as instants: full days, mornings, afternoons."""

from dataclasses import replace

import polars as pl

from pipelines.events import Column
from pipelines.registry.calendar import local_instant
from pipelines.registry.csv_files import Cell, File, RegistryFrame
from pipelines.registry.table import (
    END,
    PERSON,
    PERSON_CELL,
    START,
    Dates,
    Inputs,
    Table,
    conform,
    text,
)

FILE = File(
    "leave.csv",
    {
        "person_id": replace(PERSON_CELL, required=True),
        "date": Cell("2026-10-05", "date", required=True),
        "part": Cell("full", "word", required=True, allowed=("full", "am", "pm")),
        "kind": Cell("personal"),
        "status": Cell(
            "approved", "word", required=True, allowed=("approved", "cancelled", "pending")
        ),
        "substitute_person_id": replace(PERSON_CELL, example="p-1044"),
    },
    "use of an account while its owner is absent is not judged",
)
COLUMNS = {
    "person_id": PERSON,
    "event_date": Column(pl.Date, "local day"),
    "start_time": START,
    "end_time": END,
    "part": text("full, am or pm"),
    "status": text("approved, canceled or pending; only approved decides"),
    "substitute_person_id": text("the substitute", "direct"),
}

DAY_MINUTES = 24 * 60
AM_ENDS = 11 * 60
PM_STARTS = 13 * 60
PARTS = {"full": (0, DAY_MINUTES), "am": (0, AM_ENDS), "pm": (PM_STARTS, DAY_MINUTES)}


def leave_windows(rows: RegistryFrame, zone: str) -> RegistryFrame:
    """Return the frame `leave_windows`: full days, mornings, afternoons."""
    part = pl.col("part")
    first = part.replace_strict({key: span[0] for key, span in PARTS.items()})
    last = part.replace_strict({key: span[1] for key, span in PARTS.items()})
    windows = rows.frame.with_columns(
        event_date=pl.col("date"),
        start_time=local_instant(pl.col("date"), first, zone),
        end_time=local_instant(pl.col("date"), last, zone),
    )
    frame = conform(COLUMNS, windows).unique(maintain_order=True)
    return RegistryFrame(frame, rows.problems)


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `leave_windows`."""
    zone = inputs.settings.district.zone
    windows = leave_windows(inputs.rows[FILE.name], zone)
    return {"leave_windows": windows}


TABLE = Table(
    name="leave",
    file=FILE,
    frames={"leave_windows": COLUMNS},
    make=make,
    touches=Dates("event_date", "event_date"),
)
