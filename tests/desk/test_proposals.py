"""What the logs propose: shown without names, accepted as by the command."""

import shutil

import pytest

from pipelines.settings.home import DistrictHome
from tests.desk.test_acts import REASON, entries, run
from tests.desk.visiting import open_desk
from tests.journey.changed import changed

pytestmark = pytest.mark.slow
FILE = "subnets.csv"


@pytest.fixture(scope="module")
def forgotten(district, tmp_path_factory):
    """A home whose registry has forgotten a network, and whose the devices are."""
    return changed(tmp_path_factory.getbasetemp(), district)[0]


def test_a_network_is_accepted_as_by_the_command(forgotten, tmp_path, sockets, secret):
    by_command = shutil.copytree(forgotten, tmp_path / "command")
    by_page = shutil.copytree(forgotten, tmp_path / "page")
    with open_desk(by_page, sockets / "proposals") as desk:
        visitor = desk.visitor()
        page = visitor.get("/proposals")
        assert page.status == 200
        assert "devices.csv: " in page.text  # how many, and not whose
        hidden = page.form("/act/proposal")
        ident = hidden["proposal"]
        done = visitor.post("/act/proposal", hidden | {"reason": REASON})
        assert done.status == 303, done.text
        assert "It counts from the next run" in visitor.get("/proposals").text
        again = visitor.post("/act/proposal", hidden | {"reason": REASON})
        assert again.status == 422  # the row is there, and proposed until the next run
    run(by_command, "propose", "--accept", ident, "--reason", REASON)
    theirs, ours = (
        (DistrictHome(home).registry / FILE).read_bytes()
        for home in (by_command, by_page)
    )
    assert ours == theirs
    before = (DistrictHome(forgotten).registry / FILE).read_bytes()
    assert ours != before
    assert entries(by_page)[-1] == entries(by_command)[-1]


def test_rows_that_name_somebody_are_left_to_the_machine(
    forgotten, tmp_path, sockets, secret
):
    home = shutil.copytree(forgotten, tmp_path / "home")
    listed = run(home, "propose", "--json").out
    ident = next(
        one.split('"id": "')[1].split('"')[0]
        for one in listed.splitlines()
        if '"devices.csv"' in one
    )
    with open_desk(home, sockets / "named") as desk:
        visitor = desk.visitor()
        hidden = visitor.get("/proposals").form("/act/proposal")
        sent = hidden | {"proposal": ident, "reason": REASON}
        done = visitor.post("/act/proposal", sent)
        assert done.status >= 400
        assert f"schoolbell propose --accept {ident}" in done.text
