"""Scenarios of one account on several keyboards of a building."""

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story


def two_lab_pcs_and_the_own_desk(story: Story) -> None:
    """Students use the account on two lab PCs while the teacher works at the desk."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "hs-lab-1", "10:00")
    story.logon("avega", "hs-lab-2", "10:01")
    story.surf("avega", "hs-avega", "10:02", WORK, minutes=25)
    story.surf("avega", "hs-lab-1", "10:02:15", WORK, minutes=25)
    story.surf("avega", "hs-lab-2", "10:02:25", WORK, minutes=25)


def own_pc_and_a_colleagues(story: Story) -> None:
    """Both busy, by turns faster than anybody walks from room to room."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "hs-bsun", "10:00")
    story.surf("avega", "hs-avega", "10:02", WORK, minutes=25)
    story.surf("avega", "hs-bsun", "10:02:15", WORK, minutes=25)


def demonstration_on_a_lab_pc(story: Story) -> None:
    """The class watches a lab PC; the teacher's desktop is logged on and idle."""
    story.logon("avega", "hs-avega", "07:41")
    story.tick("avega", "hs-avega", "09:00", "mail.school.example", minutes=60)
    story.logon("avega", "hs-lab-1", "09:05")
    story.surf("avega", "hs-lab-1", "09:06", WORK, minutes=35)


def cover_for_a_colleague(story: Story) -> None:
    """Own account on a colleague's PC for an hour; the own PC idles."""
    story.logon("avega", "hs-avega", "07:41")
    story.tick("avega", "hs-avega", "10:00", "mail.school.example", minutes=60)
    story.logon("avega", "hs-bsun", "10:02")
    story.surf("avega", "hs-bsun", "10:03", WORK, minutes=45)


def podium_plays_while_laptop_grades(story: Story) -> None:
    story.logon("avega", "hs-room-5", "09:00")
    story.logon("avega", "nb-avega", "09:01")
    story.surf("avega", "hs-room-5", "09:02", ("video.example",), minutes=30, every=60)
    story.surf("avega", "nb-avega", "09:02:10", WORK, minutes=30)


def unapproved_account_on_four_desks(story: Story) -> None:
    """The coaches' account, on the PCs of four people within a week."""
    for device, clock in (
        ("hs-bsun", "-1 15:00"),
        ("hs-gnova", "-1 15:10"),
        ("hs-fito", "14:50"),
        ("hs-avega", "15:00"),
    ):
        story.lease(device, f"{clock[:-5]}06:00")
        story.logon("coach", device, clock)
        story.surf("coach", device, clock, WORK, minutes=5)
        story.logoff("coach", device, f"{clock[:-5]}15:30")


def administrator_on_many_pcs(story: Story) -> None:
    """Remote and network logons on every PC; work at the own one."""
    story.logon("dkim", "do-dkim", "08:00")
    story.surf("dkim", "do-dkim", "08:05", WORK, minutes=60)
    for number, device in enumerate(("hs-avega", "hs-bsun", "es-cpark", "hs-gnova")):
        story.logon("dkim", device, f"08:{10 + number}", "network")
        story.logon("dkim", device, f"08:{20 + number}", "remote")


def substitute_on_a_colleagues_podium(story: Story) -> None:
    """Own account on podiums in two buildings of one campus."""
    for device, clock in (("hs-room-5", "08:00"), ("ms-room-2", "08:45")):
        story.logon("gnova", device, clock)
        story.surf("gnova", device, clock, WORK, minutes=40)


def three_devices_of_one_person(story: Story) -> None:
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "nb-avega", "09:01")
    story.surf("avega", "hs-avega", "09:02", WORK, minutes=30)
    story.surf("avega", "nb-avega", "09:02:10", WORK, minutes=30)
    story.surf("avega", "phone-avega", "09:02:25", WORK, minutes=30)


def remote_session_on_a_colleagues_pc(story: Story) -> None:
    """The owner reaches, from the own desk, a program that only the other PC has."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "hs-bsun", "10:00", "remote")
    story.surf("avega", "hs-avega", "10:02", WORK, minutes=25)
    story.surf("avega", "hs-bsun", "10:02:15", WORK, minutes=25)


def remote_session_on_a_lab_pc(story: Story) -> None:
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "hs-lab-1", "10:00", "remote")
    story.surf("avega", "hs-avega", "10:02", WORK, minutes=25)
    story.surf("avega", "hs-lab-1", "10:02:15", WORK, minutes=25)


def remote_session_across_town(story: Story) -> None:
    """The owner sits at one desk, and works in a window on a PC of the other campus."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("avega", "es-cpark", "09:58", "remote")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=30, every=55)
    story.surf("avega", "es-cpark", "10:00:20", WORK, minutes=30, every=45)


def remote_session_across_town_soon(story: Story) -> None:
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "09:50", WORK, minutes=10, every=50)
    story.logon("avega", "es-room-1", "10:02:40", "remote")
    story.surf("avega", "es-room-1", "10:03", WORK, minutes=8, every=45)


def helper_who_stayed_logged_on(story: Story) -> None:
    """The owner helps on a colleague's PC; the colleague switches back, and its tabs go on."""
    story.logon("avega", "hs-avega", "07:41")
    story.logon("bsun", "hs-bsun", "07:45")
    story.logon("avega", "hs-bsun", "10:00")
    story.unlock("bsun", "hs-bsun", "10:04")
    story.surf("avega", "hs-bsun", "10:00:30", WORK, minutes=25)
    story.surf("avega", "hs-avega", "10:05:15", WORK, minutes=25)


SCENARIOS = (
    Scenario("S149", helper_who_stayed_logged_on),
    Scenario("S150", remote_session_on_a_colleagues_pc),
    Scenario("S151", remote_session_on_a_lab_pc),
    Scenario("S152", remote_session_across_town),
    Scenario("S153", remote_session_across_town_soon),
    Scenario(
        "S13",
        two_lab_pcs_and_the_own_desk,
        ("SA-4",),
        "avega",
        severity="medium",
    ),
    Scenario(
        "S15",
        own_pc_and_a_colleagues,
        ("SA-4",),
        "avega",
        severity="medium",
        witness="keyboard",
    ),
    Scenario(
        "S19",
        unapproved_account_on_four_desks,
        ("SA-5",),
        "coach",
        severity="medium",
        cites=("windows",),
    ),
    Scenario("S32", administrator_on_many_pcs),
    Scenario("S33", substitute_on_a_colleagues_podium),
    Scenario("S14", demonstration_on_a_lab_pc),
    Scenario("S16", cover_for_a_colleague),
    Scenario("S17", podium_plays_while_laptop_grades),
    Scenario("S18", three_devices_of_one_person),
)
