"""What is remembered of facts: when they end, and when they are reported anew."""

from datetime import timedelta

from pipelines.alerts.memory import (
    CALM,
    Observation,
    active_news,
    note_announced,
    remembered,
    take_news,
)
from tests.unit.alerts.facts import NOW, conduct, news

ALL = ("health:", "finding:")
SILENT = news("health:silent:proxy::")


def told_at(store, one, moment):
    ids = take_news(store, Observation([one], ALL), moment)
    with store.writing() as connection:
        note_announced(connection, ids, [one], "desk", "a-1", moment)


def test_what_is_not_looked_for_has_not_ended(store):
    take_news(store, Observation([SILENT], ALL), NOW)
    take_news(store, Observation([], ("health:late:", "finding:")), NOW)
    assert [row["key"] for row in active_news(store)] == [SILENT.key]
    take_news(store, Observation([], ("health:silent:",)), NOW)
    assert active_news(store) == []


def test_what_comes_back_at_once_is_not_told_anew_and_after_calm_it_is(store):
    told_at(store, SILENT, NOW)
    take_news(store, Observation([], ALL), NOW + timedelta(hours=1))
    take_news(store, Observation([SILENT], ALL), NOW + timedelta(hours=2))
    assert (SILENT.key, "desk") in remembered(store).announced
    take_news(store, Observation([], ALL), NOW + timedelta(hours=3))
    take_news(store, Observation([SILENT], ALL), NOW + timedelta(hours=3) + CALM)
    assert remembered(store).announced == {}


def test_a_finding_that_comes_back_is_the_one_that_was_told(store):
    one = conduct("finding:SA-1:ada:2026-W45")
    told_at(store, one, NOW)
    take_news(store, Observation([], ALL), NOW)
    take_news(store, Observation([one], ALL), NOW + timedelta(days=30))
    assert (one.key, "desk") in remembered(store).announced


def test_the_id_stays(store):
    first = take_news(store, Observation([SILENT], ALL), NOW)
    take_news(store, Observation([], ALL), NOW)
    assert take_news(store, Observation([SILENT], ALL), NOW) == first
