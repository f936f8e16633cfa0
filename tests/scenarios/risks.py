"""Scenarios of accounts and devices at risk: the account may be nobody's doing."""

from collections.abc import Mapping
from datetime import timedelta

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story


def twenty_accounts_from_one_lab_pc(story: Story) -> None:
    """One password, tried on twenty accounts in eight minutes."""
    for number in range(1, 21):
        story.logon_refused(f"pupil{number:02d}", "hs-lab-1", "10:00", number * 23)
    story.logon("pupil30", "hs-lab-2", "10:02")
    story.surf("pupil30", "hs-lab-2", "10:03", WORK)


def one_stored_password(story: Story) -> None:
    """Fifty refusals of one account."""
    for number in range(50):
        story.logon_refused("avega", "hs-avega", "10:00", number * 9)


def a_class_takes_an_hour(story: Story) -> None:
    """Each of thirty pupils mistypes once; then the next one sits down."""
    for number in range(1, 31):
        minute = f"10:{number * 2 - 2:02d}"
        story.logon_refused(f"pupil{number:02d}", "hs-lab-1", minute)
        story.logon(f"pupil{number:02d}", "hs-lab-1", f"10:{number * 2 - 1:02d}")


def _ends(story: Story, days: int) -> Mapping[str, str]:
    last = story.day + timedelta(days=days)
    return {"accounts.csv": f"leaver,person,,false,,,{last}\n"}


def _at_a_podium(story: Story) -> None:
    story.logon("leaver", "hs-room-5", "09:00")
    story.surf("leaver", "hs-room-5", "09:01", WORK, minutes=12)


def account_after_its_last_day(story: Story) -> Mapping[str, str]:
    _at_a_podium(story)
    return _ends(story, -1)


def account_on_its_last_day(story: Story) -> Mapping[str, str]:
    _at_a_podium(story)
    return _ends(story, 0)


SCENARIOS = (
    Scenario(
        "S73",
        twenty_accounts_from_one_lab_pc,
        ("AN-1",),
        "hs-lab-1",
        severity="medium",
        cites=("windows",),
    ),
    Scenario("S73a", one_stored_password),
    Scenario("S73b", a_class_takes_an_hour),
    Scenario(
        "S75",
        account_after_its_last_day,
        ("AN-5",),
        "leaver",
        severity="high",
        cites=("proxy", "windows"),
    ),
    Scenario("S75a", account_on_its_last_day),
)
