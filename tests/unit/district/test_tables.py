"""A file of the registry is one module: read, checked, framed, and it opens days."""

import subprocess
import sys
from pathlib import Path

from pipelines.registry.table import Table, tables

MODULE = '''
"""Fire drills: the building is empty for a while."""

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import Cell, File
from pipelines.registry.table import BUILDING, Dates, Table, conform, identifier

FILE = File(
    "fire_drills.csv",
    {
        "building": Cell("HS", required=True, names="building"),
        "date": Cell("2026-10-05", "date", required=True),
        "note": identifier("all out in 4 minutes"),
    },
    "an empty building looks like any other",
)
COLUMNS = {
    "building": BUILDING,
    "date": Column(pl.Date, "local day"),
    "note": Column(pl.String, "what was seen"),
}


def make(inputs):
    rows = inputs.rows[FILE.name]
    return {"fire_drills": rows._replace(frame=conform(COLUMNS, rows.frame))}


TABLE = Table(
    name="fire_drills",
    file=FILE,
    frames={"fire_drills": COLUMNS},
    make=make,
    touches=Dates("date", "date"),
)
'''

USE = """
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

from pipelines.registry import tables

tables.__path__.append(sys.argv[1])
from pipelines.refresh.invalidation import TOUCH, Change, differing, touched
from pipelines.registry.frames import FILES, FRAMES, schema
from pipelines.registry.new_home import create, registry_files
from pipelines.registry.registry import load_registry
from pipelines.settings.toml_reader import load_settings

home = create(Path(sys.argv[2]))
assert "fire_drills.csv" in registry_files()
path = home.registry / "fire_drills.csv"
assert path.read_text().startswith("building,date,note")
settings = load_settings(home)
assert "fire_drills.csv" in load_registry(home, settings).missing
(home.registry / "buildings.csv").write_text("building\\nHS\\n")
before = load_registry(home, settings)
path.write_text(
    "building,date,note\\nHS,2026-10-05,quick\\nHS,someday,slow\\nMS,2026-10-07,slow\\n"
)
now = load_registry(home, settings)
frame = now.frames["fire_drills"]
assert frame.schema == schema("fire_drills")
assert frame.rows() == [
    ("HS", date(2026, 10, 5), "quick"), ("MS", date(2026, 10, 7), "slow")
]
told = [
    (one.line, one.column, one.severity)
    for one in now.problems if one.file == "fire_drills.csv"
]
assert told == [(3, "date", "error"), (4, "building", "notice")], told
held = [date(2026, 10, 1) + timedelta(days=n) for n in range(14)]
change = SimpleNamespace(
    held=held,
    was=before.frames.get,
    now=now.frames.get,
    rows=lambda name: differing(before.frames[name], now.frames[name]),
    has=lambda name: not differing(before.frames[name], now.frames[name]).is_empty(),
)
opened = touched(change, ["fire_drills"])
assert sorted(opened["fire drills"]) == held[3:8], opened
"""


def test_a_new_file_is_one_module(tmp_path):
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "fire_drills.py").write_text(MODULE)
    words = [sys.executable, "-c", USE, str(folder), str(tmp_path / "home")]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_each_table_bears_the_name_of_its_module_and_no_frame_is_in_two():
    found: list[str] = []
    for name, table in tables().items():
        assert isinstance(table, Table)
        assert Path(sys.modules[table.make.__module__].__file__).stem == name
        found += table.frames
    assert len(found) == len(set(found))
