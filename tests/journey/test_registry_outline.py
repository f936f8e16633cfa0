"""`status` knows of a registry what a run noted, and sees at the same time what changed since.

Each change is requested of three homes: one whose outline was noted before it, the same
read in full, and the same once the change was taken back.
"""

import shutil
from datetime import UTC, datetime

import pytest

from pipelines import district as opening
from pipelines.district import open_district, open_outlined
from pipelines.errors import SettingsError
from pipelines.findings.cases import queue
from pipelines.operations.status import status_of
from pipelines.run.registry_outline import keep_outline
from pipelines.run.run import run
from pipelines.state.findings import stored_findings
from tests.journey.small import now

OF_THE_MOMENT = ("time", "disk_free_gb")


def shown(home, how=open_outlined):
    """Return what `status` shows, and whether the registry's outline was noted."""
    with how(home) as district:
        found = status_of(district, datetime.now(UTC))
        said = {k: v for k, v in found.shown.items() if k not in OF_THE_MOMENT}
        return said | {"code": found.exit_code}, district.reading.noted is not None


@pytest.fixture(scope="module")
def settled(district, tmp_path_factory):
    """A home that was run again once its registry was kept."""
    home = district.copy(tmp_path_factory.mktemp("outlined"))
    run(home, now=now())
    return home


@pytest.fixture
def home(settled, tmp_path):
    return shutil.copytree(settled, tmp_path / "home")


def test_what_was_noted_is_what_is_read(home):
    said, is_noted = shown(home)
    assert is_noted
    assert said == shown(home, open_district)[0]


def test_the_registry_is_not_read_where_nothing_changed(home, monkeypatch):
    def read(*_):
        raise AssertionError

    monkeypatch.setattr("pipelines.registry.registry.load_registry", read)
    assert shown(home)[1]


def _append(name, text):
    def change(home):
        path = home / "registry" / name
        path.write_text(path.read_text() + text)

    return change


def _put(name, text):
    def change(home):
        path = home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    return change


def _drop(name):
    return lambda home: (home / name).unlink()


CHANGES = {
    "a faulty row": _append("devices.csv", "x-1,no card,phone,,HS,,\n"),
    "a notice": _append("accounts.csv", "nobody-1,person,p-none,,,,,,,\n"),
    "a good row": _append("exceptions.csv", "\n"),
    "a file that nobody reads": _put("registry/acounts.csv", "username\n"),
    "a file of another place": _put("registry/oneroster/users.csv", "sourcedId\n"),
    "a layer": _put("registry/agency/layer.toml", "name = 'Sample'\nversion = ''\n"),
    "a file that is gone": _drop("registry/devices.csv"),
    "a copy that is gone": _drop("registry-kept/devices.csv"),
    "settings": lambda home: _put(
        "district.toml",
        (home / "district.toml").read_text()
        + '\n[registry.columns."nothing.csv"]\nusername = "login"\n',
    )(home),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen_at_once_and_so_is_its_end(home, change, tmp_path):
    before = shown(home)
    good = tmp_path / "good"
    for name in ("registry", "registry-kept"):
        shutil.copytree(home / name, good / name)
    shutil.copyfile(home / "district.toml", good / "district.toml")
    change(home)
    said, is_noted = shown(home)
    assert not is_noted
    assert said == shown(home, open_district)[0]
    for name in ("registry", "registry-kept"):
        shutil.rmtree(home / name)
        shutil.copytree(good / name, home / name)
    shutil.copyfile(good / "district.toml", home / "district.toml")
    assert shown(home) == before


def test_a_faulty_row_is_counted_and_once_mended_is_not(home):
    path = home / "registry" / "devices.csv"
    good = path.read_text()
    before = shown(home)[0]["registry_problems"]
    CHANGES["a faulty row"](home)
    assert shown(home)[0]["registry_problems"] > before
    run(home, now=now())
    said, is_noted = shown(home)
    assert is_noted
    assert said["registry_problems"] > before
    assert said == shown(home, open_district)[0]
    path.write_text(good)
    assert shown(home)[0]["registry_problems"] == before
    run(home, now=now())
    assert shown(home) == (shown(home, open_district)[0], True)


def test_what_is_refused_is_read_until_it_is_accepted(home):
    (home / "registry" / "users.csv").write_text("sourcedId,username,role\n")
    assert "users.csv" in str(shown(home)[0]["reasons"])
    run(home, now=now())
    said, is_noted = shown(home)
    assert not is_noted
    assert "users.csv" in str(said["reasons"])


def test_other_code_reads_again(home, monkeypatch):
    monkeypatch.setattr("pipelines.registry.outline.code_mark", lambda: "another")
    assert not shown(home)[1]


def test_whom_a_new_finding_is_about_is_asked_of_the_registry(home):
    with open_district(home) as district:
        before = queue(district.store, district.home, district.reading)
        assert before.cases
        digest = opening.outline_digest(district.home, district.settings)
        noted = opening.noted_outline(district.store, digest)
        known = {one["finding_id"] for one in stored_findings(district.store)}
        assert noted.is_student.keys() == known
        noted.is_student.pop(before.cases[0].findings[0]["finding_id"])
        opening.note_outline(district.store, digest, noted)
    with open_outlined(home) as district:
        assert district.reading.noted.is_student.keys() < known
        assert queue(district.store, district.home, district.reading) == before
        keep_outline(district)
    with open_outlined(home) as district:
        assert district.reading.noted.is_student.keys() == known


def test_a_key_that_is_gone_is_told_all_the_same(home):
    (home / "keys" / "pseudonyms.key").unlink()
    with pytest.raises(SettingsError, match="is missing"):
        shown(home)
