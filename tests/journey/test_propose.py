"""`propose`: what the logs state of networks, devices, accounts, sites and hours."""

import ipaddress
import json
import shutil

import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.registry.registry import load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from pipelines.state.audit import open_chain
from tests.journey.changed import LAB, read
from tests.journey.commands import schoolbell
from tests.journey.small import copied


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
    done = schoolbell("propose", "--home", home, "--out", out)
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


def test_a_computer_that_the_registry_lacks_has_its_name_and_card(proposed, known, home):
    """Its logons come under the one, its requests under the other."""
    kept = read(DistrictHome(home).registry / "devices.csv")
    lacked = known["devices.csv"].join(kept, on="hostname", how="anti")
    found = proposed["devices.csv"].join(lacked, on=["hostname", "mac"], how="semi")
    assert lacked.height
    assert found.height == proposed["devices.csv"].filter(~in_registry(kept)).height > 0


def in_registry(kept):
    return pl.col("hostname").is_in(kept["hostname"].to_list())


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


@pytest.fixture(scope="module")
def own(home, tmp_path_factory):
    """A copy of the home, whose registry may change."""
    folder = tmp_path_factory.mktemp("accepting") / "district"
    copied(home, folder)
    return folder


def offers_of(home, file):
    lines = schoolbell("propose", "--home", home, "--json").out.splitlines()
    return [one for one in map(json.loads, lines) if one["file"] == file]


def test_a_try_shows_what_would_change_and_writes_nothing(own):
    """The forgotten laboratory has a place again: accounts are in two of them."""
    registry = DistrictHome(own).registry
    before = {path: path.read_bytes() for path in registry.iterdir()}
    networks = [one["id"] for one in offers_of(own, "subnets.csv")]
    tries = [word for one in networks for word in ("--try", one)]
    done = schoolbell("propose", "--home", own, "--json", *tries)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["ids"] == networks
    assert all(one["findings"] > 0 for one in told["effects"])
    assert {path: path.read_bytes() for path in registry.iterdir()} == before


def test_accepted_rows_are_in_the_registry_and_the_audit_log(own):
    registry = DistrictHome(own).registry
    (hours,) = offers_of(own, "staff_duty.csv")
    people = {row["person_id"] for row in hours["rows"]}
    assert len(hours["rows"]) == 5 * len(people)  # one decision for a building
    device = next(one for one in offers_of(own, "devices.csv") if one["rows"][0].get("assigned_to"))
    site = offers_of(own, "approved_sites.csv")[0]
    refused = schoolbell("propose", "--home", own, "--accept", site["id"])
    assert refused.code == 2  # without a reason
    picked = [hours["id"], device["id"], site["id"]]
    accept = [word for one in picked for word in ("--accept", one)]
    done = schoolbell("propose", "--home", own, *accept, "--reason", "checked with HR")
    assert done.code == 0, done.err
    assert people <= set(read(registry / "staff_duty.csv")["person_id"])
    row = device["rows"][0]
    (kept,) = read(registry / "devices.csv").filter(hostname=row["hostname"]).to_dicts()
    assert kept["assigned_to"] == row["assigned_to"]  # in the row that was there
    pattern = site["rows"][0]["pattern"]
    (entry,) = read(registry / "approved_sites.csv").filter(pattern=pattern).to_dicts()
    assert not entry["valid_from"]  # no list forbade earlier use
    assert schoolbell("check", "--home", own).code == 0
    with open_district(own) as district:
        entries = open_chain(district.store, district.home).entries()[-3:]
    assert [one.action for one in entries] == [
        "proposal accepted",
        "proposal accepted",
        "site approved",
    ]
    assert all("checked with HR" in one.reason for one in entries)
    again = schoolbell(
        "propose", "--home", own, "--accept", "P-000000", "--reason", "no such thing"
    )
    assert again.code == 2
    assert "schoolbell propose" in again.err


def test_a_fixed_address_is_cleared_and_nothing_else(own):
    registry = DistrictHome(own).registry
    (offer,) = [one for one in offers_of(own, "devices.csv") if "is fixed for" in one["reason"]]
    name = offer["rows"][0]["hostname"]
    (before,) = read(registry / "devices.csv").filter(hostname=name).to_dicts()
    assert before["static_ip"]
    schoolbell("propose", "--home", own, "--accept", offer["id"], "--reason", "the lease is right")
    (after,) = read(registry / "devices.csv").filter(hostname=name).to_dicts()
    assert after == {**before, "static_ip": None}


def test_a_group_is_accepted_and_taken_back(home, tmp_path):
    """Networks and the clear sites as a whole; then every byte is unchanged."""
    own = copied(home, tmp_path / "district")
    registry = DistrictHome(own).registry
    before = {path: path.read_bytes() for path in registry.iterdir()}
    refused = schoolbell("propose", "--home", own, "--accept", "networks")
    assert refused.code == 2  # without a reason
    words = ("--accept", "networks", "--accept", "holders", "--reason", "read through")
    done = schoolbell("propose", "--home", own, *words)
    assert done.code == 0, done.err
    assert schoolbell("check", "--home", own).code == 0
    left = schoolbell("propose", "--home", own).out
    assert "--- networks" not in left
    assert "--- holders" not in left
    nothing = schoolbell("propose", "--home", own, *words)
    assert nothing.code == 0
    assert "networks: the logs propose no more of these" in nothing.err
    assert not nothing.out  # nothing was written, and nothing shows that it was
    for group in ("networks", "holders"):
        back = schoolbell("propose", "--home", own, "--take-back", group)
        assert back.code == 0, back.err
    assert {path: path.read_bytes() for path in registry.iterdir()} == before
    with open_district(own) as district:
        entries = open_chain(district.store, district.home).entries()[-4:]
    assert [one.action for one in entries] == [
        "group accepted",
        "group accepted",
        "group taken back",
        "group taken back",
    ]
    again = schoolbell("propose", "--home", own, "--take-back", "networks")
    assert again.code == 2
    assert "In force: none" in again.err


def test_a_group_is_tried_before_it_is_accepted(home, tmp_path):
    own = copied(home, tmp_path / "district")
    done = schoolbell("propose", "--home", own, "--json", "--try", "networks")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    added = sum(one["findings"] for one in told["effects"] if one["effect"] == "added")
    assert told["findings_after"] - told["findings_before"] <= added
    unknown = schoolbell("propose", "--home", own, "--try", "no-such-group")
    assert unknown.code == 2


def test_it_shows_them_and_refuses_the_registry(home):
    shown = schoolbell("propose", "--home", home)
    assert shown.code == 0
    assert "--- networks: " in shown.out
    assert "\n+ " in shown.out
    inside = DistrictHome(home).registry / "new"
    refused = schoolbell("propose", "--home", home, "--out", inside)
    assert refused.code == 2
    assert not inside.exists()
