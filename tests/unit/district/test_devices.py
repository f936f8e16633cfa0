"""Devices: one holder after another, and what two rows state differently."""

from datetime import date

import pytest

HEAD = "hostname,mac,device_class,assigned_to,building,pool,valid_from,valid_to\n"
CARD = "02:00:00:00:00:01"


@pytest.fixture
def devices(load):
    def run(rows):
        registry = load({"devices.csv": HEAD + rows})
        told = [item for item in registry.problems if item.file == "devices.csv"]
        return registry.frames["devices"], told

    return run


def test_a_laptop_that_was_given_to_somebody_else_has_two_rows(devices):
    frame, told = devices(
        f"NB-1,{CARD},laptop,p-1,HS,,2025-08-01,2026-06-30\n"
        f"nb-1,{CARD},laptop,p-2,HS,,2026-07-01,\n"
    )
    assert not told
    assert frame.select("device", "assigned_to", "valid_from", "valid_to").rows() == [
        ("nb-1", "p-1", date(2025, 8, 1), date(2026, 6, 30)),
        ("nb-1", "p-2", date(2026, 7, 1), None),
    ]


def test_two_holders_on_the_same_days_are_none(devices):
    frame, told = devices(
        f"nb-1,{CARD},laptop,p-1,HS,,2025-08-01,2026-06-30\n"
        f"nb-1,{CARD},laptop,p-2,HS,,2026-06-30,\n"
        "nb-2,,laptop,p-3,HS,,,\nNB-2,,laptop,p-3,HS,,,\n"
    )
    assert frame.select("device", "mac", "assigned_to").rows() == [
        ("nb-1", CARD, None),
        ("nb-2", None, "p-3"),
    ]
    assert [(one.line, one.column) for one in told] == [
        (3, "hostname"),
        (5, "hostname"),
    ]


def test_the_card_of_a_shared_dock_tells_no_device(devices):
    frame, told = devices(
        f"nb-1,{CARD},laptop,p-1,HS,,,\nnb-2,{CARD},laptop,p-2,HS,,,\n"
        "nb-3,02:00:00:00:00:03,laptop,p-3,HS,,,\n"
    )
    assert frame.select("device", "mac", "assigned_to").rows() == [
        ("nb-1", None, "p-1"),
        ("nb-2", None, "p-2"),
        ("nb-3", "02:00:00:00:00:03", "p-3"),
    ]
    assert [(one.line, one.column, one.value) for one in told] == [(3, "mac", CARD)]


def test_a_card_may_move_to_another_device(devices):
    frame, told = devices(
        f"nb-1,{CARD},laptop,,HS,,,2026-06-30\nnb-2,{CARD},laptop,,HS,,2026-07-01,\n"
    )
    assert not told
    assert frame["mac"].to_list() == [CARD, CARD]
