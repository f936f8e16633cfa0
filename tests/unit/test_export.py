"""A snapshot's rows go out as Parquet by table and day, to a folder or a store."""

import pyarrow.dataset as ds
import pytest
from pyarrow.fs import FSSpecHandler, PyFileSystem

from pipelines.errors import SettingsError
from pipelines.landing.remote import store_of
from pipelines.notebook.connection import Connection
from pipelines.notebook.export import exported
from tests.journey import small as made
from tests.unit.landing.test_remote import object_store

TABLES = ("core.site_use", "findings.findings", "marts.about")


@pytest.fixture
def con(tmp_path_factory, monkeypatch):
    home = made.small(tmp_path_factory.getbasetemp()).home
    opened = Connection(home, is_local=False)
    kept = opened.tables().filter(opened.tables()["table"].is_in(TABLES))
    monkeypatch.setattr(opened, "tables", lambda: kept)
    yield opened
    opened.close()


def test_an_object_store_has_every_row_of_each_day(con, monkeypatch):
    with object_store(monkeypatch) as client:
        url = "s3://drop/unified"
        for _ in range(2):  # what one that was cut off left is rewritten
            folder, rows = exported(con, url)
        assert folder == f"{url}/{con.snapshot}"
        assert set(rows) == set(TABLES)
        current = client.get_object(Bucket="drop", Key="unified/CURRENT")
        assert current["Body"].read().decode() == con.snapshot
        store, root = store_of(folder)
        files = PyFileSystem(FSSpecHandler(store))
        for table, count in rows.items():
            dataset = ds.dataset(f"{root}/{table}", filesystem=files, partitioning="hive")
            found = dataset.to_table()
            asked = con.sql("from query_table($table)", table=table).to_arrow_table()
            assert found.num_rows == count == asked.num_rows
            by = [(name, "ascending") for name in asked.column_names[:4]]
            told = found.select(asked.column_names).cast(asked.schema).sort_by(by)
            assert told.column(0).equals(asked.sort_by(by).column(0))
        day = con.sql("select max(event_date) from core.site_use").fetchall()[0][0]
        of_day = f"unified/{con.snapshot}/core.site_use/event_date={day}/"
        assert client.list_objects_v2(Bucket="drop", Prefix=of_day)["KeyCount"] == 1


def test_a_place_that_takes_nothing_is_told(con, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be written"):
        exported(con, str(tmp_path / "file"))
