"""Four ways to sign in, each through what really depends on that way."""

import os
import shutil
import subprocess
import time
from urllib.parse import urlencode, urlsplit

import pytest

from pipelines.actions.context import ActionContext, accept
from pipelines.settings.roles import Principal, number_of
from tests.desk.conftest import SETTINGS, with_settings
from tests.desk.visiting import (
    PEOPLE,
    USERS,
    Visitor,
    as_system_user,
    open_desk,
)
from tests.journey.commands import schoolbell

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root's rights")
PASSWORD = "correct horse battery"


def entries(desk):
    from pipelines.state.audit import open_chain

    chain = open_chain(desk.home.district.store, desk.home.home)
    return chain.entries()


@needs_root
@pytest.mark.parametrize("role", ["director", "analyst", "custodian"])
def test_a_user_of_the_system_is_known_by_the_socket(desk, role):
    with as_system_user(desk.path, USERS[role]) as visitor:
        page = visitor.get("/")
        assert page.status == 200
        assert role in page.text
        assert USERS[role] in page.text
        strict = page.headers["set-cookie"].lower()
        assert "samesite=strict" in strict
        assert "httponly" in strict
        assert page.headers["cache-control"] == "no-store"
    assert any(one.actor.startswith(f"{USERS[role]} (") for one in entries(desk))


@needs_root
def test_a_cookie_is_worth_nothing_to_another_user(desk):
    with (
        as_system_user(desk.path, "nobody") as director,
        as_system_user(desk.path, "bin") as operator,
    ):
        director.get("/")
        operator.cookies = dict(director.cookies)
        answer = operator.get("/")
        assert "nobody" not in answer.text
        assert answer.status in (303, 403)


def test_a_user_without_a_role_signs_in_nowhere(desk):
    """The tests' own user, on a port of this machine, is not a group of the settings."""
    answer = desk.visitor().get("/")
    assert (answer.status, answer.headers["location"]) == (303, "/signin")
    assert "with your district account" in desk.visitor().get("/signin").text


def test_without_roles_the_owner_is_known_on_a_port_too(alone):
    page = alone.visitor().get("/")
    assert page.status == 200
    assert "all roles" in page.text
    behind = alone.visitor(headers={"X-Forwarded-For": "10.0.0.7"}).get("/")
    assert behind.headers["location"] == "/signin"
    if os.geteuid() == 0:
        with as_system_user(alone.path, "nobody") as other:
            assert other.get("/").status == 303


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Schoolbell-Proxy", "another word"), ("X-Schoolbell-Proxy", ""),
     ("X-Remote-User", "")],
)  # fmt: skip
def test_a_header_without_the_secret_is_nobody(desk, name, value):
    visitor = desk.by_proxy("director")
    visitor.headers[name] = value
    assert visitor.get("/").status == 303


def test_a_header_of_a_proxy_that_is_not_listed_is_nobody(district, tmp_path, sockets, secret):
    elsewhere = SETTINGS.replace('["127.0.0.1"]', '["192.0.2.1"]')
    home = with_settings(district.copy(tmp_path), elsewhere)
    with open_desk(home, sockets / "elsewhere") as opened:
        assert opened.by_proxy("director").get("/").status == 303


CONF = """
user root; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    auth_basic "Schoolbell"; auth_basic_user_file {folder}/users;
    location / {{
      proxy_pass http://127.0.0.1:{desk};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Remote-User $remote_user;
      proxy_set_header X-Remote-Groups "directors";
      proxy_set_header X-Schoolbell-Proxy "{secret}";
      proxy_set_header Authorization "";
    }}
  }}
}}
"""


@needs_root
@pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="no nginx here")
def test_a_real_nginx_says_who_it_is(desk, tmp_path, secret):
    port = free_port()
    made = subprocess.run(
        ["openssl", "passwd", "-apr1", "word"],
        capture_output=True,
        text=True,
        check=True,
    )
    (tmp_path / "users").write_text(f"ada:{made.stdout}")
    conf = tmp_path / "nginx.conf"
    conf.write_text(CONF.format(folder=tmp_path, port=port, desk=desk.port, secret=secret))
    with subprocess.Popen([NGINX, "-c", conf, "-e", tmp_path / "error.log"]) as nginx:
        try:
            wait_for(port)
            assert Visitor(port=port).get("/").status == 401
            login = {"Authorization": "Basic YWRhOndvcmQ="}
            visitor = Visitor(port=port, headers=login)
            page = visitor.get("/")
            assert page.status == 200
            assert "ada (proxy)" in page.text
            link = next(one for one in page.links() if "/cases/" in one)
            case = link.partition("?")[0]
            done = visitor.act(case, "assign", assignee="ada")
            assert (done.status, done.headers["location"]) == (303, case)
            # a browser's own header goes no further than the proxy
            forged = Visitor(port=port, headers=login | {"X-Remote-User": PEOPLE["custodian"]})
            assert "ada (proxy)" in forged.get("/").text
        finally:
            nginx.terminate()
    assert [one.actor for one in entries(desk) if one.action == "assign"][-1] == ("ada (proxy)")


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port):
    import socket

    for _ in range(200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nothing listens")


@pytest.fixture(scope="module")
def provider():
    mock = pytest.importorskip("oidc_provider_mock")
    with mock.run_server_in_thread() as server:
        yield f"http://127.0.0.1:{server.server_port}", server


@pytest.fixture(scope="module")
def with_provider(district, tmp_path_factory, sockets, secret, provider):
    text = SETTINGS.replace("http://127.0.0.1:1", provider[0])
    home = with_settings(district.copy(tmp_path_factory.mktemp("openid")), text)
    with open_desk(home, sockets / "openid") as opened:
        yield opened


def signed_in(desk, provider, email, sub=""):
    """Sign in at the provider; the browser, and the address that it is sent back to."""
    import requests

    browser = desk.visitor()
    away = browser.get("/signin/openid")
    assert away.status == 303
    where = away.headers["location"]
    assert where.startswith(provider)
    requests.put(
        f"{provider}/users/{sub or email}",
        json={"email": email, "email_verified": True},
        timeout=10,
    )
    back = requests.post(where, {"sub": sub or email}, allow_redirects=False, timeout=10)
    there = urlsplit(back.headers["location"])
    return browser, f"{there.path}?{there.query}"


def test_an_account_of_the_district_signs_in_at_its_provider(with_provider, provider):
    browser, back = signed_in(with_provider, provider[0], PEOPLE["director"])
    page = browser.get(back)
    assert page.status == 200, page.text
    assert "director (openid)" in browser.get("/").text
    # what came back once is worth nothing a second time, nor to another browser
    assert browser.get(back).status == 403
    other, back = signed_in(with_provider, provider[0], PEOPLE["director"])
    other.cookies.clear()
    assert other.get(back).status == 403
    assert other.get("/").status == 303


def test_an_address_that_was_given_to_another_person_inherits_no_role(with_provider, provider):
    email = PEOPLE["director"]
    browser, back = signed_in(with_provider, provider[0], email)
    assert browser.get(back).status == 200
    new, back = signed_in(with_provider, provider[0], email, sub="of-a-later-year")
    page = new.get(back)
    assert page.status == 403
    assert "belonged to another account of the provider" in page.text
    assert new.get("/").status == 303
    assert [one.action for one in entries(with_provider)][-1] == "sign in refused"
    accept(ActionContext(with_provider.home.district, Principal(2, "bin", ("operator",))), email)
    new, back = signed_in(with_provider, provider[0], email, sub="of-a-later-year")
    assert new.get(back).status == 200
    old, back = signed_in(with_provider, provider[0], email)
    assert old.get(back).status == 403


def test_nobody_of_another_domain_and_nobody_without_a_role(with_provider, provider):
    for email in ("director@elsewhere.example", "guest@school.example"):
        browser, back = signed_in(with_provider, provider[0], email)
        assert browser.get(back).status == 403
        assert browser.get("/").status == 303


def test_a_forged_answer_of_a_provider_is_refused(with_provider, provider):
    browser = with_provider.visitor()
    browser.get("/signin/openid")
    query = urlencode({"code": "x", "state": "y"})
    assert browser.get(f"/signin/openid/back?{query}").status == 403


@pytest.fixture(scope="module")
def local_account(desk):
    home = desk.home.home.path
    from pipelines.actions.context import ActionContext, put
    from pipelines.desk.signin import Passwords
    from pipelines.settings.roles import Principal

    operator = Principal(2, "bin", ("operator",))
    context = ActionContext(desk.home.district, operator)
    put(context, "keeper", Passwords().hashed(PASSWORD))
    return home


def test_an_account_of_the_desk_signs_in_with_its_password(desk, local_account):
    browser = desk.visitor()
    done = browser.post("/signin/local", {"login": "Keeper", "password": PASSWORD})
    assert (done.status, done.headers["location"]) == (303, "/")
    assert "keeper (local)" in browser.get("/").text
    token = browser.get("/").hidden("token")
    assert browser.post("/signout", {"token": token}).status == 303
    assert browser.get("/").status == 303


def test_five_wrong_passwords_block_the_login(desk, local_account):
    wrong = {"login": "ada", "password": "x" * 12}
    browser = desk.visitor()
    got = [browser.post("/signin/local", wrong).status for _ in range(6)]
    assert got == [403] * 5 + [429]
    blocked = [one for one in entries(desk) if one.action == "sign in blocked"]
    assert [one.actor for one in blocked] == ["ada (local)"]
    right = {"login": "keeper", "password": PASSWORD}
    assert browser.post("/signin/local", right).status == 303


def test_an_account_is_made_by_a_command_and_ended(district, tmp_path, monkeypatch):
    import io
    import sys

    home = district.copy(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert schoolbell("desk", "account", "add", "jo", "--home", home).code == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
    assert schoolbell("desk", "account", "add", "Jo", "--home", home).code == 0
    listed = schoolbell("desk", "account", "list", "--home", home).out
    assert listed.startswith("jo: since")
    assert schoolbell("desk", "account", "end", "jo", "--home", home).code == 0
    assert "ended" in schoolbell("desk", "account", "list", "--home", home).out
    assert schoolbell("desk", "account", "end", "jo", "--home", home).code == 2


def test_a_session_ends(desk, monkeypatch):
    from pipelines.desk import signin

    browser = desk.visitor()
    browser.post("/signin/local", {"login": "keeper", "password": PASSWORD})
    if browser.get("/").status == 303:
        pytest.skip("the account is made by another test")
    later = time.monotonic() + 31 * 60
    monkeypatch.setattr(signin.time, "monotonic", lambda: later)
    assert browser.get("/").status == 303


def test_the_same_person_is_the_same_by_every_way():
    from pipelines.settings.roles import Principal

    here = Principal(65534, "nobody", ("director",))
    there = Principal(number_of("nobody"), "nobody", ("director",), way="openid")
    assert there.is_same(here.uid)
    assert here.is_same(there.uid)
    assert not here.is_same(number_of("somebody"))


def test_nobody_listens_for_other_machines(tmp_path):
    done = schoolbell("desk", "--home", tmp_path, "--host", "0.0.0.0")
    assert done.code == 2
    assert "reverse proxy" in done.err
