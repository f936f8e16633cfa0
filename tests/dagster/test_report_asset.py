"""The weekly report in Dagster: when it is due, of which weeks, what is shown."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from pipelines.defs.assets import report_metadata
from pipelines.defs.automation import report_job, schedules
from pipelines.defs.resources import weekly
from pipelines.reports.publication import Published
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, busy
from tests.sections.test_weekly import INDEX, numbers_by_link

BEFORE = MONDAY - timedelta(days=7)


def shown(address=""):
    done = [
        Published(week, Path(f"/srv/reports/{label}/index.html"), busy())
        for week, label in ((BEFORE, "2026-W46"), (MONDAY, "2026-W47"))
    ]
    return report_metadata(done, MONDAY, address)


def test_the_link_leads_to_the_week_itself_and_not_to_the_one_before():
    said = shown("https://intranet.example/reports/")
    assert str(said["report"].value) == "/srv/reports/2026-W47/index.html"
    wanted = "https://intranet.example/reports/2026-W47/index.html"
    assert said["address"].value == wanted
    assert "address" not in shown()


def test_the_numbers_are_those_of_page_one():
    page, said = numbers_by_link(pages_of("busy")[INDEX]), shown()
    assert said["cases_to_decide"].value == page["needs-you"]
    assert said["new_sites"].value == page["new-sites"]
    assert 0.99 < said["arrived"].value < 1


def test_a_week_without_events_says_so():
    said = report_metadata([], MONDAY, "")
    assert said["report"].value == "no events in this week"


@dg.job
def alerts():
    """Stands in for another job, which this file is not about."""


def test_on_monday_the_week_that_ended_is_asked_for():
    jobs = schedules("America/Chicago", report_job(), alerts, is_on=True)
    (monday,) = [one for one in jobs if one.name == "monday_report"]
    assert monday.cron_schedule == "0 6 * * 1"
    when = datetime(2026, 11, 23, 12, tzinfo=UTC)
    asked = monday(dg.build_schedule_context(scheduled_execution_time=when))
    assert asked.partition_key == "2026-11-16"


def test_every_past_week_is_a_partition_for_a_backfill():
    weeks = [date(2026, 8, 5) + timedelta(weeks=n) for n in range(17)]
    keys = weekly("America/Chicago", weeks).get_partition_keys(datetime(2026, 11, 25, tzinfo=UTC))
    assert {"2026-11-16", "2026-11-23", "2026-08-03"} <= set(keys)
    assert all(date.fromisoformat(key).weekday() == 0 for key in keys)
