"""Editions and corrections of a district's own week, and no name in any of them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from pipelines.district.home import DistrictHome
from pipelines.journey.district import open_district
from pipelines.journey.publishing import publish_snapshot
from pipelines.journey.reporting import publish_reports
from pipelines.state.schema import FINDINGS, REPORTS
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
        publish_reports(opened, datetime(2026, 11, 2, 11, tzinfo=UTC))
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


@pytest.fixture(scope="module")
def corrected(edited):
    """The same week after a decision, and after an item became a lead."""
    with open_district(edited.path) as opened:
        with opened.store.writing() as connection:
            query = select(FINDINGS.c.finding_id).where(
                FINDINGS.c.status == "open", FINDINGS.c.confidence != "C1"
            )
            ids = sorted(connection.execute(query).scalars())
            for one, values in (
                (ids[0], {"status": "explained"}),
                (ids[1], {"confidence": "C1"}),
            ):
                connection.execute(
                    update(FINDINGS)
                    .where(FINDINGS.c.finding_id == one)
                    .values(**values)
                )
        when = datetime(2026, 11, 3, 11, tzinfo=UTC)
        publish_snapshot(opened, when)
        for _ in range(2):
            publish_reports(opened, when)
        with opened.store.reading() as connection:
            told = connection.execute(
                select(REPORTS.c.revision, REPORTS.c.report_id).order_by("revision")
            ).all()
    return edited, ids, told


def test_a_decision_makes_revision_two_and_says_what_changed(corrected):
    home, ids, told = corrected
    page = (home.reports / "2026-W43" / "index.html").read_text(encoding="utf-8")
    assert "Corrected report, revision 2" in page
    corrections = page.split('id="corrections-part"')[1].split("</section>")[0]
    assert ids[0] in corrections
    assert "explained" in corrections
    assert [revision for revision, _ in told] == [1, 2]
    assert told[1][1].endswith("-r2")
    assert told[1][1] in page


def test_the_address_of_an_item_that_was_taken_back_says_so(corrected):
    home, ids, _ = corrected
    week = home.reports / "2026-W43"
    page = (week / "evidence" / f"{ids[1]}.html").read_text(encoding="utf-8")
    assert "This item is no longer in the report" in page
    assert "log lines from" not in page
    assert not (week / "data" / f"item-{ids[1]}.csv").exists()
    assert ids[1] not in (week / "data" / "items.csv").read_text(encoding="utf-8")
