"""Days of a model, built by whatever engine there is.

A task reads the warehouse, which nobody writes meanwhile, and leaves what a model says
of some days, or of one part of the accounts on them, as Parquet beside it. That counts
when the driver has put it into the table, in the transaction that replaces those days:
a task that ran twice, or whose worker died, leaves files that nobody reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_hex

import polars as pl

from pipelines.errors import ModelError
from pipelines.warehouse.database import Part, WarehouseError
from pipelines.warehouse.headers import Scalar
from pipelines.warehouse.inputs import Listed, show
from pipelines.warehouse.models import Model
from pipelines.warehouse.snapshots import looking


@dataclass(frozen=True, kw_only=True)
class SpanTask:
    """What another process is to build.

    Attributes:
        warehouse: The file that holds what the model reads.
        listed: The files of each class of events that it reads.
        part: Of which accounts, where its header lets it be built by account.
        folder: Where the rows go.
        memory_mb: Megabytes that DuckDB may use before it writes to disk.
    """

    warehouse: Path
    model: Model
    values: Mapping[str, Scalar]
    days: Sequence[date | None]
    listed: Listed
    part: Part
    folder: Path
    memory_mb: int


def build_span(task: SpanTask) -> Path | None:
    """Make the rows of some days of a model; None where that fails.

    The driver then builds those days itself, and finds which one fails, and why.

    Raises:
        ModelError: The warehouse cannot be read from here.
        BusyError: Somebody writes it.
    """
    # as many threads as the engine gives a worker of anything
    threads = pl.thread_pool_size()
    with looking(
        task.warehouse, threads=threads, memory_mb=task.memory_mb, spill=task.folder
    ) as database:
        show(database, task.listed)
        database.view_inputs(task.model, task.part)
        # whoever begins the task again finds nothing of this name
        file = task.folder / f"{token_hex(8)}.parquet"
        try:
            database.write(task.model, task.values, task.days, file)
        except (ModelError, WarehouseError):
            return None
        return file
