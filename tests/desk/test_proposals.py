"""Suggestions from the logs: shown without names, tried, and accepted as by the command."""

import csv
import io
import json
import shutil

import pytest

from pipelines.district import open_district
from pipelines.fetch.lists import fetch_lists
from pipelines.proposals import registry_proposals
from pipelines.proposals.fetched_rows import use_fetched
from pipelines.proposals.first_steps import first_steps
from pipelines.settings.home import DistrictHome
from tests.desk.test_acts import REASON, entries, run, tried
from tests.desk.visiting import open_desk
from tests.fetch.test_lists import Lists
from tests.journey.changed import changed


@pytest.fixture(scope="module")
def forgotten(district, tmp_path_factory):
    """A home whose registry has forgotten a network, hours and whose devices are."""
    return changed(tmp_path_factory.getbasetemp(), district)[0]


def offers(home):
    return [json.loads(one) for one in run(home, "propose", "--json").out.splitlines()]


def test_what_is_accepted_was_tried_and_is_gone(forgotten, tmp_path, sockets, secret):
    """Networks and hours, by the page and by the command: the same bytes."""
    by_command = shutil.copytree(forgotten, tmp_path / "command")
    by_page = shutil.copytree(forgotten, tmp_path / "page")
    files = ("subnets.csv", "staff_duty.csv")
    chosen = {one["file"]: one for one in reversed(offers(forgotten))}
    picked = [chosen[file]["id"] for file in files]
    with open_desk(by_page, sockets / "proposals") as desk:
        visitor = desk.visitor()
        page = visitor.get("/proposals")
        assert "schoolbell propose --show holders" in page.text  # and not whose
        people = {row["person_id"] for row in chosen["staff_duty.csv"]["rows"]}
        assert f"for {len(people)} people" in page.text
        assert not any(one in page.text for one in people)
        for ident in picked:
            sent = {"token": page.hidden("token"), "proposal": ident, "reason": REASON}
            tried(visitor, sent, "proposal")
            assert visitor.post("/act/proposal", sent).status == 303
            after = visitor.get("/proposals").text
            assert "It takes effect with the next run" in after
            assert ident in page.text
            assert ident not in after
            assert visitor.post("/try/proposal", sent).status == 422  # not offered now
    for ident in picked:
        run(by_command, "propose", "--accept", ident, "--reason", REASON)
    for file in files:
        before, theirs, ours = (
            (DistrictHome(home).registry / file).read_bytes()
            for home in (forgotten, by_command, by_page)
        )
        assert before != ours == theirs
    assert entries(by_page)[-2:] == entries(by_command)[-2:]


def test_what_is_not_told_at_the_desk(forgotten, tmp_path, sockets, secret, monkeypatch):
    """Rows of devices are left to the machine; a site's kind withholds its name."""
    home = shutil.copytree(forgotten, tmp_path / "home")
    found = offers(home)
    device = next(one["id"] for one in found if one["file"] == "devices.csv")
    site = next(one["rows"][0]["pattern"] for one in found if one["file"] == "approved_sites.csv")
    monkeypatch.setattr(registry_proposals, "sensitive_names", lambda _: frozenset({site}))
    with open_desk(home, sockets / "named") as desk:
        visitor = desk.visitor()
        page = visitor.get("/proposals")
        assert site not in page.text
        sent = {"token": page.hidden("token"), "proposal": device, "reason": REASON}
        refused = visitor.post("/try/proposal", sent)
        assert refused.status >= 400
        assert f"schoolbell propose --accept {device}" in refused.text
    assert site not in run(home, "propose").out
    (hidden,) = [one for one in offers(home) if one["is_withheld"]]
    assert hidden["rows"][0]["pattern"] in page.text
    accept = ("propose", "--accept", hidden["id"], "--reason", REASON)
    assert "sites decide" in run(home, *accept, code=2).err


def test_a_group_is_accepted_with_one_click_and_taken_back(forgotten, tmp_path, sockets, secret):
    """Networks as a whole, and of the sites those that stay checked."""
    home = shutil.copytree(forgotten, tmp_path / "groups")
    registry = DistrictHome(home).registry
    before = {path: path.read_bytes() for path in registry.glob("*.csv")}
    found = offers(home)
    clear = [one for one in found if one["group"].startswith("sites") and not one["doubt"]]
    networks = [one for one in found if one["group"] == "networks"]
    with open_desk(home, sockets / "groups") as desk:
        visitor = desk.visitor()
        page = visitor.get("/proposals")
        sent = {"token": page.hidden("token"), "reason": REASON}
        done = visitor.post("/act/proposal-group", sent | {"group": "networks"})
        assert done.status == 303
        text = (registry / "subnets.csv").read_text()
        assert all(one["rows"][0]["cidr"] in text for one in networks)
        ticked = {one["id"]: "1" for one in clear[1:]}
        given = sent | {"group": "sites", "is_ticked": "1"} | ticked
        done = visitor.post("/act/proposal-group", given)
        assert done.status == (303 if ticked else 422)
        listed = (registry / "approved_sites.csv").read_text()
        patterns = [one["rows"][0]["pattern"] for one in clear]
        assert [one in listed for one in patterns] == [
            number > 0 for number in range(len(patterns))
        ]
        nothing = visitor.post("/act/proposal-group", sent | {"group": "sites", "is_ticked": "1"})
        assert nothing.status == 422
        page = visitor.get("/proposals").text
        assert "Accepted groups" in page
        for group in ("networks", "sites"):
            if group == "networks" or ticked:
                back = visitor.post("/act/proposal-back", sent | {"group": group})
                assert back.status == 303
    assert {path: path.read_bytes() for path in registry.glob("*.csv")} == before


def test_the_first_steps_show_what_is_missing_and_where_to_get_it(
    forgotten, tmp_path, sockets, secret
):
    home = shutil.copytree(forgotten, tmp_path / "steps")
    with open_district(home) as district:
        steps = first_steps(district)
    assert steps.missing
    assert all(one.how for one in steps.missing)
    with open_desk(home, sockets / "steps") as desk:
        page = desk.visitor().get("/start").text
    assert "Rules that judged a request last week: " in page
    assert [one.file for one in steps.missing if one.file not in page] == []
    assert [one.format for one in steps.logs if one.format not in page] == []
    assert len(steps.logs) > 1
    assert '<a href="/proposals">' in page


def test_the_first_steps_accept_what_the_logs_suggest(forgotten, tmp_path, sockets, secret):
    """A new home had four commands between its logs and the first shared-account case."""
    home = shutil.copytree(forgotten, tmp_path / "accepted")
    subnets = DistrictHome(home).registry / "subnets.csv"
    before = len(subnets.read_text().splitlines())
    with open_desk(home, sockets / "accepted") as desk:
        visitor = desk.visitor()
        page = visitor.get("/start")
        assert 1 <= page.text.count('action="/act/proposal-group"') <= 3
        assert 'name="group" value="networks"' in page.text
        sent = {"token": page.hidden("token"), "reason": REASON, "group": "networks"}
        assert visitor.post("/act/proposal-group", sent).status == 303
        assert 'name="group" value="networks"' not in visitor.get("/start").text
    assert len(subnets.read_text().splitlines()) > before


JAMF = """
[fetch.jamf]
service = "jamf"
url = "https://school.jamfcloud.example"
client_id = "00000000-0000-4000-8000-000000000002"
client_secret = { env = "TEST_SECRET" }
logs = false
lists = ["computers"]
"""


def filled(text):
    """Return the filled cells of each row; columns that lists added stay, empty."""
    return [
        {name: cell for name, cell in row.items() if cell}
        for row in csv.DictReader(io.StringIO(text))
    ]


def test_what_fetched_lists_add_is_tried_accepted_and_taken_back(
    forgotten, tmp_path, sockets, secret, monkeypatch
):
    home = DistrictHome(shutil.copytree(forgotten, tmp_path / "fetched"))
    monkeypatch.setenv("TEST_SECRET", "secret-of-the-test")
    with home.settings_file.open("a") as file:
        file.write(JAMF)
    with open_district(home.path) as district:
        parts = district.home, district.settings, district.store
        fetch_lists(*parts, ask=Lists("jamf", count=30))
        use_fetched(district)
    devices = home.registry / "devices.csv"
    before = devices.read_text()
    with open_desk(home.path, sockets / "fetched") as desk:
        visitor = desk.visitor()
        page = visitor.get("/proposals")
        assert "devices.csv: 30 rows added" in page.text
        assert "MAC-7" not in page.text
        sent = {"token": page.hidden("token"), "reason": REASON, "lists": "fetched lists"}
        tried(visitor, sent, "fetched-lists")
        assert visitor.post("/act/fetched-lists", sent).status == 303
        assert "mac-7" in devices.read_text().lower()
        assert REASON in entries(home.path)[-1][-1]
        page = visitor.get("/proposals").text
        assert 'id="fetched"' not in page
        assert "rows of fetched lists, added " in page
        assert visitor.post("/act/proposal-back", sent | {"group": "fetched"}).status == 303
    assert filled(devices.read_text()) == filled(before)
