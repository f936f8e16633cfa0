"""The exports that are known: by which columns, and which cell means what.

One row of `EXPORTS` an export. A column may have several names, joined by `|`, since
consoles rename them; names are compared as `reading.plain` writes them.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipelines.registry.csv_files import File
from pipelines.registry.frames import FILES
from pipelines.registry.imports.export_tables import Sheet, plain
from pipelines.registry.imports.unused_columns import LAST_USER, why_unused
from pipelines.registry.roster import ORGS, ROLES, USERS
from pipelines.settings.problems import nearest

Facts = Literal[
    "roster",
    "school",
    "staff",
    "login",
    "short_name",
    "network",
    "access_point",
    "device",
    "card",
    "absence",
    "file",
    "nothing",
]
ORDER: Sequence[Facts] = (
    "roster", "school", "staff", "login", "short_name", "network", "access_point", "device", "card",
    "absence", "file", "nothing",
)  # fmt: skip
"""People come first: devices and absences name them. Access points and devices are in
networks, and lists of cards name devices."""

PERSON = "employeeid|employeeidentifier|employeenumber|externalid|identifier|\
employeeemail"
EMPLOYEE = "employeeid|employeenumber|employeeno|employeeidentifier|staffid|staffnumber|\
localstaffid|localstaffnumber|personnelnumber|teachernumber|nameid|namekey"
JOB = "jobtitle|title|position|positiontitle|positiondescription|jobdescription|\
jobclassification|job|assignmenttitle|stafftype|employeetype|staffstatus"
SCHOOL_NAME = "schoolname|school|name|facility|sitename|schname|campusname"
LAT, LON = "lat|latitude|latcod", "lon|long|lng|longitude|loncod"
LAST, FIRST = "lastname|familyname|legallastname", "firstname|givenname|legalfirstname"
MANAGED: dict[str, str] = {
    "hostname": "computername|devicename|displayname|hostname|name",
    "serial": "serialnumber|serial|computerserialnumber", "asset_tag": "assettag",
    "mac": "wifimacaddress|wifimac|primarymacaddress|macaddress|mac|computermacaddress",
    "ethernet_mac": "ethernetmacaddress|ethernetmac|altmacaddress|alternatemacaddress"
    "|secondarymacaddress",
    "model": "model|modelname|devicemodelname|devicemodel|modelidentifier|computermodel",
    "system": "os|operatingsystem|platform|deviceplatform|osversion|computeros",
    "user": "emailaddress|useremail|primaryuserupn|primaryuseremailaddress|email|username|userid",
    "short": "username|userid|shortname|useridentifier",
    "place": "building|buildingname|locationname|location|department|devicegroup",
    "room": "building|buildingname|locationname|location|school", "note": "room|roomnumber",
    "owned": "ownership|deviceownershiplevel|ownershiptype",
    "state": "enrollmentstatus|devicestatus|status",
}  # fmt: skip
"""Columns of a device in the lists of systems that manage devices."""
JAMF = "jamfprocomputerid|jsscomputerid|jamfversion|jamfbinaryversion|lastcheckin|\
lastinventoryupdate|udid"
ISE_GROUP = "identitygroup|endpointidentitygroup|identitygroupid|staticgroupassignment"
HOLDER = "assetname|checkedoutto|checkedout|owner|owneremail|assignedto|\
assignedusername|username|assignedtouser|ownername"
JOINED = "ssid|recentssid|essid|accesspoint|recentdevice|recentdevicename|connectedto|\
uplink|network|vlan|addressstate"

HOW: Mapping[str, str] = {
    "approved_sites.csv": "after the first run: schoolbell propose --accept sites",
    "staff_duty.csv": "for a start: schoolbell setup --usual-duty 07:30-16:00, or "
    "after the first run: schoolbell propose --accept usual-hours; then the contract "
    "hours",
    "calendar.csv": "the school calendar as .ics (Google Calendar: Settings, Export) or as CSV "
    "(Outlook: File, Open and export, Import/Export)",
    "buildings.csv": "a list of schools with latitude and longitude, such as the state's or the "
    "NCES's; or enter manually: the org_id and code of each school with lat and lon",
    "site_categories.csv": "the web filter's list of its categories; schoolbell lists",
    "egress.csv": "enter manually: the district's outside addresses",
    "ip_geo.csv": "a GeoLite2, DB-IP or IPinfo file (.mmdb) that you may use",
    "expected_traffic.csv": "enter manually: which backup runs when, in which log",
    "access_points.csv": "enter manually: name patterns of access points and switches",
}
"""Registry file that no export contains -> where its rows come from."""
MIN_COLUMNS = 3
"""Columns of a registry file in a table that has others too."""
SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "Student information system with OneRoster": ("OneRoster users",),
    "PowerSchool, Skyward or a personnel office": ("staff list",),
    "Apple School Manager": ("Apple School Manager locations",),
    "Active Directory": ("Active Directory",),
    "Entra or Microsoft 365": ("Entra", "Microsoft 365"),
    "Google Workspace": ("Google users", "Google Chrome"),
    "Okta": ("Okta",),
    "Intune": ("Intune", "Windows Autopilot"),
    "Jamf Pro": ("Jamf",),
    "Mosyle": ("Mosyle",),
    "Kandji": ("Kandji",),
    "Another system for devices, or an inventory": ("list of devices", "asset inventory"),
    "Windows DHCP server": ("Windows DHCP",),
    "ISC or Kea DHCP server": ("DHCP subnets",),
    "Palo Alto firewall": ("PAN-OS",),
    "Meraki or UniFi": ("clients of a network", "Meraki"),
    "Lansweeper": ("Lansweeper",),
    "Cisco ISE": ("Cisco ISE",),
    "ClearPass": ("ClearPass",),
    "FreeRADIUS": ("FreeRADIUS",),
    "Absence system": ("absences",),
}
"""Product that a district may have -> how the names of its exports begin."""
ROSTER_FILES = {one.name: one for one in (USERS, ORGS, ROLES)}
IMPORTED: Mapping[str, File] = {**FILES, **ROSTER_FILES}
"""Every file that an export can add to."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """One type of export.

    Attributes:
        facts: Subject of its rows.
        into: The main registry file for its rows.
        marks: Identifying columns, all required.
        never: Columns that another type of export has.
        cells: Name of a fact -> its possible columns, the first with a value counts.
        how: Where a person gets it.
        says: Meaning of every row, by name of a fact.
        unused: Column that is not read -> the reason, where its name does not show it.
        why: Reason for reading and not using it.
    """

    name: str
    facts: Facts
    marks: tuple[str, ...]
    never: str = ""
    into: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)
    how: str = ""
    says: Mapping[str, str] = field(default_factory=dict)
    unused: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    def fits(self, names: frozenset[str]) -> bool:
        """Return whether a table has these columns."""
        has_marks = all(names & set(mark.split("|")) for mark in self.marks)
        return has_marks and not names & set(self.never.split("|"))

    def fact(self, name: str, row: Mapping[str, str]) -> str:
        """Return a fact of a row; empty if no column has it."""
        if name in self.says:
            return self.says[name]
        return next(iter(self.values(name, row)), "")

    def values(self, name: str, row: Mapping[str, str]) -> list[str]:
        """Return the values of all columns that may hold a fact, the first counts."""
        return [row[one] for one in self.cells.get(name, "").split("|") if row.get(one)]

    def unread(self, sheet: Sheet) -> dict[str, str]:
        """Return the columns with a value that no fact is read from, and why."""
        if self.facts == "nothing":
            return {}
        read = {column for columns in self.cells.values() for column in columns.split("|")}
        if self.into in ROSTER_FILES:
            read |= {plain(name) for name in ROSTER_FILES[self.into].columns}
        return {
            name: self.unused.get(plain(name)) or why_unused(plain(name))
            for name in sheet.header
            if plain(name) and plain(name) not in read
            if any(row.get(plain(name)) for row in sheet.rows)
        }


def _roster(file: File, *marks: str, name: str) -> Export:
    return Export(
        name=f"OneRoster {name}",
        facts="roster",
        into=file.name,
        marks=tuple(map(plain, marks)),
        how="the student information system: Export, OneRoster CSV (1.1 or 1.2), or "
        "the pages of its API as JSON",
    )


GROUPS = "no rule asks who is in which group"


def _unused(name: str, why: str, *marks: str) -> Export:
    return Export(name=name, facts="nothing", marks=marks, why=why)


EXPORTS: tuple[Export, ...] = (
    _roster(USERS, "sourcedId", "givenName", "familyName", name="users"),
    _roster(ORGS, "sourcedId", "name", "type", "identifier", name="organizations"),
    _roster(ROLES, "userSourcedId", "role", "orgSourcedId", name="roles"),
    _unused("OneRoster manifest", "lists the contents of the zip file", "propertyname", "value"),
    _unused(
        "OneRoster terms",
        "say when terms begin and end, not which days are off: a calendar does",
        "sourcedid", "title", "startdate", "enddate", "schoolyear",
    ),
    _unused(
        "OneRoster classes", "no rule asks who teaches what",
        "sourcedid", "title", "classtype", "schoolsourcedid|school",
    ),
    _unused(
        "OneRoster enrollments", "no rule asks who is in which class",
        "classsourcedid|class", "usersourcedid|user"
    ),
    _unused(
        "OneRoster courses", "no rule asks who teaches what",
        "sourcedid", "title", "coursecode"
    ),
    _unused(
        "OneRoster demographics",
        "birth dates, sex and race are not needed here; delete the file",
        "sourcedid", "birthdate"
    ),
    _unused(
        "OneRoster profiles", "hold passwords; delete the file",
        "profileid|profiletype", "usersourcedid"
    ),
    _unused("Entra groups", GROUPS, "displayname", "grouptype", "membershiptype"),
    _unused("Entra group members", GROUPS, "userprincipalname", "membertype"),
    _unused("Okta groups", GROUPS, "profilename", "objectclass", "lastmembershipupdated"),
    _unused(
        "Active Directory sites", "the subnets name their site: Get-ADReplicationSubnet",
        "name", "intersitetopologygenerator"
    ),
    _unused(
        "NCES directory", "it has no coordinates: the School Locations of the NCES have",
        "schname", "ncessch", "lstreet1"
    ),
    Export(
        name="list of schools",
        facts="school",
        into="buildings.csv",
        marks=(SCHOOL_NAME, LAT, LON),
        never="building|ip|ipaddress|mac|macaddress|serialnumber",
        cells={
            "name": SCHOOL_NAME, "lat": LAT, "lon": LON,
            "district": "leaid|districtid|agencyidncesassigned",
            "code": "schoolcode|schoolnumber|buildingcode|sitecode|orgid|schoolid|ncessch"
            "|schoolidncesassigned",
        },
        how="a list of schools with latitude and longitude: of the state, or of the NCES "
        "(nces.ed.gov, School Locations), which may hold other districts' schools",
    ),
    Export(
        name="Apple School Manager locations",
        facts="school",
        into="buildings.csv",
        marks=("locationid", "locationname"),
        never=f"personid|serialnumber|{LAT}",
        cells={"name": "locationname", "code": "locationid", "lat": "", "lon": ""},
        how="the zip file of locations, staff and students that the student information "
        "system writes for Apple School Manager (SFTP)",
    ),
    Export(
        name="Apple School Manager staff",
        facts="staff",
        into=USERS.name,
        marks=("personid|instructorid", LAST, FIRST, "locationid", "emailaddress|sisusername"),
        never="gradelevel|passwordpolicy",
        cells={
            "employee": "personnumber|personid|instructorid",
            "other_id": "personid|instructorid", "given": FIRST, "family": LAST,
            "mail": "emailaddress", "login": "sisusername", "title": "", "place": "locationid",
            "state": "",
        },
        how="see Apple School Manager locations",
    ),
    Export(
        name="Apple School Manager students",
        facts="login",
        into="accounts.csv",
        marks=("personid|studentid", LAST, FIRST, "locationid", "gradelevel"),
        cells={
            "login": "sisusername|emailaddress", "mail": "emailaddress", "given": "",
            "family": "", "employee": "personid|studentid", "title": "", "place": "",
            "building": "locationid",
        },
        says={"department": "Students"},
        how="see Apple School Manager locations",
    ),
    Export(
        name="staff list",
        facts="staff",
        into=USERS.name,
        marks=(EMPLOYEE, LAST, FIRST, JOB),
        never="samaccountname|userprincipalname|orgunitpath|serialnumber|absencedate|"
        "absencereason|leavetype|gradelevel|sourcedid|login|profilelogin|oktausername"
        "|newprimaryemail|newstatus|lastsignin|2svenrolled|emailusage",
        cells={
            "employee": EMPLOYEE, "given": FIRST, "family": LAST, "title": JOB,
            "mail": "workemail|schoolemail|districtemail|staffemail|emailaddress|emailaddr|email",
            "login": "networkid|networkusername|networklogin|adusername|loginid|username",
            "place": "schoolname|school|buildingname|building|worklocation|"
            "primarylocation|location|site|campus|homeschoolid|schoolid|entity",
            "state": "employmentstatus|employeestatus|status|active|staffstatus",
        },
        how="the student information system or the personnel office: a report of staff "
        "as CSV with number, first and last name, job title, school and mail address "
        "(PowerSchool: TeacherNumber, Last_Name, First_Name, Email_Addr, LoginID, "
        "HomeSchoolID, StaffStatus, Status; Skyward: a report of staff with Name ID)",
    ),
    Export(
        name="Okta people",
        facts="login",
        into="accounts.csv",
        marks=("login|profilelogin|oktausername",
               "email|profileemail|primaryemail|user|userfullname",
               "status|oktauserstatus|firstname|profilefirstname"),
        never="distinguishedname|orgunitpath|serialnumber|sourcedid",
        cells={
            "login": "login|profilelogin|oktausername",
            "mail": "email|profileemail|primaryemail|login|profilelogin|oktausername",
            "short": "samaccountname|profilesamaccountname|shortname|profileshortname"
            "|adusername|username",
            "given": "firstname|profilefirstname", "family": "lastname|profilelastname",
            "employee": "employeenumber|profileemployeenumber",
            "title": "title|profiletitle|usertype|profileusertype",
            "department": "department|profiledepartment",
            "place": "organization|profileorganization|division|profiledivision",
            "state": "status|oktauserstatus",
        },
        unused={"user": "a name is not an account"},
        how="Okta: the people as CSV, with login, email, firstName, lastName, "
        "employeeNumber, title and status; or the pages of its API (/api/v1/users) as "
        "JSON; or Reports, Okta Password Health, without names and numbers",
    ),
    Export(
        name="Jamf users",
        facts="short_name",
        into="accounts.csv",
        marks=("username", "emailaddress|email", "fullname", "position|phonenumber"),
        never="serialnumber|login|samaccountname|userprincipalname|sourcedid",
        cells={"user": "emailaddress|email", "short": "username"},
        unused={"position": "the roster and the directory contain the job"},
        how="Jamf Pro: Users, Search Users, a search that shows username, full name, email "
        "address and position: Export, CSV",
    ),
    Export(
        name="Google users",
        facts="login",
        into="accounts.csv",
        marks=("emailaddress", "orgunitpath", "firstname", "lastname"),
        cells={
            "login": "emailaddress", "mail": "emailaddress", "given": "firstname",
            "family": "lastname", "employee": "employeeid", "title": "employeetitle",
            "place": "orgunitpath", "department": "department", "state": "status",
            "building": "buildingid",
        },
        how="admin.google.com: Directory, Users, Download users, All user info columns",
    ),
    Export(
        name="Google users of GAM",
        facts="login",
        into="accounts.csv",
        marks=("primaryemail", "namegivenname", "namefamilyname"),
        cells={
            "login": "primaryemail", "mail": "primaryemail", "given": "namegivenname",
            "family": "namefamilyname", "employee": "externalids0value",
            "title": "organizations0title", "department": "organizations0department",
            "place": "orgunitpath", "off": "suspended",
        },
        how="GAM: gam print users fields primaryEmail,name,orgUnitPath,suspended,"
        "externalIds,organizations; or the pages of the Directory API as JSON",
    ),
    Export(
        name="Active Directory users",
        facts="login",
        into="accounts.csv",
        marks=("samaccountname", "distinguishedname", "surname|sn|givenname"),
        cells={
            "login": "samaccountname", "mail": "mail|emailaddress|userprincipalname",
            "addresses": "proxyaddresses",
            "given": "givenname", "family": "surname|sn",
            "employee": "employeeid|employeenumber", "title": "title",
            "place": "distinguishedname", "department": "department|office",
            "state": "enabled", "until": "accountexpirationdate", "note": "description",
            "services": "serviceprincipalnames",
        },
        how="PowerShell: Get-ADUser -Filter * -Properties EmployeeID,Mail,Title,"
        "Department,Description,AccountExpirationDate | Export-Csv users.csv "
        "-NoTypeInformation; Samba: ldbsearch -H /var/lib/samba/private/sam.ldb "
        "'(objectClass=user)' > directory.ldif",
    ),
    Export(
        name="Entra users",
        facts="login",
        into="accounts.csv",
        marks=("userprincipalname", "displayname", "accountenabled", "usertype"),
        cells={
            "login": "userprincipalname", "mail": "mail|userprincipalname",
            "given": "givenname", "family": "surname", "employee": "employeeid",
            "title": "jobtitle", "place": "officelocation", "department": "department",
            "state": "accountenabled", "kind": "usertype",
        },
        how="entra.microsoft.com: Users, All users, Download users",
    ),
    Export(
        name="Microsoft 365 users",
        facts="login",
        into="accounts.csv",
        marks=("userprincipalname", "displayname", "blockcredential"),
        cells={
            "login": "userprincipalname", "mail": "userprincipalname",
            "addresses": "proxyaddresses",
            "given": "firstname", "family": "lastname", "title": "title",
            "place": "office", "department": "department", "off": "blockcredential",
        },
        how="admin.microsoft.com: Users, Active users, Export users",
    ),
    Export(
        name="Google Chrome devices",
        facts="device",
        into="devices.csv",
        marks=("serialnumber", "orgunitpath|organizationalunit",
               "deviceid|directoryapiid|assetid|annotatedassetid"),
        cells={
            "serial": "serialnumber", "directory_id": "deviceid|directoryapiid",
            "asset_tag": "annotatedassetid|assetid",
            "mac": "macaddress|wifimacaddress", "user": "annotateduser|user",
            "ethernet_mac": "ethernetmacaddress|ethernetmac",
            "place": "orgunitpath|organizationalunit",
            "room": "annotatedlocation|location", "note": "notes|annotatednotes",
            "state": "status|provisionstatus", "app": "kioskapp",
            "recent": "mostrecentuser|recentusersemail|recentusers0email", "model": "model",
        },
        says={"device_class": "chromebook"},
        how="admin.google.com: Devices, Chrome, Devices, Export, CSV",
    ),
    Export(
        name="Active Directory computers",
        facts="device",
        into="devices.csv",
        marks=("dnshostname", "distinguishedname", "name"),
        cells={
            "hostname": "name", "place": "distinguishedname", "room": "location",
            "model": "operatingsystem", "note": "description", "state": "enabled",
        },
        how="PowerShell: Get-ADComputer -Filter * -Properties OperatingSystem,"
        "Description,Location | Export-Csv computers.csv -NoTypeInformation; Samba: as "
        "for users",
    ),
    Export(
        name="Intune devices",
        facts="device",
        into="devices.csv",
        marks=("devicename", "serialnumber",
               "primaryuserupn|primaryuseremailaddress|manageddeviceownertype"),
        cells=MANAGED | {
            "place": "devicecategory|devicecategorydisplayname|category|devicegroup",
            "state": "managedby",
            "user": "primaryuserupn|primaryuseremailaddress|userprincipalname", "short": "",
            "owned": "ownership|manageddeviceownertype",
        },
        how="intune.microsoft.com: Devices, All devices, Export; or the pages of its API as JSON",
    ),
    Export(
        name="Windows Autopilot devices",
        facts="device",
        into="devices.csv",
        marks=("deviceserialnumber", "hardwarehash|grouptag", "windowsproductid|assigneduser"),
        cells={"serial": "deviceserialnumber", "user": "assigneduser", "place": "grouptag"},
        how="intune.microsoft.com: Devices, Enrollment, Windows Autopilot devices, Export",
    ),
    Export(
        name="Entra devices",
        facts="device",
        into="devices.csv",
        marks=("displayname", "accountenabled", "operatingsystem|os",
               "jointype|trusttype|registeredowners"),
        cells={
            "hostname": "displayname", "model": "model|operatingsystem|os",
            "user": "usernames|registeredowners", "state": "accountenabled",
            "joined": "jointype|trusttype",
        },
        how="entra.microsoft.com: Devices, All devices, Download devices",
    ),
    Export(
        name="Jamf computers",
        facts="device",
        into="devices.csv",
        marks=("computername|displayname|name", "serialnumber",
               "macaddress|primarymacaddress|altmacaddress",
               JAMF),
        never="jamfpromobiledeviceid|devicename",
        cells=MANAGED,
        how="Jamf Pro: Computers, Search Inventory, a search that shows name, serial "
        "number, MAC addresses, model, user name, email address and building: Export, CSV",
    ),
    Export(
        name="Jamf computers of its API",
        facts="device",
        into="devices.csv",
        marks=("generalname", "hardwareserialnumber", "udid"),
        cells={
            "hostname": "generalname", "serial": "hardwareserialnumber",
            "mac": "hardwaremacaddress", "ethernet_mac": "hardwarealtmacaddress",
            "asset_tag": "generalassettag", "model": "hardwaremodel",
            "user": "userandlocationemail", "short": "userandlocationusername",
            "note": "userandlocationroom",
        },
        how="Jamf Pro: the pages of its API (computers-inventory) as JSON",
    ),
    Export(
        name="Jamf mobile devices",
        facts="device",
        into="devices.csv",
        marks=("displayname|mobiledevicename", "serialnumber",
               "wifimacaddress|jamfpromobiledeviceid"),
        cells=MANAGED,
        how="Jamf Pro: Devices, Search Inventory, a search that shows name, serial number, "
        "Wi-Fi MAC address, model, user name, email address and building: Export, CSV",
    ),
    Export(
        name="Mosyle devices",
        facts="device",
        into="devices.csv",
        marks=("devicename", "serialnumber", "deviceudid|udid",
               "wifimacaddress|wifimac|ethernetmacaddress"),
        cells=MANAGED,
        how="Mosyle: Management, Devices, Export, with name, serial number, model, Wi-Fi "
        "and Ethernet MAC, user, email and location",
    ),
    Export(
        name="Kandji devices",
        facts="device",
        into="devices.csv",
        marks=("devicename", "serialnumber", "blueprint|blueprintname"),
        cells=MANAGED | {"place": "blueprint|blueprintname", "room": "",
                         "note": "blueprint|blueprintname|tags"},
        how="Kandji (Iru): Devices, Export CSV; or the pages of its API as JSON",
    ),
    Export(
        name="asset inventory",
        facts="device",
        into="devices.csv",
        marks=("assettag|assetnumber", "serial|serialnumber",
               HOLDER),
        cells={
            "hostname": "hostname|computername|devicename|assetname",
            "serial": "serial|serialnumber", "asset_tag": "assettag|assetnumber",
            "mac": "macaddress|wifimacaddress|wifimac|wirelessmac|mac",
            "ethernet_mac": "ethernetmacaddress|ethernetmac|lanmac|wiredmac",
            "model": "model|modelname", "system": "category|assettype|type",
            "user": "owneremail|email|username|assignedusername|employeeno"
            "|employeenumber|ownerid|owner|checkedoutto|checkedout|assignedto",
            "place": "location|site|school|building", "room": "location|site|school",
            "note": "room|locationroom|roomname|category|assettype",
            "state": "status|statuslabel|assetstatus",
            "short": "username|assignedusername",
        },
        how="Snipe-IT: Reports, Custom Asset Report; Incident IQ: Assets, a view with "
        "asset tag, serial number, location and owner: Export",
    ),
    Export(
        name="Meraki Systems Manager devices",
        facts="device",
        into="devices.csv",
        marks=("name", "serialnumber|serial", "wifimac", "systemmodel|owneremail|osname"),
        cells=MANAGED | {
            "model": "systemmodel|model", "system": "osname|systemtype",
            "user": "owneremail|ownerusername|owner", "short": "ownerusername",
        },
        how="Meraki: the pages of its API as JSON (networks/.../sm/devices), or Systems "
        "Manager, Devices, Download as CSV",
    ),
    Export(
        name="Lansweeper computers",
        facts="device",
        into="devices.csv",
        marks=("assetname", "assettypename|assettype", "lastseen|userdomain|domain"),
        cells=MANAGED
        | {"hostname": "assetname", "user": "", "short": "", "system": "osname|oscode"},
        unused={"username": LAST_USER, "domain": "the directory's domain is in its exports"},
        how="Lansweeper: a report with AssetName, AssetTypename, Mac, Model, Serialnumber, "
        "Building and Lastseen: Export, CSV",
    ),
    Export(
        name="list of devices",
        facts="device",
        into="devices.csv",
        marks=("serialnumber|serial|computerserialnumber",
               "devicename|computername|hostname|displayname"),
        cells=MANAGED,
        how="any other system that manages devices: a list with name, serial number, MAC "
        "addresses, model, user and building as CSV",
    ),
    Export(
        name="devices by serial number",
        facts="device",
        into="devices.csv",
        marks=("serialnumber|serial", "model|modelname|devicemodel|wifimacaddress|macaddress",
               "emailaddress|useremail|email|username|assignedto"),
        never="devicename|computername|hostname|displayname|assetname|lastseen|userdomain",
        cells=MANAGED,
        how="a list without names of devices: serial number, model, user and building as CSV",
    ),
    Export(
        name="DHCP reservations",
        facts="device",
        into="devices.csv",
        marks=("host|name", "hardwareethernet|clientid", "fixedaddress|ipaddress"),
        cells={
            "hostname": "host|name", "mac": "hardwareethernet|clientid",
            "static_ip": "fixedaddress|ipaddress", "room": "description",
        },
        how="PowerShell: Get-DhcpServerv4Scope | Get-DhcpServerv4Reservation | "
        "Export-Csv reservations.csv -NoTypeInformation; dhcpd.conf and Kea's file "
        "contain them",
    ),
    Export(
        name="clients of a network",
        facts="card",
        into="devices.csv",
        marks=("mac|macaddress|clientmac|clientid",
               "hostname|description|name|devicename",
               JOINED),
        cells={
            "hostname": "hostname|dhcphostname|description|name|devicename",
            "mac": "mac|macaddress|clientmac|clientid",
        },
        how="Meraki: Network-wide, Clients, Download as CSV; UniFi: Client Devices, "
        "Export; Get-DhcpServerv4Scope | Get-DhcpServerv4Lease | Export-Csv "
        "leases.csv. They add cards to devices that another export names",
    ),
    Export(
        name="Cisco ISE endpoints",
        facts="card",
        into="devices.csv",
        marks=("macaddress|mac", "endpointpolicy|endpointprofile", ISE_GROUP),
        cells={
            "hostname": "hostname|adhostname|devicename|description", "mac": "macaddress|mac",
        },
        how="Cisco ISE: Context Visibility, Endpoints, Export, All attributes. They add cards to "
        "devices that another export names",
    ),
    Export(
        name="ClearPass endpoints",
        facts="card",
        into="devices.csv",
        marks=("macaddress", "macvendor|devicecategory|devicefamily|profile",
               "status|hostname|devicename"),
        never="serialnumber|ssid",
        cells={
            "hostname": "hostname|computername|displayname|description",
            "mac": "macaddress",
        },
        how="ClearPass: Configuration, Identity, Endpoints, Export All (XML), or Insight's "
        "report of endpoints as CSV. They add cards to devices that another export names",
    ),
    Export(
        name="Windows DHCP scopes",
        facts="network",
        into="subnets.csv",
        marks=("scopeid", "subnetmask"),
        cells={"network": "scopeid", "mask": "subnetmask", "named": "name",
               "note": "description", "state": "state"},
        how="PowerShell: Get-DhcpServerv4Scope | Export-Csv scopes.csv "
        "-NoTypeInformation, or Export-DhcpServer -File scopes.xml",
    ),
    Export(
        name="Active Directory subnets",
        facts="network",
        into="subnets.csv",
        marks=("name", "site", "distinguishedname"),
        never="samaccountname|dnshostname",
        cells={"network": "name", "named": "location|description", "site": "site"},
        how="PowerShell: Get-ADReplicationSubnet -Filter * -Properties Location,Description | "
        "Export-Csv subnets.csv -NoTypeInformation",
    ),
    Export(
        name="DHCP subnets",
        facts="network",
        into="subnets.csv",
        marks=("subnet", "name"),
        cells={"network": "subnet", "named": "name", "domain": "domain",
               "headline": "headline"},
        how="dhcpd.conf of an ISC server, or kea-dhcp4.conf",
    ),
    Export(
        name="PAN-OS address objects",
        facts="network",
        into="subnets.csv",
        marks=("name", "type", "address", "location|tags"),
        cells={"object": "address", "named": "name", "note": "description",
               "kind": "type"},
        how="PAN-OS or Panorama: Objects, Addresses, PDF/CSV. An object whose name "
        "does not state a kind of network is left out",
    ),
    Export(
        name="FreeRADIUS clients",
        facts="access_point",
        into="access_points.csv",
        marks=("nas", "address"),
        cells={"name": "nas", "address": "address"},
        how="clients.conf of a FreeRADIUS server; secrets are not read",
    ),
    Export(
        name="absences",
        facts="absence",
        into="leave.csv",
        marks=(
            f"{PERSON}|nameid|email|username",
            "absencedate|dateofabsence|leavedate|startdate|date",
            "absencereason|absencetype|leavetype|reason|absencestatus|dayportion|timeoffcode",
        ),
        cells={
            "person": f"{PERSON}|nameid|email|username",
            "first": "absencedate|dateofabsence|leavedate|startdate|date",
            "last": "enddate", "start": "starttime|absencestart",
            "end": "endtime|absenceend",
            "part": "dayportion|part|absenceduration|duration|fullhalfday|shiftdescription",
            "days": "days|numberofdays|daysused",
            "kind": "absencereason|absencetype|leavetype|reason|timeoffcode",
            "state": "absencestatus|approvalstatus|status",
            "substitute": "substituteid|substituteidentifier|substituteexternalid",
        },
        how="the absence system's report of absences by day as CSV, with an employee's "
        "id or mail address, the part of the day and the status; other columns' names "
        'are declared in district.toml: [registry.columns."leave.csv"]',
    ),
)  # fmt: skip


def export_of(sheet: Sheet, renames: Mapping[str, Mapping[str, str]]) -> Export | None:
    """Find the kind of a table.

    A file with a registry file's name and header is that file, and so is a table whose
    every column is one of that file's. Otherwise it is the kind that most columns
    identify; of registry files, the one that has the most of its columns.

    Args:
        renames: The district's own header names, by file.
    """
    names = frozenset(map(plain, sheet.header)) - {""}
    called = re.split(r"[/\\]", sheet.place)[-1].lower()
    own = [one for one in _own(renames) if one.fits(names)]
    own.sort(
        key=lambda one: (one.name == called, len(names & set(one.cells.values())), len(one.marks)),
        reverse=True,
    )
    if own and (own[0].name == called or names <= set(own[0].cells.values())):
        return own[0]
    known = [one for one in own[:1] if _is_mostly(one, names)]
    fitting = [one for one in EXPORTS if one.fits(names)] + known
    return max(fitting, key=lambda one: (len(one.marks), -ORDER.index(one.facts)), default=None)


def _is_mostly(file: Export, names: frozenset[str]) -> bool:
    """Return whether a table has more of a registry file than a column that others have too.

    A list of devices has a column `building`, and is not a list of buildings.
    """
    common = len(names & set(file.cells.values()))
    return common >= MIN_COLUMNS or 2 * common >= max(len(names), MIN_COLUMNS)


def _own(renames: Mapping[str, Mapping[str, str]]) -> list[Export]:
    """Return a table that has the columns of a registry file, or those declared for it."""
    found = []
    for file in FILES.values():
        theirs = renames.get(file.name, {})
        cells = {name: plain(theirs.get(name, name)) for name in file.columns}
        needed = [name for name, cell in file.columns.items() if cell.required]
        shipped = [name for name, cell in file.columns.items() if cell.shipped]
        marks = [cells[name] for name in needed or shipped[:3]]
        more = [cells[name] for name in theirs if cells[name] not in marks]
        found.append(
            Export(name=file.name, facts="file", into=file.name, marks=(*marks, *more), cells=cells)
        )
    return found


def hint(sheet: Sheet) -> str:
    """Return the probable type of an unknown table, and its missing columns."""
    names = frozenset(map(plain, sheet.header)) - {""}
    held = [(sum(bool(names & set(mark.split("|"))) for mark in one.marks), one) for one in EXPORTS]
    most, export = max(held, key=lambda pair: pair[0] / len(pair[1].marks))
    if not most:
        return "its columns are those of no export that is known"
    lacking = [mark for mark in export.marks if not names & set(mark.split("|"))]
    said = []
    for mark in lacking:
        near = nearest(mark.split("|")[0], map(str.lower, sheet.header))
        said.append(mark.replace("|", " or ") + (f" (is it {near!r}?)" if near else ""))
    return f"nearest: {export.name}, but it has no column {', '.join(said)}"


def exports_of(systems: Collection[str]) -> list[Export]:
    """Return the exports of products, by their names; several products share a kind."""
    return [
        one
        for one in EXPORTS
        if any(one.name.startswith(SYSTEMS[system]) for system in systems) and one.how
    ]


def how_to_get(file: str) -> str:
    """Return where the rows of a registry file come from."""
    known = [one.how for one in EXPORTS if one.into == file]
    return HOW.get(file) or "; or ".join(dict.fromkeys(known)) or "enter manually"
