"""Each list that an administrator exports, with the columns of its console, in any order.

`pipelines/registry/imports/lists.csv` records what each list fills and what it leaves unused;
`expected/` contains the rows and sentences. `python -m tests.lists.results` rewrites both.
"""

import csv
import random
from dataclasses import replace

import pytest

from pipelines.district import open_district
from pipelines.gaps.logs import placeless, without_fixed_device
from pipelines.proposals.first_steps import first_steps
from pipelines.registry.imports.export_tables import Sheet, tables
from pipelines.registry.imports.exports import EXPORTS, export_of
from pipelines.registry.imports.lists import exported_lists
from pipelines.registry.imports.unused_columns import NO_RULE, why_unused
from tests.lists.importing import EXPECTED, FOLDER, imported
from tests.lists.results import ROSTER, files_of, lines_of, outcome, result_of

LISTS = {one.file: one for one in exported_lists()}
ALONE = {"oneroster_users_1_1.csv", "oneroster_users_1_2.csv", "oneroster_orgs.csv",
         "oneroster_roles_1_2.csv"}  # fmt: skip
"""Files of a roster: one after another is another roster's."""
each = pytest.mark.parametrize("name", LISTS)


@each
def test_a_list_gives_what_the_table_says(name):
    one = LISTS[name]
    assert result_of(one) == {key: one.row[key] for key in ("export", "fills", "not_used")}
    assert "\n".join(lines_of(one)) + "\n" == (EXPECTED / f"{name}.txt").read_text()


@each
def test_no_list_is_silent(name):
    """It fills a fact or is not used for a reason, and each of its columns too."""
    one = LISTS[name]
    assert one.fills or one.not_used
    for taken in outcome(one)[1].plan.taken:
        assert all(taken.unread.values())


@pytest.mark.parametrize("name", [one for one in LISTS if one not in ALONE])
def test_a_list_gives_the_same_before_and_after_the_others(name, tmp_path):
    one = LISTS[name]
    path, others = files_of(one)
    after = imported(tmp_path / "after", [[*ROSTER, *others], [path]])
    before = imported(tmp_path / "before", [[turned(path, tmp_path)], [*others], [*ROSTER]])
    assert before.rows == after.rows


def turned(path, folder):
    """Return a table with its columns and rows in reverse; other files as they are."""
    if path.suffix != ".csv" or "elsi" in path.name:
        return path
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = ([*reversed(row)] for row in csv.reader(file))
    copy = folder / path.name
    with copy.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *reversed(rows)])
    return copy


@pytest.mark.parametrize("seed", range(2))
def test_all_lists_of_a_district_give_one_registry_in_any_order(seed, tmp_path):
    """Lists of one system after another, the roster somewhere among them."""
    names = ["jamf_computers.csv", "jamf_users.csv", "ise_endpoints.csv", "okta_people.csv",
             "ad_computers.csv", "dhcp_scopes.csv", "nces_edge.csv", "frontline_absences.csv",
             "skyward_staff.csv", "google_chrome_devices.csv"]  # fmt: skip
    steps = [[FOLDER / name] for name in names] + [[*ROSTER]]
    together = imported(tmp_path / "together", [[path for step in steps for path in step]])
    random.Random(seed).shuffle(steps)
    assert imported(tmp_path / "shuffled", steps).rows == together.rows


def test_users_or_devices_first_and_networks_last_lead_to_the_same_first_steps(tmp_path):
    """Networks that were read before the buildings kept none, and rules stayed off."""
    users = [FOLDER / "ad_users.csv", *ROSTER]
    devices = [FOLDER / "ad_computers.csv", FOLDER / "google_chrome_devices.csv"]
    networks = [FOLDER / "dhcp_scopes.csv"]
    schools = [FOLDER / "nces_edge.csv"]
    orders = (
        [users, devices, schools, networks],
        [devices, users, networks, schools],
        [networks, schools, devices, users],
        [[*users, *devices, *networks, *schools]],
    )
    results = []
    for number, steps in enumerate(orders):
        home = tmp_path / f"home-{number}"
        rows = imported(home, steps).rows
        with open_district(home) as district:
            steps_left = replace(first_steps(district), report=None)
            without_building = [*placeless(district.outline)]
        results.append(
            (rows, steps_left, without_building, [*without_fixed_device(district.outline)])
        )
    assert all(one == results[0] for one in results)
    _, steps_left, without_building, _ = results[0]
    assert without_building == []
    assert {"users.csv", "devices.csv", "subnets.csv", "buildings.csv"}.isdisjoint(
        one.file for one in steps_left.missing
    )


def test_every_kind_of_export_is_in_the_table():
    listed = {name for one in LISTS.values() for name in one.export.split(", ")}
    assert {one.name for one in EXPORTS} - {"OneRoster manifest"} <= listed


def test_a_table_with_a_column_of_buildings_is_not_a_list_of_buildings():
    """Serial numbers with the building of each became buildings."""
    for header in (("Serial Number", "Building"), ("Position Description", "Building")):
        assert export_of(Sheet("list.csv", header, ()), {}) is None


def test_a_list_of_students_is_not_a_list_of_staff():
    """Without its column of grades, a list of students has the columns of a list of staff."""
    for name, lost in (("asm_students.csv", "grade_level"), ("google_users.csv", "Org Unit Path")):
        (sheet,) = tables(name, (FOLDER / name).read_bytes())
        header = tuple(column for column in sheet.header if not column.startswith(lost))
        assert export_of(sheet._replace(header=header), {}) is None


def test_the_last_user_of_a_device_is_no_holder():
    """Lansweeper and PDQ name who logged in last: a student at a teacher's computer."""
    for name in ("lansweeper_computers.csv", "pdq_computers.csv"):
        rows = outcome(LISTS[name])[1].rows["devices.csv"]
        assert not any(key == "assigned_to" for row in rows for key, _ in row)


def test_a_reason_is_that_of_the_name():
    assert why_unused("phonenumber") == "contact and private data, which no rule needs"
    assert why_unused("jamfpromobiledeviceid") == "identifiers of systems, which no log here uses"
    assert why_unused("warranty") == NO_RULE
