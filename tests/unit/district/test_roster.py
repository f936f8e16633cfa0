"""The roster: OneRoster 1.1 and 1.2, folder and zip, history, and no password."""

import io
import zipfile
from datetime import date
from unittest import mock

import polars as pl
import pytest

from pipelines.registry.csv_files import read_file
from pipelines.registry.roster import USERS
from tests.conftest import CORPORA

ORGS = (
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "org-hs,active,,Sample High,school,HS,org-d\n"
    "org-art,active,,Art,department,,org-hs\n"
)
HEAD_1_1 = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,"
    "givenName,familyName,email,grades,password,metadata.jobTitle\n"
)
USERS_1_1 = HEAD_1_1 + (
    'p-1,active,2026-08-01,TRUE,"org-art,org-hs",teacher,Ada,Ada,Sample,,,pw-1,'
    "Art Teacher\n"
    'p-2,tobedeleted,2026-10-02T08:00:00.000Z,TRUE,org-hs,student,bob,Bob,S,,"09,10",'
    "pw-2,\n"
    "p-3,active,1/05/2026,FALSE,org-x,ext:coach,eve,Eve,S,,,pw-3,\n"
)
USERS_1_2 = (
    "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,"
    "primaryOrgSourcedId,password,prefferedGivenName,,\n"
    "p-1,active,,true,ada,Ada,Sample,org-hs,pw,,,\n"
    "p-2,active,,true,bob,Bob,Sample,org-hs,pw,,,"
)
ROLES = (
    "sourcedId,status,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,,\n"
    "r-1,active,p-1,primary,aide,2025-08-01,2026-09-30,org-hs\n"
    "r-2,active,p-1,primary,teacher,2026-10-01,,org-hs\n"
    "r-3,active,p-1,secondary,parent,2025-08-01,,org-hs\n"
    "r-4,tobedeleted,p-2,primary,student,2025-08-01,,org-hs\n"
)


def bundle(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as out:
        for name, text in files.items():
            out.writestr(f"export/{name}.csv", text)
    return data.getvalue()


def test_version_1_1_keeps_the_role_with_the_user(load):
    registry = load({"users.csv": USERS_1_1, "orgs.csv": ORGS})
    people = registry.frames["people"]
    assert people.drop("valid_from").rows() == [
        ("p-1", "teacher", "art teacher", "HS", None, True, False, "ada", None),
        ("p-2", "student", None, "HS", "09|10", False, True, "bob", date(2026, 10, 2)),
        ("p-3", "ext:coach", None, None, None, None, None, "eve", None),
    ]
    assert [(p.line, p.column, p.value) for p in registry.problems] == [
        (4, "orgSourcedIds", "org-x"),
        (4, "role", "ext:coach"),
        (4, "dateLastModified", "1/05/2026"),
    ]
    assert registry.frames["buildings"]["building"].to_list() == ["HS"]


def test_version_1_2_has_roles_with_days(load):
    registry = load({"oneroster.zip": bundle(users=USERS_1_2, roles=ROLES, orgs=ORGS)})
    rows = registry.frames["people"].select(
        "person_id", "role", "valid_from", "valid_to", "is_staff"
    )
    assert rows.rows() == [
        ("p-1", "aide", date(2025, 8, 1), date(2026, 9, 30), True),
        ("p-1", "teacher", date(2026, 10, 1), None, True),
        ("p-2", None, None, None, None),
    ]


def test_several_rows_of_a_person_are_its_history(load):
    text = HEAD_1_1 + (
        "p-1,active,2026-10-05,true,org-hs,administrator,ada,Ada,S,,,,principal\n"
        "p-1,active,2026-08-01,true,org-hs,teacher,ada,Ada,S,,,,\n"
        "p-1,inactive,2027-01-15,true,org-hs,teacher,ada,Ada,S,,,,\n"
    )
    people = load({"users.csv": text, "orgs.csv": ORGS}).frames["people"]
    assert people.select("role", "valid_from", "valid_to").rows() == [
        ("teacher", None, date(2026, 10, 4)),
        ("administrator", date(2026, 10, 5), date(2027, 1, 14)),
        ("teacher", date(2027, 1, 15), date(2027, 1, 15)),
    ]


def test_days_that_the_export_tells_come_first(load):
    head = HEAD_1_1.strip() + ",metadata.validFrom,metadata.validTo\n"
    text = head + (
        "p-1,active,2026-10-05,true,org-hs,aide,ada,Ada,S,,,,,2026-08-01,2026-09-30\n"
        "p-1,active,2026-10-05,true,org-hs,teacher,ada,Ada,S,,,,,2026-10-01,soon\n"
    )
    registry = load({"users.csv": text, "orgs.csv": ORGS})
    assert registry.frames["people"].select("role", "valid_from", "valid_to").rows() == [
        ("aide", date(2026, 8, 1), date(2026, 9, 30)),
        ("teacher", date(2026, 10, 1), None),
    ]
    assert [(problem.line, problem.value) for problem in registry.problems] == [(3, "soon")]


def test_a_closed_account_ends(load):
    text = HEAD_1_1 + "p-1,active,2026-10-05,false,org-hs,teacher,ada,Ada,S,,,,\n"
    registry = load({"users.csv": text, "orgs.csv": ORGS})
    assert registry.frames["accounts"]["valid_to"].to_list() == [date(2026, 10, 5)]
    assert registry.frames["people"]["valid_to"].to_list() == [None]


def test_a_password_never_reaches_a_frame():
    with mock.patch("polars.DataFrame", wraps=pl.DataFrame) as made:
        rows = read_file(USERS_1_1.encode(), USERS, {})
    assert "pw-1" not in rows.frame.write_ndjson()
    assert made.called
    assert "pw-1" not in "".join(map(str, made.call_args_list))


MANY_FAULTS = {
    "users": (
        "sourcedId,status,dateLastModified,enabledUser,username,primaryOrgSourcedId\n"
        "p-1,active,2026-08-01,yes,ada,org-hs\n"
        "p-2,gone,1/05/2026,true,bob,org-x\n"
        ",active,,true,eve,\n"
    ),
    "roles": (
        "sourcedId,status,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n"
        "r-1,active,p-1,main,teacher,2026-08-01,,org-hs\n"
        "r-2,active,p-9,primary,janitor,soon,,org-y\n"
    ),
    "orgs": "sourcedId,status,name,type,identifier\norg-hs,active,High,academy,HS\n",
    "manifest": "propertyName,value\nfile.users,delta\nfile.orgs,bulk\nfile.x,?\n",
}


def test_every_fault_of_an_export_is_told_at_once(load):
    registry = load({"oneroster.zip": bundle(**MANY_FAULTS)})
    told = {(p.file, p.line, p.column, p.value) for p in registry.problems}
    assert told == {
        ("users.csv", 2, "enabledUser", "yes"),
        ("users.csv", 3, "status", "gone"),
        ("users.csv", 3, "dateLastModified", "1/05/2026"),
        ("users.csv", 3, "primaryOrgSourcedId", "org-x"),
        ("users.csv", 4, "sourcedId", None),
        ("roles.csv", 2, "roleType", "main"),
        ("roles.csv", 3, "userSourcedId", "p-9"),
        ("roles.csv", 3, "role", "janitor"),
        ("roles.csv", 3, "beginDate", "soon"),
        ("roles.csv", 3, "orgSourcedId", "org-y"),
        ("orgs.csv", 2, "type", "academy"),
        ("manifest.csv", 2, "value", "delta"),
    }
    assert all(problem.allowed for problem in registry.problems if problem.value)
    assert {p.file for p in registry.errors} == {"users.csv", "manifest.csv"}
    # what is odd costs no one: both are known, the rest is unknown
    assert registry.frames["people"]["person_id"].unique().sort().to_list() == [
        "p-1",
        "p-2",
    ]


def test_a_file_that_the_manifest_promises_and_lacks_is_told(load):
    files = {**MANY_FAULTS, "manifest": "propertyName,value\nfile.roles,bulk\n"}
    del files["roles"]
    registry = load({"oneroster.zip": bundle(**files)})
    (problem,) = [p for p in registry.errors if p.file == "manifest.csv"]
    assert "roles.csv is listed in the manifest" in problem.what


def test_a_broken_zip_is_told(load):
    registry = load({"oneroster.zip": b"PK\x03\x04 no zip"})
    assert "is not a readable zip" in registry.errors[0].what
    assert "users.csv" in registry.missing


@pytest.mark.parametrize(
    ("name", "people", "staff"),
    [("Test_full_data_set.zip", 6, 2), ("v1p2_full_dataset.zip", 6, 3)],
)
def test_the_published_bundles_are_read(load, name, people, staff):
    found = list((CORPORA / "oneroster").glob(f"*/{name}"))
    if not found:
        pytest.skip("no sample corpora here")
    registry = load({"roster.zip": found[0].read_bytes()})
    frame = registry.frames["people"]
    assert frame["person_id"].n_unique() == people
    assert frame.unique("person_id")["is_staff"].sum() == staff
    assert "Password" not in str(registry.problems)
    assert not registry.errors
