"""Cited records are read again out of the files that they are in."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from pipelines.events import event_id_of
from pipelines.findings.evidence import copy_lines
from pipelines.ingest import cutters
from pipelines.landing.delivery import deliveries
from pipelines.state.ledger import FileRecord
from tests.benchmarks.inputs_exports import FIRST_ID, write_evtx, write_okta
from tests.conftest import REPO_ROOT


def cited(folder, fmt: str, *numbers: int):
    listing = {one.path: one for one in deliveries(folder, "sso").deliveries}
    (path,) = listing
    record = FileRecord(file_id=3, source="sso", path=path, format=fmt)
    ids = [event_id_of(3, number) for number in numbers]
    copies = copy_lines(ids, [record], {"sso": listing}, {})
    assert [copies[one].line_no for one in ids] == list(numbers)
    return [copies[one] for one in ids]


def test_a_record_of_an_export_is_cited_as_it_stands_in_the_file(tmp_path):
    file = tmp_path / "a.json"
    write_okta(file, 8_000)
    data = file.read_bytes()
    assert len(data) > cutters.WINDOW
    for one in cited(tmp_path, "okta", 1, 6_500, 8_000):
        stands, _ = json.JSONDecoder().raw_decode(data[one.byte_offset :].decode())
        assert json.dumps(stands, separators=(",", ":")) == one.line
        assert stands["uuid"] == f"u-{one.line_no - 1:09d}"


def test_a_record_of_an_event_log_is_cited_as_it_stands_in_the_file(tmp_path):
    file = tmp_path / "a.evtx"
    write_evtx(file, 2_700)  # more chunks than are looked at together
    data = file.read_bytes()
    for one in cited(tmp_path, "windows_security_evtx", 1, 2_561, 2_700):
        number = FIRST_ID + one.line_no - 1
        assert data[one.byte_offset :][:4] == b"**\x00\x00"
        assert data[one.byte_offset + 8 :][:8] == number.to_bytes(8, "little")
        system = json.loads(one.line)["Event"]["System"]
        assert system["EventRecordID"] == str(number)


def test_a_line_that_was_copied_is_not_read_again(tmp_path):
    """Unless the copy is no longer what it was, or the file has other content."""
    (tmp_path / "a.log").write_text("one\ntwo\n")
    listing = {one.path: one for one in deliveries(tmp_path, "sso").deliveries}
    ids = [event_id_of(3, 1), event_id_of(3, 2)]

    def copied(held, digest="abc"):
        record = FileRecord(file_id=3, source="sso", path="a.log", format="squid_access")
        read = replace(record, consumed_sha256=digest)
        found = copy_lines(ids, [read], {"sso": listing}, {}, held)
        return {number: found[one] for number, one in enumerate(ids, 1) if one in found}

    first = copied({})
    held = {
        ("sso", "a.log", "abc", number): {
            **asdict(one),
            "line_sha256": one.line_sha256,
        }
        for number, one in first.items()
    }
    (tmp_path / "a.log").write_text("ONE\nTWO\n")
    assert copied(held) == first
    assert [one.line for one in copied(held, "other").values()] == ["ONE", "TWO"]
    held["sso", "a.log", "abc", 2]["line"] = "changed"
    assert [one.line for one in copied(held).values()] == ["one", "TWO"]


ALL_OVER = """
import re, sys
from pathlib import Path
from tests.unit.findings.test_evidence import cited

def peak():  # resource.getrusage would begin with that of the process which starts this one
    return int(re.search("VmHWM: *(.+) kB", Path("/proc/self/status").read_text())[1]) / 1024

cited(Path(sys.argv[1]), "squid_access", 1)
before = peak()
cited(Path(sys.argv[1]), "squid_access", *range(1, int(sys.argv[2]), 20_000))
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux reports the peak there")
def test_lines_from_all_over_a_file_take_no_memory_for_the_rest(tmp_path):
    """The proxy's log of a week stayed in memory for some thousand lines: four gigabytes."""
    lines = 1_000_000
    text = "".join(f"{number} {'a line of a proxy ' * 5}\n" for number in range(lines))
    (tmp_path / "a.log").write_text(text)
    command = [sys.executable, "-c", ALL_OVER, str(tmp_path), str(lines)]
    more = float(subprocess.check_output(command, text=True, cwd=REPO_ROOT))
    assert more < 60, "MiB, of a file of 93"
