"""The editions of a district's own week: one snapshot, and no name in any of them."""

import pytest

from pipelines.district.home import DistrictHome
from pipelines.journey.district import open_district
from pipelines.journey.reporting import publish_reports
from tests.journey.small import now
from tests.journey.test_journey import names_of, words_in

pytestmark = pytest.mark.slow
SETTINGS = """[report]
editions = ["director", "principal", "superintendent", "board", "public"]
"""


@pytest.fixture(scope="module")
def edited(district, tmp_path_factory):
    home = DistrictHome(district.copy(tmp_path_factory.mktemp("editions")))
    said = home.settings_file.read_text(encoding="utf-8")
    assert said.count("[report]\n") == 1
    home.settings_file.write_text(said.replace("[report]\n", SETTINGS))
    with open_district(home.path) as opened:
        publish_reports(opened, now())
    return home


def test_each_edition_has_a_folder_of_its_own(edited):
    names = {path.name for path in edited.editions.iterdir()}
    assert {"superintendent", "board", "public"} < names
    assert any(name.startswith("principal-") for name in names)
    for name in names:
        folder = edited.editions / name
        assert (folder / "index.html").is_file()
        assert (folder / "2026-W43" / "index.html").is_file()


def test_no_edition_names_anybody(edited):
    names = names_of(edited.path)
    for path in edited.editions.rglob("*.html"):
        found = words_in(path.read_text(encoding="utf-8")) & names
        assert not found, (path, found)


def test_no_edition_links_out_of_its_folder(edited):
    for path in edited.editions.rglob("*.html"):
        assert "../../../" not in path.read_text(encoding="utf-8")
