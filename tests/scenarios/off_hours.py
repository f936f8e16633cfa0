"""Scenarios of off-hours use, clock changes, and machines at night."""

from collections.abc import Mapping
from datetime import date

from tests.scenarios.scenario import Scenario
from tests.scenarios.sites import at_work
from tests.scenarios.story import WORK, Story

MONDAY_AFTER_THE_CHANGE = date(2026, 3, 9)
TUESDAY_AFTER_THE_CHANGE = date(2026, 3, 10)
SUNDAY = date(2026, 3, 1)
SUNDAY_OF_THE_REPEATED_HOUR = date(2026, 11, 1)


def short_visits(story: Story, account: str, device: str, clock: str) -> None:
    """Four minutes each at three sites: ten in all, too short for any one of them."""
    hour, minute = int(clock[-5:-3]), int(clock[-2:])
    day = clock[:-5]
    for number, host in enumerate(("friends.example", "shop.example", "blog.example")):
        later = minute + 5 * number
        start = f"{day}{hour + later // 60:02d}:{later % 60:02d}"
        story.surf(account, device, start, (host,), minutes=4, every=30)


def first_workday_after_the_change(story: Story) -> None:
    """At the desk at 07:25 as ever; a reader with a fixed offset sees 06:25."""
    story.logon("avega", "hs-avega", "07:24")
    short_visits(story, "avega", "hs-avega", "07:25")


def half_past_six_after_the_change(story: Story) -> None:
    at_work(story)
    story.lock("avega", "hs-avega", "15:40")
    story.unlock("avega", "hs-avega", "18:29")
    short_visits(story, "avega", "hs-avega", "18:30")


def evening_at_the_desk(story: Story) -> None:
    """20:45, an unlock, forty minutes of shopping and friends."""
    at_work(story)
    story.lock("avega", "hs-avega", "15:40")
    story.unlock("avega", "hs-avega", "20:44")
    hosts = ("shop.example", "www.friends.example")
    story.surf("avega", "hs-avega", "20:45", hosts, minutes=40)


def evening_in_a_shop_with_somebody_else_s_consent(story: Story) -> None:
    """One person may shop there; that does not make it work for everybody."""
    at_work(story)
    story.lock("avega", "hs-avega", "15:40")
    story.unlock("avega", "hs-avega", "20:44")
    hosts = ("www.crafts.example", "blog.example")
    story.surf("avega", "hs-avega", "20:45", hosts, minutes=40)


def sunday_on_site(story: Story) -> None:
    story.lease("hs-avega", "06:00")
    story.logon("avega", "hs-avega", "13:00")
    hosts = ("scores.example", "blog.example")
    story.surf("avega", "hs-avega", "13:02", hosts, minutes=30)


USUAL = {"district.toml": 'usual_duty = "07:30-15:30"\n'}
"""No row states the hours of a person."""


def event_on_a_sunday(story: Story) -> Mapping[str, str]:
    """On site by usual hours: perhaps an event, which no file lists."""
    sunday_on_site(story)
    return USUAL


def home_at_night_by_usual_hours(story: Story) -> Mapping[str, str]:
    """No event calls from home."""
    laptop_at_home_at_night(story)
    return USUAL


def early_by_usual_hours(story: Story) -> Mapping[str, str]:
    """At the desk a little before the usual hours begin."""
    first_workday_after_the_change(story)
    return USUAL


def laptop_at_home_at_night(story: Story) -> None:
    """A district laptop, at home over the tunnel, logged on without the directory."""
    story.lease("nb-avega", "-1 07:00")
    story.logon("avega", "nb-avega", "-1 08:00")
    story.surf("avega", "nb-avega", "-1 08:05", WORK, minutes=10)
    story.logoff("avega", "nb-avega", "-1 15:30")
    story.lease("nb-avega", "02:25", ip="10.9.0.22", hours=4)
    story.logon("avega", "nb-avega", "02:28", "cached")
    hosts = ("shop.example", "www.friends.example", "blog.example")
    story.surf("avega", "nb-avega", "02:30", hosts, minutes=30)


def evening_grading(story: Story) -> None:
    """From home, on approved sites alone."""
    story.lease("home-avega", "18:00")
    story.logon("avega", "home-avega", "20:00", "cached")
    hosts = ("grades.example", "lms.example", "quiz.example")
    story.surf("avega", "home-avega", "20:02", hosts, minutes=60)


def extra_duty(story: Story) -> Mapping[str, str]:
    """Return a conference evening that the duty file knows."""
    at_work(story)
    story.unlock("avega", "hs-avega", "18:29")
    short_visits(story, "avega", "hs-avega", "18:30")
    day = story.day
    return {"staff_duty.csv": f"p-1,{day},{day},date,17:00,20:00,HS,extra\n"}


def saturday_robotics(story: Story) -> Mapping[str, str]:
    """Return extra duty on a Saturday."""
    story.logon("avega", "hs-avega", "09:00")
    short_visits(story, "avega", "hs-avega", "09:05")
    day = story.day
    return {"staff_duty.csv": f"p-1,{day},{day},date,08:30,12:00,HS,extra\n"}


def second_shift(story: Story) -> None:
    """A custodian on duty until 22:30."""
    story.logon("fito", "hs-room-5", "20:55")
    short_visits(story, "fito", "hs-room-5", "21:00")


def locked_at_night(story: Story) -> None:
    """A scores tab every minute, news widgets, an update of 2 GB; no one there."""
    at_work(story)
    story.lock("avega", "hs-avega", "15:40")
    story.tick("avega", "hs-avega", "16:00", "scores.example", minutes=420, size=52_000)
    story.tick("avega", "hs-avega", "16:00", "news.example", minutes=420, every=300)
    story.surf("avega", "hs-avega", "21:00", ("shop.example",), minutes=20, every=90)
    for number in range(20):
        when = story.at("22:00", number * 13.7)
        story.browse("avega", "hs-avega", when, "updates.example", 100_000_000, 11)


def tunnel_logged_in_the_evening(story: Story) -> None:
    """Opened at 15:20, written at 19:40 when the tab is closed."""
    at_work(story)
    hosts = ("shop.example", "friends.example", "blog.example")
    for number, later in enumerate((0, 31, 45, 120, 133, 260, 300, 410, 433, 520, 655)):
        size = 90_000 + 41_000 * (number % 4)
        host = hosts[number // 4]
        when = story.at("15:20", 7 * number)
        story.browse("avega", "hs-avega", when, host, size, 15_600 + later)
    story.lock("avega", "hs-avega", "15:40")
    story.unlock("avega", "hs-avega", "19:38")
    story.surf("avega", "hs-avega", "19:39", WORK, minutes=16)
    story.logoff("avega", "hs-avega", "19:58")


def e_learning_day(story: Story) -> Mapping[str, str]:
    """Everybody works from home, at hours that suit the home."""
    story.lease("home-avega", "06:00")
    story.logon("avega", "home-avega", "18:25")
    short_visits(story, "avega", "home-avega", "18:30")
    return {"calendar.csv": f"{story.day},elearning,,,HS\n"}


def extra_duty_past_midnight(story: Story) -> Mapping[str, str]:
    """Chaperones a trip until one o'clock; the duty belongs to the day before."""
    story.lease("hs-avega", "-1 06:00")
    story.logon("avega", "hs-avega", "-1 07:41")
    story.surf("avega", "hs-avega", "-1 08:00", WORK, minutes=20)
    story.logon("avega", "hs-avega", "00:10")
    short_visits(story, "avega", "hs-avega", "00:15")
    before = f"{story.day.replace(day=story.day.day - 1)}"
    return {"staff_duty.csv": f"p-1,{before},{before},date,20:00,01:00,HS,extra\n"}


def nobody_at_the_keyboard(story: Story) -> None:
    """The evening's traffic of a device that wrote no logon that day."""
    short_visits(story, "avega", "hs-avega", "20:45")


SCENARIOS = (
    Scenario("S61", first_workday_after_the_change, day=MONDAY_AFTER_THE_CHANGE),
    Scenario(
        "S62",
        half_past_six_after_the_change,
        ("OH-1",),
        "avega",
        day=TUESDAY_AFTER_THE_CHANGE,
        severity="low",
        cites=("proxy", "windows"),
    ),
    Scenario(
        "S64",
        evening_at_the_desk,
        ("NA-1", "OH-1"),
        "avega",
        severity="low",
    ),
    Scenario(
        "S64c",
        evening_in_a_shop_with_somebody_else_s_consent,
        ("NA-1", "OH-1"),
        "avega",
        severity="low",
    ),
    Scenario(
        "S65",
        sunday_on_site,
        ("NA-1", "OH-1"),
        "avega",
        day=SUNDAY,
        severity="low",
    ),
    Scenario(
        "S66",
        laptop_at_home_at_night,
        ("NA-1", "OH-1"),
        "avega",
        severity="low",
    ),
    Scenario(
        "S65a",
        event_on_a_sunday,
        ("NA-1",),
        "avega",
        day=SUNDAY,
        severity="low",
        leads=("OH-1",),
    ),
    Scenario(
        "S66a",
        home_at_night_by_usual_hours,
        ("NA-1", "OH-1"),
        "avega",
        severity="low",
    ),
    Scenario("S62a", early_by_usual_hours, day=MONDAY_AFTER_THE_CHANGE),
    Scenario("S67", evening_grading),
    Scenario("S68", extra_duty),
    Scenario("S68a", saturday_robotics, day=date(2026, 3, 7)),
    Scenario("S68b", extra_duty_past_midnight),
    Scenario("S69", second_shift),
    Scenario("S70", locked_at_night),
    Scenario("S71", tunnel_logged_in_the_evening),
    Scenario("S72", e_learning_day),
    Scenario("S70a", nobody_at_the_keyboard),
)
