"""People write one thing in several ways; every file reads it as one."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from pipelines.findings.exceptions import ConsentPermit, ExceptionPermit, PermitFacts
from pipelines.registry import canonical
from pipelines.registry.tables.consents import is_granted

DAY = date(2026, 10, 5)
USERS = (
    "sourcedId,status,role,username,email,givenName,familyName,metadata.jobTitle\n"
    "E2060,active,teacher,jdoe,jdoe@school.example,Jo,Doe,Teacher\n"
    "E2061,active,teacher,asmith,asmith@school.example,Al,Smith,coach\n"
    'E2062,active,teacher,bkim,bkim@school.example,Bo,Kim,"Teacher, Elementary"\n'
    "E2063,active,aide,clee,clee@school.example,Cy,Lee,communications\n"
)
BUILDINGS = "org_id,building,name\no-1,HS,Sample High School\no-2,MS,Sample Middle School\n"
DEVICES = (
    "hostname,mac,building,pool,assigned_to\n"
    "HS-PC-001,02:00:00:00:00:01,HS,,e2060\nlab-1,,MS,Lab,\n"
)
SITES = "entry_id,pattern,match,roles\n"
EXCEPTION = "exception_id,rule,scope,value,reason,approver,valid_from,valid_to\n"
CONSENT = (
    "consent_id,type,grantor,grantor_role,subject,what,clause,valid_from,valid_to\n"
    "C-1,b,E2061,superintendent,{subject},{what},,2026-09-01,2026-12-18\n"
)


def told(registry, file):
    return [(one.column, one.value, one.what) for one in registry.problems if one.file == file]


def roles(load, cell, users=USERS):
    files = {"users.csv": users, "approved_sites.csv": f'{SITES}E1,site.example,domain,"{cell}"\n'}
    registry = load(files)
    return registry.frames["approved_sites"]["role"].to_list(), told(registry, "approved_sites.csv")


def test_an_approval_for_a_person_in_capitals_counts_for_the_person(load):
    found, problems = roles(load, "person:E2060")
    assert found == ["person:e2060"]
    assert not problems
    people = load({"users.csv": USERS}).frames["people"]
    assert "e2060" in people["person_id"].to_list()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("teacher|coach", ["teacher", "coach"]),
        ("teacher, coach", ["teacher", "coach"]),
        ("teacher; coach", ["teacher", "coach"]),
        ("teacher / coach", ["teacher", "coach"]),
        ("teacher/coach", ["teacher", "coach"]),
        (" Coaches ", ["coach"]),
        ("COACHES", ["coach"]),
        ("Teachers", ["teacher"]),
        ("Teacher, Elementary", ["teacher, elementary"]),
        ("coach, Teacher, Elementary", ["coach", "teacher, elementary"]),
        ("Communicationss", ["communications"]),
        ("Everyone", ["all"]),
        ("All staff; students", ["staff", "student"]),
        ("District Administrators", ["district administrator"]),
        ("", ["all"]),
    ],
)
def test_roles_in_a_plural_or_a_list_of_any_kind_are_roles_of_the_roster(load, cell, expected):
    assert roles(load, cell) == (expected, [])


def test_teacher_and_Teacher_are_one_role(load):  # noqa: N802 - the bug's name
    users = USERS.replace("E2061,active,teacher", "E2061,active,Teachers")
    people = load({"users.csv": users}).frames["people"]
    assert people["role"].unique().sort().to_list() == ["aide", "teacher"]
    assert people["is_staff"].all()


def test_a_role_that_no_one_has_is_a_notice_with_its_rows_and_the_nearest(load):
    text = SITES + "E1,site.example,domain,techer\nE2,site.example.org,domain,techer|person:E99\n"
    registry = load({"users.csv": USERS, "approved_sites.csv": text})
    unknown, stranger = [one for one in registry.problems if one.file == "approved_sites.csv"]
    assert (unknown.line, unknown.value, unknown.severity) == (2, "techer", "notice")
    assert "(2 rows)" in unknown.what
    assert "did you mean teacher" in unknown.allowed
    assert (stranger.value, stranger.what) == ("e99", "is not in the roster")


FACTS = PermitFacts(
    rule="SA-1",
    kind="non_approved_site",
    subject="jdoe",
    owner="e2060",
    day=DAY,
    devices=["hs-pc-001"],
    sites=["etsy.com"],
)


def everything(load, **files):
    given = {"users.csv": USERS, "buildings.csv": BUILDINGS, "devices.csv": DEVICES}
    return load(given | {name.replace("_csv", ".csv"): text for name, text in files.items()})


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        ("device", "HS-PC-001"),
        ("device", "hs-pc-001.school.example"),
        ("device", "02-00-00-00-00-01"),
        ("account", "EXAMPLE\\jdoe"),
        ("account", "JDoe"),
        ("account", "jdoe@school.example"),
        ("site", "Etsy.com"),
        ("site", "www.etsy.com"),
        ("site", "https://www.etsy.com/shop?q=1"),
        ("person", "E2060"),
        ("person", "person:e2060"),
    ],
)
def test_an_exception_covers_however_its_value_is_spelled(load, scope, value):
    row = f"X-1,SA-1,{scope},{value},test,E2061,2026-09-01,2026-12-18\n"
    registry = everything(load, exceptions_csv=EXCEPTION + row)
    (permit,) = ExceptionPermit.rows(registry.frames["exceptions"])
    assert permit.covers(FACTS)
    assert not told(registry, "exceptions.csv")


@pytest.mark.parametrize("value", ["hs-pc-002", "OTHER\\jdoe", "betsy.com"])
def test_an_exception_for_another_thing_covers_nothing(load, value):
    scope = {"hs-pc-002": "device", "betsy.com": "site"}.get(value, "account")
    row = f"X-1,SA-1,{scope},{value},test,E2061,2026-09-01,2026-12-18\n"
    registry = everything(load, exceptions_csv=EXCEPTION + row)
    (permit,) = ExceptionPermit.rows(registry.frames["exceptions"])
    assert not permit.covers(FACTS)
    assert bool(told(registry, "exceptions.csv")) == (scope != "site")


def test_an_exception_for_oneself_is_found_in_other_capitals(load):
    row = "X-1,SA-1,person,e2060,test,PERSON:E2060,2026-09-01,2026-12-18\n"
    registry = everything(load, exceptions_csv=EXCEPTION + row)
    assert registry.frames["exceptions"].is_empty()


@pytest.mark.parametrize(
    "subject", ["E2060", "person:E2060", "EXAMPLE\\jdoe", "JDOE@school.example"]
)
@pytest.mark.parametrize("what", ["etsy.com", "https://www.Etsy.com/", "a.example; etsy.com"])
def test_a_consent_covers_however_it_is_spelled(load, subject, what):
    text = CONSENT.format(subject=subject, what=what)
    (permit,) = ConsentPermit.rows(everything(load, consents_csv=text).frames["consents"])
    assert permit.covers(FACTS)


def test_a_consent_to_a_stranger_is_a_notice(load):
    registry = everything(load, consents_csv=CONSENT.format(subject="E9060", what="etsy.com"))
    ((column, value, _),) = [one for one in told(registry, "consents.csv") if one[0] == "subject"]
    assert (column, value) == ("subject", "e9060")


@pytest.mark.parametrize(
    ("used_in", "expected"),
    [
        ("HS", "HS"),
        ("hs", "HS"),
        ("Sample High School", "HS"),
        ("High School; sample middle school", "HS;MS"),
        ("o-1, LAB", "HS;lab"),
        ("High School|Field House", None),
        ("", None),
    ],
)
def test_used_in_by_a_buildings_name_is_the_building(load, used_in, expected):
    text = f'username,account_type,used_in\noffice,role_shared,"{used_in}"\n'
    registry = everything(load, accounts_csv=text)
    (found,) = registry.frames["accounts"].filter(account="office")["used_in"]
    assert found == expected
    problems = told(registry, "accounts.csv")
    assert [value for _, value, _ in problems] == (["Field House"] if "Field" in used_in else [])


@pytest.mark.parametrize("spelled", ["HS", "hs", "Sample High School", "high school", "o-1"])
def test_every_file_names_a_building_by_code_or_name(load, spelled):
    registry = everything(
        load,
        subnets_csv=f"cidr,building,kind\n10.5.0.0/16,{spelled},wired\n",
        access_points_csv=f"name,building\nhs-ap-*,{spelled}\n",
        calendar_csv=f"date,day_type,building\n2026-10-05,closure,{spelled}\n",
        staff_duty_csv=(
            "person_id,date_from,date_to,weekday,start_local,end_local,building,kind\n"
            f"E2060,2026-10-06,2026-10-06,date,07:00,15:00,{spelled},extra\n"
        ),
    )
    for frame in ("subnets", "access_points", "duty_windows"):
        assert registry.frames[frame]["building"].to_list() == ["HS"], frame
    days = registry.frames["calendar_days"].filter(day_type="closure")
    assert days["building"].to_list() == ["HS"]
    assert not registry.errors


def test_devices_named_as_in_dns_have_the_short_names_of_the_logs(load):
    text = "hostname,mac\nHS-PC-001.school.example,\nhs-pc-002,\n192.0.2.7,\n"
    frame = load({"devices.csv": text}).frames["devices"]
    assert frame["hostname"].to_list() == ["hs-pc-001", "hs-pc-002", "192.0.2.7"]


def test_person_ids_in_other_capitals_are_the_same_people_in_every_file(load):
    registry = everything(
        load,
        leave_csv="person_id,date,part,status\ne2060,2026-10-05,full,approved\n",
        staff_duty_csv=(
            "person_id,date_from,date_to,weekday,start_local,end_local,building,kind\n"
            "e2060,2026-10-06,2026-10-06,date,07:00,15:00,HS,extra\n"
        ),
        accounts_csv="username,account_type,owner_person_id\nadm-jdoe,person,e2060\n",
    )
    owners = registry.frames["accounts"]["owner_person_id"].unique().to_list()
    persons = {
        *registry.frames["leave_windows"]["person_id"],
        *registry.frames["duty_windows"]["person_id"],
        *registry.frames["devices"]["assigned_to"].drop_nulls(),
    }
    assert persons == {"e2060"} <= {*owners} & {*registry.frames["people"]["person_id"]}
    assert registry.people_names["e2060"] == "Jo Doe"
    assert not registry.problems


def test_a_change_window_and_a_destination_are_spelled_as_logs_have_them(load):
    registry = load(
        {
            "change_windows.csv": "system,start_local,end_local\nFW1.school.example,17:00,21:00\n",
            "expected_traffic.csv": (
                "expected_id,kind,log,device,destination\n"
                "T-1,backup,firewall,SRV.school.example,https://Vault.example.com/\n"
            ),
        }
    )
    assert registry.frames["change_windows"]["system"].to_list() == ["fw1"]
    row = registry.frames["expected_traffic"].row(0, named=True)
    assert (row["device"], row["destination"]) == ("srv", "vault.example.com")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("KELVIN", "kelvin"),
        ("\u212aELVIN", "\u212aelvin"),  # KELVIN SIGN
        ("JOS\u00c9", "jos\u00e9"),
        ("\u0130", "\u0130"),  # I with a dot
        ("stra\u1e9ee", "stra\u1e9ee"),  # sharp S in capitals
        ("\uff21", "\uff41"),  # full width stays full width
        ("\u212b", "\u212b"),  # ANGSTROM SIGN
        ("\u017fam", "\u017fam"),  # long s
    ],
)
def test_the_kelvin_sign_and_other_look_alikes_are_no_letters_of_another_name(written, expected):
    assert canonical.lower(written) == expected
    column = pl.DataFrame({"name": [written, None]}).select(canonical.lowered(pl.col("name")))
    assert column["name"].to_list() == [expected, None]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Physics Teachers", "physics teacher"),
        ("teachers of physics", "teacher of physics"),
        ("Secretaries", "secretary"),
        ("Campus", "campus"),
        ("Business  Manager", "business manager"),
        ("food_service-aides", "food service aide"),
        ("AIDS", "aid"),
        ("bus", "bus"),
        ("I.T. Director", "i.t. director"),
    ],
)
def test_only_the_word_that_names_the_person_loses_its_plural(written, expected):
    assert canonical.role(written) == expected


@pytest.mark.parametrize(
    ("match", "pattern"),
    [("domain", "shop.example"), ("host", "www.shop.example"), ("deny", "www.shop.example")],
)
def test_www_is_left_out_of_an_approved_domain_alone(load, match, pattern):
    frame = load(
        {"approved_sites.csv": f"{SITES}E1,https://WWW.Shop.example/,{match},all\n"}
    ).frames
    assert frame["approved_sites"]["pattern"].to_list() == [pattern]


def test_www_stays_before_a_public_suffix():
    assert canonical.site("www.gov.uk") == "www.gov.uk"
    assert canonical.site("www.example.com:8443/x") == "example.com"
    assert canonical.site("https://user@[2001:db8::1]:8443/") == "2001:db8::1"
    assert canonical.site("not a host") is None


def test_an_exception_for_a_device_that_a_log_names_with_its_domain(load):
    row = "X-1,SA-1,device,fw1.school.example,test,E2061,2026-09-01,2026-12-18\n"
    registry = everything(load, exceptions_csv=EXCEPTION + row)
    (permit,) = ExceptionPermit.rows(registry.frames["exceptions"])
    assert permit.covers(replace(FACTS, devices=["FW1.school.example"]))


def test_a_grant_to_an_agencys_login_keeps_the_login(load):
    text = CONSENT.replace("C-1,b", "C-1,h").format(subject="JDoe@school.example", what="names")
    frame = everything(load, consents_csv=text).frames["consents"]
    assert is_granted(frame, "jdoe@School.example", DAY)
    assert not is_granted(frame, "jdoe", DAY)


def test_a_building_name_of_two_buildings_is_none():
    places = pl.DataFrame(
        {"building": ["A", "B"], "name": ["Annex", "Annex"], "org_id": [None, None]},
        schema=dict.fromkeys(("building", "name", "org_id"), pl.String),
    )
    orgs = pl.DataFrame(schema={"sourcedId": pl.String, "name": pl.String})
    known = canonical.buildings(places, orgs)
    assert canonical.building("annex", known) == "annex"
    assert canonical.building("a", known) == "A"
