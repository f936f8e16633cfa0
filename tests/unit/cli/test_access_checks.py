"""Groups, logins and tokens that come to nothing, or to too much, are told by `check`."""

import os

import pytest

from pipelines.district import open_district
from pipelines.operations.settings_check import wrong_in
from pipelines.registry.new_home import create
from pipelines.settings.roles import known_group
from pipelines.state.audit import Act, open_chain
from tests.unit.cli.mistakes import HEAD

USERS = (
    "sourcedId,status,role,username,email\n"
    "P-1,active,administrator,jo.park,jo.park@school.example\n"
    "P-2,active,administrator,sam.lee,sam.lee@school.example\n"
)
APPROVERS = '[desk.logins]\ndirector = ["jo.park"]\nsuperintendent = ["sam.lee"]\n'


def told(tmp_path, settings, users=USERS, folder=""):
    home = create(tmp_path / "home")
    home.settings_file.write_text(HEAD + settings)
    (home.registry / "users.csv").write_text(users)
    if folder:
        (home.landing / folder).mkdir()
    with open_district(home.path) as district:
        return [(one.column, one.value, one.severity) for one in wrong_in(district)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            '[roles]\nanalyst = ["no-such-group-of-this-machine"]\n' + APPROVERS,
            ("roles.analyst", "no-such-group-of-this-machine", "notice"),
        ),
        (
            '[desk.logins]\nanalyst = ["jo.park"]\n',
            ("desk.logins", "analyst", "notice"),
        ),
        (
            '[desk.logins]\ndirector = ["jo.park"]\nsuperintendent = ["jo.park", "sam.lee"]\n',
            ("desk.logins.superintendent", "jo.park", "notice"),
        ),
        (
            '[desk.proxy]\naddresses = ["0.0.0.0/0"]\nsecret = { env = "WORD" }\n' + APPROVERS,
            ("desk.proxy.addresses", "0.0.0.0/0", "error"),
        ),
        ("[desk.tokens.grafana]\n" + APPROVERS, ("desk.tokens.grafana.secret", "", "error")),
        (
            '[desk.tokens.grafana]\nsecret = { file = "/nowhere/token" }\n' + APPROVERS,
            ("desk.tokens.grafana.secret", "/nowhere/token", "error"),
        ),
        (
            "[desk]\nlocal_accounts = true\n" + APPROVERS,
            ("desk.local_accounts", "true", "notice"),
        ),
        ('[engine]\nkind = "spark"\n', ("engine.master", "", "notice")),
        (
            '[desk.logins]\ndirector = ["jo.park", "jo-adm"]\nsuperintendent = ["sam.lee"]\n',
            ("desk.logins.director", "jo-adm", "notice"),
        ),
    ],
)
def test_what_comes_to_nothing_or_too_much_is_told(tmp_path, settings, expected):
    assert told(tmp_path, settings) == [expected]


def test_people_with_accounts_and_proxies_of_one_address_are_in_order(tmp_path):
    settings = '[desk.proxy]\naddresses = ["127.0.0.1", "10.0.0.0/28"]\nsecret = { env = "W" }\n'
    settings += APPROVERS.replace("jo.park", "jo.park@school.example")
    assert not told(tmp_path, f'account_domains = ["school.example"]\n{settings}')


def test_without_a_roster_no_login_is_compared(tmp_path):
    assert not told(tmp_path, APPROVERS, users="sourcedId,role,username\n")


def test_a_landing_folder_in_capitals_is_a_source_of_its_own(tmp_path):
    settings = '[sources.proxy]\nformat = "squid_access"\n'
    expected = ("sources.proxy", "landing/Proxy", "notice")
    assert told(tmp_path, settings, folder="Proxy") == [expected]


@pytest.mark.parametrize(("way", "is_told"), [("openid", True), ("proxy", True), ("1000", False)])
def test_who_signed_in_by_a_group_that_approves_is_a_person_of_the_registry(tmp_path, way, is_told):
    settings = '[desk.groups]\ndirector = ["directors"]\nsuperintendent = ["chiefs"]\n'
    home = create(tmp_path / "home")
    home.settings_file.write_text(HEAD + settings)
    (home.registry / "users.csv").write_text(USERS)
    with open_district(home.path) as district:
        chain = open_chain(district.store, home)
        for login in ("jo-adm", "jo.park"):
            with chain.recording(Act(actor=f"{login} ({way})", action="sign in", subject="")):
                pass
        found = {(one.column, one.value) for one in wrong_in(district)}
    expected = {("desk.groups.director", "jo-adm"), ("desk.groups.superintendent", "jo-adm")}
    assert found == (expected if is_told else set())


@pytest.mark.skipif(not hasattr(os, "getgid"), reason="Windows has no such groups")
def test_a_group_of_the_machine_is_known_with_its_members():
    import grp

    here = grp.getgrgid(os.getgid())
    assert known_group(here.gr_name) == tuple(here.gr_mem)
    assert known_group("no-such-group-of-this-machine") is None
