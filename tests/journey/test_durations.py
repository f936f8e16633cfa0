"""No duration of a finding exceeds its clock, whatever rule found it."""

from datetime import datetime, timedelta

from tests.journey.small import findings_of

DAY = timedelta(days=1).total_seconds()
ROUNDED = 1
DISTANCES = ("travel_seconds",)
"""What a drive takes, not how long anything lasted."""


def durations(record):
    """Return the facts of a finding that state how long something was, in seconds."""
    return {
        name: value
        for name, value in record["details"].items()
        if name.endswith("_seconds") and name not in DISTANCES and value is not None
    }


def test_every_duration_fits_between_first_and_last_event(district):
    records = [row["record"] for row in findings_of(district.home)]
    measured = [(one, durations(one)) for one in records]
    assert {"NA-1", "OH-1"} <= {one["rule"] for one, found in measured if found}
    for record, found in measured:
        first, last = map(datetime.fromisoformat, (record["start_time"], record["end_time"]))
        clock = (last - first).total_seconds()
        for name, seconds in found.items():
            assert 0 <= seconds <= clock + ROUNDED, (record["rule"], name, clock)


def test_no_stretch_is_longer_than_all_of_them_or_than_a_day(district):
    for row in findings_of(district.home):
        found = durations(row["record"])
        whole = found.get("total_seconds", found.get("external_seconds"))
        for name in ("longest_seconds", "on_duty_seconds", "non_work_seconds"):
            if whole is not None and name in found:
                assert found[name] <= min(whole + ROUNDED, DAY), (row, name)
