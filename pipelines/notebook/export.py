"""Export of a snapshot's rows as Parquet, by table and day: into a folder or a store.

For users who query many districts together with their own tools, an agency's analysts
or Spark. Rows are those of the snapshot, under code names.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import FSSpecHandler, PyFileSystem

from pipelines.errors import SettingsError
from pipelines.landing.remote import REMEDY, store_of
from pipelines.notebook.connection import Connection

DAY = "event_date"
POINTER = "CURRENT"
MAX_DAYS = 100_000
KEEPS_NOTHING = ("memory", "reference", "http", "https", "data", "dask", "zip", "tar")
"""File systems that lose what is written, or take nothing."""


def exported(con: Connection, url: str) -> tuple[str, Mapping[str, int]]:
    """Write every table below `url`, in a folder named after the snapshot.

    The rows of a day are in `TABLE/event_date=DAY`, those without a day in `TABLE`.
    When all are written, `CURRENT` names the folder, so that readers find it complete.
    Output of an interrupted export is overwritten.

    Args:
        url: A folder, or a URL that fsspec knows; the district's own.

    Returns:
        The folder, and the rows of each table.

    Raises:
        SettingsError: It cannot be written there.
    """
    _require_place(con, url)
    folder = f"{url.rstrip('/')}/{con.snapshot}"
    try:
        store, root = store_of(url)
        files = PyFileSystem(FSSpecHandler(store))
        tables = con.tables()
        for table in tables["table"]:
            _write(con, table, f"{root}/{con.snapshot}/{table}", files)
        store.pipe_file(f"{root}/{POINTER}", con.snapshot.encode())
    except (OSError, ImportError, ValueError, TypeError, NotImplementedError) as error:
        raise SettingsError(f"cannot be written: {error}", where=folder, remedy=REMEDY) from error
    return folder, dict(tables.select("table", "rows").iter_rows())


def _require_place(con: Connection, url: str) -> None:
    """Raise an error unless the place is outside the home and named without a secret.

    Raises:
        SettingsError: It is another.
    """
    scheme, has_scheme, rest = url.partition("://")
    remedy = 'A folder, or a URL such as s3://BUCKET/DISTRICT: --to "..."'
    if not url.strip() or (has_scheme and not rest.strip("/")):
        raise SettingsError("names no folder", where="--to", remedy=remedy)
    host = re.split(r"[/?#]", rest)[0]
    if has_scheme and ("@" in host and ":" in host.rpartition("@")[0]):
        raise SettingsError(
            "has a password in it, which others can see in the list of processes",
            where="--to",
            remedy="Leave it out: the store's own settings have a place for keys.",
        )
    if scheme in KEEPS_NOTHING and has_scheme:
        raise SettingsError(
            f"{scheme}:// is not a place that keeps files", where="--to", remedy=remedy
        )
    if has_scheme and scheme not in ("file", "local"):
        return
    place = Path(rest if has_scheme else url).resolve()
    home = Path(con.home).resolve()
    if place == home or home in place.parents:
        raise SettingsError(
            "is inside the home, whose folders have their own rules",
            where=str(place),
            remedy="Name a folder outside of it.",
        )


def _write(con: Connection, table: str, folder: str, files: PyFileSystem) -> None:
    rows = con.sql("from query_table($table)", table=table)
    is_dated = DAY in rows.columns
    # the rows of a day together, or each batch would be a file of each of its days
    reader = (rows.order(DAY) if is_dated else rows).to_arrow_reader()
    by_day = ds.partitioning(pa.schema([(DAY, pa.date32())]), flavor="hive")
    ds.write_dataset(
        reader,
        folder,
        filesystem=files,
        format="parquet",
        file_options=ds.ParquetFileFormat().make_write_options(compression="zstd"),
        partitioning=by_day if is_dated else None,
        max_partitions=MAX_DAYS,
        existing_data_behavior="delete_matching",
    )
