"""Who a login is: the same person by every way and spelling, and no one by chance."""

from contextlib import nullcontext

import polars as pl
import pytest

from pipelines.actions.context import ActionContext, put
from pipelines.desk.signin import Passwords, Session, by_proxy, require_party, session_of, who
from pipelines.findings.people import People, login_of
from pipelines.registry.account_names import Directory
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import RefusedError, number_of
from pipelines.settings.toml_reader import parse_settings
from tests.desk.conftest import SETTINGS, with_settings
from tests.desk.test_signin import PASSWORD
from tests.desk.visiting import SECRET, open_desk
from tests.journey.commands import schoolbell

DISTRICT = b'[district]\nname = "X"\nzone = "America/Chicago"\n'


def settings(text):
    return parse_settings(DISTRICT + text.encode())


ACCOUNTS = pl.DataFrame(
    {
        "account": ["jpark", "jo.park", "sam", "sam@students.school.example", "cart"],
        "owner_person_id": ["p-1", "p-1", "p-2", "p-3", None],
        "account_type": ["person", "person", "person", "person", "shared"],
    }
)
ALIASES = pl.DataFrame({"alias": ["j.park@school.example"], "account": ["jo.park"]})
PEOPLE = People(
    Directory(ACCOUNTS, ALIASES),
    ("school.example", "SCHOOL"),
    lambda account, _day: dict(ACCOUNTS.select("account", "owner_person_id").iter_rows()).get(
        account
    ),
)
SPELLINGS = (
    "jpark", "JPARK", "jpark@school.example", "SCHOOL\\jpark", "jo.park", "Jo.Park",
    "jo.park@school.example", "jo.park@SCHOOL.EXAMPLE", "j.park@school.example",
)  # fmt: skip


@pytest.mark.parametrize("one", SPELLINGS)
def test_each_spelling_is_the_same_person(one):
    assert PEOPLE.person(one) == "p-1"
    assert all(PEOPLE.is_same(one, other) for other in SPELLINGS)
    assert not PEOPLE.is_same(one, "sam")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("sam", "sam@students.school.example", False),  # the registry knows both
        ("sam", "sam@school.example", True),
        ("dir2", "dir2@elsewhere.example", True),  # it knows neither
        ("dir2@a.example", "DIR2@b.example", True),
        ("dir2", "dir3", False),
        ("jo.park@elsewhere.example", "jo.park", True),  # it knows one of them
        ("cart", "cart@school.example", True),
    ],
)
def test_where_no_person_is_known_the_bare_login_counts(one, other, is_same):
    assert PEOPLE.is_same(one, other) == is_same
    assert PEOPLE.is_same(other, one) == is_same


def test_an_actor_of_the_chain_is_a_login():
    assert login_of("jo.park@x.example (openid)") == "jo.park@x.example"
    assert login_of("ada (1000)") == "ada"
    assert login_of("ada") == "ada"


PROXY = """
[desk.proxy]
addresses = ["127.0.0.1"]
secret = { env = "SCHOOLBELL_TEST_PROXY" }
"""
SENT = {"x-schoolbell-proxy": SECRET, "x-remote-user": "student7"}


def roles_of(session, found, tmp_path):
    return who(session, found, DistrictHome(tmp_path)).roles


def test_a_group_that_no_header_is_named_for_is_not_believed(secret, tmp_path):
    """A browser sends the header itself, and a proxy without it lets it through."""
    sent = SENT | {"x-remote-groups": "dir"}
    text = PROXY + '[desk.groups]\ndirector = ["dir"]\n'
    found = settings(text)
    assert roles_of(by_proxy(found.desk, "127.0.0.1", sent), found, tmp_path) == ()
    named = settings(text.replace("secret", 'groups_header = "X-Remote-Groups"\nsecret', 1))
    session = by_proxy(named.desk, "127.0.0.1", sent)
    assert roles_of(session, named, tmp_path) == ("director",)


def test_a_login_is_no_group_and_a_group_no_login(tmp_path):
    found = settings(
        '[desk.logins]\ndirector = ["Jo.Park"]\n[desk.groups]\ncustodian = ["records"]\n'
    )
    for session, roles in (
        (Session("records", "local"), ()),
        (Session("jo.park", "local"), ("director",)),
        (Session("x", "openid", groups=("jo.park", "Jo.Park")), ()),
        (Session("x", "openid", groups=("records",)), ("custodian",)),
    ):
        assert roles_of(session, found, tmp_path) == roles


OPENID = """
[desk.openid]
issuer = "https://id.example"
domains = ["school.example"{more}]
[desk.logins]
director = ["jo.park"]
custodian = ["sam@school.example"]
"""


def claims(email, **more):
    return {"email": email, "email_verified": True} | more


@pytest.mark.parametrize(
    ("more", "email", "roles"),
    [
        ("", "jo.park@school.example", ("director",)),
        ("", "sam@school.example", ("custodian",)),
        (', "students.school.example"', "jo.park@students.school.example", ()),
        (', "students.school.example"', "jo.park@school.example", ()),
        (', "students.school.example"', "sam@school.example", ("custodian",)),
        (', "students.school.example"', "sam@students.school.example", ()),
    ],
)
def test_with_several_domains_only_a_whole_address_counts(more, email, roles, tmp_path):
    found = settings(OPENID.format(more=more))
    session = session_of(found.desk, claims(email))
    assert roles_of(session, found, tmp_path) == roles


@pytest.mark.parametrize("verified", [False, "false", "true", None, 1, "absent"])
def test_an_address_that_is_not_verified_is_refused(verified):
    found = settings(OPENID.format(more=""))
    said = claims("jo.park@school.example", email_verified=verified)
    if verified == "absent":
        del said["email_verified"]
    with pytest.raises(RefusedError, match="not verified"):
        session_of(found.desk, said)


@pytest.mark.parametrize(
    ("said", "is_ours"),
    [
        ({"aud": "own"}, True),
        ({"aud": ["own"]}, True),
        ({"aud": "own", "azp": "own"}, True),
        ({"aud": ["other", "own"], "azp": "own"}, True),
        ({"aud": ["other", "own"], "azp": "other"}, False),
        ({"aud": "own", "azp": "other"}, False),
        ({"aud": ["other", "own"]}, False),
    ],
)
def test_a_token_that_was_issued_to_another_program_is_refused(said, is_ours):
    refusal = pytest.raises(RefusedError, match="for another program")
    with nullcontext() if is_ours else refusal:
        require_party(said, "own")


def test_check_lists_logins_without_a_domain(district, tmp_path):
    more = OPENID.format(more=', "students.school.example"')
    home = with_settings(district.copy(tmp_path / "other"), more)
    done = schoolbell("check", "--home", home)
    assert done.code == 2
    assert "has no domain, but accounts of several domains may sign in" in done.out


def test_a_yes_to_ones_own_request_by_another_way_is_refused(district, tmp_path, sockets, secret):
    """The login with a domain, of a proxy, approved what a password had asked for."""
    text = SETTINGS.replace('"ada"]', '"dir2", "dir2@school.example", "dir3"]').replace(
        'domains = ["school.example"]', "domains = []"
    )
    home = with_settings(district.copy(tmp_path), text)
    with open_desk(home, sockets / "two-spellings") as desk:
        from pipelines.settings.roles import Principal

        context = ActionContext(desk.home.district, Principal(0, "root", ("operator",)))
        put(context, "dir2", Passwords().hashed(PASSWORD))
        browser = desk.visitor()
        login = {"login": "dir2", "password": PASSWORD}
        assert browser.post("/signin/local", login).status == 303
        link = next(one for one in browser.get("/").links() if "/cases/" in one)
        case = link.partition("?")[0]
        token = desk.home.context(Principal(0, "x", ())).subject(
            desk.home.context(Principal(0, "x", ())).case(case.split("/")[-1]).findings[0]
        )
        why = {"name": token, "reason": "need to know whose this is"}

        def asked(**fields):
            hidden = browser.get(case).form("/act/reveal")
            return browser.post("/act/reveal", hidden | why | fields)

        assert asked().status == 303  # sent to another person
        for spelling in ("dir2@school.example", "DIR2@SCHOOL.EXAMPLE"):
            again = desk.by_proxy("nothing", spelling)
            page = again.get("/requests")
            assert token in page.text
            assert "Waiting for another person" in page.text
            (request,) = _requests(desk)
            form = {"token": page.hidden("token"), "request": request["request_id"],
                    "revision": ""}  # fmt: skip
            assert again.post("/act/approve", form).status == 403
        assert _requests(desk)[0]["approved_by"] is None
        other = desk.by_proxy("nothing", "dir3")
        assert other.act("/requests", "approve").status == 303
        assert asked().status == 200
        assert asked(name="falcon-1").status == 403
        assert asked(reason="another reason entirely").status == 200
        told = [one.reason for one in _entries(desk) if one.action == "reveal"]
        assert told[-1].startswith("need to know whose this is (given again as:")


def _requests(desk):
    from pipelines.state.reviews import requests

    return requests(desk.home.district.store)


def _entries(desk):
    from tests.desk.test_signin import entries

    return entries(desk)


def test_numbers_of_logins_still_tell_them_apart():
    assert number_of("ada") == number_of("ADA") != number_of("ada@school.example")
