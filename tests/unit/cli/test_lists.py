"""`lists`: taken from files or urls, kept with their version, used by the registry."""

import json
import threading
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import polars as pl
import pytest

from pipelines.cli import lists
from pipelines.registry.domain_lists import kept
from pipelines.registry.registry import load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from tests.journey.commands import schoolbell


def setting(home, name, **values):
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items()]
    with (home / "district.toml").open("a") as file:
        file.write(f"\n[lists.{name}]\n{''.join(lines)}")


def registry(home):
    place = DistrictHome(home)
    return load_registry(place, load_settings(place))


def said(home, frame, column, value):
    rows = registry(home).frames[frame]
    return rows.filter(pl.col(column) == value).drop(column).rows()


def test_a_list_is_used_once_it_is_taken(home):
    (home / "mine").mkdir()
    (home / "mine" / "play").write_text("play.example.com\ninclude:more\n")
    (home / "mine" / "more").write_text("full:more.example.com\n")
    setting(home, "play", origin="mine/play", format="v2fly", category="Online Games")
    assert "play (on): not downloaded yet" in schoolbell("lists", "show", "--home", home).out
    before = registry(home)

    done = schoolbell("lists", "update", "--home", home)

    assert done.code == 0, done.err
    assert "play: 2 names, 0 left out" in done.out
    assert said(home, "site_categories", "domain", "more.example.com") == [("games", "play")]
    after = registry(home)
    assert after.version != before.version
    assert set(after.versions) - set(before.versions) == {"lists/play"}
    taken = kept(DistrictHome(home).lists, "play")
    assert taken.version[:12] in schoolbell("lists", "show", "--home", home).out
    told = json.loads(schoolbell("lists", "show", "--home", home, "--json").out)
    assert (told["names"], told["is_taken"], told["is_on"]) == (2, True, True)


def test_a_list_of_trackers_makes_no_background_of_a_site_that_people_open(home):
    (home / "hosts.txt").write_text("0.0.0.0 beacon.example.com\n0.0.0.0 facebook.com\n")
    setting(home, "hosts", origin="hosts.txt", format="hosts", background="tracker")
    assert schoolbell("lists", "update", "--home", home).code == 0
    assert said(home, "background_hosts", "host", "beacon.example.com") == [("tracker", "hosts")]
    assert said(home, "background_hosts", "host", "facebook.com") == []
    assert said(home, "site_categories", "domain", "beacon.example.com") == []


def test_a_list_that_is_off_is_kept_and_not_used(home):
    (home / "ut1" / "gambling").mkdir(parents=True)
    (home / "ut1" / "gambling" / "domains").write_text("bet.example.com\n")
    setting(home, "ut1", origin="ut1", format="ut1")
    schoolbell("lists", "update", "--home", home)
    assert said(home, "site_categories", "domain", "bet.example.com")
    with (home / "district.toml").open("a") as file:
        file.write("enabled = false\n")
    assert not said(home, "site_categories", "domain", "bet.example.com")


@contextmanager
def serving(text, code=200):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/list"
    finally:
        server.shutdown()


def test_a_url_is_fetched_by_this_command_alone(home):
    with serving("domain,category\nshop.example.com,shopping\n") as url:
        setting(home, "web", origin=url, format="csv", license="CC0")
        assert not said(home, "site_categories", "domain", "shop.example.com")
        assert schoolbell("lists", "update", "--home", home).code == 0
    assert said(home, "site_categories", "domain", "shop.example.com")
    assert "CC0" in schoolbell("lists", "show", "--home", home).out
    # the server is gone: earlier copy is still used
    refused = schoolbell("lists", "update", "--home", home)
    assert refused.code == 1
    assert "earlier copy is still used" in refused.err
    assert said(home, "site_categories", "domain", "shop.example.com")


def test_an_error_page_replaces_nothing(home):
    with serving("<html>not here</html>", code=404) as url:
        setting(home, "web", origin=url, format="hosts", category="ads")
        assert schoolbell("lists", "update", "--home", home).code == 1
    assert kept(DistrictHome(home).lists, "web") is None


def test_what_is_too_large_is_left(home, monkeypatch):
    monkeypatch.setattr(lists, "LARGEST", 10)
    (home / "big").write_text("a" * 20)
    setting(home, "big", origin="big", format="hosts", category="ads")
    done = schoolbell("lists", "update", "--home", home)
    assert done.code == 1
    assert "larger" in done.err


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "csv"},
        {"format": "xml", "origin": "a"},
        {"format": "csv", "origin": "file:///etc/passwd"},
        {"format": "csv", "origin": "../outside"},
        {"format": "csv", "origin": "nowhere.csv"},
    ],
)
def test_settings_that_can_not_be(home, wrong):
    setting(home, "odd", **wrong)
    assert schoolbell("lists", "update", "--home", home).code == 2


URLHAUS = """# URLhaus dump
# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter
"1","2026-10-01 10:00:00","http://192.0.2.66:8080/a.exe","online","","malware_download","exe","https://l/1","r"
"2","2026-10-01 10:00:00","https://drop.example/a/b","online","","malware_download","","https://l/2","r"
"3","2026-09-01 10:00:00","https://gone.example/a","offline","","malware_download","","https://l/3","r"
"5","2026-10-01 10:00:00","http://[192.0.2.9/a","online","","malware_download","","https://l/5","r"
"4","2026-10-01 10:00:00","https://www.facebook.com/a","online","","malware_download","","https://l/4","r"
"""
MISP = {
    "response": [
        {
            "Event": {
                "Attribute": [
                    {"type": "hostname", "value": "c2.example", "to_ids": True},
                    {"type": "ip-dst|port", "value": "192.0.2.67|443", "to_ids": True},
                    {"type": "domain", "value": "context.example", "to_ids": False},
                    {"type": "sha256", "value": "ab", "to_ids": True},
                ],
                "Object": [
                    {"Attribute": [{"type": "url", "value": "http://d.example/x", "to_ids": True}]}
                ],
            }
        }
    ]
}
STIX = {
    "type": "bundle",
    "objects": [
        {
            "type": "indicator",
            "pattern_type": "stix",
            "pattern": "[domain-name:value = 's.example'] OR [ipv4-addr:value = '192.0.2.68']",
            "valid_until": "2026-12-31T00:00:00Z",
        },
        {"type": "indicator", "pattern": "[url:value = 'http://u.example/a']", "revoked": True},
        {
            "type": "indicator",
            "pattern": "[domain-name:value = 'a.example' AND domain-name:value = 'b.example']",
        },
        {"type": "malware", "name": "x"},
    ],
}


@pytest.mark.parametrize(
    ("form", "text", "rows"),
    [
        (
            "hosts",
            "0.0.0.0 bad.example\n192.0.2.9\n# note\n",
            {"bad.example": None, "192.0.2.9": None},
        ),
        (
            "csv",
            "indicator,until\nBad.Example,2026-11-30\nwww.facebook.com,\n",
            {"bad.example": date(2026, 11, 30)},
        ),
        ("urlhaus", URLHAUS, {"192.0.2.66": None, "drop.example": None}),
        ("misp", json.dumps(MISP), {"c2.example": None, "192.0.2.67": None, "d.example": None}),
        (
            "stix",
            json.dumps(STIX),
            {"s.example": date(2026, 12, 31), "192.0.2.68": date(2026, 12, 31)},
        ),
    ],
)
def test_a_list_of_bad_hosts_names_no_host_that_many_people_use(home, form, text, rows):
    (home / "bad.list").write_text(text)
    setting(home, "bad", origin="bad.list", format=form, bad=True)
    done = schoolbell("lists", "update", "--home", home)
    assert done.code == 0, done.err
    frame = registry(home).frames["bad_hosts"]
    assert dict(frame.select("host", "until").iter_rows()) == rows
    assert set(frame["source"]) == {"bad"}


def test_an_empty_list_of_bad_hosts_replaces_nothing(home):
    (home / "bad.list").write_text("bad.example\n")
    setting(home, "bad", origin="bad.list", format="hosts", bad=True)
    assert schoolbell("lists", "update", "--home", home).code == 0
    (home / "bad.list").write_text("# maintenance\n")
    done = schoolbell("lists", "update", "--home", home)
    assert done.code == 1
    assert "the earlier copy is still used" in done.err
    assert registry(home).frames["bad_hosts"]["host"].to_list() == ["bad.example"]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("stix", "<html>"),
        ("misp", '{"error": "no"}'),
        ("urlhaus", "<html>\n<body>\n"),
        ("csv", "a,b\n1,2\n"),
        ("csv", "host;until\nbad.example;2026-12-31\n"),
        ("csv", "host,until\nbad.example,12/31/2026\n"),
        ("stix", '{"objects": "no"}'),
        ("misp", "[1]"),
        ("stix", "{}"),
    ],
)
def test_an_error_page_is_no_list_of_bad_hosts(home, form, text):
    (home / "bad.list").write_text(text)
    setting(home, "bad", origin="bad.list", format=form, bad=True)
    done = schoolbell("lists", "update", "--home", home)
    assert done.code == 2
    assert f"bad.list: is not a list in the format {form}" in done.err
