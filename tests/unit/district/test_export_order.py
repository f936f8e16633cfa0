"""Exports of a district in any order: names that later lists give, deletions, privacy.

`tests/lists/` has each list of each system.
"""

import itertools

import polars as pl
import pytest

from pipelines.district import only_writer, open_district
from pipelines.proposals.setup import match_again
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from tests.journey.commands import schoolbell
from tests.lists.importing import FOLDER

ROSTER = {name: (FOLDER / "roster" / name).read_text() for name in ("users.csv", "orgs.csv")}
JAMF, SCHOOLS, STUDENTS = (
    (FOLDER / name).read_text()
    for name in ("jamf_computers.csv", "nces_edge.csv", "asm_students.csv")
)


def rows(home, name):
    path = DistrictHome(home).registry / name
    if not path.exists():
        return []
    return pl.read_csv(path, infer_schema=False, comment_prefix="#").to_dicts()


def registry_of(home, steps):
    """Return the registry after one import per step."""
    for number, files in enumerate(steps):
        folder = home.parent / f"{home.name}-{number}"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        done = schoolbell("setup", "--home", home, "--from", folder, "--write")
        assert done.code == 0, done.err
    names = sorted(path.name for path in DistrictHome(home).registry.glob("*.csv"))
    found = {}
    for name in names:
        cells = [
            tuple(sorted((key, cell) for key, cell in row.items() if cell))
            for row in rows(home, name)
        ]
        found[name] = sorted(cells)
    return found


@pytest.fixture
def made(tmp_path):
    numbers = itertools.count()

    def make():
        return create(tmp_path / f"home{next(numbers)}", zone="America/Chicago").path

    return make


SCOPES = """"ScopeId","SubnetMask","Name","State","Description"
"10.20.0.0","255.255.0.0","HS wired","Active",""
"10.21.0.0","255.255.0.0","HS WiFi","Active",""
"10.30.0.0","255.255.0.0","MS wired","Active",""
"10.31.0.0","255.255.0.0","MS WiFi","Active",""
"10.99.0.0","255.255.0.0","IT servers","Active",""
"""
DIRECTORY = """First Name [Required],Last Name [Required],Email Address [Required],\
Password [Required],Org Unit Path [Required],Status [READ ONLY],Employee ID,Employee Title,\
Department
""" + "".join(
    f"First{n},Last{n},p{n}@oak.example,secret,/{who}/{unit},Active,,,\n"
    for n, (who, unit) in enumerate(
        [*[("Staff", "High School")] * 3, *[("Staff", "Middle School")] * 3,
         *[("Students", "High School")] * 3]
    )
)  # fmt: skip


def test_names_of_networks_are_buildings_until_a_list_names_them(made):
    """24 networks had no building, since buildings.csv was typed after they were read."""
    homes = [made() for _ in range(3)]
    registry_of(homes[0], [{"scopes.csv": SCOPES}])
    found = {row["cidr"]: row["building"] for row in rows(homes[0], "subnets.csv")}
    assert found == {
        "10.20.0.0/16": "HS", "10.21.0.0/16": "HS", "10.30.0.0/16": "MS",
        "10.31.0.0/16": "MS", "10.99.0.0/16": None,
    }  # fmt: skip
    assert {row["building"] for row in rows(homes[0], "buildings.csv")} == {"HS", "MS"}
    parts = {"scopes.csv": SCOPES}, {"google.csv": DIRECTORY}, ROSTER
    for other, order in zip(homes[1:], (parts, parts[::-1]), strict=True):
        registry_of(other, order)
    last, first = (
        {name: rows(home, name) for name in ("subnets.csv", "buildings.csv", "users.csv")}
        for home in homes[1:]
    )
    assert last["subnets.csv"] == first["subnets.csv"]
    buildings = [{row["building"]: row["org_id"] for row in one["buildings.csv"]}
                 for one in (last, first)]  # fmt: skip
    assert buildings == [{"HS": "o-h", "MS": "o-m"}] * 2


def test_a_list_of_buildings_replaces_the_names_that_networks_suggested(made):
    """The suggested row kept its code as organization, which the roster does not have."""
    home = made()
    listed = "org_id,building,lat,lon,name\no-h,HS,41.6,-93.6,High\no-m,MS,41.7,-93.7,Middle\n"
    registry_of(home, [{"scopes.csv": SCOPES}, {"buildings.csv": listed}])
    found = {row["building"]: (row["org_id"], row["name"]) for row in rows(home, "buildings.csv")}
    assert found == {"HS": ("o-h", "High"), "MS": ("o-m", "Middle")}


def test_a_list_of_schools_places_buildings_that_units_name_in_any_order(made):
    """Together with a directory, the row without coordinates hid the row with them."""
    files = (
        {"nces.csv": SCHOOLS},
        {"google.csv": DIRECTORY.replace("/High", "/Oakdale High").replace("/Mid", "/Oakdale Mid")},
    )
    orders = [{**files[0], **files[1]}], [*files], [*reversed(files)]
    homes = [made() for _ in orders]
    for home, order in zip(homes, orders, strict=True):
        registry_of(home, order)
        found = {row["name"]: row["lat"] for row in rows(home, "buildings.csv")}
        assert found == {"Oakdale High School": "41.60", "Oakdale Middle School": "41.62"}


def test_a_run_matches_kept_exports_when_a_list_changes(made):
    home = made()
    scopes = SCOPES.replace("HS ", "North ").replace("MS ", "South ")
    registry_of(home, [{"scopes.csv": scopes}])
    assert {row["building"] for row in rows(home, "subnets.csv")} == {None}
    listed = DistrictHome(home).registry / "buildings.csv"
    listed.write_text("building,name,lat,lon\nN,North,41.6,-93.6\nS,South,41.7,-93.7\n")
    done = schoolbell("run", "--home", home, "--quiet")
    assert done.code == 0, done.err
    found = {row["cidr"]: row["building"] for row in rows(home, "subnets.csv")}
    assert found["10.20.0.0/16"] == "N"
    assert found["10.31.0.0/16"] == "S"
    with open_district(home) as district, only_writer(district.home):
        again, lines = match_again(district)
    assert (again, lines) == (district, [])


def test_a_row_that_a_person_deleted_is_not_added_again(made):
    home = made()
    registry_of(home, [ROSTER, {"a-list.csv": JAMF}])
    path = DistrictHome(home).registry / "devices.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "lab-imac" not in line))
    listed = DistrictHome(home).registry / "buildings.csv"
    listed.write_text(listed.read_text() + "o-x,X,,,,\n")
    with open_district(home) as district, only_writer(district.home):
        match_again(district)
    assert [row["hostname"] for row in rows(home, "devices.csv")] == ["adas-macbook"]
    assert "Nothing new." in schoolbell("setup", "--home", home, "--write").out


def test_kept_exports_have_no_password_and_no_student_s_name(made):
    home = made()
    registry_of(home, [{"google.csv": DIRECTORY, "students.csv": STUDENTS}])
    data = b"".join(path.read_bytes() for path in DistrictHome(home).kept_exports.iterdir())
    assert b"p7@oak.example" in data
    assert b"First1" in data
    for secret in (b"secret", b"First7", b"Last8", b"Zoe", b"Kid"):
        assert secret not in data


def test_a_short_name_of_another_or_of_a_room_is_no_one_s(made):
    """A wrong holder of a login would be a wrong accusation."""
    home, text = made(), JAMF
    head, row, _ = text.split("\n", 2)
    named = ("library", "bo.fern", "frontdesk", "tech99")
    listed = [row.replace("amoss", name).replace("C02A1", f"S{n}").replace("Adas", f"n{n}")
              .replace("00:01", f"0a:{n}1").replace("00:02", f"0a:{n}2")
              for n, name in enumerate(named)]  # fmt: skip
    registry_of(home, [ROSTER, {"a-list.csv": "\n".join([head, *listed]) + "\n"}])
    assert rows(home, "accounts.csv") == []
