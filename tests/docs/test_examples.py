"""Settings and registry rows that the guides show are accepted unchanged."""

import re

import pytest

from pipelines.fleet.settings import load_fleet
from pipelines.registry.frames import FILES
from pipelines.registry.new_home import create
from pipelines.registry.registry import load_registry
from pipelines.settings.toml_reader import load_settings, parse_settings
from tests.docs.documents import FENCE, documents

DISTRICT = '[district]\nname = "Sample Schools"\nzone = "America/Chicago"\n'
GUIDES = "\n".join(path.read_text(encoding="utf-8") for path in documents())
FOUND = [(one[1], one[2]) for one in FENCE.finditer(GUIDES)]
SETTINGS = [text for kind, text in FOUND if kind == "toml"]
HEADERS = {
    ",".join(key for key, cell in file.columns.items() if cell.shipped): name
    for name, file in FILES.items()
}
ROWS = [
    (HEADERS[text.splitlines()[0]], text)
    for kind, text in FOUND
    if kind == "text" and text.splitlines()[0] in HEADERS
]


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_are_accepted(text, tmp_path):
    if text.startswith("[agency]"):
        (tmp_path / "fleet.toml").write_text(text, encoding="utf-8")
        assert load_fleet(tmp_path / "fleet.toml").members
        return
    assert parse_settings((DISTRICT + text).encode()).district.zone


@pytest.mark.parametrize(("name", "text"), ROWS, ids=[name for name, _ in ROWS])
def test_registry_rows_are_accepted(name, text, tmp_path):
    home = create(tmp_path / "home")
    (home.registry / name).write_text(text, encoding="utf-8")
    registry = load_registry(home, load_settings(home))
    assert not [str(one) for one in registry.problems if name in str(one)]
    frame = registry.frames[name.removesuffix(".csv")]
    assert frame.height >= len(text.splitlines()) - 1


def test_the_guides_show_some():
    assert SETTINGS
    assert len(ROWS) >= 2
    assert not re.search(r"```(?!\w|\s*$)", GUIDES, re.MULTILINE)
