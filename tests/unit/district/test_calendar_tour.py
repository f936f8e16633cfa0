"""A tour through the year: what the calendar states, down to `core.duty`, hour by hour.

Each stop is one local day. Hours are shown in local time, less the 45 minutes that
`core.duty` adds on both sides.
"""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.warehouse.database import writing
from pipelines.warehouse.inputs import load_registry
from pipelines.warehouse.models import arguments, models

ZONE = ZoneInfo("America/Chicago")
MARGIN = timedelta(minutes=45)

FILES = {
    "users.csv": (
        "sourcedId,orgSourcedIds,role,username\n"
        "p-1,org-hs,teacher,ada\np-2,org-es,teacher,ben\np-3,org-hs,aide,cyd\n"
    ),
    "buildings.csv": "building,org_id\nHS,org-hs\nES,org-es\n",
    "calendar.csv": (
        "date,day_type,duty_start,duty_end,note,building,declared_at\n"
        "2026-10-30,school,,,,,\n"
        "2026-11-02,school,,,,,\n"  # the clocks went back the day before
        "2026-11-05,early_out,,,,HS,\n"
        "2026-11-05,school,,,,ES,\n"
        "2026-11-06,elearning,,,,,\n"
        "2026-11-11,holiday,,,,,\n"
        "2026-12-03,school,,,,,\n"
        "2026-12-03,closure,,,snow,,2026-12-03 05:40\n"
        "2026-12-04,school,,,,,\n"
        "2026-12-04,closure,,,ice,ES,2026-12-04 10:30\n"
        "2026-12-07,closure,,,no plan,,2026-12-07 10:30\n"
        "2026-12-08,holiday,,,,,\n"
        "2026-12-08,school,,,make-up day,,2026-12-01 09:00\n"
        "2027-03-12,school,,,,,\n"
        "2027-03-15,school,,,,,\n"  # the clocks went forward the day before
    ),
    "staff_duty.csv": (
        "person_id,date_from,date_to,weekday,start_local,end_local,building,kind\n"
        "p-1,2026-08-24,2027-05-28,date,07:30,15:45,HS,contract\n"
        "p-2,2026-08-24,2027-05-28,date,07:30,15:45,ES,contract\n"
        "p-1,2026-12-03,2026-12-03,date,17:00,20:00,HS,extra\n"
        "p-3,2026-10-31,2026-10-31,date,22:00,04:00,HS,extra\n"
        "p-3,2027-03-13,2027-03-13,date,22:00,04:00,HS,extra\n"
    ),
    "leave.csv": (
        "person_id,date,part,kind,status\n"
        "p-1,2026-10-30,am,sick,approved\n"
        "p-1,2026-11-02,full,personal,approved\n"
        "p-2,2026-11-02,pm,personal,approved\n"
        "p-2,2026-10-30,full,personal,cancelled\n"
        "p-1,2026-12-03,full,personal,approved\n"
    ),
}


@pytest.fixture
def duty(load):
    """Windows that start on a local day: person, from, to, kind."""
    registry = load(FILES)
    assert not registry.errors

    def on(day):
        model = models()["core.duty"]
        with writing(Path(":memory:"), threads=1) as database:
            load_registry(database, registry)
            database.build(model, arguments(model), day)
            rows = database.rows("select person_id, start_time, end_time, kind from core.duty")
        local = [
            (person, (start + MARGIN).astimezone(ZONE), end - MARGIN, kind)
            for person, start, end, kind in rows
        ]
        return sorted(
            (person, start.strftime("%H:%M"), shown(end, day), kind)
            for person, start, end, kind in local
            if start.date() == day
        )

    return on


def shown(end, day):
    local = end.astimezone(ZONE)
    return local.strftime("%H:%M") + "+" * (local.date() > day)


TOUR = {
    "leave in the morning; cancelled leave is none": (
        date(2026, 10, 30),
        [("p-1", "11:00", "15:45", "contract"), ("p-2", "07:30", "15:45", "contract")],
    ),
    "the first school day of winter time; full leave, leave in the afternoon": (
        date(2026, 11, 2),
        [("p-2", "07:30", "13:00", "contract")],
    ),
    "a night of 25 hours": (
        date(2026, 10, 31),
        [("p-3", "22:00", "04:00+", "extra")],
    ),
    "children leave early, staff do not": (
        date(2026, 11, 5),
        [("p-1", "07:30", "15:45", "contract"), ("p-2", "07:30", "15:45", "contract")],
    ),
    "lessons at home are work": (
        date(2026, 11, 6),
        [("p-1", "07:30", "15:45", "contract"), ("p-2", "07:30", "15:45", "contract")],
    ),
    "a holiday": (date(2026, 11, 11), []),
    "a weekend": (date(2026, 11, 14), []),
    "a weekday that nobody mentions is unknown": (date(2026, 11, 17), []),
    "a snow day declared before dawn; extra duty stays, leave or not": (
        date(2026, 12, 3),
        [("p-1", "17:00", "20:00", "extra")],
    ),
    "closed in the morning, in one building: until then it was work": (
        date(2026, 12, 4),
        [("p-1", "07:30", "15:45", "contract"), ("p-2", "07:30", "10:30", "contract")],
    ),
    "a closure without a plan closes what was never open": (date(2026, 12, 7), []),
    "a holiday made up for": (
        date(2026, 12, 8),
        [("p-1", "07:30", "15:45", "contract"), ("p-2", "07:30", "15:45", "contract")],
    ),
    "a night of 23 hours": (
        date(2027, 3, 13),
        [("p-3", "22:00", "04:00+", "extra")],
    ),
    "the first school day of summer time": (
        date(2027, 3, 15),
        [("p-1", "07:30", "15:45", "contract"), ("p-2", "07:30", "15:45", "contract")],
    ),
}


@pytest.mark.parametrize("stop", TOUR)
def test_tour(duty, stop):
    day, expected = TOUR[stop]
    assert duty(day) == expected


def test_nights_of_a_clock_change_have_their_true_length(load):
    windows = load(FILES).frames["duty_windows"]
    nights = windows.filter(person_id="p-3").sort("event_date")
    hours = (nights["end_time"] - nights["start_time"]).dt.total_hours()
    assert hours.to_list() == [7, 5]
