"""Scenarios of shared accounts, and of what only looks like one."""

from collections.abc import Mapping

from tests.scenarios.leave import leave
from tests.scenarios.places import DEVICES
from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story


def two_campuses_in_turns(story: Story) -> None:
    """A teacher works at the high school while the account is used across town."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "es-room-1", "09:58")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=30, every=55)
    story.surf("avega", "es-room-1", "10:00:20", WORK, minutes=30, every=45)


def one_stray_line_across_town(story: Story) -> None:
    """A single request at the elementary school amid work at the high school."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "es-room-1", "09:50")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=30, every=55)
    story.browse("avega", "es-room-1", story.at("10:10:10"), "lms.example")


def keyboard_across_town_in_three_minutes(story: Story) -> None:
    """Last click at the high school, log-in across town three minutes later."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "09:50", WORK, minutes=10, every=50)
    story.logon("avega", "es-room-1", "10:02:40")
    story.surf("avega", "es-room-1", "10:03", WORK, minutes=8, every=45)


def keyboard_across_town_in_nineteen_minutes(story: Story) -> None:
    """The same, with time to drive."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "09:50", WORK, minutes=10, every=50)
    story.logon("avega", "es-room-1", "10:18:40")
    story.surf("avega", "es-room-1", "10:19", WORK, minutes=8, every=45)


def keyboard_across_town_by_a_slow_clock(story: Story) -> None:
    """The podium across town is twelve minutes slow; its log-in is put right."""
    story.slow["es-room-1"] = 720
    keyboard_across_town_in_three_minutes(story)


def three_buildings_a_day(story: Story) -> None:
    """An itinerant therapist drives honestly from building to building."""
    for device, start in (
        ("hs-room-5", "08:00"),
        ("es-room-1", "10:00"),
        ("ms-room-2", "12:30"),
    ):
        story.logon("ehart", device, start)
        story.surf("ehart", device, start, WORK, minutes=80, every=70)
    story.logoff("ehart", "hs-room-5", "09:30")
    story.logoff("ehart", "es-room-1", "12:00")


def to_and_fro_by_car(story: Story) -> None:
    """Five short lessons in two schools, each after an honest drive."""
    for number in range(5):
        device = ("hs-room-5", "es-room-1")[number % 2]
        minute = 24 * number
        start = f"{9 + minute // 60:02d}:{minute % 60:02d}"
        story.logon("ehart", device, start)
        story.surf("ehart", device, start, WORK, minutes=11, every=30)


def walk_with_a_lingering_address(story: Story) -> None:
    """From the high school to the middle school in four minutes, on Wi-Fi."""
    story.lease("nb-ehart", "07:30")
    story.logon("ehart", "nb-ehart", "07:40")
    story.surf("ehart", "nb-ehart", "09:00", WORK, minutes=20)
    story.surf("ehart", "nb-ehart", "09:24:20", WORK, minutes=3)
    story.lease("nb-ehart", "09:24", ip="10.2.8.25")
    story.surf("ehart", "nb-ehart", "09:24:05", WORK, minutes=20)
    story.logon("ehart", "ms-room-2", "09:26")
    story.surf("ehart", "ms-room-2", "09:26:10", WORK, minutes=15)


def phone_left_across_town(story: Story) -> None:
    """Forgotten in the morning, it fetches news all day; its owner works elsewhere."""
    story.lease("phone-avega", "07:20", ip="10.3.8.77", hours=10)
    story.logon("avega", "hs-avega", "08:10")
    story.surf("avega", "hs-avega", "09:02", WORK, minutes=40, every=55)
    hosts = ("friends.example", "news.example", "scores.example")
    story.surf("avega", "phone-avega", "09:02:20", hosts, minutes=40, every=50)


def approved_shared_account(story: Story) -> None:
    """The office account is used on three PCs at the same time, across town too."""
    for second, device in enumerate(("hs-room-5", "es-room-1", "do-dkim")):
        story.logon("hs_office", device, "08:55")
        start = f"09:00:{second * 15:02d}"
        story.surf("hs_office", device, start, WORK, minutes=30)


def personal_account_that_is_shared(story: Story) -> Mapping[str, str]:
    """Return a person's account that the administration lets several people use."""
    for number, (device, start) in enumerate((("hs-room-5", "09:00"), ("es-room-1", "09:00:20"))):
        story.logon("office", device, f"08:5{number}")
        story.surf("office", device, start, WORK, minutes=30)
    return {"accounts.csv": "office,person,p-4,true,,,,,\n"}


def kiosk_account_in_two_buildings(story: Story) -> None:
    for second, device in enumerate(("hs-room-5", "es-room-1")):
        story.logon("kiosk_lib", device, "08:55")
        start = f"09:00:{second * 15:02d}"
        story.surf("kiosk_lib", device, start, WORK, minutes=30)


def virtual_desktop_beside_the_own_pc(story: Story) -> None:
    """A session on a host at the district office, seen from a desk at school."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "do-vdi-1", "09:00", "remote")
    story.surf("avega", "hs-avega", "09:02", WORK, minutes=30)
    story.surf("avega", "do-vdi-1", "09:02:20", WORK, minutes=30)


def portable_behind_one_address(story: Story) -> None:
    """Everybody in the portable classroom wears one address of another campus."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "09:02", WORK, minutes=30)
    story.surf("avega", "gate-es", "09:02:20", WORK, minutes=30)


def address_passes_to_another_laptop(story: Story) -> None:
    """Four minutes after one laptop gave it back, another has the address."""
    ip = DEVICES["nb-avega"].ip
    story.lease("nb-avega", "07:30")
    story.logon("avega", "nb-avega", "07:35")
    story.surf("avega", "nb-avega", "09:00", WORK, minutes=25)
    story.release("nb-avega", "09:26")
    story.lease("nb-bsun", "09:30", ip=ip)
    story.logon("bsun", "nb-bsun", "09:31")
    story.surf("bsun", "nb-bsun", "09:31:10", WORK, minutes=30)
    story.logon("avega", "hs-avega", "09:27")
    story.surf("avega", "hs-avega", "09:30:30", WORK, minutes=30)


def slow_clock_across_town(story: Story) -> None:
    """An honest drive, on paper impossible by a clock twelve minutes slow."""
    story.slow["es-room-1"] = 720
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "08:50", WORK, minutes=10)
    story.logon("avega", "es-room-1", "09:19")
    story.surf("avega", "es-room-1", "09:19:10", WORK, minutes=25)
    story.logoff("avega", "es-room-1", "09:50")


def left_open_and_chattering(story: Story) -> None:
    """No log-off at school; work across town; the PC at school goes on by itself."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "08:00", WORK, minutes=30)
    for host in ("mail.school.example", "lms.example", "search.example"):
        story.tick("avega", "hs-avega", "08:30", host, minutes=120, every=45)
    story.logon("avega", "es-room-1", "09:10")
    story.surf("avega", "es-room-1", "09:11", WORK, minutes=60)


def fast_user_switching(story: Story) -> None:
    """Two people take turns at one PC, each with their own account."""
    story.logon("avega", "hs-room-5", "09:00")
    story.surf("avega", "hs-room-5", "09:01", WORK, minutes=12)
    story.logon("bsun", "hs-room-5", "09:15")
    story.surf("bsun", "hs-room-5", "09:16", WORK, minutes=12)
    story.unlock("avega", "hs-room-5", "09:30")
    story.surf("avega", "hs-room-5", "09:31", WORK, minutes=12)


def renamed_account(story: Story) -> None:
    """Old and new name of one account on two devices in one building."""
    story.logon("alindt", "hs-avega", "07:41")
    story.surf("alindt", "hs-avega", "09:00", WORK, minutes=30)
    story.logon("avega", "nb-avega", "08:58")
    story.surf("avega", "nb-avega", "09:00:20", WORK, minutes=30)


def task_in_a_teachers_name(story: Story) -> Mapping[str, str]:
    """Return a scheduled task on a server at 03:06; the teacher sleeps."""
    story.lease("srv-tasks", "-1 06:00")
    story.logon("avega", "srv-tasks", "03:06", "batch")
    story.surf("avega", "srv-tasks", "03:06:05", ("friends.example",), minutes=10)
    story.surf("avega", "srv-tasks", "03:06:15", ("shop.example",), minutes=10)
    return leave(story)


def renamed_account_in_two_places(story: Story) -> None:
    """Who knew the old name uses it across town; it is still the same account."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("alindt", "es-room-1", "09:58")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=30, every=55)
    story.surf("alindt", "es-room-1", "10:00:20", WORK, minutes=30, every=45)


def forty_students_on_one_lab_pc(story: Story) -> None:
    for number in range(1, 41):
        student = f"student{number:02d}"
        minute = 10 * (number - 1)
        clock = f"{8 + minute // 60:02d}:{minute % 60:02d}"
        story.logon(student, "hs-lab-1", clock)
        story.surf(student, "hs-lab-1", clock, WORK, minutes=7, every=50)


SCENARIOS = (
    Scenario("S01", two_campuses_in_turns, ("SA-1",), "avega", severity="high"),
    Scenario("S02", one_stray_line_across_town),
    Scenario(
        "S03",
        keyboard_across_town_in_three_minutes,
        ("SA-2",),
        "avega",
        severity="high",
    ),
    Scenario(
        "S03a",
        keyboard_across_town_by_a_slow_clock,
        ("SA-2",),
        "avega",
        severity="high",
    ),
    Scenario("S04", keyboard_across_town_in_nineteen_minutes),
    Scenario("S05", three_buildings_a_day),
    Scenario("S05a", to_and_fro_by_car),
    Scenario("S06", walk_with_a_lingering_address),
    Scenario("S18a", phone_left_across_town),
    Scenario("S20", approved_shared_account),
    Scenario("S20a", personal_account_that_is_shared),
    Scenario("S21", kiosk_account_in_two_buildings),
    Scenario("S25", virtual_desktop_beside_the_own_pc),
    Scenario("S26", portable_behind_one_address),
    Scenario("S27", address_passes_to_another_laptop),
    Scenario("S28", slow_clock_across_town),
    Scenario("S29", left_open_and_chattering),
    Scenario("S30", fast_user_switching),
    Scenario("S31", renamed_account),
    Scenario("S31a", renamed_account_in_two_places, ("SA-1",), "avega", severity="high"),
    Scenario("S34", task_in_a_teachers_name),
    Scenario("S35", forty_students_on_one_lab_pc),
)
