"""What is said in two places is the same in both."""

from datetime import date

import duckdb
import pytest

from pipelines.clock import monday, school_year
from pipelines.events import event_id_of, place_of
from pipelines.formats import formats
from pipelines.warehouse.library import models


def test_the_formats_whose_users_are_guesses_are_those_that_the_models_know():
    """A format that is missing there would have its guesses taken for logins."""
    said = {name for name, one in formats().items() if one.user_is_mapped}
    listed = duckdb.sql(models()["identity.mapping_formats"].query).fetchall()
    assert said == {name for (name,) in listed}


def test_a_firewall_or_filter_that_maps_addresses_is_marked():
    assert formats()["cisco_umbrella"].user_is_mapped
    assert not formats()["squid_access"].user_is_mapped


def test_the_id_of_an_event_leads_back_to_its_line():
    assert place_of(event_id_of(7, 4_000_000_000)) == (7, 4_000_000_000)


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 6, 30), 2025), (date(2026, 7, 1), 2026)]
)
def test_calendar_and_pseudonyms_begin_the_school_year_on_one_day(day, year):
    assert school_year(day) == year


def test_a_week_begins_on_its_monday():
    assert monday(date(2026, 11, 29)) == date(2026, 11, 23)
