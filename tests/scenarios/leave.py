"""Scenarios of accounts in use while their owners are away."""

from collections.abc import Mapping

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story


def leave(story: Story, part: str = "full", status: str = "approved") -> dict[str, str]:
    return {"leave.csv": f"p-1,{story.day},{part},personal,{status},\n"}


def owner_on_full_leave(story: Story) -> Mapping[str, str]:
    """The owner is away all day; the account works on a colleague's PC."""
    story.logon("avega", "hs-bsun", "07:52")
    story.surf("avega", "hs-bsun", "08:00", WORK, minutes=45, every=70)
    return leave(story)


def owner_went_home_ill(story: Story) -> Mapping[str, str]:
    """The owner came, worked on the own PC and went home ill; the leave is of the whole day."""
    story.logon("avega", "hs-avega", "07:52")
    story.surf("avega", "hs-avega", "08:00", WORK, minutes=45, every=70)
    story.lock("avega", "hs-avega", "08:46")
    return leave(story)


def work_from_home_on_a_leave_day(story: Story) -> Mapping[str, str]:
    """The owner reaches the computer at school by remote desktop, and unlocks it there once."""
    story.logon("avega", "hs-bsun", "07:52", "remote")
    story.surf("avega", "hs-bsun", "08:00", WORK, minutes=45, every=70)
    story.lock("avega", "hs-bsun", "08:50")
    story.unlock("avega", "hs-bsun", "09:30")
    story.surf("avega", "hs-bsun", "09:31", WORK, minutes=45, every=70)
    return leave(story)


def leave_called_off(story: Story) -> Mapping[str, str]:
    owner_on_full_leave(story)
    return leave(story, status="cancelled")


def back_after_a_morning_away(story: Story) -> Mapping[str, str]:
    story.logon("avega", "hs-avega", "12:58")
    story.surf("avega", "hs-avega", "13:00", WORK, minutes=45, every=70)
    return leave(story, part="am")


def owner_away_in_the_afternoon(story: Story) -> Mapping[str, str]:
    story.logon("avega", "hs-avega", "07:41")
    story.lock("avega", "hs-avega", "12:20")
    story.unlock("avega", "hs-avega", "13:58")
    story.surf("avega", "hs-avega", "14:00", WORK, minutes=45, every=70)
    return leave(story, part="pm")


def leisure_while_the_owner_is_away(story: Story) -> Mapping[str, str]:
    """Return a case about the person who is there; the absent owner has no leisure at the desk."""
    story.logon("avega", "hs-avega", "07:41")
    story.lock("avega", "hs-avega", "12:20")
    story.unlock("avega", "hs-avega", "13:58")
    hosts = (*WORK, "shop.example", "www.friends.example")
    story.surf("avega", "hs-avega", "14:00", hosts, minutes=45, every=40)
    return leave(story, part="pm")


def locked_screen_on_a_leave_day(story: Story) -> Mapping[str, str]:
    """Left locked the evening before; pages refresh, some at uneven times."""
    story.lease("hs-avega", "-1 06:00")
    story.logon("avega", "hs-avega", "-1 07:41")
    story.lock("avega", "hs-avega", "-1 15:40")
    for host in ("mail.school.example", "lms.example", "grades.example"):
        story.tick("avega", "hs-avega", "08:00", host, minutes=120)
    story.surf("avega", "hs-avega", "10:30", WORK, minutes=30)
    return leave(story)


def restart_on_a_leave_day(story: Story) -> Mapping[str, str]:
    """Return an update that restarts the PC at night: sign-on, lock, restored tabs."""
    story.lease("hs-avega", "-1 06:00")
    story.logon("avega", "hs-avega", "03:10")
    story.lock("avega", "hs-avega", "03:10", 6)
    for number, host in enumerate((*WORK, *WORK, *WORK)):
        size = 9_000 + 7_000 * number
        story.browse("avega", "hs-avega", story.at("03:10:09", number), host, size)
    return leave(story)


SCENARIOS = (
    Scenario(
        "S07",
        owner_on_full_leave,
        ("SA-3",),
        "avega",
        severity="high",
        witness="keyboard",
    ),
    Scenario("S07a", owner_went_home_ill, leads=("SA-3",), account="avega"),
    Scenario("S07b", work_from_home_on_a_leave_day),
    Scenario("S08", leave_called_off),
    Scenario("S09", back_after_a_morning_away),
    Scenario("S10", owner_away_in_the_afternoon, ("SA-3",), "avega", severity="medium"),
    Scenario(
        "S111",
        leisure_while_the_owner_is_away,
        ("SA-3",),
        "avega",
        severity="medium",
        is_alone=True,
    ),
    Scenario("S11", locked_screen_on_a_leave_day),
    Scenario("S12", restart_on_a_leave_day),
)
