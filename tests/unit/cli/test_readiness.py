"""Before any line arrives: what registry and formats say that no rule can judge."""

import re

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.district import open_district
from pipelines.gaps.logs import (
    ANYTHING,
    JOIN_LOGS,
    KEYBOARD_LOGS,
    without_fixed_device,
    without_keyboard_log,
)
from pipelines.ingest.parser import readers
from pipelines.registry.new_home import create

DEVICES = """hostname,mac,device_class,assigned_to,building,pool
cb-1,02:00:00:00:00:01,chromebook,p-1,HS,
cb-2,02:00:00:00:00:02,chromebook,,HS,cart
cb-3,02:00:00:00:00:03,chromebook,s-1,HS,
pc-1,02:00:00:00:00:04,desktop,p-1,DO,
"""
PEOPLE = """sourcedId,status,orgSourcedIds,role,username,givenName,familyName
p-1,active,org-hs,teacher,ann,Ann,Vega
s-1,active,org-hs,student,sam,Sam,Park
"""
BUILDINGS = "org_id,building,lat,lon,campus\norg-hs,HS,41.5,-90.5,north\n"
OFFICE = "org-do,DO,41.6,-90.5,office\n"


@pytest.fixture
def said(tmp_path):
    """What is stated with sources of these formats."""

    def of(*formats):
        home = tmp_path / "-".join(("home", *formats))
        create(home, name="District", account_domains=())
        files = {
            "devices.csv": DEVICES, "users.csv": PEOPLE,
            "buildings.csv": BUILDINGS + OFFICE,
        }  # fmt: skip
        for name, text in files.items():
            (home / "registry" / name).write_text(text)
        with (home / "district.toml").open("a") as settings:
            for number, name in enumerate(formats):
                settings.write(f'\n[sources.log{number}]\nformat = "{name}"\n')
        with open_district(home) as district:
            return (
                home,
                [
                    gap.line
                    for gap in without_keyboard_log(
                        district.store, district.settings, district.outline
                    )
                ],
                [gap.line for gap in without_fixed_device(district.outline)],
            )

    return of


def test_without_a_keyboards_log_the_devices_are_counted_by_class(said):
    home, lines, desks = said("paloalto", "isc_dhcpd")
    chromebooks, computers = lines
    assert chromebooks.startswith(
        "no log shows the user of 2 Chromebooks; Google's ChromeOS audit would "
    )  # a student's is not counted
    assert "(6 rules on keyboards judge nothing there; 16 rules on presence find" in chromebooks
    assert not re.search(r"\b[A-Z]{2}-\w", chromebooks)  # words in place of codes
    assert computers.startswith("no log shows the user of 1 computer; the Security logs would")
    assert desks[0].startswith("use at two keyboards cannot be judged at HS: devices.csv has no")
    told = CliRunner().invoke(app, ["check", "--home", str(home)]).output
    assert "No log shows the user of 2 Chromebooks" in told
    assert "Use at two keyboards cannot be judged at HS" in told


def test_what_a_format_tells_is_not_missed(said):
    assert said("google_workspace", "windows_security_json")[1] == []
    (computers,) = said("google_workspace", "freeradius")[1]
    assert "of 1 computer" in computers
    assert "on presence" not in computers  # joining the network shows of laptops
    assert said()[1] == []  # nothing is known of what will come
    assert said("paloalto", "declared_csv")[1] == []


def test_every_format_that_is_named_exists():
    named = ANYTHING.union(JOIN_LOGS, *(one.formats for one in KEYBOARD_LOGS))
    assert named <= set(readers())
