"""Traffic that has to come."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.health.overview import TrafficEvidence, not_kept
from pipelines.settings.alert_settings import Expected

NOW = datetime(2026, 11, 3, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
CANARY = Expected(source="proxy", kind="refused_request", to="canary.example.org")
COPY = Expected(source="fw", kind="flow", to="192.0.2.9", bytes_at_least=1_000)


def told(expected, **seen):
    found = TrafficEvidence(**{"known_since": NOW - 72 * HOUR, "known_until": NOW} | seen)
    return [(one.kind, one.start) for one in not_kept({"it": expected}, {"it": found})]


def test_a_canary_that_was_refused_in_time_is_well():
    assert told(CANARY, last_time=NOW - 23 * HOUR) == []


def test_a_canary_that_did_not_come():
    since = NOW - 25 * HOUR
    assert told(CANARY, last_time=since) == [("not_come", since + 24 * HOUR)]
    assert told(CANARY) == [("not_come", NOW - 48 * HOUR)]


def test_a_canary_that_went_through():
    through = NOW - 2 * HOUR
    both = {"last_time": NOW - 20 * HOUR, "let_through_time": through}
    assert told(CANARY, **both) == [("let_through", through)]
    mended = {"last_time": NOW - HOUR, "let_through_time": through}
    assert told(CANARY, **mended) == []


@pytest.mark.parametrize(("count", "kinds"), [(999, ["not_come"]), (1_000, [])])
def test_a_copy_has_to_send_its_volume(count, kinds):
    found = told(COPY, last_time=NOW - HOUR, bytes=count)
    assert [kind for kind, _ in found] == kinds


def test_a_source_without_lines_says_nothing_about_its_canary():
    assert told(CANARY, known_until=None) == []
    assert list(not_kept({"it": CANARY}, {})) == []
