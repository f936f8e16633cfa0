"""The memory that the settings allow is the memory that the warehouse takes."""

from datetime import UTC, datetime

import pytest

from pipelines.district import open_district
from pipelines.refresh import steps, trial
from pipelines.registry.new_home import create
from pipelines.reports import snapshot_tables as publishing
from pipelines.warehouse import repair
from pipelines.warehouse.database import writing

LIMIT = "select current_setting('memory_limit')"


def test_the_warehouse_takes_the_memory_it_is_given(tmp_path):
    with writing(tmp_path / "a.duckdb", memory_mb=300) as database:
        assert database.rows(LIMIT) == [("286.1 MiB",)]
    with writing(tmp_path / "a.duckdb") as database:
        assert database.rows(LIMIT) == [("488.2 MiB",)]


class OpenedError(Exception):
    """Ends a step as soon as it has opened the warehouse."""


GROWING = {"memory_mb": 300, "most_memory_mb": 700}


def of_the_district(district):
    with district.open_warehouse():
        pass


def of_a_trial(district):
    list(trial.sweep(district, [], 1, steps.no_progress))


@pytest.mark.parametrize(
    ("module", "step", "expected"),
    [
        (repair, steps.build_and_judge, GROWING),
        (repair, of_the_district, GROWING),
        (trial, of_a_trial, GROWING),
        (
            publishing,
            lambda one: publishing.publish_snapshot(one, datetime.now(UTC)),
            {"memory_mb": 300},
        ),
    ],
)
def test_the_settings_say_how_much(tmp_path, monkeypatch, module, step, expected):
    home = create(tmp_path / "home")
    text = home.settings_file.read_text()
    said = text.replace("[limits]\n", "[limits]\nmemory_mb = 300\nlargest_memory_mb = 700\n")
    home.settings_file.write_text(said)
    with writing(home.warehouse):
        pass  # a warehouse is there
    given = {}

    def opened(_path, **options):
        given.update(options)
        raise OpenedError

    monkeypatch.setattr(module, "writing" if module is trial else "opened", opened)
    with open_district(home.path) as district, pytest.raises(OpenedError):
        step(district)
    assert given == expected
