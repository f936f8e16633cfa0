"""A seal goes from the nightly run into packs and backups, and is verified there offline."""

import json
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.district import open_district
from pipelines.findings.cases import cases
from pipelines.operations.backup import back_up, copy_keys
from pipelines.operations.sealing import seal_if_due
from pipelines.state.audit import Act, open_chain
from tests.journey.commands import schoolbell
from tests.unit.state.authority import Authority, served

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
SENTENCE = "Example Time Authority time-stamped a record in which the audit chain ends at entry "


@pytest.fixture
def authority(tmp_path):
    with served(Authority(tmp_path / "authority")) as made:
        yield made


@pytest.fixture
def home(two_days, authority, tmp_path):
    """A home with an entry in its audit chain, and with an authority in its settings."""
    path = two_days.copy(tmp_path / "home")
    settings = path / "district.toml"
    text = settings.read_text()
    assert "\n[seal]\n" in text
    settings.write_text(text.replace("\n[seal]\n", f'\n[seal]\nurl = "{authority.url}"\n'))
    (path / "seals").mkdir()
    shutil.copy(authority.certificates, path / "seals" / "authority.pem")
    acted(path, "f-1")
    return path


def acted(path, subject):
    act = Act(actor="ada (1000)", action="verdict", subject=subject, reason="leave")
    with open_district(path) as district, open_chain(district.store, district.home).recording(act):
        pass


def seals_of(path):
    return sorted(one.name for one in (path / "seals").glob("*.json"))


def test_a_run_seals_once_a_day_and_only_what_changed(home, authority):
    done = schoolbell("run", "--home", home)
    assert done.code == 0, done.err
    assert SENTENCE in done.out
    (name,) = seals_of(home)
    record = json.loads((home / "seals" / name).read_text())
    with open_district(home) as district:
        head = open_chain(district.store, district.home).head()
        (snapshot,) = {(home / "snapshots" / "CURRENT").read_text().strip()}
    assert record["audit_head"] == str(head)
    assert record["snapshot"]["name"] == snapshot
    assert record["lines"]["lines"] == sum(
        record["lines"][one] for one in ("events", "rejects", "blanks", "duplicates")
    )
    assert not {*record} & {"name", "names"}
    assert SENTENCE not in schoolbell("run", "--home", home).out
    with open_district(home) as district:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        assert seal_if_due(district, tomorrow) == ""  # nothing changed
    assert len(authority.requests) == 1
    acted(home, "f-2")
    with open_district(home) as district:
        # the authority's clock is that of today
        assert "Compare both clocks" not in seal_if_due(district, datetime.now(UTC))
        assert "was not sealed" in seal_if_due(district, tomorrow)
    assert seals_of(home) == [name]


def test_without_an_authority_in_the_settings_nothing_is_asked(two_days, tmp_path):
    path = two_days.copy(tmp_path / "home")
    acted(path, "f-1")
    with open_district(path) as district:
        assert seal_if_due(district) == ""
    assert not (path / "seals").exists()
    assert "off" in doctor(path)["said"]


def doctor(path):
    rows = map(json.loads, schoolbell("doctor", "--json", "--home", path).out.splitlines())
    return next(one for one in rows if one["check"] == "seal")


def test_an_authority_that_is_gone_stops_no_run_and_is_reported_until_it_answers(home, authority):
    authority.respond = lambda _request: (503, {}, b"later")
    done = schoolbell("run", "--home", home)
    assert done.code == 0, done.err
    assert "The audit chain was not sealed: 127.0.0.1: it answers 503" in done.out
    status = json.loads(schoolbell("status", "--json", "--home", home).out)
    assert any("could not be sealed since" in one for one in status["reasons"])
    assert doctor(home)["grade"] == "look"
    authority.respond = authority.right
    assert SENTENCE in schoolbell("run", "--home", home).out
    status = json.loads(schoolbell("status", "--json", "--home", home).out)
    assert not any("sealed" in one for one in status["reasons"])
    assert doctor(home)["grade"] == "well"


def packed(home, file):
    with open_district(home) as district:
        case = max(cases(district.store), key=lambda one: len(one.findings)).case_id
    words = ("findings", "pack", case, "--to", file, "--reason", "the hearing", "--names")
    done = schoolbell(*words, "--home", home)
    assert done.code == 0, done.err
    return file


def verified(folder, pack, *words):
    """Run the verifier of a pack as its reader does, with nothing of Schoolbell."""
    with zipfile.ZipFile(pack) as archive:
        archive.extract("verify.py", folder)
    command = [sys.executable, "-I", folder / "verify.py", pack, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_pack_is_verified_with_its_time_stamp_by_python_and_openssl(home, authority, tmp_path):
    with open_district(home) as district:
        line = seal_if_due(district)
    entry = line.rstrip(".").rpartition(" ")[2]
    pack = packed(home, tmp_path / "case.zip")
    done = verified(tmp_path, pack)
    assert done.returncode == 0
    assert "time-stamped" not in done.stdout
    done = verified(tmp_path, pack, "--authority", authority.certificates)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"time-stamped: the audit record ends at entry {entry}." in done.stdout
    other = Authority(tmp_path / "other")
    done = verified(tmp_path, pack, "--authority", other.certificates)
    assert done.returncode == 1
    assert "the time stamp is not valid" in done.stdout


def test_a_pack_whose_seal_is_of_another_record_is_not_valid(home, authority, tmp_path):
    from pipelines.findings.packs import sealed_zip
    from pipelines.findings.verify_pack import MANIFEST, RECORD

    with open_district(home) as district:
        seal_if_due(district)
    pack = packed(home, tmp_path / "case.zip")
    with zipfile.ZipFile(pack) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}
    members[RECORD] = members[RECORD].replace(b'"audit_head":"', b'"audit_head":"9')
    pack.write_bytes(sealed_zip(members))
    done = verified(tmp_path, pack, "--authority", authority.certificates)
    assert done.returncode == 1
    assert "the time stamp is not valid" in done.stdout


def test_a_backup_brings_its_seals_back_and_a_rerun_dates_the_pack(home, authority, tmp_path):
    pack = packed(home, tmp_path / "case.zip")
    with open_district(home) as district:
        line = seal_if_due(district)
        folder = back_up(district, tmp_path / "backups").folder
        copy_keys(district.home, tmp_path / "keys")
    authority.respond = lambda _request: (503, {}, b"gone")  # all of it is offline
    asked = len(authority.requests)
    words = ("--to", tmp_path / "new", "--keys", tmp_path / "keys", "--verify")
    done = schoolbell("restore", folder, *words)
    assert done.code == 0, done.err
    assert line in done.out
    done = schoolbell("audit", "verify", "--home", tmp_path / "new")
    assert done.code == 0, done.err
    assert line in done.out
    done = schoolbell("rerun", pack, "--backup", folder, "--keys", tmp_path / "keys")
    assert line in done.out
    assert len(authority.requests) == asked


def test_restore_verify_fails_for_a_seal_of_another_authority(home, authority, tmp_path):
    with open_district(home) as district:
        seal_if_due(district)
    other = Authority(tmp_path / "other")
    shutil.copy(other.certificates, home / "seals" / "authority.pem")
    with open_district(home) as district:
        folder = back_up(district, tmp_path / "backups").folder
        copy_keys(district.home, tmp_path / "keys")
    words = ("--to", tmp_path / "new", "--keys", tmp_path / "keys", "--verify")
    done = schoolbell("restore", folder, *words)
    assert done.code == 1
    assert "is not valid" in done.err
