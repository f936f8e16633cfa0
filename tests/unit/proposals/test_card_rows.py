"""Rows of computers that only their network card names."""

import polars as pl
import pytest

from pipelines.proposals.device_rows import computers

LISTED = {
    "hostname": None, "serial": None, "asset_tag": None, "directory_id": None, "mac": None,
    "ethernet_mac": None, "device_class": None, "learned_mac": None, "other_mac": None,
    "learned_class": None, "learned_building": "HS", "sighting_count": 3, "keyboard_count": 0,
    "problem": None,
}  # fmt: skip


class Learned:
    """What the logs show of one listed device, as the query returns it."""

    def __init__(self, **cells):
        self.row = LISTED | cells

    def query(self, _name):
        return pl.DataFrame([self.row])


@pytest.mark.parametrize("card", ["mac", "ethernet_mac"])
def test_a_building_is_not_offered_without_its_device(card):
    """Accepted holders gave devices without a name; each acceptance added rows `,,,,HS`."""
    (one,) = computers(Learned(**{card: "02:00:5e:00:53:01"}))
    assert one.cells == {card: "02:00:5e:00:53:01", "building": "HS"}
    assert [*computers(Learned())] == []
    (named,) = computers(Learned(hostname="hs-1", mac="02:00:5e:00:53:01"))
    assert named.cells == {"hostname": "hs-1", "building": "HS"}
