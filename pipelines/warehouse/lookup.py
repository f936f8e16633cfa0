"""Opens the warehouse for a question: read only, as `built`, beside views in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.errors import BusyError, ModelError
from pipelines.warehouse.database import LOCKED, Database, writing
from pipelines.warehouse.snapshots import unreadable


@contextmanager
def looking(warehouse: Path) -> Iterator[Database]:
    """A database in memory with the warehouse attached as `built`.

    Views over the lake can be made in it; the warehouse stays as it is.

    Raises:
        ModelError: Nothing was built yet.
        BusyError: A run is writing.
    """
    if not warehouse.is_file():
        raise ModelError(
            "nothing was built yet",
            where=str(warehouse),
            remedy="Run: schoolbell run --home HOME",
        )
    with writing(Path(":memory:"), threads=1) as database:
        try:
            database.rows("attach $path as built (read_only)", {"path": str(warehouse)})
            yield database
        except duckdb.Error as error:
            if LOCKED in str(error):
                raise BusyError(
                    "another run is writing the warehouse",
                    where=str(warehouse),
                    remedy="Ask again when it is done.",
                ) from error
            raise unreadable(error, warehouse) from error
