"""One home with roles for the whole folder, and one desk that serves it."""

import tempfile
from pathlib import Path

import pytest

from tests.desk.visiting import GROUPS, PEOPLE, SECRET, open_desk
from tests.journey import small as made

SETTINGS = f"""
[roles]
director = ["{GROUPS["director"]}"]
analyst = ["{GROUPS["analyst"]}"]
operator = ["{GROUPS["operator"]}"]
custodian = ["{GROUPS["custodian"]}"]
superintendent = ["{GROUPS["superintendent"]}"]

[desk]
local_accounts = true
[desk.logins]
director = ["{PEOPLE["director"]}", "ada"]
custodian = ["keeper"]
office = ["hr@school.example", "counsel@school.example"]
[desk.groups]
director = ["directors"]
analyst = ["analysts"]
operator = ["operators"]
custodian = ["custodians"]
superintendent = ["superintendents"]
[desk.proxy]
groups_header = "X-Remote-Groups"
addresses = ["127.0.0.1"]
secret = {{ env = "SCHOOLBELL_TEST_PROXY" }}
[desk.openid]
issuer = "http://127.0.0.1:1"
client_id = "schoolbell"
client_secret = {{ env = "SCHOOLBELL_TEST_PROXY" }}
domains = ["school.example"]
"""


@pytest.fixture(scope="session")
def district(tmp_path_factory):
    return made.small(tmp_path_factory.getbasetemp())


def with_settings(home, text=SETTINGS):
    """Return the home with other settings at its end, in place of its own tables."""
    path = home / "district.toml"
    kept = path.read_text(encoding="utf-8")
    for table in (
        "roles",
        "desk",
        "desk.logins",
        "desk.groups",
        "desk.proxy",
        "desk.openid",
        "desk.tickets",
    ):
        kept = kept.replace(f"\n[{table}]\n", f"\n# [{table}] stands below\n")
    lines = [line for line in kept.splitlines() if line.startswith(("#", "[")) or "=" in line]
    path.write_text("\n".join(lines) + "\n" + text, encoding="utf-8")
    return home


@pytest.fixture(scope="session")
def secret():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCHOOLBELL_TEST_PROXY", SECRET)
        yield SECRET


@pytest.fixture(scope="session")
def sockets():
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory(prefix="schoolbell-desk-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def desk(district, tmp_path_factory, sockets, secret):
    home = with_settings(district.copy(tmp_path_factory.mktemp("desk")))
    with open_desk(home, sockets / "desk") as opened:
        yield opened


@pytest.fixture
def alone(district, tmp_path, sockets, secret):
    """A desk of a home without roles, for one test."""
    with open_desk(district.copy(tmp_path), sockets / "alone") as opened:
        yield opened


@pytest.fixture
def fresh(district, tmp_path, sockets, secret):
    """A desk of a home with roles, for one test."""
    with open_desk(with_settings(district.copy(tmp_path)), sockets / "fresh") as opened:
        yield opened


def sub_cases(desk, role="director"):
    """Return ids of waiting cases, highest weight first."""
    page = desk.by_proxy(role).get("/?show=all")
    return [
        one.removeprefix("/cases/").partition("?")[0] for one in page.links() if "/cases/" in one
    ]


@pytest.fixture
def cases(desk):
    return sub_cases(desk)
