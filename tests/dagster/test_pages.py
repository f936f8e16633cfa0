"""Dagster's pages in a browser: the catalog, a group's graph, a rule, a failed check."""

import os
from datetime import date

import dagster as dg
import pytest

from pipelines.defs.resources import HOME_VARIABLE
from pipelines.district import open_district
from pipelines.state.source_records import Quarantined, hold_back
from tests.dagster.conftest import Location, served

pytestmark = pytest.mark.browser
DAY = "2026-10-20"


@pytest.fixture(scope="module")
def address(district, tmp_path_factory):
    """The pages of a home that `schoolbell run` built, one model held back on one day."""
    home = district.copy(tmp_path_factory.mktemp("pages"))
    reason = "2 rows break its promise: grain"
    with open_district(home) as opened:
        hold_back(opened.store, [Quarantined("core.duty", date(2026, 10, 20), "core.duty", reason)])
    kept = tmp_path_factory.mktemp("dagster-home")
    (kept / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    with (
        dg.DagsterInstance.from_config(str(kept)) as instance,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(HOME_VARIABLE, str(home))
        Location(home, instance).ask("catalog")
    with served(home, kept) as pages:
        yield pages


@pytest.fixture
def opened(browser, address):
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    folder = os.environ.get("SCHOOLBELL_PICTURES")

    def look(path, *texts):
        page.goto(f"{address}{path}")
        for text in texts:
            page.get_by_text(text).first.wait_for(timeout=60_000)
        if folder:
            page.wait_for_timeout(2_000)
            page.screenshot(path=f"{folder}/{path.strip('/').replace('/', '-')[:60]}.png")
        return page.inner_text("body")

    yield look
    page.close()


def test_the_catalog_lists_assets_with_their_days(opened):
    said = opened("/assets", "core / duty")
    assert "account_days" in said


GROUP = "/locations/schoolbell/asset-groups/detections_shared_account"


def test_a_group_lists_its_rules_by_id_with_their_days(opened):
    shown = opened(f"{GROUP}/list", "keyboard_hop", "2 partitions")
    assert "SA-2: " in shown


def test_the_graph_of_a_group_shows_what_its_rules_lead_to(opened):
    # Dagster draws only the boxes in view, and the group has more rules than fit
    shown = opened(GROUP, "findings", "2 partitions", "100% filled")
    assert "SQL" in shown


def test_a_rule_shows_meaning_columns_and_tags(opened):
    said = opened("/assets/detections/keyboard_hop", "rule: SA-2")
    for text in ("SA-2", "personal: direct", "layer: detections", "about: shared_account"):
        assert text in said
    assert "Row count" in said


def test_a_check_that_a_run_failed_is_shown_as_failed(opened):
    said = opened("/assets/core/duty?view=checks&checkDetail=built", "Failed")
    assert DAY in said
    assert "core.duty" in said
