"""An evidence pack: whatever is changed in it, anybody can see it with plain Python."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipelines.findings import verify_pack
from pipelines.findings.packs import PackContent, pack
from pipelines.findings.verify_pack import differences, log_differs

LOG = b"first line\r\nsecond \xff line\r\nthird line\r\n"
OFFSETS = {1: 0, 2: 12, 3: 27}


def line(number, finding="f-1"):
    raw = LOG.splitlines()[number - 1].decode("utf-8", "replace")
    return {
        "finding_id": finding,
        "position": number,
        "role": "request",
        "source": "proxy",
        "path": "day.log",
        "framing": "lines",
        "line_no": number,
        "byte_offset": OFFSETS[number],
        "file_sha256": hashlib.sha256(LOG).hexdigest(),
        "line_sha256": hashlib.sha256(raw.encode()).hexdigest(),
        "line": raw,
    }


def finding(**changes):
    given = {
        "finding_id": "f-1",
        "rule": "SA-1",
        "claim": "Account ada was in use at HS and MS in turns.",
        "alternatives": [{"name": "VPN", "test": "=1+1", "result": "ruled out"}],
        "limits": ["Who was at the keyboard."],
        "parameters": {"turns": 4},
    }
    return given | changes


def material(**changes):
    entry = {"finding_id": "f-1", "time": "t", "change": "new", "reason": "found"}
    given = {
        "case": {"case_id": "c-1", "week": "2026-W45", "clause": "cl.23"},
        "findings": [finding()],
        "lines": [line(1), line(2), line(3)],
        "chain": [{"finding_id": "f-1", "position": 1, "account": "ada"}],
        "history": [entry],
        "verdicts": [],
        "queries": {"detections/x.sql": "select 1"},
        "versions": {"schoolbell": "0.1.0"},
        "has_names": True,
    }
    return PackContent(**(given | changes))


PACK = pack(material())


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return out.getvalue()


MEMBERS = members(PACK)


def test_a_pack_holds_and_is_the_same_every_time():
    assert list(differences(PACK, hashlib.sha256(PACK).hexdigest())) == []
    assert pack(material()) == PACK
    assert list(differences(packed(MEMBERS))) == []  # packed again elsewhere


@pytest.mark.parametrize("name", MEMBERS)
def test_a_changed_byte_anywhere_is_found(name):
    data = MEMBERS[name]
    for place in {0, len(data) // 2, len(data) - 1}:
        other = bytearray(data)
        other[place] ^= 1
        assert list(differences(packed(MEMBERS | {name: bytes(other)})))


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_less_or_longer_is_found(name):
    assert list(differences(packed({k: v for k, v in MEMBERS.items() if k != name})))
    assert list(differences(packed(MEMBERS | {name: MEMBERS[name] + b"\n"})))


def test_a_member_more_or_twice_is_found():
    assert list(differences(packed(MEMBERS | {"more.txt": b"x"}))) == ["more.txt was added"]
    out = io.BytesIO(PACK)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(match="name"):
        archive.writestr("README.txt", b"another")
    assert list(differences(out.getvalue()))


def test_a_byte_of_the_file_itself_is_found_by_its_hash():
    seal = hashlib.sha256(PACK).hexdigest()
    for place in range(0, len(PACK), 97):
        other = bytearray(PACK)
        other[place] ^= 1
        assert list(differences(bytes(other), seal))


def test_a_line_and_a_manifest_that_were_both_changed_do_not_agree():
    name, other = "lines/0001.txt", b"another line"
    manifest = MEMBERS["MANIFEST.sha256"].decode()
    was, now = (hashlib.sha256(x).hexdigest() for x in (MEMBERS[name], other))
    forged = {name: other, "MANIFEST.sha256": manifest.replace(was, now).encode()}
    assert "not the line" in next(iter(differences(packed(MEMBERS | forged))))


def test_what_is_no_archive_is_told():
    assert "cannot be read" in next(iter(differences(b"PK")))


def test_an_original_log_is_compared_line_by_line():
    assert list(log_differs(MEMBERS, LOG, "proxy/day.log")) == []
    assert list(log_differs(MEMBERS, LOG + b"grown since\n", "proxy/day.log")) == []
    other = LOG.replace(b"third", b"fourt")
    (line_told, file_told) = log_differs(MEMBERS, other, "proxy/day.log")
    assert "proxy/day.log:3" in line_told
    assert "has the hash" in file_told
    assert "no line of" in next(iter(log_differs(MEMBERS, LOG, "proxy/other.log")))


def test_the_verifier_stands_alone(tmp_path):
    """Taken out of the pack it runs without the package, isolated from it."""
    script, target = tmp_path / "verify.py", tmp_path / "case.zip"
    script.write_bytes(MEMBERS["verify.py"])
    target.write_bytes(PACK)
    log = tmp_path / "day.log.gz"
    log.write_bytes(gzip.compress(LOG))
    place = ("--log", log, "--as", "proxy/day.log")
    words = [sys.executable, "-I", script, target, *place]
    good = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert hashlib.sha256(PACK).hexdigest() in good.stdout
    target.write_bytes(packed(MEMBERS | {"limits.txt": b"none"}))
    bad = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (1, "limits.txt was changed\nCHANGED\n")


def test_the_verifier_imports_the_standard_library_alone():
    source = Path(verify_pack.__file__).read_text(encoding="utf-8")
    assert len(source.splitlines()) < 200
    assert "pipelines" not in source


def test_without_names_the_lines_are_left_out_and_their_hashes_stay():
    lines = [{**line(n), "line": None} for n in (1, 2)]
    found = members(pack(material(lines=lines, has_names=False)))
    assert not [name for name in found if name.startswith("lines/")]
    assert lines[0]["line_sha256"] in found["lines.csv"].decode()
    assert "pseudonyms" in found["README.txt"].decode()
    assert list(differences(packed(found))) == []


def test_a_line_cited_twice_stands_once():
    found = members(pack(material(lines=[line(1), line(1, "f-2")])))
    assert [name for name in found if name.startswith("lines/")] == ["lines/0001.txt"]


def test_what_a_rule_excludes_stands_apart_from_what_was_tested():
    tested = {"name": "VPN", "test": "no list names it", "result": "ruled out"}
    excluded = {"name": "Two", "test": "one counts", "result": "excluded by design"}
    found = members(pack(material(findings=[finding(alternatives=[tested, excluded])])))
    assert found["alternatives.csv"].decode() == (
        "finding_id,name,test,result\nf-1,VPN,no list names it,ruled out\n"
    )
    assert found["by_design.csv"].decode() == "finding_id,name,test\nf-1,Two,one counts\n"


def test_tables_hold_no_formulas_and_findings_are_whole():
    assert "'=1+1" in MEMBERS["alternatives.csv"].decode()
    assert json.loads(MEMBERS["findings/f-1.json"]) == finding()
    assert "Who was at the keyboard." in MEMBERS["limits.txt"].decode()
