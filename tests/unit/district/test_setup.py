"""`setup` reads exports as their consoles write them, and writes over no one."""

import io
import json
import re
import zipfile

import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.proposals.setup import plan_of
from pipelines.registry.imports.export_tables import Sheet, UnreadTable, found_in, tables
from pipelines.registry.imports.exports import EXPORTS, export_of, hint
from pipelines.registry.imports.merged_rows import merge
from pipelines.registry.new_home import create
from pipelines.registry.roster import USERS
from pipelines.registry.table import tables as registry_tables
from pipelines.registry.tables.devices import FILE as DEVICES
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_text import with_district_line
from pipelines.state.audit import open_chain
from pipelines.warehouse.models import inputs_below, models, rules
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell

ORGS = """sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
o-d,active,2026-08-01,Oakdale Public Schools,district,DO,
o-h,active,2026-08-01,Oakdale High School,school,HS,o-d
o-m,active,2026-08-01,Oakdale Middle School,school,MS,o-d
"""
USERS_11 = """sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,\
username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,\
agentSourcedIds,grades,password
p-1,active,2026-08-01,true,o-h,teacher,amoss,,Ada,Moss,,5001,amoss@oak.example,,,,,hush1
p-2,active,2026-08-01,true,o-m,teacher,bfern,,Bo,Fern,,5002,bfern@oak.example,,,,,hush2
s-1,active,2026-08-01,true,o-h,student,zkid30,,Zoe,Kid,,9001,zkid30@oak.example,,,,11,
g-1,active,2026-08-01,true,o-h,parent,,,Pat,Elder,,,,,,,,
"""
GOOGLE_USERS = """First Name [Required],Last Name [Required],\
Email Address [Required],Password [Required],Org Unit Path [Required],\
Status [READ ONLY],Employee ID,Employee Title,Department
Ada,Moss,amoss@oak.example,****,/Staff/High School,Active,5001,Science Teacher,
Bo,Fern,bo.fern@oak.example,****,/Staff/Middle School,Active,5002,Teacher,
Copier,HS,hs-scanner@oak.example,****,/Service Accounts,Active,,,
Front,Desk,frontdesk@oak.example,****,/Shared,Active,,,
Un,Known,uknown@oak.example,****,/Contractors,Active,,,
Gone,Long,glong@oak.example,****,/Staff,Suspended,,,
"""
CHROME = """deviceId,serialNumber,status,annotatedUser,annotatedLocation,\
annotatedAssetId,notes,model,macAddress,orgUnitPath,mostRecentUser
0001-a,5CD1,ACTIVE,amoss@oak.example,Room 12,T-100,,C14,02:00:00:00:00:01,\
/Devices/High School/Staff,x
0001-b,5CD2,ACTIVE,bfern@oak.example,Cart 3,T-101,,C14,020000000002,\
/Devices/Middle School/Carts,y
0001-c,5CD3,DEPROVISIONED,,,T-102,,C14,,/Devices/Middle School,y
0001-d,5CD4,ACTIVE,nobody@oak.example,,T-103,,C14,,/Devices/HS or MS,y
"""
COMPUTERS = (
    "#TYPE Selected.Microsoft.ActiveDirectory.Management.ADComputer\r\n"
    '"DistinguishedName","DNSHostName","Enabled","Name","OperatingSystem",'
    '"Location","Description"\r\n'
    '"CN=HS-D-01,OU=Office,OU=High School,DC=oak,DC=example","","True","HS-D-01",'
    '"Windows 11","","OptiPlex 7000"\r\n'
    '"CN=DC1,OU=Domain Controllers,DC=oak,DC=example","","True","DC1",'
    '"Windows Server 2022","",""\r\n'
    '"CN=MS-7,OU=Middle School,DC=oak,DC=example","","True","MS-7","Windows 11","",""'
)
SCOPES = """#TYPE Microsoft.Management.Infrastructure.CimInstance
"ScopeId","SubnetMask","Name","State","StartRange","EndRange","Description"
"10.20.0.0","255.255.252.0","HS Wired","Active","10.20.0.10","10.20.3.250",""
"10.20.8.0","255.255.252.0","HS and MS WiFi","Active","10.20.8.10","10.20.11.250",""
"10.40.0.0","255.255.255.0","old","Inactive","","",""
"""
DHCP_XML = """<?xml version="1.0"?><DHCPServer><IPv4><Scopes><Scope>
<ScopeId>10.31.0.0</ScopeId><Name>MS lab 2</Name><SubnetMask>255.255.255.0</SubnetMask>
<State>Active</State></Scope></Scopes></IPv4></DHCPServer>"""
ISC = """# main
shared-network guest-net {
  subnet 10.90.0.0 netmask 255.255.0.0 { range 10.90.1.1 10.90.9.1; }
}
# HS servers
subnet 10.21.0.0 netmask 255.255.255.0 {
  option routers 10.21.0.1;
}
subnet6 2001:db8:20::/64 { }
"""
KEA = """{ // comments are allowed here
"Dhcp4": {"subnet4": [{"id": 1, "subnet": "10.50.0.0/24",
  "user-context": {"name": "MS VPN pool"}}],
 "shared-networks": [{"name": "byod", "subnet4": [{"subnet": "10.51.0.0/16"}]}]}}
"""
ABSENCES = """Employee ID,Last Name,Absence Date,Start Time,End Time,Absence Reason,\
Absence Status,Substitute ID
5001,Moss,10/23/2026,7:30 AM,3:30 PM,Sick,Approved,5002
5002,Fern,10/26/2026,12:30 PM,3:30 PM,Personal,Canceled,
5001,Moss,10/27/2026,9:30 AM,1:30 PM,Personal,Approved,
7777,No,10/27/2026,7:30 AM,3:30 PM,Sick,Approved,
5001,Moss,10/28/2026,7:30 AM,3:30 PM,Sick,Aproved,
"""
ICS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261126
DTEND;VALUE=DATE:20261128
SUMMARY:Thanksgiving - No School
DESCRIPTION:call Zoe Kid
END:VEVENT
END:VCALENDAR
"""
API_USERS = {
    "users": [
        {
            "sourcedId": "p-9", "status": "active", "enabledUser": True,
            "dateLastModified": "2026-08-01T00:00:00Z", "username": "ninth",
            "givenName": "Nina", "familyName": "Th", "email": "ninth@oak.example",
            "identifier": "5009", "password": "hush",
            "primaryOrg": {"sourcedId": "o-h", "type": "org"},
            "metadata": {"jobTitle": "counselor"},
            "roles": [{"roleType": "primary", "role": "counselor",
                       "org": {"sourcedId": "o-h"}, "beginDate": "2026-08-01"}],
        },
        {
            "sourcedId": "s-9", "status": "active", "enabledUser": True,
            "username": "kid9", "givenName": "Kit", "familyName": "Young",
            "roles": [{"roleType": "primary", "role": "student",
                       "org": {"sourcedId": "o-h"}}],
        },
    ]
}  # fmt: skip


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in members.items():
            bundle.writestr(name, text)
    return out.getvalue()


ROSTER = zipped(
    {
        "orgs.csv": ORGS,
        "users.csv": USERS_11,
        "photo.jpg": "no",
        "demographics.csv": "sourcedId,birthDate\ns-1,2010-01-01\n",
    }
)
EVERYTHING = {
    "roster.zip": ROSTER, "User_Download.csv": GOOGLE_USERS, "chrome.csv": CHROME,
    "computers.csv": COMPUTERS.encode("utf-16"), "scopes.csv": SCOPES,
    "scopes.xml": DHCP_XML, "dhcpd.conf": ISC, "kea.json": KEA,
    "absences.csv": ABSENCES, "school.ics": ICS, "odd.csv": "Email,Name\na,b\n",
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home", zone="America/Chicago").path


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()

    def put(files):
        for name, data in files.items():
            path = folder / name
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return folder

    return put


def rows(home, name):
    path = DistrictHome(home).registry / name
    frame = pl.read_csv(path, infer_schema=False, comment_prefix="#")
    return [{key: cell for key, cell in row.items() if cell} for row in frame.iter_rows(named=True)]


AS_THEIR_CONSOLES_WRITE = {
    "Google users": """First Name [Required],Last Name [Required],\
Email Address [Required],Password [Required],Password Hash Function [UPLOAD ONLY],\
Org Unit Path [Required],New Primary Email [UPLOAD ONLY],Status [READ ONLY],\
Last Sign In [READ ONLY],Recovery Email,Home Secondary Email,Work Secondary Email,\
Recovery Phone [REJECT_RULES BE IN THE E.164 FORMAT],Work Phone,Home Phone,Mobile Phone,\
Work Address,Home Address,Employee ID,Employee Type,Employee Title,Manager Email,\
Department,Cost Center,2sv Enrolled [READ ONLY],2sv Enforced [READ ONLY],Building ID,\
Floor Name,Floor Section,Email Usage [READ ONLY],Drive Usage [READ ONLY],\
Total Storage [READ ONLY],Change Password at Next Sign-In,New Status [UPLOAD ONLY]
Ada,Moss,ada.moss@oak.example,****,,/Staff,,Active,2026/11/02 07:31:00,,,,,,,,,,5001,,\
Teacher,,Science,,True,False,,,,1.1GB,2GB,3.1GB,False,
Gone,Long,glong@oak.example,****,,/Staff,,Suspended,Never logged in,,,,,,,,,,,,,,,,\
False,False,,,,0GB,0GB,0GB,False,
""",
    "Google users of GAM": """primaryEmail,name.givenName,name.familyName,suspended,\
suspensionReason,externalIds,externalIds.0.value,externalIds.0.type,Groups
ada.moss@oak.example,Ada,Moss,False,,1,5001,organization,2
glong@oak.example,Gone,Long,True,ADMIN,,,,0
""",
    "Entra users": """userPrincipalName,displayName,surname,mail,givenName,id,userType,\
jobTitle,department,accountEnabled,usageLocation,streetAddress,state,country,\
officeLocation,city,postalCode,telephoneNumber,mobilePhone,alternateEmailAddress,\
ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,\
directorySynced,invitationState,identityIssuer,createdDateTime
ada.moss@oak.example,Ada Moss,Moss,amoss@oak.example,Ada,1,Member,Teacher,Science,True,\
US,,,,,,,,,,,,,,,True,,oak.example,8/19/2021 1:25:31 PM
pat_vendor.example#EXT#@oak.example,Pat,,,,2,Member,,,True,,,,,,,,,,,,,,,,,,,\
8/19/2021 3:02:10 PM
glong@oak.example,Gone Long,Long,,Gone,3,Member,,,False,,,,,,,,,,,,,,,,,,,8/1/2021
""",
    "Microsoft 365 users": """Block credential,City,Country/Region,Department,\
DirSyncEnabled,Display name,Fax,First name,Last dirsync time,Last name,Licenses,\
Object Id,Office,Title,User principal name,When created
False,,,Science,True,Ada Moss,,Ada,,Moss,A3,1,,Teacher,amoss@oak.example,2021-08-19
True,,,,True,Gone Long,,Gone,,Long,,3,,,glong@oak.example,2021-08-19
""",
    "Active Directory users": """"DistinguishedName","Enabled","GivenName","Name",\
"ObjectClass","ObjectGUID","SamAccountName","SID","Surname","UserPrincipalName"
"CN=Ada Moss,OU=Staff,DC=oak,DC=example","True","Ada","Ada Moss","user","1",\
"ada.moss","S-1-5-21-1-2-3-1101","Moss","amoss@oak.example"
"CN=Gone Long,OU=Staff,DC=oak,DC=example","False","Gone","Gone Long","user","3",\
"glong","S-1-5-21-1-2-3-1102","Long","glong@oak.example"
""",
}
"""Files as a console's user gets them: the header row in full, and the rows that count.
Known by their mail address, their number, or the name that the directory has."""


@pytest.mark.parametrize("name", AS_THEIR_CONSOLES_WRITE)
def test_accounts_as_their_console_writes_them(name, home, exports):
    """One of them is an alias of someone rostered; who left and guests are neither."""
    text = AS_THEIR_CONSOLES_WRITE[name]
    folder = exports({"roster.zip": ROSTER, "users.csv": text})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert f": {name}" in out
    known = {row["username"]: row["owner_person_id"] for row in rows(home, "accounts.csv")}
    # of an address that it does not know it shows neither number nor mail
    alias = {} if name == "Microsoft 365 users" else {"ada.moss": "p-1"}
    assert known == alias, out


def test_a_directory_alone_names_all_its_people_alike(home, exports):
    """The first of them too, whose domain no one had reported; once more nothing is new."""
    text = AS_THEIR_CONSOLES_WRITE["Google users of GAM"].replace(
        "Groups\n", "organizations.0.title\n"
    ).replace("organization,2", "organization,Teacher") + (
        "bo.fern@oak.example,Bo,Fern,False,,1,5002,organization,Teacher\n"
    )
    folder = exports({"users.csv": text})
    schoolbell("setup", "--home", home, "--from", folder, "--write")
    assert [one["username"] for one in rows(home, "users.csv")] == [
        "ada.moss",
        "bo.fern",
    ]
    again = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert "Nothing new." in again


DIRECTORY_AS_LDBSEARCH_WRITES = """# record 1
dn: CN=Ada Moss,CN=Users,DC=oak,DC=example
objectClass: top
objectClass: person
objectClass: user
cn: Ada Moss
sn: Moss
givenName: Ada
sAMAccountName: ada.moss
mail: amoss@oak.example
userAccountControl: 512
accountExpires: 134383104000000000
distinguishedName: CN=Ada Moss,CN=Users,DC=oak,
 DC=example

# record 2
dn:: Q049R29uZSBMb25nLENOPVVzZXJzLERDPW9hayxEQz1leGFtcGxl
objectClass: user
sn: Long
givenName: Gone
sAMAccountName: glong
mail: glong@oak.example
userAccountControl: 514
accountExpires: 9223372036854775807

# record 3
dn: CN=NB-ADA,CN=Computers,DC=oak,DC=example
objectClass: user
objectClass: computer
name: NB-ADA
sAMAccountName: NB-ADA$
userAccountControl: 4096

# record 4
dn: CN=krbtgt,CN=Users,DC=oak,DC=example
objectClass: user
sAMAccountName: krbtgt
userAccountControl: 514

# returned 4 records
# 4 entries
"""


def test_csvde_states_a_closed_account_by_a_number(home, exports):
    users = """DN,objectClass,sn,givenName,distinguishedName,sAMAccountName,userAccountControl,mail
"CN=Ada Moss,DC=oak,DC=example",user,Moss,Ada,"CN=Ada Moss,DC=oak,DC=example",ada.moss,514,\
amoss@oak.example
"CN=Gone Long,DC=oak,DC=example",user,Long,Gone,"CN=Gone Long,DC=oak,DC=example",glong,512,\
glong@oak.example
"""
    folder = exports({"roster.zip": ROSTER, "users.csv": users})
    schoolbell("setup", "--home", home, "--from", folder, "--write")
    (account,) = rows(home, "accounts.csv")
    assert account["username"] == "ada.moss"
    assert account["note"] == "suspended or disabled in Active Directory users"


def test_a_class_that_one_export_lacks_comes_from_another(home, exports):
    """A directory without operating systems names no class; the inventory does."""
    inventory = "Asset Tag,Serial,Asset Name,Category,Email\nT-1,5CD1,NB-ADA,Laptop,\n"
    folder = exports(
        {
            "roster.zip": ROSTER,
            "directory.ldif": DIRECTORY_AS_LDBSEARCH_WRITES,
            "inventory.csv": inventory,
        }
    )
    schoolbell("setup", "--home", home, "--from", folder, "--write")
    (device,) = rows(home, "devices.csv")
    assert (device["hostname"], device["device_class"]) == ("nb-ada", "laptop")
    again = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert "Nothing new." in again


def test_a_directory_of_samba_or_ldifde(home, exports):
    """Numbers of the directory say who is disabled and whose account expires."""
    folder = exports({"roster.zip": ROSTER, "directory.ldif": DIRECTORY_AS_LDBSEARCH_WRITES})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert ": Active Directory users" in out
    assert ": Active Directory computers" in out
    accounts = {row["username"]: row for row in rows(home, "accounts.csv")}
    assert accounts.keys() == {"ada.moss"}
    assert accounts["ada.moss"]["owner_person_id"] == "p-1"
    assert accounts["ada.moss"]["valid_to"] == "2026-11-05"
    (device,) = rows(home, "devices.csv")
    assert device["hostname"] == "nb-ada"


DEVICES_AS_THEIR_CONSOLES_WRITE = {
    "Google Chrome devices": """deviceId,status,annotatedAssetId,annotatedLocation,\
model,serialNumber,autoUpdateExpiration,lastSync,osVersion,orgUnitPath,macAddress,\
recentUsers.email,lastKnownNetwork.ipAddress,lastKnownNetwork.wanIpAddress
0001-a,ACTIVE,T-100,Room 12,C14,5CD1,2030-06-01,2026-11-02,120,/Devices/High School,\
020000000001,amoss@oak.example,10.20.1.7,203.0.113.1
""",
    "Intune devices": """Device ID,Device name,Enrollment date,Last check-in,\
Azure AD Device ID,OS version,Azure AD registered,EAS activation ID,Serial number,\
Manufacturer,Model,EAS activated,IMEI,Last EAS sync time,EAS reason,EAS status,\
Compliance grace period expiration,Security patch level,Wi-Fi MAC,MEID,\
Subscriber carrier,Total storage,Free storage,Management name,Category,UserId,\
Primary user UPN,Primary user email address,Primary user display name,Compliance,\
Managed by,Ownership,Device state,Intune registered,Supervised,Encrypted,OS,SkuFamily,\
JoinType,Phone number,Jailbroken,ICCID,EthernetMAC
1,NB-ADA,2026-08-01,2026-11-02,2,10.0,Yes,,5CD1,Contoso,Latitude 5440,,,,,,,,\
020000000001,,,1,1,x,,3,amoss@oak.example,amoss@oak.example,Ada Moss,Compliant,\
Intune,Corporate,Managed,Yes,No,Yes,Windows,EDU,AzureAD,,,,
""",
    "Entra devices": """displayName,accountEnabled,operatingSystem,\
operatingSystemVersion,joinType (trustType),registeredOwners,userNames,mdmDisplayName,\
isCompliant,registrationTime,approximateLastSignInDateTime,deviceId,isManaged,objectId,\
profileType,systemLabels,model
NB-ADA,True,Windows,10.0,Azure AD joined,Ada Moss,amoss@oak.example,Intune,True,\
2026-08-01,2026-11-02,1,True,2,RegisteredDevice,,Latitude 5440
PHONE,True,Android,14,Azure AD registered,Ada Moss,amoss@oak.example,,,,,3,,4,,,
""",
    "Jamf computers": """Computer Name,Jamf Pro Computer ID,Serial Number,Asset Tag,\
Primary MAC Address,Alt MAC Address,Model,Username,Email Address,Building,Department
nb-ada,7,5CD1,T-100,02:00:00:00:00:01,02:00:00:00:00:02,MacBook Air,amoss,\
amoss@oak.example,High School,
""",
    "asset inventory": """Asset Tag,Asset Name,Model,Category,Serial,Location,\
Checked Out,Type,Username,Employee No.,Status,MAC Address
T-100,nb-ada,Latitude 5440,Laptop,5CD1,High School,Ada Moss,user,amoss,5001,\
Deployed,02:00:00:00:00:01
T-101,nb-old,Latitude 5400,Laptop,5CD0,High School,,,,,Surplus,
""",
    "DHCP reservations": """"IPAddress","ScopeId","Description","ClientId","Name","Type"
"10.20.1.7","10.20.0.0","","02-00-00-00-00-01","nb-ada","Both"
""",
    "Active Directory computers": """"DistinguishedName","DNSHostName","Enabled",\
"IPv4Address","LastLogonDate","Location","Name","ObjectClass","ObjectGUID",\
"OperatingSystem","OperatingSystemVersion","SamAccountName","SID","UserPrincipalName",\
"whenCreated"
"CN=NB-ADA,OU=Laptops,DC=oak,DC=example","nb-ada.oak.example","True","10.20.1.7","",\
"","NB-ADA","computer","1","Windows 11","10.0","NB-ADA$","S-1-5-21-1-2-3-2001","",""
""",
}


@pytest.mark.parametrize("name", DEVICES_AS_THEIR_CONSOLES_WRITE)
def test_devices_as_their_console_writes_them(name, home, exports):
    text = DEVICES_AS_THEIR_CONSOLES_WRITE[name]
    folder = exports({"roster.zip": ROSTER, "devices.csv": text})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert f": {name}" in out
    (device,) = rows(home, "devices.csv")
    assert {device.get("serial"), device.get("hostname")} & {"5cd1", "nb-ada"}


def test_networks_as_powershell_writes_them(home, exports):
    text = """"ScopeId","SubnetMask","StartRange","EndRange","ActivatePolicies",\
"Delay","Description","LeaseDuration","MaxBootpClients","Name","NapEnable","NapProfile",\
"State","SuperscopeName","Type","PSComputerName"
"10.20.8.0","255.255.252.0","10.20.8.10","10.20.11.250","True","0","","8.00:00:00",\
"4294967295","High School WiFi","False","","Active","","Dhcp",""
"""
    folder = exports({"roster.zip": ROSTER, "scopes.csv": text})
    schoolbell("setup", "--home", home, "--from", folder, "--write")
    (network,) = rows(home, "subnets.csv")
    assert (network["cidr"], network["kind"]) == ("10.20.8.0/22", "wifi")


def test_an_afternoon(home, exports):
    """Nothing is written without being asked for; then all of it, audited."""
    folder = exports(EVERYTHING)
    before = {p: p.read_bytes() for p in DistrictHome(home).registry.iterdir()}
    shown = schoolbell("setup", "--home", home, "--from", folder)
    assert shown.code == 0, shown.err
    assert {p: p.read_bytes() for p in DistrictHome(home).registry.iterdir()} == before
    counts = re.search(
        r"Rules whose registry files have rows: (\d+) of (\d+) -> (\d+) of", shown.out
    )
    before_it, every, after_it = map(int, counts.groups())
    # SA-1 and SA-2 wait for coordinates, which no export has
    assert (after_it - before_it, every) == (27, len(rules()))
    assert "SA-1: no rows in buildings.csv with lat" in shown.out
    guide = (REPO_ROOT / "docs" / "how-to" / "registry.md").read_text("utf-8")
    assert f"{before_it} of {every} -> {after_it} of {every}" in guide
    assert "OH-1: no rows in staff_duty.csv" in shown.out
    assert "is not a known export" in shown.out  # the photo
    assert "odd.csv: not read: nearest:" in shown.out
    assert "Nothing was written. To write it, use --write." in shown.out

    done = schoolbell("setup", "--home", home, "--from", folder, "--write")
    assert done.code == 0, done.err
    people = {row["sourcedId"]: row for row in rows(home, "users.csv")}
    assert people.keys() == {"p-1", "p-2", "s-1"}
    assert people["p-1"]["familyName"] == "Moss"
    assert not {"givenName", "familyName", "identifier"} & people["s-1"].keys()
    assert rows(home, "accounts.csv") == [
        {"username": "bo.fern", "account_type": "person", "owner_person_id": "p-2"},
        {"username": "hs-scanner", "account_type": "service"},
        {"username": "frontdesk", "account_type": "role_shared"},
    ]
    devices = {row.get("serial") or row["hostname"]: row for row in rows(home, "devices.csv")}
    assert devices.keys() == {"5cd1", "5cd2", "5cd4", "hs-d-01", "dc1", "ms-7"}
    assert devices["5cd1"] == {
        "serial": "5cd1",
        "asset_tag": "t-100",
        "directory_id": "0001-a",
        "mac": "02:00:00:00:00:01",
        "device_class": "chromebook",
        "assigned_to": "p-1",
        "building": "HS",
    }
    assert devices["5cd2"]["pool"] == "cart"
    assert "assigned_to" not in devices["5cd2"]  # a cart is not an one's
    assert not {"assigned_to", "building"} & devices["5cd4"].keys()  # HS or MS
    classes = {name: row["device_class"] for name, row in devices.items()}
    assert (classes["hs-d-01"], classes["dc1"]) == ("desktop", "server")
    assert classes["ms-7"] == "other"  # nothing shows: not mistaken for a desk
    networks = {
        row["cidr"]: (row["kind"], row.get("building")) for row in rows(home, "subnets.csv")
    }
    assert networks == {
        "10.20.0.0/22": ("wired", "HS"),
        "10.20.8.0/22": ("wifi", None),  # two buildings: neither
        "10.31.0.0/24": ("lab", "MS"),
        "10.90.0.0/16": ("guest", None),
        "10.21.0.0/24": ("server", "HS"),
        "10.50.0.0/24": ("remote", "MS"),
        "10.51.0.0/16": ("byod", None),
    }
    leave = [
        (row["person_id"], row["date"], row["part"], row["status"])
        for row in rows(home, "leave.csv")
    ]
    assert leave == [
        ("p-1", "2026-10-23", "full", "approved"),
        ("p-2", "2026-10-26", "pm", "cancelled"),
    ]
    kept = b"".join(p.read_bytes() for p in DistrictHome(home).registry.iterdir())
    for secret in (b"hush", b"Zoe", b"Kid", b"Elder", b"2010-01-01", b"9001"):
        assert secret not in kept
    assert schoolbell("check", "--home", home).code == 0
    with open_district(home) as district:
        chain = open_chain(district.store, district.home).entries()
        told = [one.reason for one in chain if one.action == "registry import"]
        assert len(told) == 8
        assert told[0].startswith("3 rows added from exports")

    again = schoolbell("setup", "--home", home, "--from", folder, "--write")
    assert "Nothing new." in again.out


def test_what_is_left_out_is_told_with_its_reason(home, exports):
    folder = exports(EVERYTHING)
    out = schoolbell("setup", "--home", home, "--from", folder).out
    for line in (
        "1 of parents and guardians",
        "users.csv (contract staff too) or accounts.csv: uknown",
        "1 accounts that are disabled and in no roster: glong",
        "1 that are disabled or deprovisioned: 5CD3",
        "1 users of a device who are not in the roster: nobody@oak.example",
        "1 that are switched off: 10.40.0.0/24",
        "1 that are neither a full day nor a half: 9:30 AM to 1:30 PM",
        "1 of persons who are not in the roster: 7777",
        "1 with a status that is not known: aproved (did you mean approved?)",
        "demographics.csv: OneRoster demographics, 1 rows; not used: birth dates",
    ):
        assert line in out
    facts = json.loads(schoolbell("setup", "--home", home, "--from", folder, "--json").out)
    assert 0 < facts["rules"]["before"] < facts["rules"]["after"]
    assert {one["file"]: one["added"] for one in facts["files"]}["subnets.csv"] == 7


def test_what_a_person_wrote_stays(home, exports):
    registry = DistrictHome(home).registry
    text = (
        "hostname,mac,device_class,assigned_to,building,pool,static_ip,serial\n"
        "# ours\n"
        'hs-x,,laptop,p-7,MS,"",,5CD1\n'
    )
    (registry / "devices.csv").write_text(text)
    folder = exports({"roster.zip": ROSTER, "chrome.csv": CHROME})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert "! line 3 assigned_to: 'p-7' is kept; the export has 'p-1'" in out
    assert "~ line 3 mac: '02:00:00:00:00:01', which was empty" in out
    lines = (registry / "devices.csv").read_text().splitlines()
    assert lines[:3] == [
        text.splitlines()[0] + ",asset_tag,directory_id",
        "# ours",
        "hs-x,02:00:00:00:00:01,laptop,p-7,MS,,,5CD1,t-100,0001-a",
    ]
    (original,) = registry.glob("devices.csv.before-*")
    assert original.read_text() == text
    taken = schoolbell(
        "setup", "--home", home, "--from", folder, "--write", "--take", "devices.csv"
    )
    assert "assigned_to: 'p-1', was 'p-7'" in taken.out
    assert ",chromebook,p-1,HS," in (registry / "devices.csv").read_text()
    wrong = schoolbell("setup", "--home", home, "--from", folder, "--take", "devises")
    assert wrong.code == 2
    assert "devices.csv" in wrong.err


def test_pages_of_the_api(home, exports):
    folder = exports({"users-1.json": json.dumps(API_USERS), "orgs.csv": ORGS})
    done = schoolbell("setup", "--home", home, "--from", folder, "--write")
    assert done.code == 0, done.err
    people = {row["sourcedId"]: row for row in rows(home, "users.csv")}
    assert people["p-9"]["metadata.jobTitle"] == "counselor"
    assert people["p-9"]["enabledUser"] == "true"
    assert "givenName" not in people["s-9"]
    text = (DistrictHome(home).registry / "roles.csv").read_text()
    assert "p-9,counselor,,primary,o-h,2026-08-01," in text
    assert "hush" not in (DistrictHome(home).registry / "users.csv").read_text()
    with open_district(home) as district:
        staff = district.registry.frames["people"].filter("is_staff")
        assert staff["person_id"].to_list() == ["p-9"]


def test_a_directory_is_the_roster_where_there_is_none(home, exports):
    ad = (
        '"DistinguishedName","Enabled","GivenName","Name","SamAccountName","Surname",'
        '"EmployeeID","Mail","Title","Department","Description"\n'
        '"CN=Ada Moss,OU=Staff,DC=oak,DC=example","True","Ada","Ada Moss","amoss",'
        '"Moss","5001","amoss@oak.example","Science Teacher","",""\n'
        '"CN=Zoe Kid,OU=Students,DC=oak,DC=example","True","Zoe","Zoe Kid","zkid30",'
        '"Kid","9001","","","",""\n'
        '"CN=x,OU=Other,DC=oak,DC=example","True","","x","x7","","","","","",""\n'
    )
    folder = exports({"ad.csv": ad})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert "1 accounts whose owner is not in the roster" in out  # x7: who that is not an one says
    people = {row["sourcedId"]: row for row in rows(home, "users.csv")}
    assert people["5001"]["role"] == "teacher"
    assert people["9001"] == {
        "sourcedId": "9001",
        "status": "active",
        "role": "student",
        "username": "zkid30",
    }


def test_whoever_enrolled_them_has_none_of_them(home, exports):
    many = (
        CHROME.splitlines()[0]
        + "\n"
        + "".join(f"id-{n},SN{n},ACTIVE,amoss@oak.example,,,,C14,,/HS,x\n" for n in range(6))
    )
    folder = exports({"roster.zip": ROSTER, "chrome.csv": many})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert "1 people are listed with more than 4 devices each" in out
    assert not [row for row in rows(home, "devices.csv") if "assigned_to" in row]


def test_a_spreadsheet_gets_no_formula(home, exports):
    evil = SCOPES + '"10.66.0.0","255.255.255.0","HS lab","Active","","",""\n'
    accounts = "username,account_type,note\n=cmd|calc,service,+1\nsvc-a,service,@x\n"
    folder = exports({"s.csv": evil, "accounts.csv": accounts})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert "begins like a formula" in out
    assert rows(home, "accounts.csv") == [{"username": "svc-a", "account_type": "service"}]


def test_declared_columns(home, exports):
    """An absence system with names of its own: those of `[registry.columns]`."""
    settings = DistrictHome(home).settings_file
    text = settings.read_text() + (
        '\n[registry.columns."leave.csv"]\nperson_id = "Who"\ndate = "Tag"\n'
        'part = "Teil"\nstatus = "Stand"\n'
    )
    settings.write_text(text)
    theirs = "Who,Tag,Teil,Stand,Other\np-1,2026-10-05,full,approved,x\n"
    folder = exports({"roster.zip": ROSTER, "abwesend.csv": theirs})
    done = schoolbell("setup", "--home", home, "--from", folder)
    assert done.code == 0, done.err
    assert "abwesend.csv: leave.csv, 1 rows; 1 for leave.csv" in done.out


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.zip", b"PK\x03\x04 no", "not a readable zip"),
        ("a.json", b'{"users": ', "not readable JSON"),
        ("a.json", b"[" * 5000, "not readable JSON"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "has a document type"),
        ("a.xml", b"<a><b></a>", "not readable XML"),
        ("a.xml", b"<a/>", "no DHCP scope"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"PK\x03\x04....", "is an Excel workbook"),
        ("a.csv", b"\xff\xfe\x00", "is empty"),
        ("a.csv", b"x1,x2\n1,2\n", "columns are those of no export"),
    ],
)
def test_what_cannot_be_read_is_told(exports, name, data, told):
    (found,) = found_in([exports({name: data})])
    why = hint(found) if isinstance(found, Sheet) else found.why
    assert told in why


def test_a_zip_has_bounds(tmp_path, monkeypatch):
    """What a member unpacks to is counted, whatever its entry says."""
    monkeypatch.setattr("pipelines.registry.imports.export_tables.LARGEST", 1000)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped({"../users.csv": "a" * 100_000, "b.csv": "x,y\n1,2\n"}))
    (found,) = found_in([path])
    assert isinstance(found, UnreadTable)
    assert "too large" in found.why
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bomb.zip"]


def test_each_export_is_told_from_the_others():
    """Every one is recognized by its own columns, and by no other's."""
    for export in EXPORTS:
        header = tuple(mark.split("|")[0] for mark in export.marks)
        found = export_of(Sheet("x", header, []), {})
        assert found is not None, export.name
        assert found.name == export.name


def test_a_later_row_of_the_roster_is_its_history():
    header = ",".join(USERS.columns) + "\n"
    old = merge(
        header.encode(),
        USERS,
        [
            {"sourcedId": "p-1", "role": "aide", "dateLastModified": "2026-08-01"},
            {"sourcedId": "p-2", "role": "aide", "dateLastModified": "2026-08-01"},
        ],
        {},
    ).data
    now = merge(
        old,
        USERS,
        [
            {"sourcedId": "p-1", "role": "teacher", "dateLastModified": "2026-10-01"},
            {"sourcedId": "p-2", "role": "aide", "dateLastModified": "2026-10-01"},
        ],
        {},
    )
    assert len(now.added) == 1  # p-2 shows nothing new but its day
    assert not now.differs
    assert "p-1" in now.added[0]


def test_a_closed_row_of_a_device_is_not_todays():
    before = (
        b"hostname,serial,assigned_to,valid_from,valid_to\n"
        b"a,s1,p-1,,2026-06-30\na,s1,p-2,2026-07-01,\n"
    )
    same = merge(before, DEVICES, [{"serial": "S1", "assigned_to": "p-2"}], {})
    assert (same.same, same.differs, same.is_changed) == (1, [], False)


def test_a_plan_of_nothing_shows_what_is_missing(home):
    with open_district(home) as district:
        plan = plan_of(district, ())
    assert plan.is_empty
    assert plan.lacking["OH-1"] == [
        "users.csv",
        "devices.csv",
        "calendar.csv",
        "staff_duty.csv",
        "approved_sites.csv",
    ]
    out = schoolbell("setup", "--home", home).out
    assert "devices.csv has no row" in out
    assert "from: admin.google.com" in out


def test_a_network_is_written_as_one():
    (sheet,) = tables("x", b"subnet 10.1.2.3 netmask 255.255.255.0 { }\n")
    assert [row["subnet"] for row in sheet.rows] == ["10.1.2.0/24"]


def test_it_asks_on_a_terminal(home, exports, monkeypatch):
    """A folder, or Enter and one export after the other; then whether to write."""
    folder = exports({"roster.zip": ROSTER})
    answers = ["", str(folder / "roster.zip"), "no/such/file", *[""] * 60]
    asked = []

    def prompt(question, *_default, **_how):
        asked.append(question)
        return answers.pop(0)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("typer.confirm", lambda _question: True)
    done = schoolbell("setup", "--home", home)
    assert done.code == 0, done.err
    assert "no/such/file does not exist." in done.out
    assert any("Get-ADUser" in one for one in asked)
    assert len(rows(home, "users.csv")) == 3


def test_a_rule_stands_on_files_that_it_reads():
    """Directly or through another model; the roster is read as people and accounts."""
    by_file = {
        one.file.name: {f"registry.{frame}" for frame in one.frames}
        for one in registry_tables().values()
        if one.file is not None
    }
    roster = {"registry.people", "registry.accounts"}
    for name, model in rules().items():
        read = inputs_below(model, models())
        for named in model.header.requires_registry:
            files = (by_file.get(file.partition(":")[0], roster) for file in named.split("|"))
            assert any(frames & set(read) for frames in files), (name, named)


def read(home, exports, files, *more):
    """Write exports and let `setup` read them; what it printed."""
    done = schoolbell("setup", "--home", home, "--from", exports(files), *more, "--write")
    assert done.code == 0, done.err
    return done.out


def of(rows_of_file, key):
    return {row.get(key): row for row in rows_of_file}


NAMED_BUILDINGS = """org_id,building,lat,lon,campus,name
o-h,HS,43.5,-110.2,north,Oakdale High School
o-m,MS,43.52,-110.25,south,
"""


@pytest.mark.parametrize("name", ["buildings.csv", "where.csv"])
def test_buildings_with_names_and_west_of_greenwich(home, exports, name):
    """They were mistaken for access points, and each longitude for a formula."""
    out = read(home, exports, {"roster.zip": ROSTER, name: NAMED_BUILDINGS})
    assert f"{name}: buildings.csv, 2 rows; 2 for buildings.csv" in out
    assert "formula" not in out
    places = of(rows(home, "buildings.csv"), "building")
    assert places["HS"] == {
        "org_id": "o-h",
        "building": "HS",
        "lat": "43.5",
        "lon": "-110.2",
        "campus": "north",
        "name": "Oakdale High School",
    }
    assert places.keys() == {"HS", "MS"}
    assert not rows(home, "access_points.csv")
    with open_district(home) as district:
        frame = district.registry.frames["buildings"]
        assert frame["lon"].to_list() == [-110.2, -110.25]


def test_a_file_named_for_a_registry_file_is_that_file():
    """Otherwise the file that has the most of its columns is."""
    for place, header, found in (
        ("b.csv", ("name", "building"), "access_points.csv"),
        ("x/buildings.csv", ("name", "building"), "buildings.csv"),
        ("b.csv", ("name", "building", "lat"), "buildings.csv"),
    ):
        assert export_of(Sheet(place, header, []), {}).name == found


def test_schools_become_buildings_without_coordinates(home, exports):
    """The district is none, unless people are placed in it; no drive is too fast."""
    out = read(home, exports, {"roster.zip": ROSTER})
    assert of(rows(home, "buildings.csv"), "building").keys() == {"HS", "MS"}
    assert "2 buildings have no lat and lon" in out
    assert "Oakdale High School, Oakdale Middle School" in out
    assert re.search(r"SA-1: no rows in .*buildings\.csv with lat", out)
    office = USERS_11 + "p-3,active,,true,o-d,administrator,cd,,C,D,,5003,,,,,,\n"
    files = {"orgs.csv": ORGS, "users.csv": office}
    read(home, exports, {"more.zip": zipped(files)})
    assert "DO" in of(rows(home, "buildings.csv"), "building")


OFFICE_PCS = """"DistinguishedName","DNSHostName","Enabled","Name","OperatingSystem"
"CN=HS-A1,OU=Office PCs,OU=Computers,OU=HS,DC=do,DC=oak","x","True","HS-A1","Windows 11"
"CN=SRV1,OU=Servers,DC=do,DC=oak","x","True","SRV1","Windows Server 2022"
"CN=A2,OU=Lobby Screens,OU=MS,DC=do,DC=oak","x","True","A2","Windows 11"
"CN=A3,OU=Labs,OU=Middle School,DC=do,DC=oak","x","True","A3","Windows 11"
"""


def test_the_domain_of_a_directory_is_no_place(home, exports):
    """`DC=do` named the district, so that no computer had a building."""
    read(home, exports, {"roster.zip": ROSTER, "pcs.csv": OFFICE_PCS})
    found = {
        name: (row.get("building"), row["device_class"])
        for name, row in of(rows(home, "devices.csv"), "hostname").items()
    }
    assert found == {
        "hs-a1": ("HS", "desktop"),
        "srv1": (None, "server"),
        "a2": ("MS", "signage"),
        "a3": ("MS", "lab_pc"),
    }


CHROMEBOXES = """deviceId,serialNumber,orgUnitPath,provisionStatus,annotatedAssetId,\
annotatedUser,annotatedLocation,ethernetMacAddress,macAddress,mostRecentUser,kioskApp
a,5CD1,/Devices/HS/Kiosks,PROVISIONED,OK-CB-1,,HS library,020000000011,\
020000000012,,Library
b,5CD2,/Devices/HS/Signage,PROVISIONED,OK-CB-2,,,020000000021,,,SigncastPlayer
c,5CD3,/Devices/HS/Staff,PROVISIONED,OK-CB-3,amoss@oak.example,,,020000000031,x,TestApp
d,5CD4,/Devices/HS,PROVISIONED,OK-CB-4,,,,020000000041,,Library
"""


def test_a_chromebox_has_two_cards_and_is_no_chromebook(home, exports):
    """Its wired card was not read, and a kiosk was someone's keyboard."""
    read(home, exports, {"roster.zip": ROSTER, "chrome.csv": CHROMEBOXES})
    found = of(rows(home, "devices.csv"), "serial")
    assert [
        (row["device_class"], row.get("pool"), row["mac"][-2:], row.get("ethernet_mac"))
        for row in found.values()
    ] == [
        ("kiosk", "kiosk", "12", "02:00:00:00:00:11"),
        ("signage", None, "21", None),
        ("chromebook", None, "31", None),  # its user has the app too
        ("kiosk", None, "41", None),
    ]
    with open_district(home) as district:
        frame = district.registry.frames["devices"]
        assert "02:00:00:00:00:11" in frame["ethernet_mac"].to_list()
    assert "hostname" not in found["5cd1"]  # no log contains the tags


def test_a_tag_that_logs_contain_is_the_host_name(home, exports):
    """Devices were called by a serial number that no log line contains."""
    landing = DistrictHome(home).landing / "dhcp"
    landing.mkdir(parents=True)
    leases = "".join(f"lease to 02:00:00:00:00:{n}1 (ok-cb-{n})\n" for n in (1, 2, 3))
    (landing / "dhcpd.log").write_text(leases)
    read(home, exports, {"roster.zip": ROSTER, "chrome.csv": CHROMEBOXES})
    names = [row["hostname"] for row in rows(home, "devices.csv")]
    assert names == ["ok-cb-1", "ok-cb-2", "ok-cb-3", "ok-cb-4"]


DHCPD = """# dhcpd.conf for the district
option domain-name "oak.example";

# ------ Oakdale High School ------
# High School Wi-Fi OAK-SECURE (VLAN 8)
subnet 10.1.8.0 netmask 255.255.248.0 {
  option routers 10.1.8.1;
}
subnet 10.1.16.0 netmask 255.255.252.0 { option routers 10.1.16.1; }

# Fernwood wired
subnet 10.2.0.0 netmask 255.255.252.0 { option domain-name "el.oak.example"; }
# upstairs Wi-Fi
subnet 10.2.8.0 netmask 255.255.252.0 {
  range 10.2.8.20 10.2.8.250;
  option domain-name "el.oak.example";
}
# ===========================
# Oakdale Middle School
# ===========================
# own devices, Wi-Fi
subnet 10.3.16.0 netmask 255.255.252.0 { }
group {
  host ms-hvac-1 { hardware ethernet 02:00:00:00:0a:01; fixed-address 10.3.16.9; }
  host scan-1 { hardware ethernet 02:00:00:00:0a:02; fixed-address 10.2.0.40; }
}
"""
FERNWOOD = ORGS + "o-e,active,2026-08-01,Fernwood Elementary,school,EL,o-d\n"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Terminal servers", "vdi"),
        ("RDS", "vdi"),
        ("Remote Desktop Services", "vdi"),
        ("Remote access", "remote"),
        ("Servers", "server"),
    ],
)
def test_a_network_of_terminal_servers_is_not_one_of_servers(home, exports, name, kind):
    scopes = f'"ScopeId","SubnetMask","Name"\n"10.60.8.0","255.255.255.0","{name}"\n'
    read(home, exports, {"roster.zip": ROSTER, "scopes.csv": scopes})
    assert [row["kind"] for row in rows(home, "subnets.csv")] == [kind]


def test_the_places_of_networks_in_a_configuration(home, exports):
    """Headlines, domains and the one word of a school's name; no name, no row."""
    bundle = zipped({"orgs.csv": FERNWOOD, "users.csv": USERS_11})
    out = read(home, exports, {"roster.zip": bundle, "dhcpd.conf": DHCPD})
    networks = {
        row["cidr"]: (row["kind"], row.get("building")) for row in rows(home, "subnets.csv")
    }
    assert networks == {
        "10.1.8.0/21": ("wifi", "HS"),
        "10.2.0.0/22": ("wired", "EL"),
        "10.2.8.0/22": ("wifi", "EL"),
        "10.3.16.0/22": ("byod", "MS"),
    }
    assert "1 networks have no name and are left out" in out
    assert "10.1.16.0/22" in out
    hosts = of(rows(home, "devices.csv"), "hostname")
    assert hosts["ms-hvac-1"] == {
        "hostname": "ms-hvac-1",
        "mac": "02:00:00:00:0a:01",
        "device_class": "other",
        "building": "MS",
        "static_ip": "10.3.16.9",
    }
    assert hosts["scan-1"]["building"] == "EL"  # by its address


ADDRESS_OBJECTS = """Name,Location,Type,Address,Tags
net-HS-wired,,IP Netmask,10.1.16.0/22,
net-globalprotect,,IP Netmask,10.9.0.0/22,
mail,,IP Netmask,10.9.9.9/32,
partner,,IP Netmask,198.51.100.7/32,
nat-out,,IP Netmask,203.0.113.10/32,
updates,,FQDN,updates.example.com,
"""
RADIUS_CLIENTS = """# -*- text -*-
client localhost {
\tipaddr = 127.0.0.1
\tsecret = hush
}
client a1 {
\tipaddr = 10.1.8.3
\tsecret = "hush{#"
\tshortname = ap-hs-01
\tlimit {
\t\tmax_connections = 16
\t}
}
client ap-hs-02 { ipaddr = 10.1.8.4
}
client ap-x {
  ipaddr = 10.2.8.5
}
"""


def test_a_firewall_and_a_radius_server_name_networks(home, exports):
    """The tunnel's addresses are `remote`; access points get a pattern a building."""
    bundle = zipped({"orgs.csv": FERNWOOD, "users.csv": USERS_11})
    files = {
        "roster.zip": bundle, "dhcpd.conf": DHCPD, "addresses.csv": ADDRESS_OBJECTS,
        "clients.conf": RADIUS_CLIENTS,
    }  # fmt: skip
    out = read(home, exports, files)
    networks = of(rows(home, "subnets.csv"), "cidr")
    assert networks["10.9.0.0/22"] == {"cidr": "10.9.0.0/22", "kind": "remote"}
    # the configuration has no name for it, and the firewall has
    assert networks["10.1.16.0/22"]["building"] == "HS"
    assert "10.9.9.9/32" not in networks
    assert "203.0.113.10/32" not in networks
    assert rows(home, "egress.csv") == [{"cidr": "203.0.113.10/32", "meaning": "district NAT"}]
    assert "1 that are outside addresses" in out
    assert "1 that are not networks: updates" in out
    assert [*of(rows(home, "access_points.csv"), "name").values()] == [
        {"name": "ap-hs-*", "building": "HS"},
        {"name": "ap-x", "building": "EL"},
    ]
    kept = b"".join(p.read_bytes() for p in DistrictHome(home).registry.iterdir())
    assert b"hush" not in kept


SERVICE_ACCOUNTS = """First Name [Required],Last Name [Required],\
Email Address [Required],Org Unit Path [Required],Status [READ ONLY],Employee Title,\
Department
Office,HS,hs_office@oak.example,/Service Accounts,Active,,
Kiosk,L,kiosk.library@oak.example,/Service Accounts,Active,,
Backup,S,svc_backup@oak.example,/Service Accounts,Active,,
Year,Book,yearbook@oak.example,/Service Accounts,Active,,
Cook,One,cone@oak.example,/Staff,Active,Cook,Food Services
"""


def test_an_office_in_service_accounts_is_no_service(home, exports):
    out = read(home, exports, {"roster.zip": ROSTER, "users.csv": SERVICE_ACCOUNTS})
    kinds = {row["username"]: row["account_type"] for row in rows(home, "accounts.csv")}
    assert kinds == {
        "hs_office": "role_shared",
        "kiosk.library": "device",
        "svc_backup": "service",
        "yearbook": "service",
    }
    assert "1 accounts have their kind from the organizational unit alone" in out
    assert "accounts whose owner is not in the roster" in out  # a cook is a person


SUSPENDED = """First Name [Required],Last Name [Required],Email Address [Required],\
Org Unit Path [Required],Status [READ ONLY]
Ada,Moss,amoss@oak.example,/Staff,Suspended
Bo,Fern,bfern@oak.example,/Staff,Active
Z,K,zkid30@oak.example,/Students,Active
"""


def test_the_directory_closes_an_account_that_the_roster_has_open(home, exports):
    """It was left out as one that the roster has."""
    out = read(home, exports, {"roster.zip": ROSTER, "users.csv": SUSPENDED})
    (closed,) = rows(home, "accounts.csv")
    assert closed.pop("valid_to")
    assert closed == {
        "username": "amoss",
        "account_type": "person",
        "owner_person_id": "p-1",
        "note": "suspended or disabled in Google users",
    }
    assert "1 accounts are suspended or disabled here and open in the roster" in out
    again = read(home, exports, {"users.csv": SUSPENDED})
    assert "Nothing new." in again
    opened = read(home, exports, {"users.csv": SUSPENDED.replace("Suspended", "Active")})
    assert "1 accounts are open again; delete their valid_to" in opened


def test_a_directory_in_which_most_accounts_are_closed_closes_none(home, exports):
    text = SUSPENDED.replace("Active", "Suspended")
    out = read(home, exports, {"roster.zip": ROSTER, "users.csv": text})
    assert not rows(home, "accounts.csv")
    assert "3 accounts closed here, as are many" in out


FOUR_CONTINENTS = {
    "KC": ("39.0997", "-94.5786"),
    "SP": ("-23.5505", "-46.6333"),
    "NB": ("-1.2921", "36.8219"),
    "MB": ("-37.8136", "144.9631"),
    "LN": ("51.5072", "-0.1276"),
}


def test_a_longitude_west_of_greenwich_is_a_number(home, exports):
    """A leading minus made every building of the Americas look like a formula."""
    lines = [f"o-{code},{code},{lat},{lon},\n" for code, (lat, lon) in FOUR_CONTINENTS.items()]
    evil = "o-x,XX,-1+cmd|calc,=1,\n"
    folder = exports({"buildings.csv": "".join(["org_id,building,lat,lon,campus\n", *lines, evil])})
    out = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    assert "1 a lat that begins like a formula: -1+cmd|calc" in out
    assert "1 a lon that begins like a formula: =1" in out
    with open_district(home) as district:
        placed = district.registry.frames["buildings"].drop_nulls("lat")
    found = {row["building"]: (row["lat"], row["lon"]) for row in placed.to_dicts()}
    assert found == {code: (float(lat), float(lon)) for code, (lat, lon) in FOUR_CONTINENTS.items()}


FULL_DAYS = (
    ABSENCES.splitlines()[0]
    + "\n"
    + "".join(f"5001,Moss,11/0{day}/2026,7:30 AM,3:45 PM,Sick,Approved,\n" for day in range(2, 8))
)


def test_full_days_of_absence_state_the_usual_hours(home, exports):
    """Without a row of hours no use outside hours was judged, and none was proposed."""
    out = read(home, exports, {"roster.zip": ROSTER, "absences.csv": FULL_DAYS})
    assert "district.toml: usual_duty 07:30-15:45 for all staff (6 absences" in out
    text = DistrictHome(home).settings_file.read_text()
    assert '\nusual_duty = { all = "07:30-15:45" }\n' in text
    with open_district(home) as district:
        assert district.settings.district.duty_hours["all"].end == 15 * 60 + 45
        assert "staff_duty.csv" not in district.registry.missing
    again = read(home, exports, {"absences.csv": FULL_DAYS})
    assert "Nothing new." in again


def test_a_person_states_the_usual_hours(home, exports):
    done = schoolbell("setup", "--home", home, "--usual-duty", "8:00-16:00", "--write")
    assert done.code == 0, done.err
    with open_district(home) as district:
        assert district.settings.district.usual_duty == {"all": "8:00-16:00"}
    twice = schoolbell("setup", "--home", home, "--usual-duty", "8:00-17:00", "--write")
    assert (twice.code, "already has usual_duty" in twice.err) == (2, True)
    wrong = schoolbell("setup", "--home", home, "--usual-duty", "early")
    assert (wrong.code, "07:30-16:00" in wrong.err) == (2, True)


def test_few_absences_state_no_hours(home, exports):
    text = "\n".join(FULL_DAYS.splitlines()[:5])
    out = read(home, exports, {"roster.zip": ROSTER, "absences.csv": text})
    assert "schoolbell setup --usual-duty 07:30-16:00" in out
    with open_district(home) as district:
        assert not district.settings.district.usual_duty


CLIENTS = {
    "meraki.csv": """Status,Description,Last seen,MAC address,User,VLAN,Recent SSID
online,HS-D-01,now,02:00:00:00:01:01,,10,
online,HS-D-01,now,02:00:00:00:01:02,,12,OAK
online,Adas-iPhone,now,02:00:00:00:01:03,,12,OAK
online,MS-7,now,02:00:00:00:02:01,,12,OAK
online,MS-7,now,02:00:00:00:02:02,,12,OAK
online,MS-7,now,02:00:00:00:02:03,,12,OAK
""",
    "leases.csv": """"IPAddress","ScopeId","AddressState","ClientId","HostName"
"10.20.1.9","10.20.0.0","Active","02-00-00-00-03-01","DC1.oak.example"
""",
    "clients.json": json.dumps([
        {"mac": "02:00:00:00:01:01", "description": "hs-d-01", "vlan": "1"}
    ]),
}  # fmt: skip


def test_lists_of_clients_add_cards_and_no_device(home, exports):
    """A directory knows no card; a network's clients do, and private phones too."""
    out = read(home, exports, {"roster.zip": ROSTER, "pcs.csv": COMPUTERS, **CLIENTS})
    found = of(rows(home, "devices.csv"), "hostname")
    assert found.keys() == {"hs-d-01", "dc1", "ms-7"}
    assert found["hs-d-01"]["mac"] == "02:00:00:00:01:01"
    assert found["hs-d-01"]["ethernet_mac"] == "02:00:00:00:01:02"
    assert found["dc1"]["mac"] == "02:00:00:00:03:01"
    assert "mac" not in found["ms-7"]
    assert "1 clients that no list of devices names" in out
    assert "1 names with more than two cards: ms-7" in out
    again = read(home, exports, CLIENTS)
    assert "Nothing new." in again


def test_one_device_of_several_exports_is_one_row(home, exports):
    files = {"roster.zip": ROSTER} | {
        f"{number}.csv": text
        for number, text in enumerate(DEVICES_AS_THEIR_CONSOLES_WRITE.values())
        if "5CD1" in text
    }
    out = read(home, exports, files)
    assert len(rows(home, "devices.csv")) == 1, out


def test_reservations_of_kea(home, exports):
    kea = json.loads(re.sub("//[^\n]*", "", KEA))
    kea["Dhcp4"]["subnet4"][0]["reservations"] = [
        {"hw-address": "02:00:00:00:0b:01", "ip-address": "10.50.0.9",
         "hostname": "ms-p1"},
        {"hw-address": "02:00:00:00:0b:02"},
    ]  # fmt: skip
    read(home, exports, {"roster.zip": ROSTER, "kea.json": json.dumps(kea)})
    (device,) = rows(home, "devices.csv")
    assert (device["hostname"], device["static_ip"]) == ("ms-p1", "10.50.0.9")
    assert len(rows(home, "subnets.csv")) == 2


def test_check_counts_rows_that_lack_what_rules_ask(home, exports):
    """Thirty-nine devices without a card were "in order" and nothing else."""
    read(home, exports, {"roster.zip": ROSTER, "pcs.csv": COMPUTERS})
    out = schoolbell("check", "--home", home).out
    for line in (
        "3 of 3 rows in devices.csv have no network card.",
        "1 of 3 rows in devices.csv has no building.",
        "2 of 2 rows in buildings.csv have no lat and lon.",
    ):
        assert line in out


UNITS = (
    "First Name [Required],Last Name [Required],Email Address [Required],\
Org Unit Path [Required],Status [READ ONLY],Employee Title,Building ID\n"
    + "".join(
        f"A,B{n},u{n}@oak.example,/Staff/{unit},Active,Teacher,{place}\n"
        for n, (unit, place) in enumerate(
            [
                *[("High School", "")] * 3,
                *[("Fernwood Elementary Staff", "")] * 3,
                *[("School Board", "")] * 4,
                ("Lone Academy", ""),
                *[("IT", "Annex")] * 3,
            ]
        )
    )
)


def test_a_directory_alone_names_its_schools(home, exports):
    """Org units and building ids held the schools, and no person had a building."""
    out = read(home, exports, {"users.csv": UNITS})
    places = of(rows(home, "buildings.csv"), "building").keys()
    assert places == {"High School", "Fernwood Elementary", "Annex"}
    assert "3 units or building ids are buildings" in out
    people = of(rows(home, "users.csv"), "username")
    assert people["u0"]["orgSourcedIds"] == "High School"
    assert people["u3"]["orgSourcedIds"] == "Fernwood Elementary"
    assert people["u11"]["orgSourcedIds"] == "Annex"
    assert "orgSourcedIds" not in people["u7"]
    with open_district(home) as district:
        found = district.registry.frames["people"]["building"].drop_nulls().unique()
        assert {*found} == places
    assert "Nothing new." in read(home, exports, {"users.csv": UNITS})


def test_on_a_terminal_it_asks_for_hours_and_places(home, exports, monkeypatch):
    folder = exports({"roster.zip": ROSTER})
    answers = {
        "Folder with all exports": [str(folder)], "Hours of most": ["8 to 4", "8:00-16:00"],
        "Latitude, longitude of Oakdale High": ["here", "43.5, -110.2"],
        "Latitude, longitude of Oakdale Middle": [""], "Judge them": ["yes", "jobs"],
    }  # fmt: skip

    def prompt(question, *_default, **_how):
        return next(given.pop(0) for start, given in answers.items() if question.startswith(start))

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("typer.confirm", lambda _question: True)
    done = schoolbell("setup", "--home", home)
    assert done.code == 0, done.err
    places = of(rows(home, "buildings.csv"), "building")
    assert (places["HS"]["lat"], places["HS"]["lon"]) == ("43.5", "-110.2")
    assert "lat" not in places["MS"]
    assert "1 building has no lat and lon" in done.out
    with open_district(home) as district:
        assert district.settings.district.usual_duty == {"all": "8:00-16:00"}
        assert district.settings.district.judged_kinds == ("jobs",)
    assert "yes is not one of: dating, jobs, both, none" in done.out
    assert "judged_kinds" not in schoolbell("setup", "--home", home, "--from", folder).out


def test_without_a_terminal_it_shows_the_line_that_decides_private_kinds(home, exports):
    """A decision against both is a decision."""
    folder = exports({"roster.zip": ROSTER})
    done = schoolbell("setup", "--home", home, "--from", folder)
    assert 'judged_kinds = ["dating", "jobs"], or judged_kinds = []' in done.out
    assert "in the last four weeks" not in done.out
    settings = DistrictHome(home).settings_file
    text = settings.read_text(encoding="utf-8")
    settings.write_text(with_district_line(text, "judged_kinds = []"), encoding="utf-8")
    assert "judged_kinds" not in schoolbell("setup", "--home", home, "--from", folder).out


STAFF = """Staff Number,Last Name,First Name,Work Email,Job Title,School Name,Assignment End,\
Employment Status
5001,Moss,Ada,amoss@oak.example,Science Teacher,Oakdale High School,06/30/2026,Active
5001,Moss,Ada,amoss@oak.example,Track Coach,Oakdale Middle School,,Active
5003,Reed,Cy,creed@oak.example,Custodian,Oakdale Middle School,,Active
5004,Gone,Di,dgone@oak.example,Secretary,Oakdale High School,,Terminated
,Hill,Ed,ehill@oak.example,Bus Driver,,,Active
"""
SCHOOLS = """School Name,School Code,Street,Latitude,Longitude
Oakdale High School,HS,1 Oak St,41.60,-93.61
Oakdale Middle School,MS,2 Oak St,41.62,-93.70
Elsewhere High School,EH,3 Elm St,40.10,-91.20
"""


def test_a_staff_list_adds_people_that_the_roster_lacks(home, exports):
    folder = exports({"orgs.csv": ORGS, "users.csv": USERS_11, "staff.csv": STAFF})
    said = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    people = {row["sourcedId"]: row for row in rows(home, "users.csv")}
    assert people.keys() == {"p-1", "p-2", "s-1", "5003"}
    new = people["5003"]
    assert (new["metadata.jobTitle"], new["username"]) == ("Custodian", "creed")
    assert new["orgSourcedIds"] == "o-m"
    assert "1 of people who left: 5004" in said
    assert "1 without a number of the employee: ehill@oak.example" in said


def test_a_directory_still_adds_students_after_a_staff_list(home, exports):
    """Neither is a roster: each has people that the other lacks."""
    students = """Kid,One,kone@oak.example,****,/Students/Oakdale High,Active,,,
"""
    folder = exports(
        {"staff.csv": STAFF, "schools.csv": SCHOOLS, "google.csv": GOOGLE_USERS + students}
    )
    schoolbell("setup", "--home", home, "--from", folder, "--write")
    people = {row["sourcedId"]: row for row in rows(home, "users.csv")}
    assert people["5001"]["metadata.jobTitle"] == "Science Teacher"
    assert people["5001"]["orgSourcedIds"] == "HS"
    assert people["kone"]["role"] == "student"
    # 5002 is in the directory alone
    assert people["5002"]["metadata.jobTitle"] == "Teacher"


def test_a_list_of_schools_fills_coordinates_of_the_roster_s_buildings(home, exports):
    folder = exports({"orgs.csv": ORGS, "users.csv": USERS_11, "schools.csv": SCHOOLS})
    said = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    buildings = {row["building"]: row for row in rows(home, "buildings.csv")}
    assert buildings.keys() == {"HS", "MS"}
    assert (buildings["HS"]["lat"], buildings["HS"]["lon"]) == ("41.60", "-93.61")
    assert buildings["HS"]["org_id"] == "o-h"
    assert "1 schools that are not a building of the roster: Elsewhere High School" in said


def test_of_a_state_s_list_a_school_of_one_name_in_two_places_has_none(home, exports):
    """A wrong place would make an honest trip too fast."""
    state = (
        "NAME,LAT,LON,STREET\nOakdale High School,41.60,-93.61,a\n"
        "Oakdale High School,40.10,-91.20,b\nOakdale Middle School,41.62,-93.70,c\n"
        "Oak High School,40.00,-90.00,d\n"
    )
    folder = exports({"orgs.csv": ORGS, "users.csv": USERS_11, "nces.csv": state})
    said = schoolbell("setup", "--home", home, "--from", folder, "--write").out
    buildings = {row["building"]: row for row in rows(home, "buildings.csv")}
    assert "lat" not in buildings["HS"]
    assert buildings["MS"]["lat"] == "41.62"
    assert "schools of one name in several places" in said


def test_a_long_list_of_schools_alone_makes_no_buildings(home, exports):
    state = "".join(f"School {number},{30 + number / 10},-90.0\n" for number in range(61))
    folder = exports({"nces.csv": "School Name,Latitude,Longitude\n" + state})
    schoolbell("setup", "--home", home, "--from", folder, "--write")
    assert rows(home, "buildings.csv") == []


EVENTS = {
    "google.csv": """Subject,Start Date,Start Time,End Date,End Time,All Day Event,Description
First Day of School,08/12/2026,,08/12/2026,,TRUE,
No School - Columbus Day,10/12/2026,,10/12/2026,,TRUE,call Zoe Kid
Thanksgiving Break,11/25/2026,,11/27/2026,,TRUE,
Board holiday dinner,12/02/2026,6:00 PM,12/02/2026,8:00 PM,FALSE,
Last Day of School,05/28/2027,,05/28/2027,,TRUE,
""",
    "outlook.csv": """"Subject","Start Date","Start Time","End Date","End Time","All day event"
"First Day of School","8/12/2026","12:00:00 AM","8/13/2026","12:00:00 AM","True"
"No School - Columbus Day","10/12/2026","12:00:00 AM","10/13/2026","12:00:00 AM","True"
"Thanksgiving Break","11/25/2026","12:00:00 AM","11/28/2026","12:00:00 AM","True"
"Board holiday dinner","12/2/2026","6:00:00 PM","12/2/2026","8:00:00 PM","False"
"Last Day of School","5/28/2027","12:00:00 AM","5/29/2027","12:00:00 AM","True"
""",
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_calendar_that_was_exported_as_a_table_names_the_days_off(home, exports, name):
    said = schoolbell(
        "setup", "--home", home, "--from", exports({name: EVENTS[name]}), "--write"
    ).out
    assert "4 holiday, 2 school" in said
    with open_district(home) as district:
        days = district.registry.frames["calendar_days"]
        is_off = pl.col("day_type") == "holiday"
        off = sorted(set(days.filter(is_off)["date"].cast(pl.String).to_list()))
    assert off == ["2026-10-12", "2026-11-25", "2026-11-26", "2026-11-27"]
    (kept,) = DistrictHome(home).registry.glob("*.ics")
    assert b"Zoe" not in kept.read_bytes()


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Employee ID,Last Name,First Name,Title,Absence Date,Absence Reason", "absences"),
        (
            (
                "SamAccountName,DistinguishedName,Surname,GivenName,EmployeeID,Title,Last Name,"
                "First Name"
            ),
            "Active Directory users",
        ),
        (
            (
                "First Name [Required],Last Name [Required],Email Address [Required],"
                "Org Unit Path [Required],Employee ID,Title"
            ),
            "Google users",
        ),
        ("StaffID,LastName,FirstName,Email,Position,Building", "staff list"),
    ],
)
def test_a_staff_list_is_what_no_other_export_is(header, name):
    assert export_of(Sheet("x.csv", tuple(header.split(",")), []), {}).name == name
