"""`start` leads from nothing to the first report, and goes on where it ended."""

import json
import shutil

import pytest

from pipelines.settings.home import DistrictHome
from tests.journey.commands import schoolbell


@pytest.fixture(scope="module")
def brought(two_days, tmp_path_factory):
    """Logs in one folder, and the registry's files as exports in another."""
    folder = tmp_path_factory.mktemp("start")
    source = DistrictHome(two_days.home)
    shutil.copytree(source.landing, folder / "logs")
    (folder / "logs" / "readme.txt").write_text("Words that no product writes.\n")
    exports = folder / "exports"
    exports.mkdir()
    for name in (
        "users.csv",
        "orgs.csv",
        "buildings.csv",
        "devices.csv",
        "subnets.csv",
        "accounts.csv",
    ):
        shutil.copy(source.registry / name, exports / name)
    return folder


def test_without_a_log_it_says_what_to_bring(tmp_path):
    done = schoolbell("start", "--home", tmp_path / "new", "--yes")
    assert done.code == 1
    assert "landing/ is empty" in done.out
    assert "users.csv is empty. It enables rules on:" in done.out
    assert "schoolbell start --home" in done.out
    assert (tmp_path / "new" / "district.toml").is_file()
    named = ("--name", "Example Valley Schools", "--zone", "America/Denver")
    new = schoolbell("start", "--home", tmp_path / "other", "--yes", *named)
    assert "District: Example Valley Schools; its hours are those of America/Denver." in new.out
    wrong = schoolbell("start", "--home", tmp_path / "wrong", "--yes", "--zone", "America/Denvr")
    assert "America/Denver" in wrong.err
    assert not (tmp_path / "wrong" / "district.toml").exists()


def test_it_ends_with_a_report_and_goes_on_where_it_ended(brought, tmp_path):
    home = tmp_path / "district"
    given = ("--logs", brought / "logs", "--from", brought / "exports")
    words = ("start", "--home", home, "--yes", "--settle-seconds", 0, "--quiet")
    done = schoolbell(*words, *given[:2])
    (exports,) = [line for line in done.out.splitlines() if "--from FOLDER: exports for" in line]
    assert "users.csv" in exports
    done = schoolbell(*words, *given)
    assert done.code == 0, done.err + done.out
    assert "readme.txt: unknown format; not copied" in done.out
    added = [line.strip() for line in done.out.splitlines() if "rows added" in line]
    assert added
    assert len(added) == len(set(added))
    assert (home / "reports" / "latest.html").exists()
    assert "Rules that judged a request last week: " in done.out
    assert "--accept GROUP" in done.out
    assert "judged_kinds = []" in done.out
    facts = json.loads(schoolbell("start", "--home", home, "--json").out)
    assert facts["report"].endswith(".html")
    assert {one["format"] for one in facts["logs"]} >= {"squid_access"}
    landed = sorted((home / "landing").rglob("*"))
    again = schoolbell(*words, "--logs", brought / "logs")
    assert again.code == 0, again.err
    assert "copied to" not in again.out
    assert "You have every export" in again.out or "is empty. It enables rules on" in again.out
    assert sorted((home / "landing").rglob("*")) == landed


def test_two_logs_of_one_name_are_both_brought(district, tmp_path):
    """Also a log that has grown since, in its own place."""
    (log,) = sorted((DistrictHome(district.home).landing / "proxy").rglob("*.log"))[:1]
    lines = log.read_bytes().splitlines(keepends=True)[:400]
    first, second = (tmp_path / "logs" / name / "access.log" for name in ("a", "b"))
    for file, some in ((first, lines[:200]), (second, lines[200:])):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"".join(some))
    home = tmp_path / "home"
    words = ("start", "--home", home, "--yes", "--quiet", "--logs", tmp_path / "logs")

    def landed():
        found = (home / "landing").rglob("*access.log")
        return {file.name: file.read_bytes() for file in found}

    schoolbell(*words)
    assert sorted(landed().values()) == sorted([first.read_bytes(), second.read_bytes()])
    first.write_bytes(b"".join(lines[:200] + lines[:3]))
    schoolbell(*words)
    assert sorted(landed().values()) == sorted([first.read_bytes(), second.read_bytes()])
