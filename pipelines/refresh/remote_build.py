"""Days of a model, built by any engine.

A task reads the warehouse, which no one writes meanwhile, and leaves a model's rows of
some days, or of one part of the accounts on them, as Parquet next to it. The rows count
when the driver has put them into the table, in the transaction that replaces those days:
a task that ran twice, or whose worker died, leaves files that no one reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_hex

import polars as pl

from pipelines.errors import ModelError
from pipelines.warehouse.database import WarehouseError
from pipelines.warehouse.headers import Scalar
from pipelines.warehouse.inputs import Listed, show
from pipelines.warehouse.models import Model, Part
from pipelines.warehouse.snapshots import attach_warehouse


@dataclass(frozen=True, kw_only=True)
class SpanTask:
    """A build task for another process.

    Attributes:
        warehouse: The file with the inputs of the model.
        listed: The files of each class of events that it reads.
        part: Its accounts, if its header allows building by account.
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
    """Build the rows of some days of a model; None if that fails.

    The driver then builds those days itself, and finds which one fails, and why.

    Raises:
        ModelError: The warehouse cannot be read from here.
        BusyError: Another process writes it.
    """
    # as many threads as the engine gives a worker of anything
    threads = pl.thread_pool_size()
    with attach_warehouse(
        task.warehouse, threads=threads, memory_mb=task.memory_mb, spill=task.folder
    ) as database:
        show(database, task.listed)
        database.view_inputs(task.model, task.part)
        # a task that restarts finds no file of this name
        file = task.folder / f"{token_hex(8)}.parquet"
        try:
            database.write(task.model, task.values, task.days, file)
        except (ModelError, WarehouseError):
            return None
        return file
