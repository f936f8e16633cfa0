"""Connections to the desk: closed ones, slow ones, many of one user, odd addresses."""

import contextlib
import http.client
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.desk import server
from pipelines.desk.signin import MAX_OF_A_PERSON, Passwords, Session, Sessions
from tests.desk.test_signin import PASSWORD, entries, needs_root

CLOSED_AT_ONCE = """
import socket, sys
for _ in range(int(sys.argv[2])):
    one = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    one.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    one.close()
"""
TIMES = 200


@needs_root
def test_a_connection_that_was_closed_is_no_ones(alone):
    """The kernel lists it as root's; the owner of this home is root."""
    program = shutil.which("python3", path="/usr/bin") or sys.executable
    command = [program, "-c", CLOSED_AT_ONCE, str(alone.port), str(TIMES)]
    subprocess.run(command, user="nobody", cwd="/", check=True)
    time.sleep(2)
    assert [one for one in entries(alone) if one.action == "sign in"] == []
    assert alone.visitor().get("/").status == 200  # who waits for the answer is root


def test_one_sign_in_of_a_person_is_recorded_in_an_hour(alone):
    for _ in range(5):
        assert alone.visitor().get("/").status == 200  # no cookie: a session each
    assert len([one for one in entries(alone) if one.action == "sign in"]) == 1


def test_a_person_pushes_no_one_elses_session_out():
    held = Sessions()
    first = held.begin(Session("ada", "local"))
    own = [held.begin(Session("bob", "local")) for _ in range(MAX_OF_A_PERSON + 5)]
    assert held.find(first, 60, 60)
    assert [one for one in own if held.find(one, 60, 60)] == own[5:]


def half_sent(port, count):
    made = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    text = b"POST /signin/local HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n"
    text += b"Content-Type: application/x-www-form-urlencoded\r\n"
    for number, one in enumerate(made):
        one.sendall(text + b"\r\nlogin=" if number % 2 else text)
    return made


def test_a_request_that_does_not_arrive_is_closed(alone, monkeypatch):
    monkeypatch.setattr(server, "READ_SECONDS", 0.5)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 30)
    for one in half_sent(alone.port, 300):
        one.settimeout(20)
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(999) == b""
        one.close()
    assert alone.visitor().get("/signin").status == 200
    time.sleep(0.5)
    assert sum(server.OPEN.values()) == 0


def test_a_connection_at_rest_that_sends_again_is_answered(alone):
    connection = http.client.HTTPConnection("127.0.0.1", alone.port, timeout=20)
    for _ in range(3):
        connection.request("GET", "/signin", headers={"Host": "localhost"})
        assert connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize(
    "where",
    ["/?from=\u00b2", "/?from=" + "9" * 5_000, "/acts?from=\u00b2", "/acts?from=-1"],
)
def test_an_odd_number_in_an_address_is_none(alone, where):
    where = where.replace("\u00b2", "%C2%B2")
    assert alone.visitor().get(where).status == 200


@pytest.mark.parametrize("name", ["Host", "Origin"])
def test_a_broken_address_in_a_header_is_refused(alone, name):
    visitor = alone.visitor()
    if name == "Host":
        visitor.headers["Host"] = "["
        assert visitor.get("/").status == 421
    else:
        token = {"token": visitor.get("/").hidden("token")}
        assert visitor.post("/signout", token, Origin="http://[").status == 403


def test_tries_at_the_same_time_are_all_counted(alone):
    from pipelines.actions.context import ActionContext, put
    from pipelines.settings.roles import Principal, RefusedError

    passwords, store = Passwords(), alone.home.district.store
    context = ActionContext(alone.home.district, Principal(0, "root", ("operator",)))
    put(context, "keeper", passwords.hashed(PASSWORD))

    def tried(number):
        try:
            passwords.sign_in(store, "keeper", f"wrong {number}", "192.0.2.1")
        except RefusedError as error:
            return type(error).__name__
        return "in"

    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(tried, range(40)))
    assert told.count("WrongPasswordError") == 5
    assert told.count("TooOftenError") == 35


def test_wrong_tries_behind_a_proxy_keep_no_one_else_out(alone):
    passwords, store = Passwords(), alone.home.district.store
    for number in range(40):
        with pytest.raises(Exception, match=r"password is wrong|too many"):
            passwords.sign_in(store, f"login{number}", "wrong", "127.0.0.1 192.0.2.7")
    with pytest.raises(Exception, match="password is wrong"):
        passwords.sign_in(store, "ada", "wrong", "127.0.0.1 192.0.2.8")
