"""A source that was never there before is reported once, those of the first day never."""

from datetime import UTC, datetime, timedelta

from pipelines.alerts.decisions import LastMessage, Memory
from pipelines.alerts.news import of_newcomers
from tests.unit.alerts.facts import NOW
from tests.unit.alerts.test_decisions import decided

BEGAN = datetime(2026, 9, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def file(source, after):
    return {"source": source, "first_seen_time": (BEGAN + after).isoformat()}


FILES = [
    file("proxy", 0 * DAY),
    file("dhcp", timedelta(hours=5)),
    file("wifi", 9 * DAY),
    file("wifi", 12 * DAY),
]


def keys(at, files=FILES):
    return [one.key for one in of_newcomers(files, at)]


def test_what_came_with_the_first_files_ever_is_no_news():
    assert keys(BEGAN + DAY, FILES[:2]) == []
    assert keys(BEGAN, []) == []


def test_a_source_that_came_later_is_news_for_a_while():
    assert keys(BEGAN + 10 * DAY) == ["first:wifi:"]
    (one,) = of_newcomers(FILES, BEGAN + 10 * DAY)
    assert (one.severity, one.since) == ("low", BEGAN + 9 * DAY)
    assert one.line.startswith("wifi: ")
    assert keys(BEGAN + 40 * DAY) == []


def test_it_is_told_once_however_long_it_lasts():
    (one,) = of_newcomers(FILES, BEGAN + 10 * DAY)
    assert decided(one) == ("tell", "due")
    announced = Memory(announced={(one.key, "desk"): LastMessage(NOW - 20 * DAY, one.step)})
    assert decided(one, memory=announced) == ("suppress", "already sent and not more severe")


def test_a_folder_can_not_write_lines_of_its_own():
    (one,) = of_newcomers([FILES[0], file("a\nb\x1b[2J", 9 * DAY)], BEGAN + 10 * DAY)
    assert one.line.startswith("a?b?[2J: ")
