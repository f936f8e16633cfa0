"""Each registry file: good rows arrive, a bad row is reported, the rest goes on."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.registry.csv_files import read_file
from pipelines.registry.frames import FILES, FRAMES, schema
from pipelines.registry.policy import default_policy
from pipelines.warehouse.detections import catalog
from pipelines.warehouse.models import models, rules

ROSTER = (
    "sourcedId,status,orgSourcedIds,role,username,givenName,familyName,email\n"
    "p-1,active,org-hs,teacher,ada,Ada,Sample,ada@school.example\n"
    "p-2,active,org-es,student,bob,Bob,Sample,b.sample@school.example\n"
)
BUILDINGS = "org_id,building,lat,lon,campus\norg-hs,HS,41.6,-93.6,north\norg-es,ES,41.7,-93.5,\n"

# file, good row, then what each bad row breaks: (row, column, part of the message)
BAD_ROWS = {
    "accounts.csv": [
        (",person,,,,,,", "username", "is empty"),
        ("x,robot,,,,,,", "account_type", "not one of the words"),
        ("x,person,,maybe,,,,", "approved_shared", "cannot be read"),
        ("x,person,,,,2026-13-01,,", "valid_from", "cannot be read"),
        ("x,person,,,,8/24/2026,,", "valid_from", "cannot be read"),
        ("x,person,,,,2026-08-24,2026-08-23,", "valid_to", "is before"),
        ("EXAMPLE\\Office-HS,person,,,,2026-09-01,,", "username", "same days"),
    ],
    "buildings.csv": [
        ("org,,41,-93,", "building", "is empty"),
        ("org,X,north,-93,", "lat", "cannot be read"),
        ("org,HS,41,-93,", "building", "earlier row"),
    ],
    "subnets.csv": [
        ("10.0.0.0/33,HS,wired", "cidr", "is not a network"),
        ("10.0.0,HS,wired", "cidr", "is not a network"),
        ("10.0.0.0/8,HS,fibre", "kind", "not one of the words"),
        ("10.0.0.0/8,HS,", "kind", "is empty"),
        ("10.20.0.0/16,MS,lab", "cidr", "earlier row"),
    ],
    "devices.csv": [
        (",,desktop,,,,", "hostname", "is empty"),
        ("pc,02-00,desktop,,,,", "mac", "cannot be read"),
        ("pc,,toaster,,,,", "device_class", "not one of the words"),
        ("HS-PC-017,,desktop,,,,", "hostname", "earlier row"),
        ("pc-2,02-00-00-00-00-17,laptop,,,,", "mac", "also belongs to another device"),
        ("pc,,laptop,,,,,2026-12-01,2026-08-01", "valid_to", "is before"),
    ],
    "approved_sites.csv": [
        ("E-1,exa mple.org,domain,all,,,,,,,", "pattern", "not a host name"),
        ("E-1,example.org/a,domain,all,,,,,,,", "pattern", "has a path"),
        ("E-1,example.org,path_prefix,all,,,,,,,", "pattern", "has no path"),
        ("E-1,github.io,domain,all,,,,,,,", "pattern", "public suffix"),
        ("E-1,com,deny,all,,,,,,,", "pattern", "public suffix"),
        ("E-1,example.org/x,deny,all,,,,,,,", "pattern", "has a path"),
        ("E-1,example.org,regex,all,,,,,,,", "match", "not one of the words"),
        ("E-1,example.org,domain,all,,,,,vip,,", "class", "not one of the words"),
        ("E-001,example.org,domain,all,,,,,,,", "entry_id", "earlier row"),
    ],
    "site_categories.csv": [
        ("exa mple,games,", "domain", "not a host name"),
        ("example.org,,", "category", "is empty"),
    ],
    "calendar.csv": [
        ("2026-02-30,school,,,,,", "date", "cannot be read"),
        ("2026-09-01,picnic,,,,,", "day_type", "not one of the words"),
        ("2026-09-01,school,7h30,,,,", "duty_start", "cannot be read"),
        ("2026-09-01,school,,25:00,,,", "duty_end", "cannot be read"),
        ("2026-09-01,closure,,,,,6am", "declared_at", "cannot be read"),
        ("2026-09-01,school,,,,XX,", "building", "is not a building"),
    ],
    "staff_duty.csv": [
        ("p-1,2026-09-01,2026-08-01,0,07:00,15:00,HS,contract", "date_to", "before"),
        ("p-1,2026-09-01,2036-08-01,0,07:00,15:00,HS,contract", "date_to", "more than"),
        ("p-1,2026-09-01,2026-09-30,7,07:00,15:00,HS,contract", "weekday", "words"),
        ("p-1,2026-09-01,2026-09-30,0,7am,15:00,HS,contract", "start_local", "read"),
        ("p-1,2026-09-01,2026-09-30,0,07:00,07:00,HS,contract", "end_local", "start"),
        ("p-1,2026-09-01,2026-09-30,0,07:00,15:00,HS,overtime", "kind", "words"),
        (",2026-09-01,2026-09-30,0,07:00,15:00,HS,contract", "person_id", "is empty"),
    ],
    "leave.csv": [
        ("p-1,2026-10-99,full,,approved,", "date", "cannot be read"),
        ("p-1,2026-10-05,noon,,approved,", "part", "not one of the words"),
        ("p-1,2026-10-05,full,,perhaps,", "status", "not one of the words"),
    ],
    "consents.csv": [
        ("C-1,i,p-0,superintendent,p-1,x,,,2026-09-01,,,", "type", "words"),
        ("C-1,a,p-0,principal,p-1,x,,,2026-09-01,,,", "grantor_role", "type a"),
        ("C-1,b,p-0,designee,p-1,x,,,2026-09-01,,,", "grantor_role", "type b"),
        ("C-1,c,p-0,principal,p-1,x,,,2026-09-01,,,", "grantor_role", "type c"),
        ("C-1,e,p-0,teacher,p-1,x,,,2026-09-01,,,", "grantor_role", "type e"),
        ("C-1,a,p-1,superintendent,P-1,x,,,2026-09-01,,,", "grantor", "themselves"),
        ("C-1,a,x,superintendent,person:x,x,,,2026-09-01,,,", "grantor", "themsel"),
        ("C-1,a,p-0,superintendent,p-1,x,,,,,,", "valid_from", "is empty"),
    ],
    "exceptions.csv": [
        ("X-1,SA-1,device,pc,why,p-0,2026-09-01,2027-02-28", "valid_to", "far"),
        ("X-1,SA-1,device,,why,p-0,2026-09-01,2026-09-30", "value", "is empty"),
        ("X-1,SA-1,person,p-0,why,p-0,2026-09-01,2026-09-30", "approver", "themsel"),
        ("X-1,SA-1,device,pc,,p-0,2026-09-01,2026-09-30", "reason", "is empty"),
        ("X-1,SA-1,device,pc,why,p-0,2026-09-01,", "valid_to", "is empty"),
    ],
    "expected_traffic.csv": [
        ("T-1,mirror,fw,srv,vault.example.com,1,5,,", "kind", "words"),
        ("T-1,backup,,srv,vault.example.com,1,5,,", "log", "is empty"),
        ("T-1,backup,fw,srv,vault.example.com,29,5,,", "every_days", "is not judged"),
        ("T-1,backup,fw,srv,vault.example.com,0,5,,", "every_days", "is not judged"),
    ],
    "change_windows.csv": [
        (",1,17:00,21:00,,,", "system", "is empty"),
        ("fw1,9,17:00,21:00,,,", "weekday", "words"),
        ("fw1,1,,21:00,,,", "start_local", "is empty"),
        ("fw1,1,17:00,17:00,,,", "end_local", "is start_local"),
    ],
    "apps.csv": [
        (",a.example,learning,,,,,,,", "app", "is empty"),
        ("Map Maker,,learning,,,,,,,", "hosts", "has no hosts"),
        ("Map Maker,not a host,learning,,,,,,,", "hosts", "is not a host name"),
        ("Map Maker,a.example,castle,,,,,,,", "kind", "words"),
        ("Map Maker,a.example,learning,,,June,,,,", "ends", "cannot be read"),
    ],
    "ip_geo.csv": [
        (",US,,,,residential", "cidr", "is empty"),
        ("nowhere,US,,,,residential", "cidr", "is not a network"),
        ("192.0.2.0/24,US,,,,castle", "network_type", "words"),
    ],
    "access_points.csv": [
        (",HS", "name", "is empty"),
        ("hs-ap-*,", "building", "is empty"),
    ],
    "egress.csv": [
        ("198.51.100.300,NAT", "cidr", "is not a network"),
        ("198.51.100.0/24,", "meaning", "is empty"),
    ],
}  # fmt: skip


FRAME_OF = {
    "calendar.csv": "calendar_days",
    "staff_duty.csv": "duty_windows",
    "leave.csv": "leave_windows",
}


def sheet(name, *rows):
    """Return the file's shipped header and example, then some rows."""
    cells = {key: cell for key, cell in FILES[name].columns.items() if cell.shipped}
    example = ",".join(f'"{cell.example}"' for cell in cells.values())
    return "\n".join([",".join(cells), example, *rows]) + "\n"


@pytest.mark.parametrize(
    ("name", "row", "column", "part"),
    [(name, *bad) for name, rows in BAD_ROWS.items() for bad in rows],
)
def test_a_bad_row_is_told_and_the_good_ones_stay(load, name, row, column, part):
    files = {
        "users.csv": ROSTER,
        "buildings.csv": BUILDINGS,
        "calendar.csv": sheet("calendar.csv"),
        name: sheet(name, row),
    }
    if name == "buildings.csv":
        files["buildings.csv"] = sheet(name, row)
    registry = load(files)
    told = [problem for problem in registry.errors if problem.file == name]
    assert [(problem.line, problem.column) for problem in told] == [(3, column)]
    assert part in told[0].what
    assert not registry.frames[FRAME_OF.get(name, name.split(".")[0])].is_empty()


def test_every_file_has_its_bad_rows():
    assert set(BAD_ROWS) == set(FILES)


def test_an_empty_registry_has_every_frame(load):
    registry = load({})
    assert list(registry.frames) == list(FRAMES)
    for name, frame in registry.frames.items():
        assert frame.schema == schema(name)


def test_frames_keep_their_schema_when_filled(load):
    files = {name: sheet(name) for name in FILES}
    registry = load({**files, "users.csv": ROSTER})
    for name, frame in registry.frames.items():
        assert frame.schema == schema(name)
        frame.write_ndjson()


def test_names_stay_out_of_frames_and_print(load):
    registry = load({"users.csv": ROSTER})
    assert registry.people_names == {"p-1": "Ada Sample", "p-2": "Bob Sample"}
    assert "Ada" not in "".join(f.write_ndjson() for f in registry.frames.values())
    assert "Ada" not in repr(registry)


def test_a_spreadsheet_export_is_read(load):
    text = "\ufeff\r\n# ours\r\nIP Range;Building;KIND;Remark\r\n10.1.0.0/16; HS ;Wired;x\r\n"
    registry = load(
        {"subnets.csv": text},
        '[registry.columns]\n"subnets.csv" = { cidr = "IP Range" }\n',
    )
    assert registry.frames["subnets"].select("cidr", "building", "kind").rows() == [
        ("10.1.0.0/16", "HS", "wired")
    ]
    (notice,) = registry.problems
    assert (notice.column, notice.severity) == ("Remark", "notice")


def test_lines_are_counted_through_quotes_comments_and_blanks(load):
    text = (
        'cidr,meaning\n\n# a "comment\n192.0.2.0/24,"two\nlines"\nnowhere,"x"\n198.51.100.0/24,y\n'
    )
    registry = load({"egress.csv": text})
    assert registry.frames["egress"]["meaning"].to_list() == ["two\nlines", "y"]
    assert [problem.line for problem in registry.problems] == [6]


def test_another_encoding_is_read_with_a_notice(load):
    registry = load({"egress.csv": "cidr,meaning\n192.0.2.0/24,Café\n".encode("cp1252")})
    assert registry.frames["egress"]["meaning"].to_list() == ["Café"]
    assert [problem.severity for problem in registry.problems] == ["notice"]


def test_a_missing_column_disables_the_file(load):
    registry = load({"egress.csv": "network,meaning\n192.0.2.0/24,NAT\n"})
    assert registry.frames["egress"].is_empty()
    assert "egress.csv" in registry.missing
    assert "column is missing" in {problem.what for problem in registry.errors}


def test_a_flood_of_bad_rows_is_counted(load):
    registry = load({"egress.csv": "cidr,meaning\n" + "x,NAT\n" * 200})
    assert len(registry.problems) == 51
    assert "150 more rows" in registry.problems[0].what


def test_the_version_follows_the_contents(load):
    one = load({"egress.csv": "cidr,meaning\n192.0.2.0/24,NAT\n"})
    same = load({"egress.csv": "cidr,meaning\n192.0.2.0/24,NAT\n"})
    other = load({"egress.csv": "cidr,meaning\n192.0.2.0/24,VPN\n"})
    assert one.version == same.version != other.version
    assert set(one.versions) == {"egress.csv", "built-in"}


def test_ranges_of_networks_compare_as_text(load):
    rows = "10.20.0.0/16,HS,wired\n10.20.5.0/24,HS,lab\n2001:db8::/48,HS,wifi\n"
    frame = load({"subnets.csv": "cidr,building,kind\n" + rows}).frames["subnets"]
    address = f"{0xFFFF << 32 | 0x0A140507:032x}"  # 10.20.5.7
    inside = pl.lit(address).is_between("first_address", "last_address")
    found = frame.filter(inside).sort("prefix_length", descending=True)
    assert found["kind"].to_list() == ["lab", "wired"]
    assert frame["prefix_length"].to_list() == [112, 120, 48]


def test_a_network_listed_twice_claims_only_what_agrees(load):
    rows = "10.20.0.0/16,HS,wired\n10.20.0.0/16,MS,wired\n10.20.9.9/16,HS,wired\n"
    registry = load({"subnets.csv": "cidr,building,kind\n" + rows})
    assert registry.frames["subnets"].select("building", "kind").rows() == [(None, "wired")]
    assert [problem.severity for problem in registry.problems] == [
        "error",
        "notice",
        "error",
    ]


def test_accounts_come_from_both_lists(load):
    listed = (
        "username,account_type,owner_person_id,approved_shared,aliases\n"
        "EXAMPLE\\Office,role_shared,p-1,yes,front|old.office@school.example|bob\n"
    )
    registry = load({"users.csv": ROSTER, "accounts.csv": listed})
    accounts = registry.frames["accounts"].sort("account")
    assert accounts.select("account", "account_type", "approved_shared").rows() == [
        ("ada", "person", False),
        ("bob", "person", False),
        ("office", "role_shared", True),
    ]
    # bob is a separate account; b.sample is bob's mail address
    assert set(registry.frames["account_aliases"].rows()) == {
        ("front", "office"),
        ("old.office", "office"),
        ("b.sample", "bob"),
    }
    assert "could mean several accounts" in registry.problems[0].what


def test_an_account_may_pass_from_one_owner_to_the_next(load):
    listed = (
        "username,account_type,owner_person_id,valid_from,valid_to\n"
        "office,role_shared,p-1,,2026-06-30\n"
        "office,role_shared,p-3,2026-08-01,\n"
        "OFFICE,role_shared,p-4,2026-06-30,2026-07-31\n"
        "desk,role_shared,p-1,,\ndesk,role_shared,p-2,2026-08-01,\n"
    )
    registry = load({"accounts.csv": listed})
    # on the days on which two rows name two persons, it is no one's
    assert registry.frames["accounts"].select("owner_person_id", "valid_from").rows() == [
        ("p-1", None),
        (None, date(2026, 6, 30)),
        ("p-3", date(2026, 8, 1)),
        ("p-1", None),
        (None, date(2026, 8, 1)),
    ]
    assert [problem.line for problem in registry.errors] == [4, 6]


def test_an_alias_belongs_to_the_person_of_its_row(load):
    roster = (
        "sourcedId,username,email,status,dateLastModified\n"
        "p-1,kdel,kim.del@school.example,active,\n"
        "p-2,kdel,kay.del@school.example,tobedeleted,2026-08-26\n"
        "p-3,ada,ada.new@school.example,active,\n"
    )
    listed = (
        "username,account_type,owner_person_id,aliases,valid_from,valid_to\n"
        "kdel,person,p-1,,2026-05-17,\n"
        "kdel,person,p-2,kay.del@school.example,2026-05-17,2026-08-25\n"
    )
    registry = load({"users.csv": roster, "accounts.csv": listed})
    accounts = registry.frames["accounts"].sort("account", "valid_from")
    assert accounts.select("account", "owner_person_id", "valid_from", "valid_to").rows() == [
        ("ada", "p-3", None, None),
        ("kay.del", "p-2", date(2026, 5, 17), date(2026, 8, 25)),
        ("kdel", None, date(2026, 5, 17), date(2026, 8, 25)),
        ("kdel", "p-1", date(2026, 8, 26), None),
    ]
    assert set(registry.frames["account_aliases"].rows()) == {
        ("kim.del", "kdel"),
        ("ada.new", "ada"),
    }


def test_names_that_nearly_fit_are_told(load):
    registry = load(
        {"device.csv": "hostname\n", "classes.csv": "sourcedId\n", "notes.csv": "x\n"},
        '[registry.columns]\n"devics.csv" = { hostname = "Name" }\n'
        '"devices.csv" = { host = "Name" }\n',
    )
    assert [(p.file, p.value, p.allowed) for p in registry.problems] == [
        ("device.csv", None, "did you mean devices.csv?"),
        ("district.toml", "devics.csv", "did you mean devices.csv?"),
        ("district.toml", "host", "did you mean hostname?"),
        ("notes.csv", None, "a name that the registry knows, or another folder"),
    ]


@pytest.mark.parametrize("name", sorted(FILES))
@settings(max_examples=20)
@given(data=st.data())
def test_any_bytes_are_rows_or_problems(name, data):
    file = FILES[name]
    header = ",".join(file.columns).encode()
    body = data.draw(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
    rows = read_file(header + b"\n" + body, file, {})
    rows.frame.write_ndjson()
    assert all(str(problem).isprintable() or "\n" in str(problem) for problem in rows.problems)
    read_file(body, file, {})


def test_an_account_of_two_persons_has_no_owner(load):
    twice = ROSTER + "p-3,active,org-hs,teacher,ADA,Adam,Sample,\n"
    registry = load({"users.csv": twice})
    ada = registry.frames["accounts"].filter(pl.col("account") == "ada")
    assert ada["owner_person_id"].to_list() == [None]
    assert "several persons" in registry.errors[0].what


def test_approved_sites_are_spread_over_roles(load):
    rows = (
        "entry_id,pattern,match,roles,valid_from,valid_to,class,supports\n"
        "E1,https://Learn.Example.org/,domain,,,,,\n"
        "E2,*.maps.example.com,domain,Art Teacher|person: P-7|students,,,district,\n"
        "E3,example.com/Tool,path_prefix,staff,,,approved_non_business,\n"
        "E4,games.example.com,deny,all,,,,\n"
        "E5,bücher.example.net,host,all,2026-08-01,2026-12-31,,E1\n"
    )
    frame = load({"approved_sites.csv": rows}).frames["approved_sites"]
    assert frame.select("entry_id", "pattern", "role", "site_class").rows() == [
        ("E1", "learn.example.org", "all", "sanctioned"),
        ("E2", "maps.example.com", "art teacher", "district"),
        ("E2", "maps.example.com", "person:p-7", "district"),
        ("E2", "maps.example.com", "student", "district"),
        ("E3", "example.com/Tool", "staff", "approved_non_business"),
        ("E4", "games.example.com", "all", "prohibited"),
        ("E5", "xn--bcher-kva.example.net", "all", "sanctioned"),
    ]
    last = frame.row(-1, named=True)
    assert (last["valid_to"], last["supports"]) == (date(2026, 12, 31), "E1")


def test_categories_are_put_into_the_policys_words(load):
    rows = (
        "domain,category,source\nPlay.Example.com,Online Games,vendor\n"
        "b.example.org,Bowling,\nc.example.org,Fun,\n"
    )
    registry = load({"site_categories.csv": rows}, '[registry.categories]\nFun = "games"\n')
    own = registry.frames["site_categories"].filter(pl.col("source") != "schoolbell-starter 1")
    assert own.rows() == [
        ("play.example.com", "games", "vendor"),
        ("b.example.org", "bowling", "district"),
        ("c.example.org", "games", "district"),
    ]
    assert ("fun", "games") in registry.frames["category_words"].rows()


def test_a_policy_of_ones_own_is_read(load):
    pack = (
        '[detections]\n"SA-1" = ["k.1", "k.9"]\n'
        '[[clauses]]\nclause_id = "k.1"\ntitle = "t"\nbinds = ["E", "St"]\n'
        'strength = "I"\nparaphrase = "p"\n'
        '[[clauses]]\nclause_id = "k.2"\ntitle = "t"\nbinds = ["E"]\n'
        'strength = "strong"\nparaphrase = "p"\n'
    )
    registry = load({"policy.toml": pack})
    assert registry.frames["clauses"].rows() == [("k.1", "t", "E|St", "I", "p", None)]
    assert {problem.value for problem in registry.errors} == {"strong", "k.9"}


def test_a_policy_says_other_clauses_code_by_code(load):
    pack = default_policy().decode()
    own = 'version = "1"\n[detections]\nSA-1 = ["cl.6"]\nSA-2 = []\n'
    registry = load({"policy.toml": pack.replace('version = "1"\n', own)})
    assert not registry.errors
    found = {
        code: [clause.clause_id for clause in detection.clauses]
        for code, detection in catalog(models(), registry).items()
    }
    assert (found["SA-1"], found["SA-2"]) == (["cl.6"], [])
    for code, model in rules().items():
        if code not in ("SA-1", "SA-2"):
            assert found[code] == list(model.header.clauses)


# files that a spreadsheet or an export spoilt

LEAVE = "person_id,date,part,kind,status\n"
GOOD = "p-1,2026-10-0{},full,personal,approved\n"


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ('"open', "opens a quote that is not closed"),
        ('"' + "long" * 40_000, "a cell has more than 131,072 characters"),
        ("long" * 40_000, "a cell has more than 131,072 characters"),
    ],
)
def test_one_wrong_line_costs_no_other_line(load, cell, what):
    wrong = f"p-1,2026-13-01,full,{cell},approved\n"
    text = LEAVE + GOOD.format(1) + wrong + GOOD.format(2) + GOOD.format(3)
    registry = load({"users.csv": ROSTER, "leave.csv": text})
    (told,) = [one for one in registry.problems if one.file == "leave.csv"]
    assert (told.line, told.severity) == (3, "error")
    assert what in told.what
    assert registry.frames["leave_windows"].height == 3


def test_a_long_cell_in_a_row_that_is_wrong_stops_nothing(load):
    text = LEAVE + GOOD.format(1) + "p-1,never,full,x,approved," + "y" * 200_000 + "\n"
    registry = load({"users.csv": ROSTER, "leave.csv": text})
    assert registry.frames["leave_windows"].height == 1
    assert [one.line for one in registry.errors if one.file == "leave.csv"] == [3]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_file_of_a_spreadsheet_is_read_in_its_encoding(load, encoding):
    text = LEAVE + GOOD.format(1).replace("personal", "persönlich")
    registry = load({"users.csv": ROSTER, "leave.csv": text.encode(encoding)})
    assert registry.frames["leave_windows"].height == 1
    assert [one for one in registry.errors if one.file == "leave.csv"] == []


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_workbook_under_the_name_of_a_csv_file_is_told_as_one(load, head):
    registry = load({"leave.csv": head + b"\x00\x14\n" * 40})
    (told,) = [one for one in registry.problems if one.file == "leave.csv"]
    assert "is an Excel workbook" in told.what
    assert "CSV UTF-8" in told.allowed


def notices(registry, file):
    return [one.what for one in registry.problems if one.file == file]


def test_what_nobody_reads_is_named(load):
    files = {"users.csv": ROSTER, "README.md": "ours", "classes.csv": "x\n"}
    registry = load(files | {"Staff Export.csv": ROSTER, "staff.xlsx": b"PK\x03\x04"})
    assert notices(registry, "Staff Export.csv") == ["is not read"]
    assert notices(registry, "staff.xlsx") == ["is not read"]
    assert notices(registry, "README.md") == notices(registry, "classes.csv") == []


def test_a_folder_under_the_name_of_a_file_is_told(load):
    registry = load({"leave.csv/x.csv": LEAVE})
    assert notices(registry, "leave.csv") == ["is a folder, not a file"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "is empty (0 bytes)"),
        (LEAVE, "no row below its header"),
        (LEAVE + "p-1,never,full,x,approved\n", "no row that can be read"),
    ],
)
def test_in_which_way_a_file_is_empty_is_told(load, text, word):
    registry = load({"leave.csv": text})
    assert word in registry.empty["leave.csv"]
    assert "leave.csv" in registry.missing
    assert "devices.csv" not in registry.empty


def test_cells_behind_the_last_column_are_told(load):
    wide = GOOD.format(1).replace("\n", ",p-2,extra,more\n")
    head = LEAVE.replace("\n", ",substitute_person_id\n")
    registry = load({"users.csv": ROSTER, "leave.csv": head + wide + GOOD.format(2)})
    (told,) = [one for one in registry.problems if one.file == "leave.csv"]
    assert (told.line, told.value, told.severity) == (2, "extra,more", "notice")
    assert registry.frames["leave_windows"].height == 2


def test_blanks_of_merged_cells_are_told(load):
    rows = "pc-1,HS\npc-2,\npc-3,\npc-4,ES\npc-5,\n"
    files = {"buildings.csv": BUILDINGS, "devices.csv": "hostname,building\n" + rows}
    merged = load(files)
    (told,) = [one for one in merged.problems if one.column == "building"]
    assert (told.file, told.line) == ("devices.csv", 3)
    assert "blank in 3 rows" in told.what


def test_of_a_link_out_of_the_home_nothing_is_shown(load, tmp_path):
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.write_text("root:x:0:0:hunter2\nada:x:1000:1000:hunter3,a,b\n")
    for name in ("leave.csv", "policy.toml", "users.csv"):
        (tmp_path / "registry").mkdir(exist_ok=True)
        (tmp_path / "registry" / name).symlink_to(outside)
    registry = load({"buildings.csv": BUILDINGS})
    said = " ".join(map(str, registry.problems))
    assert "is a link that leads out of the home" in said
    assert "column is missing" in said
    assert not [word for word in ("root", "hunter", "ada", "1000") if word in said]


NETWORKS = "cidr,building,kind\n"
PUBLIC = "192.88.99.0/24"


@pytest.mark.parametrize(
    ("cidr", "kind", "egress", "what"),
    [
        ("0.0.0.0/0", "wired", "", "wider"),
        ("::/0", "wired", "", "wider"),
        ("10.0.0.0/7", "wired", "", "wider"),
        ("2000::/3", "wired", "", "wider"),
        ("10.0.0.0/8", "wired", "", ""),
        (PUBLIC, "wired", "", "public network"),
        (PUBLIC, "wired", "192.88.99.0/25", "public network"),
        (PUBLIC, "wired", "192.88.98.0/23", ""),
        (PUBLIC, "remote", "", ""),
        (PUBLIC, "nat", "", ""),
        ("192.0.2.0/24", "wired", "", ""),
        ("100.64.0.0/10", "wired", "", ""),
        ("3fff:1::/32", "wired", "", ""),
    ],
)
def test_a_network_of_the_whole_internet_is_in_no_building(load, cidr, kind, egress, what):
    files = {"subnets.csv": f"{NETWORKS}{cidr},,{kind}\n10.9.0.0/16,,wired\n"}
    if egress:
        files["egress.csv"] = f"cidr,meaning\n{egress},exit\n"
    registry = load(files)
    assert (cidr in registry.frames["subnets"]["cidr"].to_list()) == (not what)
    assert "10.9.0.0/16" in registry.frames["subnets"]["cidr"].to_list()
    assert [what in one.what and bool(one.allowed) for one in registry.errors] == [True] * bool(
        what
    )


@pytest.mark.parametrize(
    ("lat", "lon", "column"),
    [
        ("141", "-93.6", "lat"),
        ("-93.6", "41.6", "lat"),  # swapped
        ("-84.4", "33.7", "lat"),  # swapped, both within 90
        ("41.6", "-193.6", "lon"),
        ("41.6", "-93.6", ""),
        ("", "", ""),
    ],
)
def test_coordinates_that_no_school_can_have_do_not_count(load, lat, lon, column):
    rows = f"org_id,building,lat,lon\no-1,HS,{lat},{lon}\no-2,MS,41.7,-93.7\n"
    registry = load({"buildings.csv": rows})
    first, second = registry.frames["buildings"].select("building", "lat", "lon").rows()
    assert first == ("HS", None, None) if column or not lat else ("HS", 41.6, -93.6)
    assert second == ("MS", 41.7, -93.7)
    assert [one.column for one in registry.errors] == [column] * bool(column)


@pytest.mark.parametrize(
    ("start", "end", "is_told"),
    [("15:45", "07:30", True), ("22:00", "06:00", False), ("07:30", "15:45", False)],
)
def test_duty_that_ends_before_it_begins_is_told_unless_it_is_a_night_shift(
    load, start, end, is_told
):
    rows = (
        "person_id,date_from,date_to,weekday,start_local,end_local,kind\n"
        f"p-1,2026-09-01,2026-09-30,0,{start},{end},contract\n"
    )
    told = [one for one in load({"staff_duty.csv": rows}).problems if one.column == "end_local"]
    assert [(one.value, one.severity) for one in told] == [(end, "notice")] * is_told


def test_a_roster_under_another_name_is_told_while_other_files_name_people(load, tmp_path):
    leave = "person_id,date,part,status\np-1,2026-10-05,full,approved\n"
    users = "sourcedId,role,username\np-1,teacher,ada\n"
    gone = [("users.csv", "refused")]
    registry = load({"leave.csv": leave, "users-2026.csv": users})
    told = [(one.file, one.severity) for one in registry.problems if one.severity != "notice"]
    assert told == gone
    registry = load({"leave.csv": leave, "users.csv": users})
    assert not [one for one in registry.problems if one.severity != "notice"]
    (tmp_path / "registry" / "users.csv").unlink()
    assert not load({"leave.csv": "person_id,date,part,status\n"}).errors
