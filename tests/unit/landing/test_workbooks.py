"""Sheets of Excel workbooks are read row by row, in bounds, as CSV would have them."""

import csv
import io
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta

import pytest
import xlsxwriter

from pipelines.landing.compression import CorruptError
from pipelines.landing.workbooks import TOO_MUCH, sheet_of, sheets_of
from tests.conftest import REPO_ROOT
from tests.faults.home import Home, line, once
from tests.journey.commands import schoolbell

BEGAN = datetime(2026, 11, 2, 8, 15)  # noqa: DTZ001 - cells have no zone
NAMES = ["time", "user_name", "activity"]
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ONE_CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path, fmt=None)


def workbook(sheets, formulas=()):
    """Return sheets by name, each a list of rows."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        stamp = book.add_format({"num_format": "m/d/yy h:mm AM/PM"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    if isinstance(value, datetime):
                        sheet.write_datetime(number, place, value, stamp)
                    else:
                        sheet.write(number, place, value)
        for cell, text, value in formulas:
            sheet.write_formula(cell, text, None, value)
    return out.getvalue()


def logins(first, last):
    return [
        [BEGAN + timedelta(seconds=number), f"user/{number}", "logon"]
        for number in range(first, last)
    ]


def with_sheet(inside, strings=""):
    """Return a workbook whose first sheet, and its table of strings, are put in manually."""
    out = io.BytesIO()
    begun = zipfile.ZipFile(io.BytesIO(workbook({"Log": [["x"]]})))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in begun.namelist():
            data = begun.read(name)
            if name.endswith("sheet1.xml"):
                rows = f"<sheetData>{inside}</sheetData>"
                data = f'<worksheet xmlns="{SPACE}">{rows}</worksheet>'.encode()
            if strings and name.endswith("sharedStrings.xml"):
                data = f'<sst xmlns="{SPACE}"><si><t>{strings}</t></si></sst>'.encode()
            made.writestr(name, data)
    return out.getvalue()


def written(data, sheet, folder):
    """Return what a sheet is as text; the file is put below a folder."""
    path = folder / "book.xlsx"
    path.write_bytes(data)
    with path.open("rb") as raw, sheet_of(raw, sheet) as rows:
        return b"".join(iter(lambda: rows.read(1 << 16), b"")).decode()


def test_rows_of_each_sheet_are_lines_and_more_rows_are_read_on(home):
    front = [["Report of last week"], [], NAMES]
    sheets = {"Logins": front + logins(0, 3), "More": [NAMES, *logins(10, 12)]}
    home.put("week.xlsx", workbook({**sheets, "Empty": []}))
    told = home.run()
    assert told["week.xlsx!Logins"].record.format == "declared_csv"
    assert home.numbers() == once(0, 3) + once(10, 12)
    found = home.frame("logons").sort("file_id", "line_no")
    assert found["line_no"].to_list() == [4, 5, 6, 2, 3]
    assert found["time"][0].isoformat() == "2026-11-02T08:15:00+00:00"
    assert home.total("rejects") == 1  # the title
    assert home.total("blanks") == 3
    assert told["week.xlsx!Empty"].record.lines == 0
    home.put("week.xlsx", workbook(sheets | {"More": [NAMES, *logins(10, 15)]}))
    home.run()
    assert home.numbers() == once(0, 3) + once(10, 15)


def test_cells_are_written_as_csv_would_have_them(tmp_path):
    rows = [["a,b", 'say "x"', "two\nlines"], [1, 1.5, True], [], [None, "é", None]]
    data = workbook({"Log": rows}, [("A5", "=1+1", 2), ("B5", "=NOW()", "08:15")])
    told = written(data, "Log", tmp_path).splitlines()
    assert told == ['"a,b","say ""x""",two lines', "1,1.5,true", "", ",é,", "2,08:15,"]


def test_a_workbook_on_another_machine_is_copied_first(tmp_path):
    assert sheets_of(io.BytesIO(workbook({"A": [], "B": []}))) == ["A", "B"]


BOMBS = {
    "two cells far apart": (
        ONE_CELL + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "",
    ),
    "one text many times": (
        "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 9_001)),
        "y" * 60_000,
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_to_more_than_memory_ends_its_reader_alone(name, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.landing.workbooks.MAX_BYTES", 256 << 20)
    with pytest.raises(CorruptError, match=TOO_MUCH) as told:
        written(with_sheet(*BOMBS[name]), "Log", tmp_path)
    assert not told.value.trusted


def test_a_damaged_workbook_is_named_and_what_lies_beside_it_is_read(home):
    home.put("week.xlsx", workbook({"Log": logins(0, 3)})[:900])
    home.put("a.log", line(7))
    told = home.run()["week.xlsx"].record
    assert told.state == "failed"
    assert "not a readable workbook" in told.message
    assert "CSV" in told.message
    assert home.numbers() == once(7, 8)


def test_a_workbook_inside_of_an_archive_is_named(home):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("week.xlsx", workbook({"Log": logins(0, 3)}))
    home.put("all.zip", out.getvalue())
    assert "in no archive" in home.run()["all.zip!week.xlsx"].record.message


def test_the_reader_takes_nothing_of_the_project_with_it():
    reader = "pipelines/landing/workbook_rows.py"
    code = f"import runpy, sys; runpy.run_path({reader!r}); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"polars", "pipelines", "duckdb"} & set(loaded)


def test_identify_says_what_each_sheet_is(tmp_path):
    path = tmp_path / "week.xlsx"
    path.write_bytes(workbook({"Logins": [NAMES, *logins(0, 3)], "Notes": [["hi"]]}))
    told = schoolbell("identify", path)
    assert "week.xlsx!Logins: declared_csv" in told.out
    assert "week.xlsx!Notes: no known format" in told.out


def test_exports_by_hand_are_found_taken_in_and_count_once(home):
    formats = REPO_ROOT / "tests" / "formats"
    exports = {
        "chrome.csv": formats / "console_csv" / "google_chrome_log_events.log",
        "security.csv": formats / "windows_security_csv" / "event_viewer.log",
        "security.json": formats / "windows_security_powershell" / "convert_to_json.log",
    }
    for name, path in exports.items():
        home.put(name, path.read_bytes())
    rows = [*csv.reader(exports["chrome.csv"].read_text("utf-8").splitlines())]
    home.put("again.xlsx", workbook({"Export": [["Chrome log events"], *rows]}))
    told = home.run()
    found = {path: one.record.format for path, one in told.items()}
    assert found == {
        "chrome.csv": "console_csv",
        "security.csv": "windows_security_csv",
        "security.json": "windows_security_powershell",
        "again.xlsx!Export": "console_csv",
    }
    logons = home.total("events")
    home.put("chrome copy.csv", exports["chrome.csv"].read_bytes())
    home.run()
    assert home.total("events") == logons
    assert home.total("pending_lines") == 0
