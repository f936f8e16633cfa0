"""A registry file that shrank is not believed until someone shows that it is meant."""

import json
import stat
from datetime import UTC, datetime

import pytest

from pipelines.errors import SettingsError
from pipelines.registry.kept_copies import accept, read_kept
from pipelines.registry.registry import keep_registry, load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import parse_settings
from tests.unit.district.conftest import SETTINGS

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
HEADER = "sourcedId,status,orgSourcedIds,role,username,givenName,familyName\n"
LEAVE = "person_id,date,part,kind,status\n"


def people(count):
    return HEADER + "".join(
        f"p-{n},active,org-1,teacher,user{n},Ada,Sample\n" for n in range(count)
    )


def leave(count, comments=0):
    rows = [f"p-1,2026-10-{n + 1:02},full,personal,approved\n" for n in range(count)]
    return LEAVE + "# taken back\n" * comments + "".join(rows)


class Nightly:
    """A home whose registry is read and kept as a run does."""

    def __init__(self, folder):
        self.home = DistrictHome(folder)
        self.home.registry.mkdir()

    def read(self, settings="", **files):
        for name, text in files.items():
            path = self.home.registry / name.replace("_", ".", 1)
            if text is None:
                path.unlink()
            else:
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
        said = parse_settings((SETTINGS + settings).encode())
        return load_registry(self.home, said)

    def run(self, settings="", **files):
        registry = self.read(settings, **files)
        keep_registry(self.home, registry, NOW)
        return registry

    @property
    def copies(self):
        return sorted(path.name for path in self.home.kept_registry.iterdir())


@pytest.fixture
def nightly(tmp_path):
    return Nightly(tmp_path)


def refused(registry):
    return {one.name: one.rows for one in registry.refused}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (HEADER, "is empty"),
        ("", "is empty"),
        (None, "is not there any more"),
        (people(79), "79 rows are left"),
        ("PK\x03\x04 no text at all\n\x00\x01", "no row that can be read"),
        (people(100).encode("utf-8").replace(b"sourcedId", b"id"), "no row"),
    ],
)
def test_a_roster_that_shrank_is_not_taken(nightly, now, said):
    before = nightly.run(users_csv=people(100))
    after = nightly.run(users_csv=now)
    assert "users.csv" in refused(after)
    assert said in after.refused[0].what
    assert "it had 100 on 2026-11-02" in after.refused[0].what
    assert after.frames["people"].equals(before.frames["people"])
    assert after.people_names == before.people_names
    assert after.version == before.version, "nothing is opened, nothing withdrawn"
    assert "users.csv" not in after.missing
    assert any(one.severity == "refused" for one in after.problems)


@pytest.mark.parametrize("left", [80, 100, 130])
def test_a_roster_that_lost_a_fifth_or_grew_is_taken(nightly, left):
    nightly.run(users_csv=people(100))
    after = nightly.run(users_csv=people(left))
    assert refused(after) == {}
    assert after.frames["people"].height == left


def test_the_share_is_the_districts_to_say(nightly):
    setting = "\n[registry]\nlargest_loss = 0.5\n"
    nightly.run(setting, users_csv=people(100))
    assert refused(nightly.run(setting, users_csv=people(60))) == {}
    assert refused(nightly.run(setting, users_csv=people(20))) == {"users.csv": 20}


def test_a_registry_folder_that_is_gone_is_not_believed(nightly):
    before = nightly.run(users_csv=people(20), leave_csv=leave(3))
    for path in nightly.home.registry.iterdir():
        path.unlink()
    nightly.home.registry.rmdir()
    after = nightly.run()
    assert refused(after) == {"leave.csv": 0, "users.csv": 0}
    assert after.version == before.version


@pytest.mark.parametrize(
    ("was", "now", "is_taken"),
    [(5, 1, True), (1, 0, False), (9, 4, False), (9, 5, True), (3, 0, False)],
)
def test_a_short_list_may_lose_four_rows_but_never_all(nightly, was, now, is_taken):
    nightly.run(leave_csv=leave(was))
    assert (refused(nightly.run(leave_csv=leave(now))) == {}) == is_taken


def test_rows_that_became_comments_were_taken_back_on_purpose(nightly):
    nightly.run(leave_csv=leave(1))
    assert refused(nightly.run(leave_csv=leave(0, comments=1))) == {}


def test_a_file_that_grows_back_is_taken_again(nightly):
    nightly.run(users_csv=people(100))
    nightly.run(users_csv=HEADER)
    assert read_kept(nightly.home)["users.csv"].refused_time
    after = nightly.run(users_csv=people(101))
    assert refused(after) == {}
    assert after.frames["people"].height == 101
    assert read_kept(nightly.home)["users.csv"].rows == 101
    assert not read_kept(nightly.home)["users.csv"].refused_time


@pytest.mark.parametrize("now", [HEADER, people(3), None])
def test_what_was_accepted_is_in_force(nightly, now):
    nightly.run(users_csv=people(100))
    registry = nightly.run(users_csv=now)
    given = registry.fresh.get("users.csv")
    accept(nightly.home, "users.csv", given, NOW)
    after = nightly.run()
    assert refused(after) == {}
    assert after.frames["people"].height == (given.rows if given else 0)
    assert b"user50" not in b"".join(
        path.read_bytes() for path in nightly.home.kept_registry.iterdir()
    )


def test_a_bundle_is_believed_by_what_is_in_it(nightly, tmp_path):
    folder = nightly.home.registry / "oneroster"
    folder.mkdir()
    (folder / "users.csv").write_text(people(50))
    nightly.run()
    (folder / "users.csv").write_text(people(10))
    after = nightly.run()
    assert refused(after) == {"users.csv": 10}
    assert after.frames["people"].height == 50


def test_a_calendar_that_only_changed_its_name_is_no_loss(nightly):
    ics = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\n"
        "DTSTART;VALUE=DATE:20261126\nDTEND;VALUE=DATE:20261127\n"
        "SUMMARY:No school\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    nightly.run(year_ics=ics)
    after = nightly.run(year_ics=None, school_ics=ics)
    assert refused(after) == {}
    assert nightly.copies == ["kept.json", "school.ics"]
    gone = nightly.run(school_ics=None)
    assert refused(gone) == {"school.ics": 0}
    assert gone.frames["calendar_days"].equals(after.frames["calendar_days"])


def test_settings_that_no_longer_fit_a_file_do_not_empty_it(nightly):
    renamed = people(100).replace("sourcedId", "Id", 1)
    setting = '\n[registry.columns."users.csv"]\nsourcedId = "{}"\n'
    nightly.run(setting.format("Id"), users_csv=renamed)
    after = nightly.run(setting.format("Identity"))
    assert refused(after) == {"users.csv": 0}
    assert after.frames["people"].height == 100


def test_copies_are_private_and_follow_what_the_district_deletes(nightly):
    nightly.run(users_csv=people(100))
    nightly.run(users_csv=people(100).replace("user7,", "user7b,"))
    nightly.run(users_csv=people(90))
    data = (nightly.home.kept_registry / "users.csv").read_text()
    assert "user95" not in data, "who left the roster leaves its copy"
    folder = nightly.home.kept_registry
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}


def test_lines_of_a_kept_copy_are_not_told_as_lines_of_the_file(nightly):
    nightly.run(users_csv=people(100).replace("org-1", "org-9"), orgs_csv=ORGS)
    after = nightly.run(users_csv=HEADER)
    own = [one for one in after.problems if one.file == "users.csv"]
    assert [one.severity for one in own] == ["refused"]


ORGS = "sourcedId,status,name,type\norg-1,active,One,school\n"


def test_a_list_of_copies_that_can_not_be_read_is_told(nightly):
    nightly.run(users_csv=people(10))
    (nightly.home.kept_registry / "kept.json").write_text("{")
    with pytest.raises(SettingsError, match="cannot be read"):
        nightly.read()
    (nightly.home.kept_registry / "kept.json").write_text(json.dumps({"a": {"b": 1}}))
    with pytest.raises(SettingsError, match="cannot be read"):
        nightly.read()
