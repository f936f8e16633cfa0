"""`rerun`: from a pack and a backup, the same findings to the byte, or the reason why not."""

import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.actions.context import ActionContext
from pipelines.cli.options import who_asks
from pipelines.district import open_district
from pipelines.findings.cases import cases
from pipelines.findings.packs import csv_bytes, gathered, pack, sealed_zip
from pipelines.findings.verify_pack import LINES, MANIFEST, cited
from pipelines.operations.backup import back_up, copy_keys
from pipelines.operations.purge import Purge, carry_out, certified, plan
from pipelines.operations.rerun import differing
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of

MONDAY = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(two_days, tmp_path_factory):
    return two_days.copy(tmp_path_factory.mktemp("rerun"))


def case_of(home):
    with open_district(home) as district:
        return max(cases(district.store), key=lambda one: len(one.findings)).case_id


@pytest.fixture(scope="module")
def packed(home, tmp_path_factory):
    """The pack of one case with names, as the command writes it."""
    file = tmp_path_factory.mktemp("pack") / "case.zip"
    words = ("findings", "pack", case_of(home), "--to", file, "--reason", "the hearing")
    done = schoolbell(*words, "--names", "--home", home)
    assert done.code == 0, done.err
    return file


@pytest.fixture(scope="module")
def copies(home, packed, tmp_path_factory):
    """A backup that was made after the pack, and its keys."""
    return backed_up(home, tmp_path_factory.mktemp("copies"))


def backed_up(home, folder):
    with open_district(home) as district:
        made = back_up(district, folder / "backups", MONDAY)
        copy_keys(district.home, folder / "keys")
    return made.folder, folder / "keys"


def rerun(file, copies, scratch, *more):
    scratch.mkdir()
    words = ("rerun", file, "--backup", copies[0], "--keys", copies[1], "--scratch", scratch)
    done = schoolbell(*words, *more)
    assert not list(scratch.iterdir())
    return done


def members_of(file):
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sealed_again(file, target, **changes):
    members = members_of(file) | changes
    del members[MANIFEST]
    target.write_bytes(sealed_zip(members))
    return target


def test_a_pack_of_the_command_is_equal_to_the_byte(packed, copies, tmp_path):
    done = rerun(packed, copies, tmp_path / "scratch")
    assert done.code == 0, done.out + done.err
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert f"The pack matches its manifest. Its sha256 is {digest}" in done.out
    assert "the pack is unchanged since that entry" in done.out
    assert "The rerun used the release that made the pack." in done.out
    count = sum(name.startswith("findings/") for name in members_of(packed))
    assert f"{count} of {count} findings are equal to the byte." in done.out
    assert done.out.count(": equal to the byte.") == count > 1
    assert "differ" not in done.out


def test_every_finding_is_equal_under_code_names_too(home, copies, tmp_path):
    """All findings in one pack, without names; a list of that day hid the sites of one."""
    with open_district(home) as district:
        context = ActionContext(district, who_asks(district.home, district.settings))
        found = cases(district.store)
        every = [row for case in found for row in case.findings]
        hidden = next(row["record"] for row in every if row["record"]["sites"])
        hidden["withheld"] = hidden["sites"]
        file = tmp_path / "all.zip"
        whole = replace(found[0], findings=every)
        file.write_bytes(pack(gathered(district, whole, context.named)))
    done = rerun(file, copies, tmp_path / "scratch", "--json")
    told = json.loads(done.out)
    assert [one for one in told["findings"] if one["result"] != "equal"] == []
    assert [one for one in told["findings"] if not one["record"]] == []
    assert done.code == 0
    assert told["equal"] == len(every) == len(findings_of(home)) > 20
    assert told["audit_entry"] is None
    packed = json.loads(members_of(file)[f"findings/{hidden['finding_id']}.json"])
    assert not {*packed["sites"]} & {*hidden["sites"]}


def test_a_changed_line_is_refused_before_anything_is_restored(packed, copies, tmp_path):
    members = members_of(packed)
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data.replace(b"1", b"7") if name == "lines/0001.txt" else data)
    done = rerun(changed, copies, tmp_path / "scratch")
    assert done.code == 2
    assert not done.out
    assert "lines/0001.txt was changed" in done.err
    assert "Nothing was rerun." in done.err


def test_a_changed_line_in_a_pack_that_was_sealed_again_differs(packed, copies, tmp_path):
    members = members_of(packed)
    rows = cited(members)
    line = b"another line"
    first = next(row for row in rows if row["member"] == "lines/0001.txt")
    others = [row["finding_id"] for row in rows if row["member"] == "lines/0001.txt"]
    for row in rows:
        if row["member"] == "lines/0001.txt":
            row["line_sha256"] = hashlib.sha256(line).hexdigest()
    changes = {"lines/0001.txt": line, LINES: csv_bytes(tuple(rows[0]), rows)}
    file = sealed_again(packed, tmp_path / "sealed.zip", **changes)
    done = rerun(file, copies, tmp_path / "scratch", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert told["audit_entry"] is None
    place = f"hash of line {first['source']}/{first['path']}:{first['line_no']}"
    found = {one["finding_id"]: set(one["fields"]) for one in told["findings"]}
    assert found == {ident: {place} if ident in others else set() for ident in found}


def test_another_release_is_named_and_the_result_still_shown(packed, copies, tmp_path):
    versions = json.loads(members_of(packed)["versions.json"])
    versions |= {"schoolbell": "0.9.0", "duckdb": "1.0.0"}
    changes = {"versions.json": json.dumps(versions).encode()}
    file = sealed_again(packed, tmp_path / "earlier.zip", **changes)
    done = rerun(file, copies, tmp_path / "scratch")
    assert done.code == 0
    assert "The release that made the pack is another one: schoolbell 0.9.0 (here " in done.out
    assert "install Schoolbell 0.9.0" in done.out
    assert "findings are equal to the byte." in done.out


def test_a_threshold_and_a_list_that_changed_after_the_pack_are_named(home, packed, tmp_path):
    """Findings of other rules are equal: their lists have another version, and the same rows."""
    later = tmp_path / "later"
    shutil.copytree(home, later)
    members = members_of(packed)
    ident = cited(members)[0]["finding_id"]
    finding = json.loads(members[f"findings/{ident}.json"])
    name, value = next(
        (name, value)
        for name, value in finding["parameters"].items()
        if isinstance(value, int) and not isinstance(value, bool)
    )
    with DistrictHome(later).settings_file.open("a") as file:
        file.write(f"\n[detections.{finding['rule']}]\n{name} = {value + 1}\n")
    with (DistrictHome(later).registry / "leave.csv").open("a") as file:
        file.write("# checked in November\n")
    done = rerun(packed, backed_up(later, tmp_path), tmp_path / "scratch", "--json")
    assert done.code == 1, done.err
    told = {one["finding_id"]: one for one in json.loads(done.out)["findings"]}
    assert told[ident]["result"] in ("differs", "not reported")
    if told[ident]["result"] == "differs":
        assert told[ident]["fields"][f"parameters.{name}"] == [value, value + 1]
    assert {"rule", "settings"} <= told[ident]["inputs"].keys()
    assert all("registry" in one["inputs"] for one in told.values())
    others = [one["result"] for one in told.values() if "rule" not in one["inputs"]]
    assert others
    assert set(others) == {"equal"}
    assert told[ident]["record"] is False


def test_a_purged_day_is_named_with_its_certificate(home, packed, tmp_path):
    later = DistrictHome(tmp_path / "later")
    shutil.copytree(home, later.path)
    text = later.settings_file.read_text().split("\n[retention]\n")[0]
    later.settings_file.write_text(text + "\n[retention]\nevent_days = 60\n")
    with open_district(later.path) as district:
        day = max(ledger.event_days(district.store)) + timedelta(days=100)
        now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
        chain = open_chain(district.store, later)
        purge = Purge(plan(district, now), "ada (1000)", "the schedule", now)
        carry_out(district, purge, chain)
        certificate = certified(later, district.store, district.settings, purge, chain)
    done = rerun(packed, backed_up(later.path, tmp_path), tmp_path / "scratch")
    assert done.code == 1, done.err
    count = sum(name.startswith("findings/") for name in members_of(packed))
    assert done.out.count("a rerun is not possible: retention removed") == count
    assert f" log rows of this day on {datetime.now(UTC):%Y-%m-%d}" in done.out
    assert f"(certificate {certificate.name})" in done.out
    assert f"0 of {count} findings are equal to the byte." in done.out


@pytest.mark.parametrize(
    ("was", "now", "path"),
    [
        ({"n": 1}, {"n": 1.0}, "details.n"),
        ({"n": 1}, {"n": True}, "details.n"),
        ({"n": None}, {}, "details.n"),
        ({"n": [1, 2]}, {"n": [1]}, "details.n.2"),
        ({"a": {"b": 1}}, {"a.b": 1}, "record"),
    ],
    ids=str,
)
def test_no_difference_in_bytes_is_equal(was, now, path):
    assert path in differing({"details": was}, {"details": now})
    assert not differing({"details": was, "revision": 1}, {"details": was, "revision": 2})


def test_a_backup_that_was_changed_and_a_file_that_is_no_pack_are_refused(packed, copies, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(copies[0], copy)
    path = copy / "district.toml"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"#")
    done = rerun(packed, (copy, copies[1]), tmp_path / "scratch")
    assert done.code == 2
    assert "district.toml" in done.err
    name = next(name for name in members_of(packed) if name.startswith("findings/"))
    others = {
        "release": sealed_zip({"README.txt": b"x"}),
        "finding": sealed_again(packed, tmp_path / "x.zip", **{name: b"[1]"}).read_bytes(),
        "lines": sealed_again(packed, tmp_path / "x.zip", **{LINES: b"a\n1\n"}).read_bytes(),
        "text": b"not a zip",
    }
    for why, data in others.items():
        (tmp_path / why).write_bytes(data)
        done = rerun(tmp_path / why, copies, tmp_path / f"scratch-{why}")
        assert done.code == 2, why
        assert "is not an evidence pack" in done.err, why
    assert rerun(tmp_path / "missing.zip", copies, tmp_path / "none").code == 2
