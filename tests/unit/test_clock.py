"""Stamps become the instants they mean, or say how far to trust them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import clock
from pipelines.clock import Reading, Stamp
from tests.conftest import LONG

ZONES = [
    "America/Chicago", "America/New_York", "America/Denver", "America/Los_Angeles",
    "America/Anchorage", "America/Halifax", "America/St_Johns", "Europe/Berlin",
    "Australia/Lord_Howe", "Africa/Cairo",
]  # fmt: skip
LEAP = 2028


def read(texts: list[str], make) -> list[tuple[datetime | None, str | None]]:
    stamp: Stamp = make(pl.col("text"))
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(time=stamp.time, quality=stamp.quality).rows()


def test_year_less_days_take_the_year_nearest_to_their_anchor():
    """Pairs of a log day and an anchor day; all 366 by 366 in the long run."""
    days = [date(LEAP, 1, 1) + timedelta(days=number) for number in range(366)]
    wrong = pairs = 0
    texts = [f"{day:%b} {day.day:2d} 12:00:00" for day in days]
    for anchor_day in days if LONG else days[::5]:
        anchor = datetime(LEAP, anchor_day.month, anchor_day.day, 12, tzinfo=UTC)
        reading = Reading(zone="UTC", anchor=anchor)
        found = read(texts, lambda text, r=reading: clock.bsd(text, r))
        for day, (time, _quality) in zip(days, found, strict=True):
            pairs += 1
            nearest = min(_in_years(day), key=lambda one: abs(one - anchor))
            if abs(nearest - anchor) <= timedelta(days=182):
                wrong += time != nearest
    print(f"\n{pairs:,} pairs of log day and anchor day: {wrong} wrong")
    assert wrong == 0


def _in_years(day: date) -> list[datetime]:
    found = []
    for year in (LEAP - 1, LEAP, LEAP + 1):
        try:
            found.append(datetime(year, day.month, day.day, 12, tzinfo=UTC))
        except ValueError:
            continue
    return found


def test_new_year_in_a_file():
    reading = Reading(zone="America/Chicago", anchor=datetime(2027, 1, 1, 7, tzinfo=UTC))
    found = read(["Dec 31 23:59:59", "Jan  1 00:00:00"], lambda text: clock.bsd(text, reading))
    assert [time for time, _ in found] == [
        datetime(2027, 1, 1, 5, 59, 59, tzinfo=UTC),
        datetime(2027, 1, 1, 6, 0, tzinfo=UTC),
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_every_half_hour_of_400_days(zone):
    """Decidable stamps are right, the others are marked."""
    here = ZoneInfo(zone)
    begin = datetime(2026, 2, 1)  # noqa: DTZ001 - a civil time
    naive = [begin + timedelta(minutes=30 * n) for n in range(400 * 48)]
    texts = [f"{one:%Y-%m-%d %H:%M:%S}" for one in naive]
    reading = Reading(zone=zone)
    found = read(texts, lambda text: clock.iso(text, reading))
    marked = 0
    for one, (time, quality) in zip(naive, found, strict=True):
        early = one.replace(tzinfo=here, fold=0).astimezone(UTC)
        late = one.replace(tzinfo=here, fold=1).astimezone(UTC)
        exists = early.astimezone(here).replace(tzinfo=None) == one
        if not exists:
            assert quality == "shifted"
        elif early != late:
            assert (time, quality) == (early, "ambiguous")
        else:
            assert (time, quality) == (early, "zoned")
        marked += quality != "zoned"
    assert marked >= 2


def test_a_missing_civil_time_is_read_with_the_offset_before_the_change():
    reading = Reading(zone="America/Chicago")
    shape = "%m/%d/%y %H:%M:%S"
    found = read(
        ["03/08/26 02:30:00", "11/01/26 01:30:00", "11/01/26 02:30:00"],
        lambda text: clock.civil(text, shape, reading),
    )
    assert found == [
        (datetime(2026, 3, 8, 8, 30, tzinfo=UTC), "shifted"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "ambiguous"),
        (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), "zoned"),
    ]


@pytest.mark.parametrize(
    ("text", "unit", "year"),
    [
        ("0", "s", 1970),
        ("2147483648", "s", 2038),
        ("253402300799", "s", 9999),
        ("253402300800", "s", None),
        ("1772000000123", "ms", 2026),
        ("1772000000123456", "us", 2026),
        ("1772000000123456789", "ns", 2026),
        ("-1", "s", None),
        ("1e9", "s", None),
        ("99999999999999999999", "ns", None),
    ],
)
def test_counts_since_1970(text, unit, year):
    ((time, quality),) = read([text], lambda one: clock.epoch(one, unit))
    assert (time and time.year, quality) == (year, year and "exact")
    if year and text != "0":
        ((sized, _),) = read([text], clock.epoch_by_size)
        assert sized == time or unit == "s"


@pytest.mark.parametrize("year", [1970, 1999, 2016, 2026, 2037, 2038, 2100, 9999])
def test_years_from_1970_to_9999(year):
    reading = Reading(zone="America/Chicago")
    text = f"{year}-06-15T12:00:00"
    ((time, _),) = read([text], lambda one: clock.iso(one, reading))
    summer = year <= 2099  # later rules are not known
    assert time == datetime(year, 6, 15, 17 if summer else 18, tzinfo=UTC)
    days = pl.DataFrame({"t": [time]}).select(clock.local_date(pl.col("t"), "America/Chicago"))
    assert days.item() == date(year, 6, 15)


@given(st.text(max_size=40) | st.from_regex(r"\A[0-9T:. +Z-]{0,40}\Z"))
def test_any_text_is_an_instant_or_null_and_can_be_written(text):
    reading = Reading(zone="America/Chicago")
    frame = pl.DataFrame({"text": [text]})
    stamps = {
        "epoch": clock.epoch(pl.col("text")),
        "sized": clock.epoch_by_size(pl.col("text")),
        "quick": clock.epoch_milliseconds(pl.col("text")),
        "iso": clock.iso(pl.col("text"), reading),
        "bsd": clock.bsd(pl.col("text"), reading),
        "civil": clock.civil(pl.col("text"), "%m/%d/%y %H:%M", reading),
    }
    frame.select(
        *(stamp.time.alias(name) for name, stamp in stamps.items()),
    ).write_ndjson()


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("access.log-20260301.gz", date(2026, 3, 2)),
        ("2026-03-01/fw.log", date(2026, 3, 2)),
        ("export_2026_03_01_to_x", date(2026, 3, 2)),
        ("serial-20269901.log", None),
        ("20271231.log", None),
        ("access.log.1", None),
    ],
)
def test_a_date_in_a_name(name, day):
    latest = datetime(2026, 6, 1, tzinfo=UTC)
    found = clock.date_in_name(name, latest=latest)
    assert (found and found.date()) == day
