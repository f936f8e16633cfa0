"""`findings pack`: one case, with names only for two persons, noted with its hash."""

import gzip
import io
import json
import zipfile

import polars as pl
import pytest

from pipelines.findings.verify_pack import cited, differences, log_differs
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import open_chain
from pipelines.state.connections import open_store
from tests.journey.commands import schoolbell

REASON = "for the hearing"


@pytest.fixture(scope="module")
def home(district, tmp_path_factory):
    return district.copy(tmp_path_factory.mktemp("pack"))


def run(home, *words, code=0):
    done = schoolbell("findings", *words, "--home", home)
    assert done.code == code, done.err
    return done


@pytest.fixture(scope="module")
def case(home):
    found = [json.loads(line) for line in run(home, "cases", "--json").out.splitlines()]
    return next(one for one in found if "SA-1" in one["rules"])


def packed(home, case, target, *more):
    words = ("pack", case["case_id"], "--to", target, "--reason", REASON, "--json")
    told = json.loads(run(home, *words, *more).out)
    data = target.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(differences(data, told["sha256"])) == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return told, {name: archive.read(name) for name in archive.namelist()}


def test_with_names_each_line_is_that_of_the_log(home, case, tmp_path):
    told, members = packed(home, case, tmp_path / "case.zip", "--names")
    rows = cited(members)
    assert {row["finding_id"] for row in rows} == set(case["finding_ids"])
    place = next(f"{r['source']}/{r['path']}" for r in rows if r["source"] == "proxy")
    log = (DistrictHome(home).landing / place).read_bytes()
    log = gzip.decompress(log) if place.endswith(".gz") else log
    assert list(log_differs(members, log, place)) == []
    for finding in case["finding_ids"]:
        whole = json.loads(members[f"findings/{finding}.json"])
        assert whole["alternatives"]
        assert whole["limits"]
        assert whole["inputs"]["rule"]
        assert whole["evidence_lines"] == sum(r["finding_id"] == finding for r in rows)
    chain = pl.read_csv(members["attribution.csv"], infer_schema=False)
    graded = chain.filter(pl.col("role") == "request", pl.col("grade").is_not_null())
    assert graded["lease_line"].str.contains(r"^dhcp/.*:\d+$").any()
    assert any(name.startswith("sql/detections/") for name in members)
    assert "sql/core/http_requests.sql" in members
    store = open_store(DistrictHome(home).state_db)
    entries = open_chain(store, DistrictHome(home)).entries()
    store.close()
    assert [one.action for one in entries][-2:] == ["pack, alone", "packed"]
    assert told["sha256"] in entries[-1].reason
    assert told["audit_entry"] == entries[-1].number


def test_without_names_nobody_is_named_in_any_member(home, case, tmp_path):
    _, members = packed(home, case, tmp_path / "case.zip")
    registry = DistrictHome(home).registry
    accounts = pl.read_csv(registry / "accounts.csv", infer_schema=False)
    devices = pl.read_csv(registry / "devices.csv", infer_schema=False)
    people = pl.read_csv(registry / "users.csv", infer_schema=False)
    names = {*accounts["username"], *devices["hostname"], *people["sourcedId"]}
    text = "\n".join(data.decode() for data in members.values())
    assert [one for one in names if one in text] == []


def test_a_file_is_never_written_over_and_a_case_has_to_be_there(home, case, tmp_path):
    target = tmp_path / "case.zip"
    target.write_bytes(b"x")
    words = ("--to", target, "--reason", REASON)
    run(home, "pack", case["case_id"], *words, code=1)
    assert target.read_bytes() == b"x"
    assert "findings cases" in run(home, "pack", "c-0", *words, code=2).err
