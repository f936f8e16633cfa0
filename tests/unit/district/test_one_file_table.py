"""A file of the registry is one module: laid into the folder, all else follows."""

import json
import subprocess
import sys

LOCKERS = '''"""Lockers: which room a cart of laptops stands in."""

from pipelines.registry.csv_files import Cell, File, RegistryFrame
from pipelines.registry.table import BUILDING, Table, conform, identifier, text

FILE = File(
    "lockers.csv",
    {"locker": identifier("L-1"), "building": Cell("HS", names="building"),
     "size": Cell("12", "integer")},
    "no cart has a place",
    key=("locker",),
)
COLUMNS = {"locker": text("what is written on it"), "building": BUILDING}

TABLE = Table(
    name="lockers",
    file=FILE,
    frames={"lockers": COLUMNS},
    make=lambda inputs: {
        "lockers": RegistryFrame(conform(COLUMNS, inputs.rows[FILE.name].frame),
                                 inputs.rows[FILE.name].problems)
    },
)
'''
TRIED = """\
import json, sys
from pathlib import Path
from pipelines.registry import tables
tables.__path__.append(sys.argv[1])
from docs.reference_pages import dictionary_page, registry_files_page
from pipelines.registry.new_home import create
from pipelines.registry.registry import load_registry
from pipelines.settings.toml_reader import load_settings
from pipelines.warehouse import inputs
from pipelines.warehouse.database import writing

home = create(Path(sys.argv[2]))
file = home.registry / "lockers.csv"
skeleton = file.read_text()
file.write_text("locker,building,size\\nL-1,,12\\nL-2,,many\\n,,3\\n")
registry = load_registry(home, load_settings(home))
with writing(Path(":memory:"), threads=1) as database:
    inputs.load_registry(database, registry)
    rows = database.rows("select locker from registry.lockers")
print(json.dumps({
    "skeleton": skeleton,
    "rows": rows,
    "problems": [str(one) for one in registry.problems if "lockers" in one.file],
    "documented": ["lockers.csv" in registry_files_page(),
                   "registry.lockers" in dictionary_page()],
}))
"""


def test_a_file_of_the_registry_is_one_module(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "lockers.py").write_text(LOCKERS)
    done = subprocess.run(
        [sys.executable, "-c", TRIED, folder, tmp_path / "home"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["skeleton"].startswith("locker,building,size")
    assert said["rows"] == [["L-1"]]
    assert said["documented"] == [True, True]
    first, second = said["problems"]
    assert "lockers.csv:3: size" in first
    assert "lockers.csv:4: locker" in second
