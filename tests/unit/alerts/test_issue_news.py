"""What is stated of sources, jobs and checks, and how bad it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.alerts.news import (
    ISSUE_SEVERITIES,
    of_issues,
    run_failed,
)
from pipelines.health.issues import KINDS, Issue

NOW = datetime(2026, 11, 3, 16, tzinfo=UTC)
SILENT = Issue(
    source="proxy",
    kind="silent",
    start=NOW - timedelta(hours=2),
    detail="2 hours without a line; about 1,000 lines are usual",
)


def test_what_is_said_of_a_source():
    (one,) = of_issues([SILENT], NOW)
    assert one.line == (
        "proxy: no lines, although they usually arrive (2 hours without a line; about 1,000 "
        "lines are usual)"
    )
    assert (one.about, one.severity, one.confidence) == ("health", "high", "C3")
    assert one.since == SILENT.start


def test_a_building_is_less_bad_and_what_ended_is_no_news():
    part = replace(SILENT, building="hs")
    never = replace(SILENT, what="never")
    over = replace(SILENT, end=NOW)
    found = of_issues([part, never, over], NOW)
    assert [one.severity for one in found] == ["medium", "medium"]
    assert found[0].line.startswith("proxy, hs: ")
    assert len({one.key for one in found}) == 2


def test_a_building_goes_by_its_name_and_keeps_its_key():
    part = replace(SILENT, building="hs")
    (named,) = of_issues([part], NOW, {"hs": "Sample High"})
    assert named.line.startswith("proxy, Sample High: ")
    assert named.key == of_issues([part], NOW)[0].key


def test_files_are_told_by_file_and_every_other_kind_here():
    assert KINDS.keys() - ISSUE_SEVERITIES.keys() == {"rejecting"}


def test_the_longer_it_lasts_the_worse():
    steps = [
        of_issues([SILENT], SILENT.start + timedelta(hours=hours))[0].step
        for hours in (1, 5, 25, 80, 200)
    ]
    assert steps == sorted(set(steps))


@pytest.mark.parametrize("name", ["pro\nxy", "pro\x1b[2Jxy"])
def test_a_name_begins_no_line_of_its_own(name):
    (one,) = of_issues([replace(SILENT, source=name)], NOW)
    assert one.line.isprintable()


def test_a_failed_job_is_told_by_step_and_kind_of_error_alone():
    steps = [(f"step_{number}", "ValueError") for number in range(5)]
    one = run_failed("daily", "run-1", steps, NOW)
    assert one.line == (
        "the job daily failed: it stopped at step_0 (ValueError), "
        "step_1 (ValueError), step_2 (ValueError) and 2 more"
    )
    assert one.severity == "high"
    none = run_failed("daily", "run-2", [], NOW)
    assert none.line.endswith("it stopped before the first step")
    assert none.key == one.key
