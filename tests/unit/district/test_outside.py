"""The operator's MMDB files: forms of several makers, damage, and what is weaker."""

from datetime import UTC, datetime

import polars as pl
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from pipelines.registry.mmdb_files import look_up, outside_files

TODAY = datetime.now(UTC).date().isoformat()
CITY = {
    "203.0.113.0/25": {
        "country": {"iso_code": "us"},
        "city": {"names": {"en": "Sampleton", "de": "Musterstadt"}},
        "location": {"latitude": 41.7, "longitude": -93.05, "accuracy_radius": 20},
    },
    "198.51.100.0/24": {
        "country": {"iso_code": "US"},
        "location": {"latitude": 37.75, "longitude": -97.8},
    },
    "2001:db8::/32": {
        "country": {"iso_code": "DE"},
        "location": {"latitude": 51.0, "longitude": 9.0, "accuracy_radius": 500},
        "traits": {"is_anycast": True},
    },
}
KINDS = {
    "203.0.113.0/25": {"user_type": "residential"},
    "203.0.113.64/26": {"user_type": "residential", "is_residential_proxy": True},
    "198.51.100.0/25": {"connection_type": "Cellular"},
    "198.51.100.128/25": {"connection_type": "Corporate"},
}
FLAT = {
    "203.0.113.0/24": {
        "country": "US",
        "city": "Otherton",
        "lat": "10.5",
        "lng": "not known",
        "hosting": "true",
        "vpn": "",
    },
}


def write(folder, name, networks):
    writer = MMDBWriter(6, name, ipv4_compatible=True, description=name)
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(folder / f"{name}.mmdb"))


def said(folder, *values):
    found = outside_files(folder)
    assert not found.problems
    rows = look_up(list(values), found.files)
    return {row["ip"]: row for row in rows.iter_rows(named=True)}


def test_place_and_kind_come_from_the_file_that_has_them(tmp_path):
    write(tmp_path, "City", CITY)
    write(tmp_path, "Kinds", KINDS)
    rows = said(tmp_path, "203.0.113.7", "192.0.2.1", "not-an-ip")
    assert rows["203.0.113.7"] == {
        "ip": "203.0.113.7",
        "network_kind": "residential",
        "kind_source": f"Kinds {TODAY}",
        "country": "US",
        "city": "Sampleton",
        "lat": 41.7,
        "lon": -93.05,
        "accuracy_km": 20.0,
        "place_source": f"City {TODAY}",
    }
    for unknown in ("192.0.2.1", "not-an-ip"):
        assert set(rows[unknown].values()) == {unknown, None}


@pytest.mark.parametrize(
    ("ip", "kind"),
    [
        ("203.0.113.70", "relay"),  # a flag next to a word that states less
        ("198.51.100.7", "mobile"),
        ("198.51.100.200", None),  # a company's network represents anything
        ("2001:db8::7", "hosting"),
    ],
)
def test_the_kind_that_proves_least_wins(tmp_path, ip, kind):
    write(tmp_path, "City", CITY)
    write(tmp_path, "Kinds", KINDS)
    assert said(tmp_path, ip)[ip]["network_kind"] == kind


def test_two_files_that_differ_make_nothing_stronger(tmp_path):
    write(tmp_path, "Kinds", KINDS)
    assert said(tmp_path, "203.0.113.7")["203.0.113.7"]["network_kind"] == "residential"
    write(tmp_path, "Another", FLAT)
    row = said(tmp_path, "203.0.113.7")["203.0.113.7"]
    assert (row["network_kind"], row["kind_source"]) == ("hosting", f"Another {TODAY}")


def test_the_middle_of_a_country_is_no_place(tmp_path):
    write(tmp_path, "City", CITY)
    row = said(tmp_path, "198.51.100.7")["198.51.100.7"]
    assert (row["country"], row["lat"], row["lon"]) == ("US", None, None)


def test_a_flat_record_and_a_number_that_is_none(tmp_path):
    write(tmp_path, "Another", FLAT)
    row = said(tmp_path, "203.0.113.7")["203.0.113.7"]
    assert (row["country"], row["city"], row["lat"]) == ("US", "Otherton", None)


def test_a_file_in_the_registry_has_a_version_and_a_damaged_one_is_told(load, tmp_path):
    write(tmp_path, "City", CITY)
    data = (tmp_path / "City.mmdb").read_bytes()
    registry = load({"city.mmdb": data, "cut.mmdb": data[: len(data) // 2]})
    assert "city.mmdb" in registry.versions
    assert "ip_geo.csv" not in registry.missing
    assert [one.path.name for one in registry.outside] == ["city.mmdb"]
    (problem,) = [one for one in registry.problems if one.file == "cut.mmdb"]
    assert "cannot be read" in str(problem)


def test_without_a_file_nothing_is_said():
    assert look_up(["203.0.113.7"], ()).drop("ip").null_count().row(0) == (1,) * 8
    assert look_up([], ()).schema["lat"] == pl.Float64
