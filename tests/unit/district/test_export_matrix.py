"""Each list that an administrator exports, with the columns of its console, in any order.

For each list: the registry that it gives together with a roster is the same whether the list,
the roster or both come first; each column is read or reported; each fact arrives.
The headers are those of the vendors' documents, and of public samples where there are none.
"""

import itertools
import json

import polars as pl
import pytest

from pipelines.district import only_writer, open_district
from pipelines.proposals.setup import match_again
from pipelines.registry.imports.export_tables import Sheet, plain, tables
from pipelines.registry.imports.exports import EXPORTS, export_of
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from tests.journey.commands import schoolbell

ORGS = """sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
o-d,active,2026-08-01,Oakdale Public Schools,district,DO,
o-h,active,2026-08-01,Oakdale High School,school,HS,o-d
o-m,active,2026-08-01,Oakdale Middle School,school,MS,o-d
"""
USERS = """sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,\
givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
p-1,active,2026-08-01,true,o-h,teacher,ada.moss,,Ada,Moss,,5001,ada.moss@oak.example,,,,,
p-2,active,2026-08-01,true,o-m,teacher,bo.fern,,Bo,Fern,,5002,bo.fern@oak.example,,,,,
s-1,active,2026-08-01,true,o-h,student,zkid30,,Zoe,Kid,,9001,zkid30@oak.example,,,,11,
"""
ROSTER = {"users.csv": USERS, "orgs.csv": ORGS}

LISTS = {
    "Jamf computers": (
        """Computer Name,Jamf Pro Computer ID,Serial Number,Asset Tag,Primary MAC Address,\
Alt MAC Address,Model,Model Identifier,Operating System,Last Check-in,Username,Full Name,\
Email Address,Department,Building,Room
Adas MacBook,7,C02A1,T-1,02:00:00:00:00:01,02:00:00:00:00:02,"MacBook Air (M2, 2022)",\
"Mac14,2",macOS 15.1,2026-11-02,amoss,Ada Moss,ada.moss@oak.example,Science,High School,12
lab-imac,8,C02A2,T-2,02:00:00:00:00:03,,"iMac (24-inch)","iMac21,1",macOS 15.1,2026-11-02,,,,\
,Middle School,Lab 3
""",
        {
            "devices.csv": [
                {"hostname": "adas-macbook", "serial": "c02a1", "asset_tag": "t-1",
                 "mac": "02:00:00:00:00:01", "ethernet_mac": "02:00:00:00:00:02",
                 "device_class": "laptop", "assigned_to": "p-1", "building": "HS"},
                {"hostname": "lab-imac", "device_class": "lab_pc", "building": "MS"},
            ],
            "accounts.csv": [{"username": "amoss", "owner_person_id": "p-1"}],
        },
    ),
    "Jamf mobile devices": (
        """Display Name,Jamf Pro Mobile Device ID,Serial Number,Asset Tag,Wi-Fi MAC Address,\
Bluetooth MAC Address,Model,Model Identifier,OS Version,UDID,Managed,Supervised,\
Device Ownership Level,Username,Full Name,Email Address,Department,Building,Room
iPad Fern,21,DMP1,T-3,02:00:00:00:00:11,02:00:00:00:00:12,iPad (9th generation),"iPad12,1",\
18.1,00008030-1,Managed,Supervised,Institutional,bfern,Bo Fern,bo.fern@oak.example,,\
Middle School,4
iPad,22,DMP2,T-4,02:00:00:00:00:13,,iPad (9th generation),"iPad12,1",18.1,00008030-2,Managed,\
Supervised,Institutional,,,,,High School,
iPad,23,DMP3,T-5,02:00:00:00:00:14,,iPad (9th generation),"iPad12,1",18.1,00008030-3,Managed,\
Supervised,Institutional,,,,,High School,
""",
        {
            "devices.csv": [
                {"hostname": "ipad-fern", "serial": "dmp1", "mac": "02:00:00:00:00:11",
                 "device_class": "tablet", "assigned_to": "p-2", "building": "MS"},
                {"serial": "dmp2", "mac": "02:00:00:00:00:13", "hostname": None,
                 "device_class": "tablet", "building": "HS"},
                {"serial": "dmp3", "mac": "02:00:00:00:00:14", "hostname": None},
            ],
            "accounts.csv": [{"username": "bfern", "owner_person_id": "p-2"}],
        },
    ),
    "Intune devices": (
        """Device ID,Device name,Enrollment date,Serial number,Manufacturer,Model,Wi-Fi MAC,\
Category,Primary user UPN,Primary user email address,Primary user display name,Compliance,\
Managed by,Ownership,OS,SkuFamily,JoinType,EthernetMAC
1,NB-ADA,2026-08-01,5CD1,Contoso,Latitude 5440,020000000021,High School,ada.moss@oak.example,\
ada.moss@oak.example,Ada Moss,Compliant,Intune,Corporate,Windows,EDU,AzureAD,020000000022
2,TAB-1,2026-08-01,5CD2,Apple,iPad Air,020000000023,,,,,Compliant,Intune,Corporate,iPadOS,,,
""",
        {
            "devices.csv": [
                {"hostname": "nb-ada", "mac": "02:00:00:00:00:21", "device_class": "laptop",
                 "ethernet_mac": "02:00:00:00:00:22", "assigned_to": "p-1", "building": "HS"},
                {"hostname": "tab-1", "device_class": "tablet"},
            ]
        },
    ),
    "Mosyle devices": (
        """Device Name,Serial Number,Device UDID,Device Model,OS Version,Asset Tag,\
Wi-Fi MAC Address,Ethernet MAC Address,User ID,User Name,User Email,User Type,Location,Tags,Status
nb-fern,C02B1,0000-1,MacBook Air,15.1,T-6,02:00:00:00:00:31,02:00:00:00:00:32,bfern,Bo Fern,\
bo.fern@oak.example,Teacher,Middle School,,Active
""",
        {
            "devices.csv": [
                {"hostname": "nb-fern", "serial": "c02b1", "mac": "02:00:00:00:00:31",
                 "ethernet_mac": "02:00:00:00:00:32", "device_class": "laptop",
                 "assigned_to": "p-2", "building": "MS"},
            ],
            "accounts.csv": [{"username": "bfern", "owner_person_id": "p-2"}],
        },
    ),
    "Kandji devices": (
        """Device name,Serial number,Model,OS version,Platform,Blueprint,Asset tag,User name,\
User email,Last check-in,MAC address
nb-moss,C02C1,MacBook Pro,15.1,Mac,High School Staff,T-7,Ada Moss,ada.moss@oak.example,\
2026-11-02,02:00:00:00:00:41
""",
        {
            "devices.csv": [
                {"hostname": "nb-moss", "serial": "c02c1", "mac": "02:00:00:00:00:41",
                 "device_class": "laptop", "assigned_to": "p-1", "building": "HS"},
            ]
        },
    ),
    "Google Chrome devices": (
        """deviceId,status,annotatedAssetId,annotatedLocation,annotatedUser,model,serialNumber,\
autoUpdateExpiration,lastSync,osVersion,orgUnitPath,macAddress,ethernetMacAddress
0001-a,ACTIVE,T-8,Room 12,ada.moss@oak.example,C14,5CD8,2030-06-01,2026-11-02,120,\
/Devices/High School,020000000051,020000000052
""",
        {
            "devices.csv": [
                {"serial": "5cd8", "directory_id": "0001-a", "asset_tag": "t-8",
                 "mac": "02:00:00:00:00:51", "ethernet_mac": "02:00:00:00:00:52",
                 "device_class": "chromebook", "assigned_to": "p-1", "building": "HS"},
            ]
        },
    ),
    "list of devices": (
        """Hostname,Serial,Model,MAC Address,Username,Email,Location,OS
pc-1,S1,OptiPlex 7000,02:00:00:00:00:61,bfern,bo.fern@oak.example,Middle School,Windows 11
""",
        {
            "devices.csv": [
                {"hostname": "pc-1", "mac": "02:00:00:00:00:61", "device_class": "desktop",
                 "assigned_to": "p-2", "building": "MS"},
            ],
            "accounts.csv": [{"username": "bfern", "owner_person_id": "p-2"}],
        },
    ),
    "Okta people": (
        """login,firstName,lastName,email,title,displayName,userType,employeeNumber,department,\
organization,samAccountName,status
amoss@oak.example,Ada,Moss,ada.moss@oak.example,Teacher,Ada Moss,Staff,5001,Science,\
High School,amoss7,ACTIVE
bo.fern@oak.example,Bo,Fern,bo.fern@oak.example,Teacher,Bo Fern,Staff,5002,Science,\
Middle School,bo.fern,DEPROVISIONED
""",
        {
            "accounts.csv": [
                {"username": "amoss", "owner_person_id": "p-1"},
                {"username": "amoss7", "owner_person_id": "p-1"},
                {"username": "bo.fern", "owner_person_id": "p-2",
                 "note": "suspended or disabled in Okta people"},
            ]
        },
    ),
    "Entra users": (
        """userPrincipalName,displayName,surname,mail,givenName,userType,jobTitle,department,\
accountEnabled,officeLocation,employeeId
amoss@oak.example,Ada Moss,Moss,ada.moss@oak.example,Ada,Member,Teacher,Science,True,\
High School,5001
""",
        {"accounts.csv": [{"username": "amoss", "owner_person_id": "p-1"}]},
    ),
    "Google users": (
        """First Name [Required],Last Name [Required],Email Address [Required],\
Password [Required],Org Unit Path [Required],Status [READ ONLY],Employee ID,Employee Title,\
Department,Building ID
Ada,Moss,amoss@oak.example,****,/Staff,Active,5001,Teacher,Science,
""",
        {"accounts.csv": [{"username": "amoss", "owner_person_id": "p-1"}]},
    ),
    "Apple School Manager staff": (
        """person_id,person_number,first_name,middle_name,last_name,email_address,sis_username,\
location_id
x-3,5003,Cy,,Reed,cy.reed@oak.example,creed,o-m
x-1,5001,Ada,,Moss,ada.moss@oak.example,ada.moss,o-h
""",
        {
            "users.csv": [
                {"sourcedId": "5003", "username": "creed", "email": "cy.reed@oak.example",
                 "orgSourcedIds": "o-m", "familyName": "Reed"},
            ]
        },
    ),
    "Apple School Manager students": (
        """person_id,person_number,first_name,middle_name,last_name,grade_level,email_address,\
sis_username,password_policy,location_id
s-1,9001,Zoe,,Kid,11,zkid30@oak.example,zoekid,4,o-h
""",
        {"accounts.csv": [{"username": "zoekid", "owner_person_id": "s-1"}]},
    ),
    "Apple School Manager locations": (
        "location_id,location_name\no-h,Oakdale High School\no-m,Oakdale Middle School\n",
        {"buildings.csv": [{"building": "HS", "org_id": "o-h", "name": "Oakdale High School"}]},
    ),
    "staff list, PowerSchool": (
        """TeacherNumber,Last_Name,First_Name,Email_Addr,LoginID,HomeSchoolID,StaffStatus,Status
5003,Reed,Cy,cy.reed@oak.example,creed,MS,2,1
5004,Gone,Di,di.gone@oak.example,dgone,MS,1,2
""",
        {
            "users.csv": [
                {"sourcedId": "5003", "username": "creed", "email": "cy.reed@oak.example",
                 "orgSourcedIds": "o-m", "metadata.jobTitle": "Staff"},
            ]
        },
    ),
    "staff list, Skyward": (
        """Name ID,Last Name,First Name,Position Description,Building,Email Address,Status
5003,Reed,Cy,Custodian,Middle School,cy.reed@oak.example,Active
""",
        {
            "users.csv": [
                {"sourcedId": "5003", "email": "cy.reed@oak.example", "orgSourcedIds": "o-m",
                 "metadata.jobTitle": "Custodian"},
            ]
        },
    ),
    "list of schools": (
        """NCESSCH,LEAID,NAME,STREET,CITY,STATE,ZIP,STFIP,CNTY,NMCNTY,LOCALE,LAT,LON,SCHOOLYEAR
990001000001,9900010,Oakdale High School,1 Oak St,Oakdale,IA,50000,19,19001,Oak,41,41.60,\
-93.61,2425
990001000002,9900010,Oakdale Middle School,2 Oak St,Oakdale,IA,50000,19,19001,Oak,41,41.62,\
-93.70,2425
990002000009,9900020,Oakdale High School,9 Far St,Far,IA,50009,19,19009,Far,41,42.90,-91.10,2425
""",
        {
            "buildings.csv": [
                {"building": "HS", "lat": "41.60", "lon": "-93.61"},
                {"building": "MS", "lat": "41.62", "lon": "-93.70"},
            ]
        },
    ),
    "DHCP subnets": (
        ("# HS wired\nsubnet 10.20.0.0 netmask 255.255.0.0 { }\n"
        "# Middle School WiFi\nsubnet 10.30.0.0 netmask 255.255.0.0 { }\n"),
        {
            "subnets.csv": [
                {"cidr": "10.20.0.0/16", "building": "HS", "kind": "wired"},
                {"cidr": "10.30.0.0/16", "building": "MS", "kind": "wifi"},
            ]
        },
    ),
}  # fmt: skip
"""List -> its text, and the rows that it gives with the roster."""

CARDS = {
    "Cisco ISE endpoints": """MACAddress,EndPointPolicy,IdentityGroup,Description,host-name,\
PortalUser,StaticAssignment,StaticGroupAssignment
02:00:00:00:00:71,Windows10-Workstation,Workstation,,HS-D-01,,false,false
02:00:00:00:00:79,Apple-iPhone,RegisteredDevices,,Adas-iPhone,ada.moss,false,false
""",
    "ClearPass endpoints": """<?xml version="1.0"?><TipsContents xmlns="urn:example:tips">\
<Endpoints><Endpoint macVendor="Contoso" macAddress="020000000071" status="Known">\
<EndpointProfile hostname="HS-D-01" category="Computer" family="Windows" name="Windows 10"/>\
<EndpointTags tagName="Username" tagValue="ada.moss"/></Endpoint></Endpoints></TipsContents>""",
    "clients of a network": """Status,Description,Last seen,Usage,OS,IPv4 address,MAC address,\
User,VLAN,Recent SSID
online,HS-D-01,now,1 MB,Windows,10.20.0.9,02:00:00:00:00:71,,10,
""",
}
"""Lists that add cards to devices of another list."""
COMPUTERS = """"DistinguishedName","DNSHostName","Enabled","Name","OperatingSystem"
"CN=HS-D-01,OU=High School,DC=oak,DC=example","","True","HS-D-01","Windows 11"
"""


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


@pytest.mark.parametrize("name", LISTS)
def test_a_list_fills_its_facts_in_any_order(name, made):
    text, expected = LISTS[name]
    listed = {"a-list.csv": text}
    orders = ([{**ROSTER, **listed}], [ROSTER, listed], [listed, ROSTER])
    homes = [made() for _ in orders]
    together, *others = (
        registry_of(home, steps) for home, steps in zip(homes, orders, strict=True)
    )
    for file, wanted in expected.items():
        found = rows(homes[0], file)
        for row in wanted:
            assert any(row.items() <= one.items() for one in found), (row, found)
    for other in others:
        assert other == together
    again = schoolbell("setup", "--home", homes[2], "--write")
    assert "Nothing new." in again.out


@pytest.mark.parametrize("name", CARDS)
def test_a_list_of_cards_completes_devices_in_any_order(name, made):
    files = {"computers.csv": COMPUTERS}, {"cards.csv": CARDS[name]}
    homes = [made() for _ in range(2)]
    first = registry_of(homes[0], [ROSTER, *files])
    last = registry_of(homes[1], [files[1], files[0], ROSTER])
    (device,) = rows(homes[0], "devices.csv")
    assert (device["hostname"], device["mac"]) == ("hs-d-01", "02:00:00:00:00:71")
    assert last == first


@pytest.mark.parametrize("name", [*LISTS, *CARDS])
def test_no_list_and_no_column_is_silent(name, made, tmp_path):
    """A recognized list fills something, and names the columns that it does not read."""
    text = LISTS[name][0] if name in LISTS else CARDS[name]
    (sheet,) = (one for one in tables("a-list.csv", text.encode()) if isinstance(one, Sheet))
    export = export_of(sheet, {})
    assert export is not None
    assert export.name == name.partition(",")[0]
    read = {column for columns in export.cells.values() for column in columns.split("|")}
    valued = {one for one in sheet.header if any(row.get(plain(one)) for row in sheet.rows)}
    unread = {one for one in valued if plain(one) not in read}
    (tmp_path / "roster").mkdir()
    for file, data in ({"a-list.csv": text, "pc.csv": COMPUTERS} | ROSTER).items():
        (tmp_path / "roster" / file).write_text(data)
    done = schoolbell("setup", "--home", made(), "--from", tmp_path / "roster", "--json")
    facts = {one["place"]: one for one in json.loads(done.out)["read"]}["a-list.csv"]
    assert {*facts["columns_not_read"]} == unread
    assert facts["gave"]


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
        {"nces.csv": LISTS["list of schools"][0]},
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
    registry_of(home, [ROSTER, {"a-list.csv": LISTS["Jamf computers"][0]}])
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
    students = LISTS["Apple School Manager students"][0]
    registry_of(home, [{"google.csv": DIRECTORY, "students.csv": students}])
    data = b"".join(path.read_bytes() for path in DistrictHome(home).kept_exports.iterdir())
    assert b"p7@oak.example" in data
    assert b"First1" in data
    for secret in (b"secret", b"First7", b"Last8", b"Zoe", b"Kid"):
        assert secret not in data


def test_a_short_name_of_another_or_of_a_room_is_no_one_s(made):
    """A wrong holder of a login would be a wrong accusation."""
    home, text = made(), LISTS["Jamf computers"][0]
    head, row, _ = text.split("\n", 2)
    named = ("library", "bo.fern", "frontdesk", "tech99")
    listed = [row.replace("amoss", name).replace("C02A1", f"S{n}").replace("Adas", f"n{n}")
              .replace("00:01", f"0a:{n}1").replace("00:02", f"0a:{n}2")
              for n, name in enumerate(named)]  # fmt: skip
    registry_of(home, [ROSTER, {"a-list.csv": "\n".join([head, *listed]) + "\n"}])
    assert rows(home, "accounts.csv") == []


def test_every_list_is_in_the_matrix():
    """A new list comes with its columns, or with the test that already has them."""
    elsewhere = {
        "Google users of GAM", "Active Directory users", "Microsoft 365 users",
        "Active Directory computers", "Entra devices", "asset inventory", "DHCP reservations",
        "Windows DHCP scopes", "PAN-OS address objects", "FreeRADIUS clients", "absences",
    }  # fmt: skip
    listed = {name.partition(",")[0] for name in (*LISTS, *CARDS)}
    wanted = {one.name for one in EXPORTS if one.facts not in ("roster", "nothing")}
    assert wanted == listed | elsewhere
