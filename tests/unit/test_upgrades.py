"""A warehouse that an older version built goes on with the models of this one."""

from pipelines.warehouse.database import writing
from pipelines.warehouse.models import read_models
from tests.unit.test_models import model


def made(folder, query, columns):
    model(folder, "core.one", query, columns=columns)
    return read_models(folder)["core.one"]


def test_a_table_with_other_columns_is_made_anew(tmp_path):
    (tmp_path / "core").mkdir()
    warehouse = tmp_path / "warehouse.duckdb"
    with writing(warehouse) as database:
        database.build(made(tmp_path, "select 1::bigint as a", "a"), {}, None)
    newer = made(tmp_path, "select 1::bigint as a, 2::bigint as b", "ab")
    with writing(warehouse) as database:
        assert database.build(newer, {}, None) == 1
        assert database.rows("select * from core.one") == [(1, 2)]
