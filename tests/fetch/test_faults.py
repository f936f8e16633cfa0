"""Each fault by its name: what is said, what is kept, and that the next run makes it whole."""

import json
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from pipelines.district import open_outlined
from pipelines.fetch import fetching
from pipelines.fetch.calls import PAGE_BYTES
from pipelines.fetch.faults import fetch_faults
from pipelines.web import Response, asked
from tests.fetch.conftest import NOW
from tests.fetch.faulty import KilledError
from tests.fetch.test_fetch import every, expected, vendor_of
from tests.fetch.vendors import KINDS_OF_SERVICE, TOKEN

HOUR = timedelta(hours=1)


class Once:
    """A vendor whose requests, by number, are answered by something else."""

    def __init__(self, vendor, **answers):
        self.vendor = vendor
        self.answers = {int(name[1:]): one for name, one in answers.items()}
        self.count = 0

    def __call__(self, method, url, **more):
        self.count += 1
        answer = self.answers.get(self.count)
        if answer is None:
            return self.vendor(method, url, **more)
        if isinstance(answer, Response):
            return answer
        return answer(method, url, **more)


@pytest.fixture
def okta(fetched_home):
    """An Okta home, and a vendor with three pages for each day."""
    return fetched_home("okta"), vendor_of("okta", every(10, 30), page_size=60)


def whole(home, vendor, minutes=20):
    """Assert that the next run makes everything whole."""
    vendor.now = NOW + timedelta(minutes=minutes)
    assert home.one(vendor, vendor.now).problem == ""
    assert home.ids() == expected(vendor, "okta")


@pytest.mark.parametrize(
    ("asks", "waits"),
    [
        ({"retry-after": "7"}, 7),
        ({"x-rate-limit-reset": str(int((NOW + timedelta(seconds=9)).timestamp()))}, 9),
        ({"retry-after": "soon"}, 1),
        ({}, 1),
    ],
)
def test_a_limit_is_kept_to(okta, asks, waits, monkeypatch):
    home, vendor = okta
    monkeypatch.setattr(
        fetching, "Caller", lambda *given, **more: made(*given, now=lambda: NOW, **more)
    )
    made = fetching_caller
    slept = []
    once = Once(vendor, n2=Response(429, b'{"errorCode": "E0000047"}', asks))
    assert home.one(once, sleep=slept.append).problem == ""
    assert slept == [waits]
    assert home.ids() == expected(vendor, "okta")


fetching_caller = fetching.Caller


def test_a_limit_as_a_date_is_kept_to(okta, monkeypatch):
    home, vendor = okta
    monkeypatch.setattr(
        fetching, "Caller", lambda *given, **more: fetching_caller(*given, now=lambda: NOW, **more)
    )
    slept = []
    date = format_datetime(NOW + timedelta(seconds=42))
    assert home.one(Once(vendor, n1=Response(429, b"", {"retry-after": date})), sleep=slept.append)
    assert slept == [42]


def test_a_limit_that_is_longer_than_the_run_waits_for_the_next(okta):
    home, vendor = okta
    done = home.one(Once(vendor, n9=Response(429, b"", {"retry-after": "3600"})))
    assert "to try again it needs 3,600 seconds, more than this run has" in done.problem
    assert 0 < len(home.ids()) < len(expected(vendor, "okta"))
    whole(home, vendor)


def test_a_token_that_ends_in_the_middle_is_renewed(fetched_home):
    home = fetched_home("microsoft", streams=["sign_ins"])
    vendor = vendor_of("microsoft", every(10, 30), page_size=60)
    done = home.one(Once(vendor, n4=Response(401, b'{"error": {"code": "InvalidToken"}}')))
    assert done.problem == ""
    assert home.ids() == expected(vendor, "microsoft")


def test_a_token_that_stays_refused_is_a_clear_problem(okta):
    home, vendor = okta
    vendor.tokens = set()
    done = home.one(vendor)
    assert "it answers 401 (E0000011): the sign-in is refused" in done.problem
    assert "Renew the secret of [fetch.okta]" in done.problem
    assert TOKEN not in done.problem


def test_an_expired_cursor_starts_the_window_again(okta):
    home, vendor = okta
    once = Once(vendor, n8=Response(400, b'{"errorCode": "E0000031"}'))
    assert home.one(once).problem == ""
    assert home.ids() == expected(vendor, "okta")


def test_a_page_that_comes_twice_counts_once_and_is_asked_for_again(okta):
    home, vendor = okta
    answers = []

    def kept(method, url, **more):
        answers.append(vendor(method, url, **more))
        return answers[-1]

    done = home.one(Once(vendor, n7=kept, n8=lambda *_given, **_more: answers[-1]))
    assert "its next page is one that it gave before" in done.problem
    assert len(home.ids()) == len(set(home.ids()))
    whole(home, vendor)


def test_an_answer_to_another_question_leaves_a_gap(okta):
    home, vendor = okta
    home.one(vendor)
    old = vendor.asked[-3]
    vendor.now = NOW + 3 * HOUR
    stale = Once(vendor, n1=lambda method, _url, **more: vendor(method, old, **more))
    done = home.one(stale, vendor.now)
    assert "events from before the window" in done.problem
    whole(home, vendor, 200)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_half_a_page_is_no_page(okta, share):
    home, vendor = okta

    def half(method, url, **more):
        answer = vendor(method, url, **more)
        return replace(answer, data=answer.data[: int(share * len(answer.data))])

    done = home.one(Once(vendor, n8=half))
    assert "not JSON, or not all of it arrived" in done.problem
    whole(home, vendor)


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"{}", b"[1]", b"[" * 100_000, b"\xff\xfe", b"[]x"]
)
def test_what_is_not_a_list_of_events_is_refused(okta, data):
    home, vendor = okta
    done = home.one(Once(vendor, n8=Response(200, data)))
    assert "JSON" in done.problem or "list of events" in done.problem
    whole(home, vendor)


def test_a_lie_about_the_count_is_a_gap(fetched_home):
    home = fetched_home("duo")
    vendor = vendor_of("duo", every(10, 30))

    def lie(method, url, **more):
        answer = vendor(method, url, **more)
        value = json.loads(answer.data)
        value["response"]["metadata"]["total_objects"] += 1
        return replace(answer, data=json.dumps(value).encode())

    done = home.one(Once(vendor, n7=lie))
    assert "it states" in done.problem
    assert "events and gives" in done.problem
    vendor.now = NOW + HOUR
    assert home.one(vendor, vendor.now).problem == ""
    assert home.ids() == expected(vendor, "duo")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_refused(okta, status):
    home, vendor = okta
    moved = Response(status, b"", {"location": "https://elsewhere.example/api/v1/logs"})
    done = home.one(Once(vendor, n8=moved))
    assert "a redirect to elsewhere.example, which is not followed" in done.problem
    whole(home, vendor)


@pytest.mark.parametrize(
    "host", ["https://elsewhere.example", "http://school.okta.example", "https://school.okta.example:8443",
             "https://school.okta.example@elsewhere.example"],
)  # fmt: skip
def test_a_next_page_at_another_address_is_never_asked_for(okta, host):
    home, vendor = okta

    def led(method, url, **more):
        answer = vendor(method, url, **more)
        return replace(answer, headers={"link": f'<{host}/api/v1/logs?after=1>; rel="next"'})

    done = home.one(Once(vendor, n8=led))
    assert "leads to another address" in done.problem
    assert {urlsplit(url).netloc for url in vendor.asked} == {"school.okta.example"}
    whole(home, vendor)


def test_a_kill_between_file_and_record_delivers_nothing_twice(okta, monkeypatch):
    home, vendor = okta
    real = fetching.put_stream

    def dead(connection, row):
        if row["file"]:
            raise KilledError
        real(connection, row)

    monkeypatch.setattr(fetching, "put_stream", dead)

    with pytest.raises(KilledError):
        home.one(vendor)
    assert home.ids() == []
    assert len(list(home.folder.glob(".fetched-*"))) == 1
    monkeypatch.undo()
    monkeypatch.setenv("TEST_TOKEN", TOKEN)
    whole(home, vendor)
    assert not list(home.folder.glob(".*"))


def test_a_kill_between_record_and_name_loses_nothing(okta, monkeypatch):
    home, vendor = okta
    monkeypatch.setattr(fetching, "name_draft", lambda *_given: dead())

    def dead():
        raise KilledError

    with pytest.raises(KilledError):
        home.one(vendor)
    monkeypatch.undo()
    monkeypatch.setenv("TEST_TOKEN", TOKEN)
    whole(home, vendor)


def test_a_kill_of_one_service_loses_nothing_to_another_with_the_same_folder(okta, monkeypatch):
    """The drafts of `okta-west` that the state counted were deleted with those of `okta`."""
    home, vendor = okta
    settings = home.home.settings_file
    east = settings.read_text()
    west = east.replace("\n[fetch.okta]", '\n[fetch.okta-west]\nsource = "okta"')
    settings.write_text(west)
    monkeypatch.setattr(fetching, "name_draft", lambda *_given: dead())

    def dead():
        raise KilledError

    with pytest.raises(KilledError):
        home.one(vendor)
    monkeypatch.undo()
    monkeypatch.setenv("TEST_TOKEN", TOKEN)
    settings.write_text(east)
    home.one(lambda *_given, **_more: Response(200, b"[]"))
    settings.write_text(west)
    whole(home, vendor)


def test_a_source_on_another_machine_ends_no_run(okta):
    """A run ended before it read any log file."""
    home, vendor = okta
    with home.home.settings_file.open("a") as file:
        file.write('\n[sources.okta]\npath = "s3://bucket/logs"\n')
    (done,) = home.fetch(vendor)
    assert "the folder of source okta is on another machine" in done.problem
    assert vendor.asked == []
    with open_outlined(home.home.path) as district:
        (fault,) = fetch_faults(district.home, district.settings)
    assert (fault.what, fault.found) == ("the folder of source okta is on another machine", None)


def test_a_window_that_stays_unanswered_stops_no_later_one(okta):
    home, vendor = okta

    def broken(method, url, **more):
        bad = "since=2026-11-03T" in url
        return Response(500, b"") if bad else vendor(method, url, **more)

    done = home.one(broken)
    assert "it answers 500" in done.problem
    assert done.complete_until < NOW - 20 * HOUR
    newest = max(one["published"] for one in home.lines()) if home.lines() else ""
    vendor.now = NOW + 2 * HOUR
    home.one(broken, vendor.now)
    assert max(one["published"] for one in home.lines()) > newest
    whole(home, vendor, 180)


@pytest.mark.parametrize("kind", KINDS_OF_SERVICE)
def test_no_secret_is_in_a_log_a_file_or_the_state(kind, fetched_home, caplog):
    caplog.set_level(logging.DEBUG)
    home = fetched_home(kind)
    vendor = vendor_of(kind, every(30, 10))
    torn = Response(200, b'{"access_token": "token-of-the-test", "token_type": "Bea')
    home.one(Once(vendor, n2=torn))
    home.one(vendor)
    given = KINDS_OF_SERVICE[kind].settings
    secrets = [TOKEN, *(one for key, one in given.items() if "secret" in key), "PRIVATE KEY"]
    for path in home.home.path.rglob("*"):
        if path.is_file():
            assert not any(one.encode() in path.read_bytes() for one in secrets), path
    assert not any(one in caplog.text for one in secrets)


# over a real connection on this machine


@pytest.fixture
def served():
    """Return a function that serves answers on this machine, and the requests that came."""
    servers = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def log_message(self, *_given):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()


def answering(vendor, cut=1.0):
    def answer(handler):
        url = f"https://school.okta.example{handler.path}"
        made = vendor(
            "GET", url, seconds=1, most=1, data=None, headers=dict(handler.headers.items()),
            allow_redirects=False,
        )  # fmt: skip
        handler.send_response(made.status)
        origin = f"http://{handler.headers['Host']}"
        for name, value in made.headers.items():
            handler.send_header(name, value.replace("https://school.okta.example", origin))
        handler.send_header("Content-Length", str(len(made.data)))
        handler.end_headers()
        handler.wfile.write(made.data[: int(cut * len(made.data))])

    return answer


def test_a_service_is_fetched_over_a_connection(fetched_home, served):
    vendor = vendor_of("okta", every(10, 30), page_size=60)
    home = fetched_home("okta", url=served(answering(vendor)))
    assert home.one(asked).problem == ""
    assert home.ids() == expected(vendor, "okta")


def test_thirty_megabytes_in_one_page_are_refused(fetched_home, served):
    chunk = b"[" + b" " * (1 << 20)

    def large(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(30):
            handler.wfile.write(chunk)

    home = fetched_home("okta", url=served(large))
    done = home.one(asked)
    assert f"one page has more than {PAGE_BYTES >> 20} MB" in done.problem
    assert home.ids() == []


def test_a_connection_that_ends_early_is_half_a_page(fetched_home, served):
    vendor = vendor_of("okta", every(10, 30))
    home = fetched_home("okta", url=served(answering(vendor, cut=0.7)))
    done = home.one(asked)
    assert "no whole answer" in done.problem
    assert home.ids() == []


@pytest.mark.parametrize(
    "url", ["http://school.okta.example", "https://school.okta.example/api", "ftp://x.example",
            "https://169.254.169.254", "https://user:word@school.okta.example", "okta.example"],
)  # fmt: skip
def test_only_a_secure_address_of_a_host_is_a_service(fetched_home, url):
    home = fetched_home("okta", url=url)
    (done,) = home.fetch(None)
    assert "is not the address of a service" in done.problem


def test_a_secret_that_others_can_read_is_refused(fetched_home, tmp_path):
    home = fetched_home("okta")
    secret = tmp_path / "token"
    secret.write_text(TOKEN)
    text = home.home.settings_file.read_text()
    for mode, words in ((0o644, "chmod 600"), (0o600, "")):
        secret.chmod(mode)
        home.home.settings_file.write_text(
            text.replace('{ env = "TEST_TOKEN" }', f'{{ file = "{secret}" }}')
        )
        (done,) = home.fetch(vendor_of("okta", every(60, 5)))
        assert words in done.problem if words else done.problem == ""


def test_doctor_and_check_name_what_is_missing(fetched_home):
    home = fetched_home("google")
    from pipelines.district import open_outlined

    with open_outlined(home.home.path) as district:
        denied = Response(403, b'{"error": {"status": "PERMISSION_DENIED"}}')
        vendor = vendor_of("google", every(60, 5))
        answers = dict(
            fetching.tried(district.home, district.settings, NOW, Once(vendor, n3=denied))
        )
    assert list(answers) == [
        f"google/{one}" for one in ("login", "chrome", "admin", "saml", "token", "drive")
    ]
    assert [name for name, problem in answers.items() if problem] == ["google/chrome"]
    assert "admin.reports.audit.readonly is missing" in answers["google/chrome"]
