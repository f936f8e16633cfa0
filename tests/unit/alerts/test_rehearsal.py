"""Some weeks of a made-up school year, through the real health and alert code."""

import os

import pytest

from tests.benchmarks.alert_year.year_summary import rehearse

IS_LONG = bool(os.environ.get("SCHOOLBELL_LONG"))


@pytest.mark.parametrize("weeks", [44 if IS_LONG else 2])
def test_who_is_told_how_often_and_whether_silences_are_found(weeks):
    found = rehearse(weeks=weeks, seed=11, silences=3 if IS_LONG else 2)
    assert len(found.silences) >= 5
    assert found.missed == []
    assert found.late == []
    assert (found.false_alarms, found.on_closed_days) == (0, 0)
    assert found.lost == 0
    assert found.too_soon == 0
    assert found.refusals > 0
    for reader in found.readers:
        assert reader.messages > 0
        assert reader.most_a_day <= 5
        assert reader.in_quiet_hours == 0
    assert found.repeated <= found.deaths
    assert found.unmarked == 0
    assert found.is_well
