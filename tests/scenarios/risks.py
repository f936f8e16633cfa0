"""Scenarios of accounts and devices at risk: the account may be nobody's doing."""

from collections.abc import Mapping
from datetime import timedelta

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story


def twenty_accounts_from_one_lab_pc(story: Story) -> None:
    """One password, tried on twenty accounts in eight minutes."""
    for number in range(1, 21):
        story.logon_refused(f"student{number:02d}", "hs-lab-1", "10:00", number * 23)
    story.logon("pupil30", "hs-lab-2", "10:02")
    story.surf("pupil30", "hs-lab-2", "10:03", WORK)


def one_stored_password(story: Story) -> None:
    """Fifty refusals of one account."""
    for number in range(50):
        story.logon_refused("avega", "hs-avega", "10:00", number * 9)


def a_class_takes_an_hour(story: Story) -> None:
    """Each of thirty students mistypes once; then the next one sits down."""
    for number in range(1, 31):
        minute = f"10:{number * 2 - 2:02d}"
        story.logon_refused(f"student{number:02d}", "hs-lab-1", minute)
        story.logon(f"student{number:02d}", "hs-lab-1", f"10:{number * 2 - 1:02d}")


def _ends(story: Story, days: int) -> Mapping[str, str]:
    last = story.day + timedelta(days=days)
    return {"accounts.csv": f"leaver,person,,false,,,{last},\n"}


def _at_a_podium(story: Story) -> None:
    story.logon("leaver", "hs-room-5", "09:00")
    story.surf("leaver", "hs-room-5", "09:01", WORK, minutes=12)


def account_after_its_last_day(story: Story) -> Mapping[str, str]:
    _at_a_podium(story)
    return _ends(story, -1)


def account_on_its_last_day(story: Story) -> Mapping[str, str]:
    _at_a_podium(story)
    return _ends(story, 0)


def upload_outside(story: Story) -> None:
    """Two gigabytes in four parts to a site that nobody listed."""
    story.logon("avega", "hs-avega", "07:50")
    for number in range(4):
        when = story.at("11:00", number * 240)
        story.flow("hs-avega", when, "up.lockers.example", seconds=200,
                   sent=520_000_000, received=900_000)  # fmt: skip
        when = story.at("11:00", number * 60)
        story.flow("hs-bsun", when, "up.lockers.example", sent=1_900_000)
    _ordinary_days(story)


def upload_to_the_drive(story: Story) -> None:
    """As much, to the drive that the list speaks for."""
    for number in range(4):
        when = story.at("11:00", number * 240)
        story.flow("hs-avega", when, "files.school.example", seconds=200,
                   sent=520_000_000, received=900_000)  # fmt: skip
    _ordinary_days(story)


def _ordinary_days(story: Story) -> None:
    for day in ("-1", "-4", "-5"):
        for device in ("hs-bsun", "hs-gnova"):
            story.flow(
                device, story.at(f"{day} 10:00"), "www.news.example", sent=90_000
            )


def caller_on_one_desk(story: Story) -> None:
    """One host, every seventeen minutes until late, known to no other device.

    The day before, the device was in use and did not call.
    """
    _other_desks(story)
    story.lease("hs-avega", "-1 06:00")
    story.flow("hs-avega", story.at("-1 10:00"), "www.news.example")
    _calls(story, "hs-avega")


def caller_as_old_as_the_log(story: Story) -> None:
    """The same, of a device of which nothing older is known: an open page, perhaps."""
    _other_desks(story)
    _calls(story, "hs-avega")


def caller_on_every_desk(story: Story) -> None:
    """The same from what runs on many devices."""
    _other_desks(story)
    for device in ("hs-avega", "hs-bsun", "hs-gnova", "es-cpark"):
        _calls(story, device)


def caller_in_a_small_school(story: Story) -> None:
    """The same among few devices, where every host is rare."""
    _calls(story, "hs-avega")


def _other_desks(story: Story) -> None:
    """A hundred further addresses, each with a page of news."""
    for number in range(100):
        desk = f"desk-{number}"
        story.address[desk] = f"10.1.2.{number}"
        story.flow(desk, story.at("10:00", number), "www.news.example")


def _calls(story: Story, device: str) -> None:
    for number in range(60):
        when = story.at("06:05", number * 1_020 + number % 3 * 4)
        story.flow(device, when, "c2.calls.example", sent=1_410 + number % 4 * 3)


def program_that_calls_home(story: Story) -> None:
    """Fetched on Monday; on the next two days it calls where it came from."""
    story.lease("hs-avega", "-1 06:00")
    url = "http://get.toolbox.example/setup.exe"
    story.fetch("avega", "hs-avega", story.at("-1 10:00"), url)
    for day in ("", "+1 "):
        for number in range(3):
            when = story.at(f"{day}09:00", number * 7_200)
            story.flow("hs-avega", when, "update.toolbox.example")


def visitor_without_a_row(story: Story) -> None:
    for account, device in (
        ("avega", "hs-avega"), ("bsun", "hs-bsun"), ("gnova", "hs-gnova"),
        ("cpark", "es-cpark"), ("visitor", "hs-room-5"),
    ):  # fmt: skip
        story.logon(account, device, "08:00")


def security_log_that_was_cleared(story: Story) -> None:
    """The log of the domain controller is cleared in the evening."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "09:00", WORK, minutes=10)
    story.told_by_directory(1102, "19:12", {"SubjectUserName": "avega"})


def account_that_became_administrator(story: Story) -> None:
    """An account is put into the group of domain administrators."""
    story.surf("avega", "hs-avega", "09:00", WORK, minutes=10)
    story.told_by_directory(4728, "10:12", {"TargetSid": "S-1-5-21-7-8-9-512"})


def account_that_joined_another_group(story: Story) -> None:
    """The same with a group that rules nothing."""
    story.surf("avega", "hs-avega", "09:00", WORK, minutes=10)
    story.told_by_directory(4728, "10:12", {"TargetSid": "S-1-5-21-7-8-9-1512"})


SCENARIOS = (
    Scenario(
        "S74",
        upload_outside,
        ("AN-2",),
        "hs-avega",
        severity="medium",
        cites=("firewall", "dhcp"),
    ),
    Scenario("S74a", upload_to_the_drive),
    Scenario(
        "S74b",
        caller_on_one_desk,
        ("AN-3",),
        "hs-avega",
        severity="medium",
        cites=("firewall", "dhcp"),
    ),
    Scenario("S74c", caller_on_every_desk),
    Scenario("S74e", caller_as_old_as_the_log, leads=("AN-3",)),
    Scenario("S74d", caller_in_a_small_school),
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
    Scenario("S75b", visitor_without_a_row, leads=("AN-10",)),
    Scenario(
        "S98",
        security_log_that_was_cleared,
        ("AN-13",),
        "dc1",
        severity="high",
        cites=("windows",),
        least_lines=1,
    ),
    Scenario(
        "S99",
        account_that_became_administrator,
        ("AN-14",),
        "dc1",
        severity="medium",
        cites=("windows",),
        least_lines=1,
    ),
    Scenario("S99a", account_that_joined_another_group),
    Scenario(
        "S77",
        program_that_calls_home,
        ("AN-11",),
        "hs-avega",
        severity="medium",
        leads=("AN-11",),
        cites=("proxy", "firewall", "dhcp"),
    ),
)
