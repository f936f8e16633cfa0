"""`check --mend` writes what is surely meant, shows it, and keeps the original."""

import pytest

from pipelines.registry.frames import FILES
from pipelines.registry.new_home import create
from pipelines.registry.suggestions import rewritten
from pipelines.settings.toml_reader import parse_settings
from tests.journey.commands import schoolbell
from tests.unit.district.conftest import SETTINGS

LEAVE = "person_id,date,part,kind,status\n"
DUTY = "person_id,date_from,date_to,weekday,start_local,end_local,kind\n"


def mend(name, text, zone="America/Chicago", buildings=()):
    settings = parse_settings(SETTINGS.replace("America/Chicago", zone).encode())
    data = text if isinstance(text, bytes) else text.encode()
    after, changes = rewritten(data, FILES[name], settings, buildings)
    return after.decode(), [str(one) for one in changes]


def test_dates_times_and_weekdays_as_spreadsheets_write_them():
    row = "p-1,10/23/2026,5.28.2027,Monday,7:30 AM,3:45 p.m.,contract\n"
    after, changes = mend("staff_duty.csv", DUTY + row)
    assert after == DUTY + "p-1,2026-10-23,2027-05-28,0,07:30,15:45,contract\n"
    assert changes[0] == "line 2, date_from: '10/23/2026' -> 2026-10-23"
    assert len(changes) == 5


@pytest.mark.parametrize(
    ("zone", "beside", "day", "why"),
    [
        ("America/Chicago", "", "2026-03-04", "in the United States"),
        ("America/Indiana/Knox", "", "2026-03-04", "in the United States"),
        ("Europe/Berlin", "10/23/2026", "2026-03-04", "other rows of the column"),
        ("America/Chicago", "23/10/2026", "2026-04-03", "other rows of the column"),
        ("Europe/Berlin", "", "03/04/2026", ""),
        ("America/Toronto", "", "03/04/2026", ""),
    ],
)
def test_a_date_of_two_readings_is_decided_by_its_column_or_not_at_all(zone, beside, day, why):
    more = f"p-2,{beside},full,x,approved\n" if beside else ""
    after, changes = mend("leave.csv", f"{LEAVE}p-1,03/04/2026,full,x,approved\n{more}", zone)
    assert after.splitlines()[1] == f"p-1,{day},full,x,approved"
    assert why in " ".join(changes)
    assert bool(why) == any("first" in one for one in changes)


def test_a_column_that_is_written_both_ways_is_left_where_it_is_not_sure():
    rows = "p-1,{},full,x,approved\n"
    text = LEAVE + "".join(map(rows.format, ("10/23/2026", "23/10/2026", "03/04/2026")))
    after, _ = mend("leave.csv", text)
    assert [row.split(",")[1] for row in after.splitlines()[1:]] == [
        "2026-10-23",
        "2026-10-23",
        "03/04/2026",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            (LEAVE + "p-1,2026-10-01,full,é,approved\n").encode("utf-16"),
            "UTF-16 -> UTF-8",
        ),
        (
            (LEAVE + "p-1,2026-10-01,full,é,approved\n").encode("cp1252"),
            "Windows-1252 ->",
        ),
        (
            (LEAVE + "p-1,2026-10-01,full,é,approved\n").encode("utf-8-sig"),
            "order mark",
        ),
        ((LEAVE + "p-1,2026-10-01,full,é,approved\n").replace("\n", "\r"), "CR alone"),
        ((LEAVE + "p-1,2026-10-01,full,é,approved\n").replace(",", ";"), "semicolons"),
    ],
)
def test_the_outer_form_becomes_a_plain_file(data, said):
    after, changes = mend("leave.csv", data)
    assert after == LEAVE + "p-1,2026-10-01,full,é,approved\n"
    assert said in changes[0]
    assert mend("leave.csv", after) == (after, [])


def test_comments_other_columns_and_line_ends_stay():
    text = (
        "person_id;date;part;kind;status;ours\r\n# p-9; a comment\r\n\r\n"
        'p-1;10/23/2026;full;"a ""b"", c";approved;"x;y"\r\n'
    )
    after, _ = mend("leave.csv", text)
    assert after == (
        "person_id,date,part,kind,status,ours\r\n# p-9; a comment\r\n\r\n"
        'p-1,2026-10-23,full,"a ""b"", c",approved,x;y\r\n'
    )


@pytest.mark.parametrize(
    ("status", "right"),
    [
        ("Aproved", "approved"), ("canceled", "cancelled"), ("unapproved", None),
        ("not approved", None), ("declined", None), ("", None),
    ],
)  # fmt: skip
def test_a_word_is_mended_for_one_slip_and_never_turned_round(status, right):
    text = f"{LEAVE}p-1,2026-10-01,full,x,{status}\n"
    after, changes = mend("leave.csv", text)
    assert after == (text if right is None else text.replace(status, right))
    assert bool(changes) == (right is not None)


def test_a_building_is_not_taken_for_its_neighbour():
    text = "cidr,building,kind\n10.1.0.0/16,MS,wired\n10.2.0.0/16,h-s,wired\n"
    after, _ = mend("subnets.csv", text, buildings=("HS", "ES"))
    assert after.splitlines()[1:] == ["10.1.0.0/16,MS,wired", "10.2.0.0/16,HS,wired"]


def test_a_cell_of_two_lines_stays_one_cell():
    text = 'hostname;device_class;note\nhs-1;desktop;"two\nlines"\nhs-2;laptop;\n'
    after, _ = mend("devices.csv", text)
    assert after == 'hostname,device_class,note\nhs-1,desktop,"two\nlines"\nhs-2,laptop,\n'


def test_a_workbook_is_left_alone():
    assert rewritten(b"PK\x03\x04\x00", FILES["leave.csv"], None) == (
        b"PK\x03\x04\x00",
        [],
    )


def test_what_check_shows_as_right_is_what_mend_writes(tmp_path):
    home = create(tmp_path / "home")
    leave = home.registry / "leave.csv"
    before = f"{LEAVE}p-1,03/04/2026,Full,x,aproved\n".encode("utf-16")
    leave.write_bytes(before)
    at = ("--home", home.path)
    shown = schoolbell("check", *at)
    assert "2026-03-04" in shown.out
    done = schoolbell("check", "--mend", *at)
    assert "leave.csv: UTF-16 -> UTF-8" in done.out
    assert "month first, as dates are written in the United States" in done.out
    assert leave.read_text() == f"{LEAVE}p-1,2026-03-04,Full,x,approved\n"
    (original,) = home.registry.glob("leave.csv.before-*")
    assert original.read_bytes() == before
    assert done.code == 0, done.out
    again = schoolbell("check", "--mend", *at)
    assert "->" not in again.out
    assert len(list(home.registry.glob("*.before-*"))) == 1
