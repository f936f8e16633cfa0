"""A run that is killed between two steps leaves nothing undone to the next one."""

import pytest

from pipelines.district import open_district
from pipelines.operations.status import status_of
from pipelines.refresh import steps
from pipelines.registry.new_home import create
from pipelines.reports import publication, snapshot_tables
from pipelines.run import run as running
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.state.published_reports import pending_reports
from pipelines.state.source_records import dirty_days
from tests.conftest import LONG
from tests.faults.home import lines
from tests.journey.small import now, rows_of


class KilledError(BaseException):
    """Stands for the process being gone."""


def killed(*_args, **_more):
    raise KilledError


@pytest.fixture
def home(tmp_path):
    home = create(tmp_path / "home")
    folder = home.landing / "proxy"
    folder.mkdir()
    (folder / "access.log").write_bytes(lines(0, 400))
    return home.path


def check_nothing_is_owed(home):
    with open_district(home) as district:
        assert dirty_days(district.store) == []
        assert pending_reports(district.store) == []
        # an empty registry leaves rules blind, which is stated, and nothing else
        said = status_of(district, now()).reasons
        assert [one for one in said if "judge" not in one] == []
    assert (DistrictHome(home).reports / "2026-W09" / "index.html").is_file()
    assert (DistrictHome(home).snapshots / "CURRENT").is_file()
    rows = rows_of(home)
    assert rows["marts.source_hours"]["line_count"].sum() == 400


POINTS = {
    "before_a_build": (steps, "build"),
    "before_findings_are_kept": (steps, "judge_days"),
    "before_the_build_is_noted": (steps, "note_versions"),
    "before_the_snapshot": (snapshot_tables, "publish_snapshot"),
    "before_the_report": (publication, "publish_reports"),
    "before_the_report_is_noted": (publication, "mark_reports_written"),
    "before_alerts": (running, "send_alerts"),
}


@pytest.mark.parametrize("point", [*POINTS] if LONG else [*POINTS][::3])
def test_killed(home, point, monkeypatch):
    module, name = POINTS[point]
    monkeypatch.setattr(module, name, killed)
    with pytest.raises(KilledError):
        run(home, settle_seconds=0)
    monkeypatch.undo()
    run(home, settle_seconds=0)
    check_nothing_is_owed(home)
    again = run(home, settle_seconds=0)
    assert not again.built.days
    assert not again.reports


def test_a_report_that_can_not_be_made_is_made_later(home, monkeypatch):
    def broken(*_args):
        message = "no space left"
        raise OSError(message)

    monkeypatch.setattr(publication, "publish_reports", broken)
    for _ in range(2):
        with pytest.raises(OSError, match="no space"):
            run(home, settle_seconds=0)
    monkeypatch.undo()
    result = run(home, settle_seconds=0)
    assert [one.page.parent.name for one in result.reports] == ["2026-W09"]
    check_nothing_is_owed(home)
