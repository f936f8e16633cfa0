"""`start`, `check` and `run` say in words what is missing, and for the district's products only."""

from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.gaps.logs import is_without_windows, note_systems, placeless, undelivered
from pipelines.gaps.losses import coverage_rows, remedied
from pipelines.proposals.network_rows import UnplacedAddress, networks
from pipelines.registry.new_home import create
from pipelines.run.run import troubles
from tests.journey.commands import schoolbell
from tests.sections.test_rule_coverage import frame


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home", zone="America/Chicago").path


def test_start_names_the_steps_of_the_products_that_a_district_has(home):
    out = schoolbell("start", "--home", home, "--yes", "--have", "Jamf Pro", "--have", "Okta").out
    assert "Jamf Pro: Jamf Pro: Computers" in out
    assert "Okta: Okta: the people as CSV" in out
    assert "Get-ADUser" not in out
    assert "devices.csv is empty. It enables rules on: " in out
    assert "shared accounts (" in out
    assert "AN-10" not in out
    wrong = schoolbell("start", "--home", home, "--yes", "--have", "Jamf")
    assert wrong.code == 2
    assert "Jamf Pro" in wrong.err


def test_start_asks_for_products_on_a_terminal(home, monkeypatch):
    answers = {"Which of these": ["2 x", "5, 9"]}

    def prompt(question, *_default, **_how):
        given = next((one for start, one in answers.items() if question.startswith(start)), [])
        return given.pop(0) if given else ""

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", prompt)
    out = schoolbell("start", "--home", home).out
    assert "2 x is not a list of numbers from 1 to" in out
    assert "Entra or Microsoft 365: entra.microsoft.com" in out
    assert "Jamf Pro: Jamf Pro: Devices" in out
    assert "Kandji: " not in out


def test_networks_without_a_building_come_before_what_follows_from_it(home):
    (home / "registry" / "subnets.csv").write_text(
        "cidr,building,kind\n10.1.0.0/16,,wired\n10.2.0.0/16,,wifi\n10.3.0.0/16,,guest\n"
    )
    out = schoolbell("check", "--home", home).out
    assert "2 of 2 networks have no building: shared-account rules are off" in out
    with open_district(home) as district:
        assert next(undelivered(district.store, district.settings, district.outline)) == next(
            placeless(district.outline)
        )


def test_a_district_of_macs_is_not_asked_for_windows_logs(home):
    rows = [
        {"family": "keyboards", "building": "HS", "position": 2, "is_loss": True,
         "filter": "the device writes no logons", "event_count": 500, "dropped_count": 500,
         "device_class": "laptop"},
    ]  # fmt: skip
    found = frame("rule_coverage", rows).to_dicts()
    assert "Security logs" in remedied(coverage_rows(found))[0].line
    macs = remedied(coverage_rows(found), has_windows=False)[0].line
    assert "Security logs" not in macs
    assert "802.1X" in macs
    with open_district(home) as district:
        assert not is_without_windows(district.store)
        note_systems(district.store, {"mac": 40})
        assert is_without_windows(district.store)
        note_systems(district.store, {"windows": 1})
        assert not is_without_windows(district.store)


class Seen:
    """Addresses without a network, as the queries of proposals return them."""

    def __init__(self, rows, buildings=(), placed=()):
        self.rows = rows
        self.placed = [*placed, *((None, name) for name in buildings)]

    def query(self, name, **_values):
        if name == "placed_addresses":
            schema = {"ip": pl.String, "building": pl.String}
            return pl.DataFrame(self.placed, schema=schema, orient="row")
        return pl.DataFrame([row._asdict() for row in self.rows], schema=SCHEMA)


SCHEMA = {
    "ip": pl.String, "mac": pl.String, "is_tunnel": pl.Boolean, "computers": pl.List(pl.String),
}  # fmt: skip


def test_a_guest_network_is_not_offered_as_the_district_s_wifi():
    phones = [UnplacedAddress(f"10.9.0.{n}", f"0a:00:00:00:00:{n:02x}", False, None)
              for n in range(10, 20)]  # fmt: skip
    staff = [row._replace(ip=row.ip.replace("10.9", "10.8")) for row in phones]
    staff[:3] = [row._replace(mac=f"04:00:00:00:00:{n:02x}", computers=[f"nb-{n} HS 2026-11-02"])
                 for n, row in enumerate(staff[:3])]  # fmt: skip
    kinds = {one.cells["cidr"]: one for one in networks(Seen([*phones, *staff]))}
    assert kinds["10.9.0.0/24"].cells["kind"] == "byod"
    assert kinds["10.8.0.0/24"].cells["kind"] == "wifi"
    # without a computer that has a building anywhere, a person looks at it first
    (one,) = networks(Seen(phones))
    assert one.cells["kind"] == "wifi"
    assert one.doubt


@pytest.mark.parametrize(
    ("visits", "building"),
    [
        ({"MS": 8, "ES": 9}, "HS"),  # a few carry theirs from school to school
        ({"MS": 24}, ""),  # it may belong to two buildings
        ({"MS": 40, "ES": 40, "DO": 40}, ""),  # a network of all
    ],
)
def test_a_network_of_portable_computers_is_placed_by_days_and_doubted(visits, building):
    own = [f"cb-{n} HS 2026-11-{day:02}" for n in range(12) for day in range(2, 12)]
    others = [f"{name}-{n % 4} {name} 2026-11-{2 + n // 4:02}"
              for name, count in visits.items() for n in range(count)]  # fmt: skip
    rows = [UnplacedAddress(f"10.8.0.{n}", f"04:00:00:00:00:{n:02x}", False, [*own, *others])
            for n in range(10, 20)]  # fmt: skip
    (one,) = networks(Seen(rows))
    assert one.cells["building"] == building
    assert bool(one.doubt) == bool(building)


def of_building(block, name):
    """Return addresses of three computers of a building, and of a network without computers."""
    known = [UnplacedAddress(f"10.{block}.10.{n}", f"04:00:00:{block:02x}:00:{n:02x}", False,
                             [f"{name}-{n} {name} 2026-11-02"]) for n in range(10, 13)]  # fmt: skip
    others = [UnplacedAddress(f"10.{block}.64.{n}", f"04:00:00:{block:02x}:01:{n:02x}", False, None)
              for n in range(10, 14)]  # fmt: skip
    return [*known, *others]


NAMES = ("DO", "ES", "HS", "MS")


def numbered(rows, names=NAMES, placed=()):
    """Return the building of each proposed network, by its first numbers."""
    found = networks(Seen(rows, names, placed))
    return {one.cells["cidr"]: one.cells["building"] for one in found}


def test_networks_numbered_by_building_are_in_the_building_of_their_block():
    rows = [row for block, name in enumerate(NAMES, 1) for row in of_building(block, name)]
    found = numbered(rows)
    assert [found[f"10.{block}.64.0/24"] for block in range(1, 5)] == [*NAMES]
    (one,) = [each for each in networks(Seen(rows, NAMES)) if each.cells["cidr"] == "10.3.64.0/24"]
    assert "the networks of 10.3.0.0/16 with computers are at HS" in one.doubt


def test_networks_are_not_placed_by_numbers_that_do_not_name_a_building():
    rows = [row for block, name in enumerate(NAMES, 1) for row in of_building(block, name)]
    # a block with computers of two buildings
    mixed = [row._replace(ip=row.ip.replace("10.4.10", "10.3.12")) for row in of_building(4, "MS")]
    assert numbered([*rows, *mixed])["10.1.64.0/24"] == ""
    # a building without a block may have its networks in another's
    assert numbered(rows, (*NAMES, "BT"))["10.1.64.0/24"] == ""
    # two blocks show no pattern
    few = [row for row in rows if row.ip.startswith(("10.1.", "10.2."))]
    assert numbered(few, ("DO", "ES"))["10.1.64.0/24"] == ""
    # a network of the registry counts
    known = [row for row in rows if not row.ip.startswith("10.4.10.")]
    assert numbered(known, placed=[("10.4.10.9", "MS")])["10.4.64.0/24"] == "MS"
    assert numbered(known, placed=[("10.4.10.9", "HS")])["10.4.64.0/24"] == ""


def test_many_waiting_files_are_one_line():
    outcomes = [
        SimpleNamespace(
            is_told=False,
            waits="it may still grow",
            record=SimpleNamespace(source=source, path=f"{n}.log"),
        )
        for source, count in (("firewall", 40), ("proxy", 2))
        for n in range(count)
    ]
    assert list(troubles(outcomes)) == [
        "firewall: 40 files wait, such as 0.log: it may still grow",
        "proxy/0.log: it may still grow",
        "proxy/1.log: it may still grow",
    ]
