"""What is stated in two places is the same in both."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.day_kinds import DAY_KINDS, DAY_TYPES, ON_SITE, WORKING
from pipelines.events import event_id_of, place_of
from pipelines.formats import formats
from pipelines.warehouse.database import writing
from pipelines.warehouse.models import models
from pipelines.weeks import monday, school_year


def test_the_formats_whose_users_are_guesses_are_those_that_the_models_know():
    """A format that is missing there would have its guesses mistaken for logins."""
    said = {name for name, one in formats().items() if one.name_proof == "recorded"}
    query = models()["identity.mapping_formats"].query
    with duckdb.connect() as connection:
        listed = connection.execute(query).fetchall()
    assert said == {name for (name,) in listed}


def test_a_firewall_or_filter_that_maps_addresses_is_marked():
    assert formats()["cisco_umbrella"].name_proof == "recorded"
    assert formats()["squid_access"].name_proof == "authenticated"


def test_a_day_is_closed_for_the_models_when_it_is_no_working_day_of_the_calendar():
    with writing(Path(":memory:"), threads=1) as database:
        asked = "select is_closed_day($kind), is_school_day($kind)"
        found = {kind: database.rows(asked, {"kind": kind})[0] for kind in DAY_TYPES}
    assert {kind for kind in DAY_TYPES if not found[kind][0]} == set(WORKING)
    assert {kind for kind in DAY_TYPES if found[kind][1]} == set(ON_SITE)
    assert tuple(DAY_KINDS) == DAY_TYPES


def test_calls_are_measured_down_to_the_least_that_their_rule_may_ask_for():
    rule = models()["detections.rare_beacon"].header.params
    measured = models()["core.regular_calls"].header.params
    assert measured["calls"].max <= rule["calls"].min
    assert measured["hours"].max <= rule["hours"].min
    assert measured["devices"].min >= rule["devices"].max


def test_the_id_of_an_event_leads_back_to_its_line():
    assert place_of(event_id_of(7, 4_000_000_000)) == (7, 4_000_000_000)


@pytest.mark.parametrize(("day", "year"), [(date(2026, 6, 30), 2025), (date(2026, 7, 1), 2026)])
def test_calendar_and_pseudonyms_begin_the_school_year_on_one_day(day, year):
    assert school_year(day) == year


def test_a_week_begins_on_its_monday():
    assert monday(date(2026, 11, 29)) == date(2026, 11, 23)
