"""What was accepted is taken back, and what a person wrote meanwhile stays."""

from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.frames import FILES
from pipelines.registry.imports.merged_rows import merge
from pipelines.registry.taking_back import changes_between, taken_back

NAME = "devices.csv"
BEFORE = (
    b'# our own list\nhostname,device_class,note\nhs-pc-001,desktop,"two\nlines"\nhs-pc-002,,\n'
)
CARDS = [
    {"hostname": "hs-pc-001", "mac": "02:00:00:00:00:01"},
    {"hostname": "hs-pc-002", "mac": "02:00:00:00:00:02", "device_class": "laptop"},
    {"hostname": "hs-pc-003", "mac": "02:00:00:00:00:03"},
]


def accepted(data, rows):
    after = merge(data, FILES[NAME], rows, {}).data
    return after, changes_between(data, after, NAME, {})


def test_filled_cells_and_added_rows_go():
    after, changes = accepted(BEFORE, CARDS)
    assert [bool(one.was) for one in changes] == [False, True, True]
    back, left = taken_back(after, NAME, changes, {})
    assert left == 0
    assert b"02:00" not in back
    assert b"hs-pc-003" not in back
    assert b'"two\nlines"' in back
    assert back.startswith(b"# our own list\n")


def test_what_another_group_filled_stays():
    after, changes = accepted(BEFORE, CARDS)
    later, others = accepted(after, [{"hostname": "hs-pc-002", "building": "HS"}])
    back, left = taken_back(later, NAME, changes, {})
    assert left == 0
    assert b"HS" in back
    back, left = taken_back(back, NAME, others, {})
    assert (left, b"HS" in back) == (0, False)


def test_a_row_that_a_person_changed_stays_and_is_counted():
    after, changes = accepted(BEFORE, CARDS)
    edited = after.replace(b"02:00:00:00:00:02", b"02:00:00:00:00:22")
    edited = edited.replace(b"hs-pc-003,", b"hs-pc-003,kiosk", 1)
    back, left = taken_back(edited, NAME, changes, {})
    assert left == 2
    assert b"02:00:00:00:00:22" in back
    assert b"hs-pc-003" in back
    assert b"02:00:00:00:00:01" not in back


def test_a_cell_with_a_line_separator_is_no_line():
    """Spreadsheets write such characters; `str.splitlines` cuts at them."""
    strange = "hs-pc-000,,\x0bfirst\u2028second\x85third\n".encode()
    before = BEFORE.replace(b"hs-pc-001", strange + b"hs-pc-001", 1)
    after, changes = accepted(before, CARDS)
    back, left = taken_back(after, NAME, changes, {})
    assert left == 0
    assert strange in back
    assert b"02:00" not in back
    assert b"hs-pc-002" in back
    document = CsvDocument(back, FILES[NAME])
    document.set(document.find("hostname", "hs-pc-002"), "device_class", "new")
    edited = document.data()
    assert strange in edited
    assert b"hs-pc-002,new," in edited
    document = CsvDocument(back, FILES[NAME])
    document.comment_out(document.find("hostname", "hs-pc-002"))
    gone = document.data()
    assert strange in gone
    assert b"# hs-pc-002" in gone
