"""Dagster's pages in a browser: the catalog, a group's graph, a rule, a failed check."""

import os
from contextlib import suppress
from datetime import date

import dagster as dg
import pytest

from pipelines.defs.assets import OUTDATED_DAYS
from pipelines.defs.resources import HOME_VARIABLE
from pipelines.district import open_district
from pipelines.state.source_records import Quarantined, hold_back, last_run
from tests.dagster.conftest import Location, served

TimeoutError = pytest.importorskip("playwright.sync_api").TimeoutError  # noqa: A001
pytestmark = pytest.mark.browser
DAY = "2026-10-20"


@pytest.fixture(scope="module")
def address(district, tmp_path_factory):
    """The pages of a home after `schoolbell run`: a model is held back on one day, and a leave
    record changed since."""
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
        location = Location(home, instance)
        location.ask("catalog")
        leave = home / "registry/leave.csv"
        leave.write_text(leave.read_text() + f"p-1000,{DAY},full,personal,approved,\n")
        location.ask("catalog")
    with served(home, kept) as pages:
        yield pages


@pytest.fixture(scope="module")
def ended(district):
    """When the home's run ended."""
    with open_district(district.home) as home:
        return last_run(home.store)


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


class Newcomer:
    """A person who clicks on what a page shows, from the first page on."""

    def __init__(self, page, address):
        self.page, self.address, self.clicks = page, address, []

    def start(self):
        self.page.goto(self.address)
        self.clicks = []

    def click(self, text):
        self.shown(text, exact=True).click(timeout=60_000)
        self.clicks.append(text)

    def reads(self, *texts):
        for text in texts:
            self.shown(text).wait_for(timeout=60_000)

    def shown(self, text, *, exact=False):
        # Dagster measures texts in copies that no one sees
        return self.page.get_by_text(text, exact=exact).locator("visible=true").first

    def go_to_the_rule(self):
        self.start()
        self.click("Search")
        box, group = self.page.get_by_placeholder("Search assets"), self.shown("Asset group")
        for _ in range(20):
            # Dagster's search has no result for what is typed before it has loaded its index
            box.fill("")
            box.press_sequentially("shared account")
            with suppress(TimeoutError):
                group.wait_for(timeout=3_000)
                break
        self.click("Asset group")
        self.click("owner_on_leave")


@pytest.fixture
def newcomer(browser, address):
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    yield Newcomer(page, address)
    page.close()


def test_a_rule_for_shared_accounts_is_three_clicks_from_the_first_page(newcomer):
    newcomer.go_to_the_rule()
    newcomer.reads("SA-3: ", "View in Asset Catalog")
    assert len(newcomer.clicks) == 3


def test_when_a_rule_ran_is_four_clicks_from_the_first_page(newcomer, ended):
    newcomer.go_to_the_rule()
    newcomer.click("View in Asset Catalog")
    newcomer.reads("owner_on_leave.sql", "Latest materialization", "run_ended")
    row = newcomer.page.get_by_role("row").filter(has_text="run_ended")
    assert f"{ended:%b} {ended.day}, {ended:%-I:%M:%S %p} UTC" in row.inner_text()
    assert len(newcomer.clicks) == 4


def test_on_which_days_a_rule_is_outdated_and_why_is_four_clicks_from_the_first_page(newcomer):
    newcomer.go_to_the_rule()
    with newcomer.page.context.expect_page() as opened:
        newcomer.click(OUTDATED_DAYS)
    newcomer.page = opened.value
    newcomer.reads("registry/leave.csv", "leave windows: 2 days, 2026-10-19 to 2026-10-20")
    assert len(newcomer.clicks) == 4
