"""How far a log is complete, on every surface, and in one wording."""

from datetime import timedelta

from pipelines.district import open_outlined
from pipelines.fetch.completeness import complete_until, completeness
from pipelines.gaps.now import gaps
from pipelines.health.overview import fetched_until, of_fetches
from pipelines.health.source_hours import closed_times
from pipelines.health.source_states import source_states
from pipelines.web import Response
from tests.fetch.conftest import NOW
from tests.fetch.test_fetch import every, vendor_of

HOUR = timedelta(hours=1)


def refused(*_given, **_more):
    return Response(403, b'{"errorCode": "E0000006"}', {})


def known(home):
    with open_outlined(home.home.path) as district:
        return completeness(district.store, district.settings.fetch)


def test_a_log_is_complete_until_its_delay_before_now(fetched_home):
    home = fetched_home("okta")
    done = home.one(vendor_of("okta", every(7, 10)))
    assert done.complete_until == NOW - HOUR
    assert complete_until(known(home)) == {"okta": NOW - HOUR}


def test_hours_that_may_still_come_are_not_silent(fetched_home):
    home = fetched_home("okta")
    home.one(vendor_of("okta", every(7, 10)))
    limits = complete_until(known(home))
    lags = {"okta": timedelta(), "proxy": timedelta()}
    closed = closed_times(lags, NOW, limits, is_history_closed=False)
    assert closed.rows() == [("okta", NOW - HOUR), ("proxy", NOW)]


def test_a_service_that_is_switched_off_hides_no_silence(fetched_home):
    """Its source counted as complete until the last fetch forever: no later hour was silent."""
    home = fetched_home("okta")
    home.one(vendor_of("okta", every(7, 10)))
    with open_outlined(home.home.path) as district:
        assert fetched_until(district) == {"okta": NOW - HOUR}
    settings = home.home.settings_file
    text = settings.read_text()
    for gone in (text.replace("\n[fetch.okta]", "\n[fetch.okta]\nenabled = false"),
                 text.partition("\n[fetch.okta]")[0]):  # fmt: skip
        settings.write_text(gone)
        with open_outlined(home.home.path) as district:
            assert fetched_until(district) == {}


def test_a_refused_right_stops_at_the_same_time_everywhere(fetched_home):
    home = fetched_home("okta")
    home.one(vendor_of("okta", every(7, 10)))
    for hours in (1, 4):
        done = home.one(refused, NOW + hours * HOUR)
    assert done.complete_until == NOW - HOUR
    assert "okta.logs.read" in done.problem
    words = "okta/logs is complete until 2026-11-04 08:00, because it answers 403 (E0000006): the "
    with open_outlined(home.home.path) as district:
        zone = "America/Chicago"
        logs = completeness(district.store, district.settings.fetch)
        (issue,) = of_fetches(logs, NOW + 4 * HOUR, zone)
        assert issue.detail.startswith(words)
        assert issue.kind == "not_fetched"
        (gap,) = gaps(district.store, district.settings, district.outline, "fetch")
        assert words[10:30] in gap.line
        (state,) = source_states(district.store, district.settings)
        assert state.complete_until == NOW - HOUR


def test_a_bad_minute_is_not_reported_and_a_bad_morning_is(fetched_home):
    home = fetched_home("okta")
    home.one(vendor_of("okta", every(7, 10)))
    home.one(refused, NOW + HOUR)
    assert not known(home)[0].is_reported
    home.one(refused, NOW + 4 * HOUR)
    assert known(home)[0].is_reported


def test_events_that_a_service_takes_back_are_reported(fetched_home):
    home = fetched_home("okta")
    vendor = vendor_of("okta", every(7, 10))
    home.one(vendor)
    del vendor.logs["/api/v1/logs"][2:5]
    vendor.now = NOW + HOUR / 4
    home.one(vendor, vendor.now)
    (log,) = known(home)
    assert log.fewer.startswith("3 events of 2026-11-04 14:00")
    (issue,) = of_fetches([log], vendor.now, "UTC")
    assert issue.kind == "fewer"


def test_a_service_without_its_secret_is_incomplete_with_a_reason(fetched_home, monkeypatch):
    home = fetched_home("okta")
    monkeypatch.delenv("TEST_TOKEN")
    (done,) = home.fetch(vendor_of("okta", every(7, 10)))
    assert "the environment has no TEST_TOKEN" in done.problem
    (log,) = known(home)
    assert log.is_reported
    assert not log.has_data
