"""`suggest`: what the logs say of networks, devices, accounts, sites and hours."""

import ipaddress
import shutil

import polars as pl
import pytest

from pipelines.registry.registry import load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.reader import load_settings
from tests.journey.changed import LAB, read
from tests.journey.commands import schoolbell

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def known(district):
    """The registry as the district keeps it."""
    registry = DistrictHome(district.home).registry
    return {path.name: read(path) for path in registry.glob("*.csv")}


@pytest.fixture(scope="module")
def home(changed):
    """The same district with a registry that has forgotten much of it."""
    return changed[0]


@pytest.fixture(scope="module")
def proposed(home, tmp_path_factory):
    """Every proposal as a frame, and a registry made of them alone."""
    out = tmp_path_factory.mktemp("proposals")
    before = {p: p.read_bytes() for p in DistrictHome(home).registry.iterdir()}
    done = schoolbell("suggest", "--home", home, "--out", out)
    assert done.code == 0, done.err
    after = {p: p.read_bytes() for p in DistrictHome(home).registry.iterdir()}
    assert after == before
    return {path.name: read(path) for path in out.iterdir()} | {"": out}


def test_networks_without_a_place(proposed, known):
    labs = known["subnets.csv"].filter(pl.col("kind") == LAB)["cidr"]
    wanted = [ipaddress.ip_network(cidr) for cidr in labs]
    found = [ipaddress.ip_network(cidr) for cidr in proposed["subnets.csv"]["cidr"]]
    assert found
    assert all(any(one.subnet_of(lab) for lab in wanted) for one in found)
    assert set(proposed["subnets.csv"]["kind"]) == {"wired"}


def test_personal_and_shared_devices(proposed, known):
    truth = known["devices.csv"].select("hostname", "assigned_to", "pool")
    both = proposed["devices.csv"].join(truth, on="hostname", suffix="_truth")
    assert both.height == proposed["devices.csv"].height
    personal = both.drop_nulls("assigned_to")
    right = personal.filter(pl.col("assigned_to") == pl.col("assigned_to_truth"))
    assert personal.height >= 10
    assert right.height == personal.height
    shared = both.filter(pl.col("pool") == "shared")
    assert shared.height
    assert shared["assigned_to_truth"].null_count() == shared.height


def test_accounts_that_nobody_types(proposed):
    found = proposed["accounts.csv"]
    assert found.select("username", "account_type").rows() == [("svc-print", "service")]


def test_sites_by_reach(proposed, known):
    approved = set(known["approved_sites.csv"]["pattern"])
    assert proposed["approved_sites.csv"].height >= 5
    assert not set(proposed["approved_sites.csv"]["pattern"]) & approved


def test_hours_of_staff_without_any(proposed, known):
    found = proposed["staff_duty.csv"]
    assert set(found["building"]) == {"HS"}
    assert set(found["weekday"]) == set("01234")
    duty = known["staff_duty.csv"].filter(pl.col("building") == "HS")
    assert found["start_local"].min() >= "06:00"
    assert found["end_local"].max() <= "19:00"
    assert set(found["person_id"]) <= set(duty["person_id"])


def test_proposals_are_rows_that_the_registry_reads(proposed, home, tmp_path):
    registry = DistrictHome(tmp_path / "copy").registry
    shutil.copytree(DistrictHome(home).path / "registry", registry)
    shutil.copy(DistrictHome(home).settings_file, tmp_path / "copy")
    for name in ("subnets.csv", "approved_sites.csv", "staff_duty.csv"):
        shutil.copy(proposed[""] / name, registry / name)
    place = DistrictHome(tmp_path / "copy")
    problems = load_registry(place, load_settings(place)).problems
    names = {"subnets.csv", "approved_sites.csv", "staff_duty.csv"}
    assert not [one for one in problems if one.file in names], problems


def test_it_shows_them_and_refuses_the_registry(home):
    shown = schoolbell("suggest", "--home", home)
    assert shown.code == 0
    assert "--- subnets.csv: " in shown.out
    assert "\n+ " in shown.out
    inside = DistrictHome(home).registry / "new"
    refused = schoolbell("suggest", "--home", home, "--out", inside)
    assert refused.code == 2
    assert not inside.exists()
