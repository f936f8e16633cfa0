"""Duty and leave as instants: clock changes, midnight, kinds of day, extra duty."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from pipelines.errors import SettingsError
from pipelines.registry.tables.staff_duty import POSSIBLE, USUAL_BREAK, with_usual_breaks
from pipelines.settings.model import UsualBreak
from pipelines.settings.toml_reader import parse_settings

HEAD = "person_id,date_from,date_to,weekday,start_local,end_local,building,kind\n"
ROSTER = "sourcedId,orgSourcedIds,role,username\np-1,org-hs,teacher,ada\n"
BUILDINGS = "building,org_id\nHS,org-hs\nES,org-es\n"
CALENDAR = (
    "date,day_type,building,declared_at\n"
    "2026-10-30,school,,\n2026-11-02,school,,\n2026-11-03,pd_day,,\n"
    "2026-11-04,holiday,,\n2026-11-05,early_out,HS,\n2026-11-05,closure,ES,\n"
    "2026-11-06,elearning,,\n2026-11-09,closure,,2026-11-09 05:40\n"
)


def at(month, day, hour, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def windows(load):
    def run(rows, is_possible=False):
        files = {
            "users.csv": ROSTER,
            "buildings.csv": BUILDINGS,
            "calendar.csv": CALENDAR,
            "staff_duty.csv": HEAD + rows,
        }
        found = load(files).frames["duty_windows"].sort("start_time")
        return found.filter((pl.col("kind") == POSSIBLE) == is_possible)

    return run


def test_hours_are_local_on_both_sides_of_a_clock_change(windows):
    found = windows("p-1,2026-10-30,2026-11-02,date,07:30,15:45,HS,contract\n")
    assert found.select("event_date", "start_time", "end_time").rows() == [
        (date(2026, 10, 30), at(10, 30, 12, 30), at(10, 30, 20, 45)),
        (date(2026, 11, 2), at(11, 2, 13, 30), at(11, 2, 21, 45)),
    ]


@pytest.mark.parametrize(
    ("building", "days"),
    [("HS", [2, 3, 5, 6]), ("ES", [2, 3, 6]), ("", [2, 3, 5, 6]), ("XX", [])],
)
def test_contract_hours_hold_on_working_days_of_the_building(windows, building, days):
    found = windows(f"p-1,2026-11-01,2026-11-30,date,07:30,15:45,{building},contract\n")
    assert found["event_date"].dt.day().to_list() == days


def test_a_row_without_building_takes_the_persons(windows):
    found = windows("p-1,2026-11-05,2026-11-05,3,07:30,15:45,,contract\n")
    assert found["building"].to_list() == ["HS"]


def test_extra_duty_holds_on_any_day(windows):
    found = windows("p-1,2026-11-04,2026-11-04,date,17:00,20:00,HS,extra\n")
    assert found.select("start_time", "end_time", "kind").rows() == [
        (at(11, 4, 23), at(11, 5, 2), "extra")
    ]


def test_an_end_before_the_start_is_the_next_day(windows):
    found = windows("p-1,2026-11-02,2026-11-02,0,15:00,00:30,HS,contract\n")
    assert found.select("event_date", "start_time", "end_time").rows() == [
        (date(2026, 11, 2), at(11, 2, 21), at(11, 3, 6, 30))
    ]


def test_only_the_weekday_named_counts(windows):
    found = windows("p-1,2026-10-30,2026-11-06,0,07:30,15:45,HS,contract\n")
    assert found["event_date"].to_list() == [date(2026, 11, 2)]


def test_a_weekday_whose_row_was_lost_is_no_day_off(windows):
    week = "p-1,2026-11-01,2026-11-30,{},07:30,15:45,HS,contract\n"
    lost = "".join(week.format(day) for day in (0, 1, 2, 4))
    found = windows(lost, is_possible=True)
    assert found.select("event_date", "start_time", "end_time").rows() == [
        (date(2026, 11, 5), at(11, 5, 13, 30), at(11, 5, 21, 45))
    ]
    night = "p-1,2026-11-02,2026-11-02,0,15:00,00:30,HS,contract\n"
    assert windows(night, is_possible=True).is_empty()


def test_a_night_of_the_clock_change_has_its_true_length(windows):
    found = windows("p-1,2026-10-31,2026-10-31,date,22:00,06:00,HS,extra\n")
    length = (found["end_time"] - found["start_time"]).dt.total_hours()
    assert length.to_list() == [9]


def test_without_a_calendar_contract_hours_are_unknown(load):
    row = "p-1,2026-11-02,2026-11-02,0,07:30,15:45,HS,contract\n"
    registry = load({"users.csv": ROSTER, "staff_duty.csv": HEAD + row})
    assert registry.frames["duty_windows"].is_empty()
    assert "calendar.csv" in registry.missing


def test_leave_is_a_day_a_morning_or_an_afternoon(load):
    rows = (
        "person_id,date,part,kind,status,substitute_person_id\n"
        "p-1,2026-11-01,full,sick,approved,p-9\n"
        "p-1,2026-11-03,am,sick,pending,\n"
        "p-1,2026-11-03,pm,sick,cancelled,\n"
    )
    frame = load({"leave.csv": rows}).frames["leave_windows"]
    assert frame.select("start_time", "end_time", "part", "status").rows() == [
        (at(11, 1, 5), at(11, 2, 6), "full", "approved"),
        (at(11, 3, 6), at(11, 3, 17), "am", "pending"),
        (at(11, 3, 19), at(11, 4, 6), "pm", "cancelled"),
    ]


def test_a_person_who_is_not_in_the_roster_is_told_once(load):
    rows = "person_id,date,part,status\n" + "p-7,2026-11-01,full,approved\n" * 3
    registry = load({"users.csv": ROSTER, "leave.csv": rows})
    (notice,) = [item for item in registry.problems if item.file == "leave.csv"]
    assert (notice.line, notice.value, notice.severity) == (2, "p-7", "notice")
    assert registry.frames["leave_windows"].filter(pl.col("person_id") == "p-7").height


DUTY = "p-1,2026-11-02,2026-11-06,date,07:30,15:45,HS,contract\n"
OWN = "p-1,2026-11-03,2026-11-03,date,11:45,12:15,HS,break\n"
USUAL = {"district": {"name": "A", "zone": "America/Chicago",
                      "usual_break": "11:00-13:30, 30"}}  # fmt: skip


def test_a_break_holds_on_working_days_alone(windows):
    found = windows(DUTY + OWN.replace("11-03,2026", "11-02,2026"))
    breaks = found.filter(kind="break")
    days = found.filter(kind="contract")["event_date"]
    assert breaks["event_date"].to_list() == [date(2026, 11, 2), date(2026, 11, 3)]
    assert set(breaks["event_date"]) <= set(days)
    assert breaks["start_time"].to_list()[0] == at(11, 2, 17, 45)


def test_the_usual_break_is_of_whoever_has_none_that_day():
    usual = parse_settings(toml_of(USUAL)).district.break_span
    assert usual == UsualBreak(660, 810, 30)
    frame = pl.DataFrame(
        {
            "person_id": ["p-1", "p-1", "p-1"],
            "event_date": [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 3)],
            "start_local": [450, 450, 705],
            "end_local": [945, 945, 735],
            "kind": ["contract", "contract", "break"],
        }
    )
    found = with_usual_breaks(frame, usual).filter(kind=USUAL_BREAK)
    rows = found.select("event_date", "start_local", "end_local", "minutes").rows()
    assert rows == [(date(2026, 11, 2), 660, 810, 30)]
    none = with_usual_breaks(frame, None)
    assert none["minutes"].null_count() == none.height == 3


@pytest.mark.parametrize(
    "text",
    ["noon", "13:30-11:00, 30", "11:00-11:20, 30", "11:00-13:30", "25:00-26:00, 9"],
)
def test_a_usual_break_that_is_none_is_refused(text):
    said = USUAL["district"] | {"usual_break": text}
    with pytest.raises(SettingsError, match="usual_break"):
        parse_settings(toml_of({"district": said}))


def toml_of(settings):
    rows = [f'{key} = "{value}"' for key, value in settings["district"].items()]
    return "\n".join(["[district]", *rows]).encode()


STAFF = (
    "sourcedId,orgSourcedIds,role,username,metadata.jobTitle\n"
    "p-1,org-hs,teacher,ada,Science Teacher\np-2,org-es,aide,bo,Custodian\n"
    "p-3,org-hs,teacher,cy,\np-4,,teacher,di,\ns-1,org-hs,student,kid,\n"
)


def test_staff_without_hours_have_the_usual_ones_by_job(load):
    """Without a row of hours no evening of a whole district was judged."""
    files = {
        "users.csv": STAFF, "buildings.csv": BUILDINGS, "calendar.csv": CALENDAR,
        "staff_duty.csv": HEAD + "p-3,2026-11-02,2026-11-02,0,09:00,12:00,HS,contract\n"
        "p-1,2026-11-04,2026-11-04,date,17:00,20:00,HS,extra\n",
    }  # fmt: skip
    settings = 'usual_duty = { all = "07:30-16:00", Custodian = "14:00-22:30" }\n'
    registry = load(files, settings)
    found = registry.frames["duty_windows"].filter(pl.col("kind") != POSSIBLE)
    monday = found.filter(pl.col("event_date") == date(2026, 11, 2)).sort("person_id")
    assert monday.select("person_id", "start_time", "end_time", "building", "is_usual").rows() == [
        ("p-1", at(11, 2, 13, 30), at(11, 2, 22), "HS", True),
        ("p-2", at(11, 2, 20), at(11, 3, 4, 30), "ES", True),
        ("p-3", at(11, 2, 15), at(11, 2, 18), "HS", False),
        ("p-4", at(11, 2, 13, 30), at(11, 2, 22), None, True),
    ]
    by_day = {
        person: found.filter(pl.col("person_id") == person)
        .sort("event_date")["event_date"]
        .dt.day()
        for person in ("p-1", "p-2", "p-3")
    }
    # extra duty on a holiday; a closed building has no hours; own rows are all there is
    assert [*by_day["p-1"]] == [30, 2, 3, 4, 5, 6]
    assert [*by_day["p-2"]] == [30, 2, 3, 6]
    assert [*by_day["p-3"]] == [2]
    assert "staff_duty.csv" not in load({"users.csv": STAFF}, settings).missing


@pytest.mark.parametrize(
    "said", ["7 to 4", "07:30-07:30", {"all": "25:00-26:00"}, {"all": "07:30"}]
)
def test_usual_hours_that_are_none_are_refused(said):
    with pytest.raises(SettingsError, match="usual_duty"):
        parse_settings(toml_of({"district": USUAL["district"] | {"usual_duty": said}}))


def test_usual_hours_may_be_one_line():
    given = {"district": USUAL["district"] | {"usual_duty": "7:30 - 16:00"}}
    (hours,) = parse_settings(toml_of(given)).district.duty_hours.items()
    assert (hours[0], hours[1].start, hours[1].end) == ("all", 450, 960)
