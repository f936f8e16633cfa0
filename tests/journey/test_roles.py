"""Each role as a real user of the operating system, at every part of a home."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipelines.operations.units import (
    ANALYSTS,
    GROUPS,
    OPERATORS,
    READERS,
    protect,
)
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import MATRIX, ROLES
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes root's rights"
)
OWNER = 61_000
IDS = {READERS: 61_001, ANALYSTS: 61_002, OPERATORS: 61_003}
MEMBERS = {
    "director": (READERS, ANALYSTS),
    "analyst": (READERS, ANALYSTS),
    "operator": (READERS, OPERATORS),
    "custodian": (READERS, ANALYSTS),
    "superintendent": (READERS,),
    "stranger": (),
}
USERS = {role: 61_010 + number for number, role in enumerate(MEMBERS)}
ROWS = {
    # path: what each role may do: r reads, w writes, l lists names only
    "reports/2026-W40/index.html": dict.fromkeys(ROLES, "r"),
    "editions/board/index.html": dict.fromkeys(ROLES, "r"),
    "snapshots/1.duckdb": {"director": "r", "analyst": "r", "custodian": "r"},
    "district.toml": {"operator": "rw"},
    "registry/subnets.csv": {"operator": "rw"},
    "registry/users.csv": {"operator": "rw"},
    "landing/proxy/access.log": {},
    "lake/http_requests/1.parquet": {},
    "keys/pseudonyms.key": {},
    "state.db": {},
    "state.db-wal": {},
    "warehouse.duckdb": {},
    "audit.head": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def home():
    """A home with something in every part, given to its account and groups."""
    folder = Path(tempfile.mkdtemp(prefix="schoolbell-roles-"))
    folder.chmod(0o755)
    home = create(folder / "home")
    for name in ROWS:
        path = home.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(b"x")
    log = home.landing / "proxy" / "access.log"
    log.chmod(0o600)
    os.chown(log, OWNER, OWNER)
    protect(home, OWNER, {"": OWNER, **IDS})
    yield home
    shutil.rmtree(folder)


PROBE = """
import json, os, sys
said = {}
for path in sys.argv[1:]:
    can = ""
    for letter, flag in (("r", os.O_RDONLY), ("w", os.O_WRONLY)):
        try:
            os.close(os.open(path, flag))
            can += letter
        except OSError:
            pass
    said[path] = can
print(json.dumps(said))
"""


def as_user(role, *words):
    """Run a program with the ids of a role, and no other right."""
    groups = [IDS[group] for group in MEMBERS[role]]
    return subprocess.run(
        words,
        user=USERS[role],
        group=USERS[role],
        extra_groups=groups,
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    ).stdout


@pytest.mark.parametrize("role", MEMBERS)
def test_a_role_reaches_its_own_parts_and_no_other(role, home):
    paths = {str(home.path / name): allowed for name, allowed in ROWS.items()}
    # the system's own Python, which any user may start
    program = shutil.which("python3", path="/usr/bin") or sys.executable
    said = json.loads(as_user(role, program, "-c", PROBE, *paths))
    assert said == {path: allowed.get(role, "") for path, allowed in paths.items()}


def test_an_operator_sees_which_logs_are_there_and_none_of_their_lines(home):
    landing = str(home.landing)
    assert as_user("operator", "/bin/ls", landing).split() == ["proxy"]
    for role in ("director", "analyst", "custodian", "stranger"):
        with pytest.raises(subprocess.CalledProcessError):
            as_user(role, "/bin/ls", landing)


def test_what_is_published_later_belongs_to_the_same_readers(home):
    """The account writes on; its umask is that of the unit."""
    new = home.reports / "2026-W41"
    subprocess.run(
        ["/bin/sh", "-c", f"umask 027; mkdir {new}; echo x > {new}/index.html"],
        user=OWNER,
        group=OWNER,
        extra_groups=list(IDS.values()),
        check=True,
    )
    assert as_user("director", "/bin/cat", f"{new}/index.html") == "x\n"
    with pytest.raises(subprocess.CalledProcessError):
        as_user("stranger", "/bin/cat", f"{new}/index.html")


def test_given_again_nothing_changes(home):
    done = protect(home, OWNER, {"": OWNER, **IDS})
    assert (done.changed, done.refused) == (0, [])
    for path in (home.path, home.key_file, home.settings_file):
        assert path.stat().st_uid == OWNER


def test_nobody_but_root_changes_owners(tmp_path):
    done = schoolbell("protect", "--home", tmp_path, "--user", "nobody-of-that-name")
    assert done.code == 2
    assert "useradd" in done.err


def test_commands_ask_for_the_same_roles(tmp_path, monkeypatch):
    """Who may not look at findings is refused, whatever files they reach."""
    from pipelines.cli import options

    home = create(tmp_path / "home", has_roles=True)
    groups = {
        "director": "schoolbell-directors",
        "analyst": "schoolbell-analysts",
        "operator": "schoolbell-operators",
        "custodian": "schoolbell-records",
        "superintendent": "schoolbell-superintendent",
        "office": "schoolbell-offices",
    }
    commands = {"findings": ("findings", "list"), "audit": ("audit", "verify")}
    for role in ROLES:
        person = ("ada", [groups[role]])
        monkeypatch.setattr(options, "_known", lambda _uid, person=person: person)
        monkeypatch.setattr(options, "_uid", lambda: USERS["director"])
        for right, words in commands.items():
            done = schoolbell(*words, "--home", home.path)
            is_refused = done.code == 77
            assert is_refused == (role not in MATRIX[right]), (role, words, done.err)


def test_every_group_of_files_is_told_in_the_guide():
    guide = (REPO_ROOT / "docs" / "how-to" / "roles.md").read_text()
    for group in GROUPS.values():
        assert group in guide
    assert DistrictHome(Path("/srv/x")).keys.name == "keys"
