"""The reference shows what the code says now, and leaves nothing out."""

import re

import pytest

from docs.package_pages import CONTRIBUTING, PACKAGE, arrows, floors, imports, reached, with_floors
from docs.reference_pages import COMMITTED, PAGES, cell, main, table
from pipelines.alerts.channels import channels
from pipelines.events import ECS, EVENT_CLASSES
from pipelines.registry.frames import FILES
from pipelines.warehouse.models import every_model
from tests.conftest import REPO_ROOT

FOLDER = REPO_ROOT / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(COMMITTED))
def test_making_the_reference_again_changes_nothing(name):
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert PAGES[name]() == kept, "run `make docs`, then read the difference"


def test_contributing_shows_the_current_floors():
    text = CONTRIBUTING.read_text(encoding="utf-8")
    assert with_floors(text) == text, "run `make docs`, then read the difference"


def test_the_arrows_of_the_picture_imply_every_import():
    for package, direct in imports().items():
        shown = {other for first, other in arrows() if first == package}
        assert shown <= direct <= shown.union(*map(reached, shown))


def test_every_package_is_in_the_picture_once():
    labels = re.findall(r">([^<]+)</text>", PAGES["packages.svg"]())
    assert sorted(labels) == sorted(name for floor in floors() for name in floor)
    assert {path.stem for path in PACKAGE.iterdir() if path.stem in labels} == set(labels)


def test_pages_are_written_where_they_are_asked_for(tmp_path):
    main(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(PAGES)


def test_every_relation_column_detection_file_and_channel_has_its_entry():
    dictionary, detections = PAGES["data-dictionary.md"](), PAGES["detections.md"]()
    for name, model in every_model().items():
        part = dictionary.split(f"### {name}\n")[1].split("\n### ")[0]
        for column in model.header.columns:
            assert f"| `{column}` |" in part, f"{name}.{column}"
        if model.header.code:
            assert f"## {model.header.code}: " in detections
    for name in FILES:
        assert f"## {name}\n" in PAGES["registry-files.md"]()
    for name in channels():
        assert f"## Channel {name}\n" in PAGES["settings.md"]()


def test_a_cell_can_not_break_its_table():
    assert cell("a|b\n<c>") == "a\\|b &lt;c>"
    assert table(["A", "B"], [["x", "y|z"]]).splitlines()[2] == "| `x` | y\\|z |"


def test_ecs_names_belong_to_columns_of_events():
    columns = {name for one in EVENT_CLASSES.values() for name in one.columns}
    assert set(ECS) <= columns
    without = {"time_quality", "extras", "category", "connection_uid"}
    assert columns - set(ECS) == without | {
        "logon_kind", "logon_type", "logon_uid", "assigned_ip", "is_machine", "action",
        "lease_end_time", "kind", "name_proof",
    }  # fmt: skip
