"""Twenty searches of an administrator: the answer is in the first two results."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.looking import CHROMIUM
from tests.conftest import LONG, REPO_ROOT
from tests.docs.test_site import built

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not LONG, reason="the whole site is built: `make test-long`"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
SEARCHES = {
    "disk full": {"troubleshoot", "keep-and-delete", "operate"},
    "delete student data": {"troubleshoot", "keep-and-delete"},
    "uninstall": {"back-up"},
    "reset password": {"troubleshoot", "roles"},
    "false positive": {"review-findings", "reading-a-case", "troubleshoot"},
    "substitute teacher": {"troubleshoot", "registry-by-file"},
    "leave record wrong": {"troubleshoot", "reading-a-case"},
    "firewall forward syslog": {"forward-firewalls", "forward-logs"},
    "back up": {"back-up"},
    "restore backup": {"back-up"},
    "upgrade": {"back-up"},
    "FERPA": {"ferpa-cipa-coppa"},
    "public records request": {"public-records"},
    "approve a site": {"review-findings", "troubleshoot", "reading-a-case"},
    "no shared accounts found": {"troubleshoot", "own-district"},
    "email report principal": {"editions"},
    "single sign-on Google": {"roles"},
    "roles": {"roles"},
    "how much memory": {"sizing"},
    "legal hold": {"keep-and-delete"},
}
"""Words of a search -> the how-tos that answer it."""
FOUND = "#search-results ul.search li a"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = built(REPO_ROOT, folder)
    assert done.returncode == 0, done.stderr
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("words", SEARCHES)
def test_a_search_is_answered_in_the_first_two_results(site, browser, words):
    page = browser.new_page()
    page.goto(f"{site}/search.html?q={words.replace(' ', '+')}")
    page.locator(FOUND).first.wait_for()
    found = [one.get_attribute("href") for one in page.locator(FOUND).all()[:2]]
    page.close()
    pages = {href.partition("#")[0].rpartition("/")[2].removesuffix(".html") for href in found}
    assert pages & SEARCHES[words], found
