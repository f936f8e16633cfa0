"""A field that is filled and says other words is noticed, and only then."""

from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.lake.counts import MAX_WORD, MAX_WORDS, word_counts
from pipelines.lake.drift import drifts, in_series
from pipelines.state.source_records import SourceDay
from pipelines.warehouse.detections import blocked_rules
from tests.faults.home import BEGIN, Home, line

FIRST = date(2026, 3, 2)
USUAL = {"allowed": 90, "blocked": 10}


def days(*words: dict[str, int]) -> list[SourceDay]:
    return [
        SourceDay(
            source="proxy",
            event_class="http_requests",
            event_date=FIRST + timedelta(days=number),
            events=100,
            filled={
                "disposition": sum(said.values()),
                **{f"disposition={word}": count for word, count in said.items()},
            },
        )
        for number, said in enumerate(words)
    ]


def test_a_field_in_other_words_blocks_what_needs_it_until_the_old_ones_come_back():
    renamed = {"Allowed": 92, "allowed": 8}
    (found,) = in_series(days(*[USUAL] * 4, renamed, renamed, USUAL, USUAL))
    assert found.field == "disposition"
    assert found.words == ("Allowed",)
    assert found.empty_dates == (date(2026, 3, 6), date(2026, 3, 7))
    assert "NA-1" in blocked_rules(found)
    assert "'Allowed'" in str(found)
    assert found.share_since == pytest.approx(0.08)


def test_a_word_that_is_learned_is_told_once_and_blocks_nothing():
    learned = {"allowed": 60, "warned": 40}
    (found,) = in_series(days(*[USUAL] * 4, learned, learned, learned))
    assert (found.first_date, found.last_date) == (date(2026, 3, 6), date(2026, 3, 6))
    assert found.words == ("warned",)
    assert not blocked_rules(found)


@pytest.mark.parametrize(
    "said",
    [
        [USUAL, USUAL, {"blocked": 100}],
        [USUAL, {"Allowed": 100}, {"Allowed": 100}],
        [*[USUAL] * 4, {"allowed": 85, "warned": 15}],
        [*[USUAL] * 4, {"Allowed": 49}],
        [*[{"allowed": 20}] * 4, {"Allowed": 100}],
        [{}] * 4,
    ],
)
def test_other_changes_are_no_new_words(said):
    """Known words, too short a past, few events with it, too small a day."""
    assert list(in_series(days(*said))) == []


def test_words_that_strangers_write_do_not_fill_the_ledger():
    odd = [f"M{number}" for number in range(60)] * 3 + ["x" * (MAX_WORD + 1)] * 99
    columns = {"method": ["GET"] * 200 + odd, "url_scheme": None, "disposition": None}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    assert word_counts("http_requests", frame) == {"method=GET": 200}
    many = pl.DataFrame({"action": [f"A{number % 40}" for number in range(400)]})
    assert len(word_counts("leases", many)) == MAX_WORDS


def test_new_words_are_found_in_what_was_taken_in(tmp_path):
    home = Home(tmp_path)
    for day in range(5):
        logs = b"".join(line(day * 86_400 + n) for n in range(120))
        if day == 4:
            logs = logs.replace(b"/200 ", b"/403 ").replace(b"TCP_MISS", b"TCP_DENIED")
        home.put(f"{BEGIN + day}.log", logs)
    home.run()
    (found,) = (one for one in drifts(home.store) if one.field == "disposition")
    assert (found.words, found.share_before, found.share_since) == (("blocked",), 1, 0)
    assert blocked_rules(found)
