"""A bit that turns over in the lake is refused, never read."""

import random

import polars as pl
import pytest

from pipelines.events import EVENT_CLASSES, LAKE_COLUMNS, PLACE
from pipelines.lake import files as lake_files
from pipelines.lake.files import LakeError, damaged, read_sound, require_sound
from pipelines.state import ledger
from pipelines.warehouse import inputs
from pipelines.warehouse.database import ShownFiles, writing
from tests.conftest import LONG
from tests.databases import empty_database
from tests.faults.home import Home, lines, once


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    for number in range(2):
        home.put(f"{number}.log", lines(number * 40, number * 40 + 40) + b"bad\n")
        home.run()
    return home


def test_every_bit_that_turns_over_is_found(home):
    chance = random.Random(21)
    listed = ledger.lake_files(home.store)
    assert damaged(home.lake, listed) == []
    for _ in range(2_000 if LONG else 40):
        one = chance.choice(listed)
        path = home.lake / one.path
        whole = path.read_bytes()
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        lake_files._digest.cache_clear()  # as in another process
        assert damaged(home.lake, listed) == [one.path]
        path.write_bytes(whole)
    lake_files._digest.cache_clear()
    assert damaged(home.lake, listed) == []


def test_what_is_damaged_is_neither_shown_nor_read(home):
    (one, *_) = ledger.lake_files(home.store, "http_requests")
    path = home.lake / one.path
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    lake_files._digest.cache_clear()
    files = inputs.lake_files(home.store, home.lake)
    days = files.days()[0], files.days()[-1]
    with (
        writing(home.folder / "a.duckdb") as database,
        pytest.raises(LakeError, match="other bytes than were written") as told,
    ):
        inputs.show_raw(database, files, ["http_requests"], days)
    assert str(path) in str(told.value)
    with pytest.raises(LakeError):
        read_sound(home.lake, one)
    path.unlink()
    with pytest.raises(LakeError):
        require_sound(home.lake, [one])
    path.write_bytes(whole)
    lake_files._digest.cache_clear()
    assert read_sound(home.lake, one).height == one.row_count
    assert home.numbers() == once(0, 80)


def test_a_file_of_an_earlier_version_has_no_proof_of_its_names(tmp_path):
    columns = {**PLACE, **EVENT_CLASSES["logons"].schema, **LAKE_COLUMNS}
    row = {"file_id": 1, "line_no": 1, "user_name": "ada"}
    now = pl.DataFrame([row | {"name_proof": "said"}], columns)
    now.drop("name_proof").write_parquet(tmp_path / "a.parquet")
    now.write_parquet(tmp_path / "b.parquet")
    paths = tmp_path / "a.parquet", tmp_path / "b.parquet"
    with empty_database() as database:
        inputs.show(database, {"logons": ShownFiles(paths, 2)})
        found = database.rows("select name_proof from raw.logons order by name_proof")
    assert found == [("said",), (None,)]
