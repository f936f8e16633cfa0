"""A failed run in Dagster: its first words, and its cure on Dagster's pages."""

from datetime import date

import dagster as dg
import pytest

from pipelines.defs.resources import in_words
from pipelines.district import open_district
from pipelines.errors import BusyError, ModelError, SettingsError
from pipelines.run.run import run
from pipelines.state.source_records import last_rebuild_reasons, mark_dirty
from tests.conftest import REPO_ROOT


def failed(error, cause=None):
    with pytest.raises(dg.Failure) as raised, in_words():
        raise error from cause
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert not raised.value.allow_retries
    return raised.value


def test_a_failed_run_begins_with_what_where_and_what_to_do(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    settings = location.home / "district.toml"
    settings.write_text(settings.read_text() + "\n[detections.x_gone]\nparameters = {least = 1}\n")
    # as a run's own process loads them: with the mistake in the settings
    result = locate(location.home).run("run", raise_on_error=False)
    (event,) = result.get_step_failure_events()
    shown = event.step_failure_data.user_failure_data
    what, where, remedy = shown.description.splitlines()
    assert what == "There is no rule 'x_gone'"
    assert where == "district.toml: [detections.x_gone]"
    assert remedy == "docs/reference/detections.md lists the rules. Then re-execute this run."
    assert shown.metadata["error"].value == "SettingsError"


def test_observe_fails_with_what_where_and_what_to_do(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))

    def observe():
        assets = [dg.AssetKey(["landing", "files"])]
        return location.run("__ASSET_JOB", asset_selection=assets, raise_on_error=False)

    assert observe().success
    settings = location.home / "district.toml"
    settings.write_text(settings.read_text() + "\n[nonsense")
    (event,) = observe().get_step_failure_events()
    what, where, remedy = event.step_failure_data.user_failure_data.description.splitlines()
    assert "is not TOML" in what
    assert where == "district.toml"
    assert remedy == "Correct it; schoolbell check shows how. Then re-execute this run."


def test_a_setting_with_a_name_fails_without_the_name(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    settings = location.home / "district.toml"
    settings.write_text(settings.read_text() + "\ncounselor = jane.doe\n")
    result = location.run("watch", raise_on_error=False)
    (event,) = result.get_step_failure_events()
    text = str(event.step_failure_data)
    assert "is not TOML" in event.step_failure_data.user_failure_data.description
    assert "schoolbell check" in text
    assert "jane" not in text


def test_an_error_of_a_query_shows_no_value_of_a_log():
    values = ModelError("Conversion Error: Could not convert 'jane.doe'", where="core.duty")
    assert failed(values, ValueError("jane.doe")).description.splitlines()[0] == "Conversion Error"
    mistake = ModelError('Binder Error: no column "sites"', where="core.duty")
    assert failed(mistake, ValueError()).metadata["what"].value == mistake.what


def test_an_error_is_safe_for_a_page_and_needs_no_remedy():
    parts = failed(SettingsError("bad \x1b[0m", where="a\u202eb")).description.splitlines()
    assert parts == ["Bad \\x1b[0m", "a\\u202eb", "Then re-execute this run."]


def test_a_home_in_use_is_tried_again_and_a_mistake_in_the_code_has_its_stack():
    with pytest.raises(dg.RetryRequested), in_words():
        raise BusyError("another run is in progress")
    with pytest.raises(ZeroDivisionError), in_words():
        _ = 1 / 0


def shown_by_current(location):
    (check,) = [
        event
        for event in location.shown()
        if isinstance(event, dg.AssetCheckEvaluation) and event.check_name == "current"
    ]
    return {name: value.value for name, value in check.metadata.items()}


def test_the_check_current_names_what_changed_and_the_days_that_the_run_then_builds(
    district, locate, tmp_path
):
    location = locate(district.copy(tmp_path))
    location.ask("catalog")
    leave = location.home / "registry/leave.csv"
    leave.write_text(leave.read_text() + "p-1000,2026-10-21,full,personal,approved,\n")
    assert shown_by_current(location) == {
        "a_run_is_due": "other lists, rules or settings",
        "changed_by": "registry/leave.csv",
        "outdated_days": "leave windows: 2026-10-20",
    }
    leave.write_text(leave.read_text() + "p-1000,2026-10-19,full,personal,approved,\n")
    both = "leave windows: 2 days, 2026-10-19 to 2026-10-20"
    assert shown_by_current(location)["outdated_days"] == both
    users = location.home / "registry/accounts.csv"
    users.write_text(users.read_text().replace("p-1001", "p-1002", 1))
    shown = shown_by_current(location)
    assert shown["changed_by"] == "registry/accounts.csv, registry/leave.csv"
    assert shown["outdated_days"] == f"{both}; accounts: days with log lines about the changed rows"
    run(location.home)
    with open_district(location.home) as opened:
        days = last_rebuild_reasons(opened.store)
    assert days["leave windows"] == [date(2026, 10, 19), date(2026, 10, 20)]
    assert days["accounts"]
    assert shown_by_current(location) == {}


def test_the_check_current_counts_the_days_that_wait_for_new_lines(district, locate, tmp_path):
    location = locate(district.copy(tmp_path))
    location.ask("catalog")
    with open_district(location.home) as opened, opened.store.writing() as connection:
        mark_dirty(connection, [date(2026, 10, 19), date(2026, 10, 20)], reason="new lines")
    days = "2 days, 2026-10-19 to 2026-10-20"
    assert shown_by_current(location) == {
        "a_run_is_due": f"new lines, or a request to build again: {days}",
        "outdated_days": f"log lines: {days}",
    }


def test_an_own_rule_links_to_its_file(district, locate, tmp_path):
    home = district.copy(tmp_path)
    guide = (REPO_ROOT / "docs/how-to/own-rules.md").read_text()
    file = home / "detections/x_many_devices.sql"
    file.parent.mkdir(exist_ok=True)
    file.write_text(guide.split("```sql\n")[1].split("```")[0])
    graph = locate(home).defs.resolve_asset_graph()
    node = graph.get(dg.AssetKey(["detections", "x_many_devices"]))
    (reference,) = node.metadata["dagster/code_references"].code_references
    assert reference.file_path == str(file)
