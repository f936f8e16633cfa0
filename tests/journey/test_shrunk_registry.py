"""A failed export withdraws no finding; what is meant is accepted by a command."""

import json
import shutil
from datetime import timedelta

import pytest

from pipelines.alerts.facts import noticed
from pipelines.district import open_district
from pipelines.operations.backup import back_up
from pipelines.registry.kept_copies import read_kept
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from tests.journey.commands import schoolbell
from tests.journey.small import now, told_of
from tests.journey.test_retention import noon, purged, with_retention


@pytest.fixture(scope="module")
def emptied(two_days, tmp_path_factory):
    """A home whose users.csv came as its header alone, run once more."""
    home = DistrictHome(two_days.copy(tmp_path_factory.mktemp("emptied")))
    before = told_of(home.path)
    users = home.registry / "users.csv"
    whole = users.read_bytes()
    users.write_bytes(whole.splitlines(keepends=True)[0])
    return home, before, whole, schoolbell("run", "--home", home.path, "--quiet")


def test_an_empty_roster_withdraws_no_finding(emptied):
    home, before, _whole, done = emptied
    assert before
    assert told_of(home.path) == before
    assert done.code == 1
    assert "registry/users.csv: is empty; it had" in done.err
    assert "schoolbell check --accept users.csv" in done.err


def test_every_command_that_looks_tells_of_it(emptied):
    home, *_ = emptied
    at = ("--home", home.path)
    checked = schoolbell("check", *at)
    assert checked.code == 1
    assert "users.csv: is empty; it had" in checked.out
    assert "not there" not in checked.out.split("users.csv", 1)[1].split("\n")[0]
    said = [json.loads(one) for one in schoolbell("check", "--json", *at).out.split("\n") if one]
    assert [one["severity"] for one in said if one["file"] == "users.csv"] == ["refused"]
    assert "users.csv: is empty" in schoolbell("status", *at).err
    assert "users.csv: is empty" in schoolbell("doctor", *at).out
    schoolbell("report", *at)
    pages = [one.read_text() for one in home.reports.glob("20*/index.html")]
    assert any("users.csv shrank and was not used" in page for page in pages)
    with open_district(home.path) as district:
        keys = [one.key for one in noticed(district, now()).news]
    assert "registry:users.csv" in keys


def test_a_backup_holds_the_copies(emptied, tmp_path):
    home, _before, whole, _done = emptied
    with open_district(home.path) as district:
        made = back_up(district, tmp_path / "backups")
    assert (made.folder / "registry-kept" / "users.csv").read_bytes() == whole


def test_a_copy_does_not_outlive_the_events(emptied, tmp_path):
    copy = tmp_path / "home"
    shutil.copytree(emptied[0].path, copy)
    home = with_retention(copy, "\n[retention]\nevent_days = 60\n")
    with open_district(home.path) as district:
        since = district.registry.refused[0].kept.refused_time
        last = max(ledger.event_days(district.store))
    found, certificate = purged(home, now() + timedelta(days=10))
    assert not found.things["registry"], since
    found, certificate = purged(home, noon(max(now().date(), last) + timedelta(days=90)))
    said = json.loads(certificate.read_text())
    assert said["deleted"]["registry"] == 1
    assert "users.csv" not in read_kept(home)
    assert not (home.kept_registry / "users.csv").exists()
    with open_district(home.path) as district:
        assert district.registry.refused == ()
        assert district.registry.frames["people"].is_empty()


def test_what_is_accepted_is_in_force_and_stands_in_the_chain(emptied, tmp_path):
    copy = tmp_path / "home"
    shutil.copytree(emptied[0].path, copy)
    at = ("--home", copy)
    wrong = schoolbell("check", "--accept", "leave.csv", *at)
    assert wrong.code == 2
    assert "users.csv" in wrong.err
    done = schoolbell("check", "--accept", "users.csv", *at)
    assert done.code == 0, done.out
    assert "users.csv is accepted unchanged: 0 rows" in done.out
    assert "users.csv: is empty: it has no row below its header; without it: " in done.out
    assert "accept registry" in schoolbell("audit", "show", "--json", *at).out
    with open_district(copy) as district:
        assert district.registry.frames["people"].is_empty()


def test_a_trial_begins_from_what_is_in_force(emptied):
    home, *_ = emptied
    sites = home.registry / "approved_sites.csv"
    done = schoolbell("replay", "--registry", sites, "--home", home.path, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["differences"] == []
