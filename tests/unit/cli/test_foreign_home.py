"""A home is opened as what it is: its own parts, one owner, the roles that it had."""

import json
import os
import re
from fnmatch import fnmatchcase

import pytest

from pipelines.cli.app import COMMANDS
from pipelines.registry.new_home import create
from pipelines.settings.home import OWNED, DistrictHome, owner_of
from pipelines.state.audit import open_chain
from pipelines.state.opened_state import open_state
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root's rights")
ROLES = '\n[roles]\ndirector = ["nobody-has-this"]\n'


def with_roles(home, text=ROLES):
    path = home / "district.toml"
    kept = path.read_text(encoding="utf-8").replace(ROLES, "")
    kept = kept.replace("\n[roles]\n", "\n")
    path.write_text(kept + text, encoding="utf-8")


def entries(home, action):
    place = DistrictHome(home)
    store = open_state(place)
    try:
        found = open_chain(store, place).entries()
    finally:
        store.close()
    return [one for one in found if one.action == action]


@pytest.mark.parametrize("linked", [*OWNED, ""])
def test_a_home_with_a_link_in_place_of_a_part_is_refused(home, tmp_path, linked):
    schoolbell("status", "--home", home)
    part = home / linked
    if not part.exists():
        part.write_text("")
    away = tmp_path / "away"
    part.rename(away)
    part.symlink_to(away)
    if not linked:  # the command line follows the folder that a person names
        with pytest.raises(Exception, match="is a link"):
            owner_of(DistrictHome(home))
        return
    done = schoolbell("check", "--home", home)
    assert done.code == 2
    assert f"{part}: is a link" in done.err


@needs_root
@pytest.mark.parametrize("part", ["district.toml", "keys", "registry"])
def test_a_home_of_two_owners_is_refused(home, part):
    os.chown(home / part, 61_234, -1)
    done = schoolbell("check", "--home", home)
    assert done.code == 2
    assert f"{home / part}: belongs to user 61234" in done.err
    assert "schoolbell protect" in done.err


def test_a_folder_of_links_lets_no_one_read_names(district, tmp_path):
    """A copy of the settings without roles, over links to another home's state."""
    real = district.copy(tmp_path)
    listed = schoolbell("findings", "cases", "--home", real, "--json").out
    case = json.loads(listed.splitlines()[0])["case_id"]
    with_roles(real)
    words = ("findings", "export", "--names", "--case", case, "--reason", "curious me")
    assert schoolbell(*words, "--home", real).code == 77
    evil = tmp_path / "evil"
    evil.mkdir()
    for path in real.iterdir():
        if path.name != "district.toml":
            (evil / path.name).symlink_to(path)
    create(evil)
    for command in (
        words,
        ("reveal", "falcon-1", "--case", case, "--reason", "why me"),
    ):
        done = schoolbell(*command, "--home", evil)
        assert done.code == 2
        assert "is a link" in done.err
        assert not done.out


def test_settings_that_lost_their_roles_are_refused_until_the_owner_accepts(home):
    with_roles(home)
    assert schoolbell("check", "--home", home).code == 0
    assert len(entries(home, "roles")) == 1
    assert schoolbell("check", "--home", home).code == 0
    assert len(entries(home, "roles")) == 1
    with_roles(home, "")
    for words in (
        ("check",),
        ("run", "--quiet"),
        ("audit", "verify"),
        ("sites", "list"),
    ):
        done = schoolbell(*words, "--home", home)
        assert done.code == 2, words
        assert "the settings have no roles, but the state does: director" in done.err
        assert "schoolbell roles --accept" in done.err
    assert schoolbell("roles", "--home", home, "--accept").code == 2  # why?
    why = ("--reason", "one person runs it from now on")
    done = schoolbell("roles", "--home", home, "--accept", *why)
    assert done.code == 0
    assert "district.toml: no roles" in done.out
    assert schoolbell("check", "--home", home).code == 0
    assert [one.subject for one in entries(home, "roles")][-1] == "no roles"
    assert schoolbell("audit", "verify", "--home", home).code == 0


def test_another_group_for_a_role_is_recorded(home):
    with_roles(home)
    schoolbell("check", "--home", home)
    path = home / "district.toml"
    path.write_text(path.read_text().replace("nobody-has-this", "nor-that"))
    assert schoolbell("check", "--home", home).code == 0
    first, second = entries(home, "roles")
    assert first.subject != second.subject


def test_a_home_without_roles_is_its_owners_alone(home, monkeypatch):
    from pipelines.cli import options

    monkeypatch.setattr(options, "_uid", lambda: 61_234)
    done = schoolbell("findings", "list", "--home", home)
    assert done.code == 77
    assert "one operator, the account that owns it" in done.err
    assert schoolbell("check", "--home", home).code == 0


def test_a_fixed_home_cannot_be_named_again(home, tmp_path, monkeypatch):
    monkeypatch.setenv("SCHOOLBELL_HOME", str(tmp_path / "other"))
    assert schoolbell("at", home, "check").code == 0
    for words in (("--home", tmp_path), (f"--home={tmp_path}",), ("--", "--home=x")):
        done = schoolbell("at", home, "check", *words)
        assert done.code == 2
        assert "cannot be set again" in done.err
    assert schoolbell("at", home).code == 2


def rules():
    text = (REPO_ROOT / "deploy" / "sudoers.d" / "schoolbell").read_text()
    joined = text.replace("\\\n", " ")
    return re.findall(
        r"/opt/schoolbell/\.venv/bin/schoolbell ([^,\n]+)",
        "\n".join(line for line in joined.splitlines() if not line.startswith("#")),
    )


def test_each_rule_of_sudo_fixes_the_home():
    """A star of sudo takes any words, also another --home."""
    assert len(rules()) > 20
    for rule in rules():
        assert rule.startswith("at /srv/schoolbell ")
        assert rule.split()[2] in COMMANDS
        assert rule.split()[2] not in ("roles", "protect", "restore", "reveal")
    asked = "findings export --home /tmp/evil --names"
    assert not any(fnmatchcase(asked, rule.strip()) for rule in rules())
