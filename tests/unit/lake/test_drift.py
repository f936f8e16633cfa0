"""A field that suddenly is missing is noticed, and only then."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.lake.counts import type_counts
from pipelines.lake.drift import drifts, in_series
from pipelines.state.connections import open_store
from pipelines.state.source_records import SourceDay, add_days
from pipelines.warehouse.detections import blocked_rules
from tests.faults.home import BEGIN, Home, line

FIRST = date(2026, 3, 2)


def days(*filled: int, events: int = 100) -> list[SourceDay]:
    return [
        SourceDay(
            source="proxy",
            event_class="http_requests",
            event_date=FIRST + timedelta(days=number),
            events=events,
            filled={"user_name": count, "url": events},
        )
        for number, count in enumerate(filled)
    ]


def test_a_field_that_goes_missing_blocks_what_needs_it():
    (found,) = in_series(days(80, 82, 79, 81, 0, 0))
    assert (found.field, found.first_date, found.last_date) == (
        "user_name",
        date(2026, 3, 6),
        date(2026, 3, 7),
    )
    assert "NA-1" in blocked_rules(found)
    assert "user_name" in str(found)


def test_a_field_that_comes_back_was_missing_between():
    (found,) = in_series(days(80, 82, 79, 0, 0, 80, 81))
    assert found.last_date == date(2026, 3, 6)


@pytest.mark.parametrize(
    "filled", [(80, 82, 79, 60, 70), (10, 12, 9, 0), (80, 0), (0, 0, 0, 0), ()]
)
def test_other_changes_are_no_drift(filled):
    assert list(in_series(days(*filled))) == []


def test_weekends_are_compared_with_weekends():
    """Machines alone talk on a Saturday: nothing went missing."""
    listed = days(*[80] * 5, 0, 0, *[80] * 5, 0, 0, *[80] * 5, 0, 0)
    assert list(in_series(listed)) == []


def test_a_weekend_belongs_to_what_went_missing_before_it():
    (found,) = in_series(days(80, 80, 80, 80, 0, 0, 0, 0))
    assert (found.first_date, found.last_date) == (date(2026, 3, 6), date(2026, 3, 9))
    assert len(found.empty_dates) == 4


def test_some_values_are_told_and_block_nothing():
    (found,) = in_series(days(80, 82, 79, 81, 2))
    assert found.empty_dates == ()
    assert not blocked_rules(found)


@pytest.mark.parametrize(("others", "blocks"), [(0, True), (60, True), (100, False), (900, False)])
def test_a_source_that_adds_little_to_a_field_blocks_nothing(tmp_path, others, blocks):
    """The rest of the field comes from another source, which still fills it."""
    store = open_store(tmp_path / "state.db")
    counted = days(80, 80, 80, 80, 0)
    for one in days(80, 80, 80, 80, 80)[: 5 if others else 0]:
        filled = {"user_name": others}
        counted.append(replace(one, source="other", events=1_000, filled=filled))
    with store.writing() as connection:
        add_days(connection, counted)
    found = [one for one in drifts(store) if one.source == "proxy"]
    assert [bool(blocked_rules(one)) for one in found] == [blocks]


def test_a_small_day_says_nothing():
    listed = days(80, 82, 79, 81) + days(0, 0, 0, 0, 0, events=4)[4:]
    assert list(in_series(listed)) == []


def test_drift_is_found_in_what_was_taken_in(tmp_path):
    home = Home(tmp_path)
    for day in range(6):
        logs = b"".join(line(day * 86_400 + n) for n in range(240))
        if day < 5:
            logs = logs.replace(b" - HIER", b" ada HIER")
        home.put(f"{BEGIN + day}.log", logs)
    home.run()
    (found,) = drifts(home.store)
    assert (found.field, found.share_before, found.share_since) == ("user_name", 1, 0)


def test_one_type_of_lines_that_lost_a_field_leaves_the_rules_to_the_others():
    """Joins of one product lose the card; its other lines and rules go on."""
    listed = [
        SourceDay(
            source="radius",
            event_class="logons",
            event_date=FIRST + timedelta(days=number),
            events=400,
            filled={
                "src_mac": 300 + joins,
                "@join": 100,
                "src_mac@join": joins,
                "@login": 300,
                "src_mac@login": 300,
            },
        )
        for number, joins in enumerate((98, 99, 98, 98, 0))
    ]
    (found,) = in_series(listed)
    assert (found.field, found.line_type) == ("src_mac", "join")
    assert found.empty_dates == (date(2026, 3, 6),)
    assert not blocked_rules(replace(found, part=0.25))
    assert "lines of type 'join'" in str(found)
    assert "75% of its values arrive in other lines" in str(replace(found, part=0.25))


def test_a_field_of_no_line_is_missed_once():
    """What all lines of the source lack is one loss, not one of each type."""
    listed = [
        replace(day, filled={**day.filled, "@a": 60, "@b": 40, "user_name@a": 48 * bool(filled)})
        for day, filled in zip(days(80, 82, 79, 81, 0), (1, 1, 1, 1, 0), strict=True)
    ]
    (found,) = in_series(listed)
    assert found.line_type == ""


def test_lines_count_by_their_type():
    frame = pl.DataFrame(
        {
            "format": ["fortigate"] * 3,
            "activity": ["logon", "logon", "mapping"],
            "logon_kind": ["vpn", "vpn", None],
            "src_ip": ["198.51.100.4", None, "10.1.0.7"],
        }
    )
    assert type_counts("logons", frame, ["src_ip"]) == {
        "@fortigate logon vpn": 2,
        "src_ip@fortigate logon vpn": 1,
        "@fortigate mapping": 1,
        "src_ip@fortigate mapping": 1,
    }
