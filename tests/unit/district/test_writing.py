"""Single rows of a registry file: written, changed, taken out; the rest stays."""

import pytest

from pipelines.errors import SettingsError
from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import read_file
from pipelines.registry.edits import put, refuse
from pipelines.registry.frames import FILES
from pipelines.registry.tables.exceptions import exceptions

NAME = "exceptions.csv"
ROW = {
    "exception_id": "X-7",
    "rule": "SA-1",
    "scope": "account",
    "value": "ada",
    "reason": 'agreed; "for now",\nthen no more',
    "approver": "p-1",
    "valid_from": "2026-09-01",
    "valid_to": "2026-12-18",
}
HEAD = "exception_id,rule,scope,value,reason,approver,valid_from,valid_to"
OLD = "X-1,SA-1,device,kiosk,cleared nightly,p-1,2026-09-01,2026-12-18"
BROKEN = OLD.replace("cleared nightly", '"cleared\nnightly"')
GERMAN = OLD.replace("cleared", "gelöscht")
FILES_BEFORE = {
    "none": b"",
    "head": HEAD.encode(),
    "comments": f"# ours\n{HEAD}\n# {OLD}\n{OLD}\n# end\n".encode(),
    "bom, semicolons": f"\ufeff{HEAD}\r\n{OLD}\r\n".replace(",", ";").encode(),
    "other columns": f"who,{HEAD}\n\nme,{OLD}\n".encode(),
    "two lines": f"{HEAD}\n{BROKEN}".encode(),
    "windows-1252": f"{HEAD}\n{GERMAN}\n".encode("cp1252"),
}
FILLED = {name: data for name, data in FILES_BEFORE.items() if b"X-1" in data}


def opened(data, renames=None):
    return CsvDocument(data, FILES[NAME], renames)


def with_row(data, row, renames=None):
    document = opened(data, renames)
    document.append(row)
    return document.data()


def read(data, renames=None):
    rows = exceptions(read_file(data, FILES[NAME], renames or {}))
    assert [one for one in rows.problems if one.severity == "error"] == []
    return {row["exception_id"]: row for row in rows.frame.iter_rows(named=True)}


@pytest.mark.parametrize("before", FILES_BEFORE.values(), ids=FILES_BEFORE)
def test_a_row_more_and_what_was_there_stays(before):
    was, now = read(before), read(with_row(before, ROW))
    assert now.pop("X-7")["reason"] == 'agreed; "for now", then no more'
    assert now == was
    kept = [line for line in before.decode("cp1252").split("\n") if "#" in line]
    assert all(line in with_row(before, ROW).decode() for line in kept)


@pytest.mark.parametrize("before", FILLED.values(), ids=FILLED)
def test_a_cell_is_changed_and_a_row_taken_out(before):
    document = opened(before)
    document.set(document.find("exception_id", "X-1"), "valid_to", "2026-10-01")
    now = read(document.data())
    was = read(before)
    assert now["X-1"].pop("valid_to").isoformat() == "2026-10-01"
    del was["X-1"]["valid_to"]
    assert now == was
    document = opened(before)
    document.comment_out(document.find("exception_id", "X-1"))
    out = document.data()
    assert read(out) == {}
    assert "X-1" in out.decode()


def test_renamed_headers_are_found():
    renames = {"exception_id": "No.", "valid_to": "until"}
    before = HEAD.replace("exception_id", "No.").replace("valid_to", "until").encode()
    now = with_row(before, ROW, renames)
    assert read(now, renames)["X-7"]["value"] == "ada"
    assert opened(now, renames).find("exception_id", "X-7").line == 2


def test_a_file_without_a_column_is_refused():
    before = HEAD.removesuffix(",valid_to").encode()
    with pytest.raises(SettingsError, match="column valid_to does not exist"):
        with_row(before, ROW)
    with pytest.raises(SettingsError, match="no X-9"):
        opened(HEAD.encode()).find("exception_id", "X-9")


def test_what_the_registry_would_set_aside_is_told():
    data = with_row(b"", ROW | {"valid_to": "2027-12-18"})
    rows = exceptions(read_file(data, FILES[NAME], {}))
    with pytest.raises(SettingsError, match="at most 180 days"):
        refuse(rows.problems)


def test_a_file_keeps_its_mode(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(b"x")
    path.chmod(0o600)
    put(path, b"y")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"y", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


def test_a_workbook_under_the_name_of_a_csv_is_not_replaced():
    with pytest.raises(SettingsError, match="is an Excel workbook"):
        with_row(b"PK\x03\x04 and more", ROW)


def test_a_document_that_is_not_changed_stays_byte_for_byte():
    for name, before in FILES_BEFORE.items():
        if before and name not in ("bom, semicolons", "windows-1252"):
            assert opened(before).data() == before
