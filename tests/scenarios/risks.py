"""Scenarios of accounts and devices at risk: the account may be no one's doing."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story


def twenty_accounts_from_one_lab_pc(story: Story) -> None:
    """One password, tried on twenty accounts in eight minutes."""
    for number in range(1, 21):
        story.logon_refused(f"student{number:02d}", "hs-lab-1", "10:00", number * 23)
    story.logon("student30", "hs-lab-2", "10:02")
    story.surf("student30", "hs-lab-2", "10:03", WORK)


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
    return {"accounts.csv": f"leaver,person,,false,,,{last},,\n"}


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
    """Two gigabytes in four parts to a site that no one listed."""
    story.logon("avega", "hs-avega", "07:50")
    for number in range(4):
        when = story.at("11:00", number * 240)
        story.flow(
            "hs-avega", when, "up.lockers.example", seconds=200, sent=520_000_000, received=900_000
        )
        when = story.at("11:00", number * 60)
        story.flow("hs-bsun", when, "up.lockers.example", sent=1_900_000)
    _ordinary_days(story)


def upload_to_the_drive(story: Story) -> None:
    """As much, to the drive that the list speaks for."""
    for number in range(4):
        when = story.at("11:00", number * 240)
        story.flow(
            "hs-avega",
            when,
            "files.school.example",
            seconds=200,
            sent=520_000_000,
            received=900_000,
        )
    _ordinary_days(story)


def _ordinary_days(story: Story) -> None:
    for day in ("-1", "-4", "-5"):
        for device in ("hs-bsun", "hs-gnova"):
            story.flow(device, story.at(f"{day} 10:00"), "www.news.example", sent=90_000)


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


def _tries(story: Story, devices: Sequence[str], port: int = 4_444) -> None:
    _other_desks(story)
    story.lease("hs-avega", "06:00")
    for device in devices:
        for number in range(60):
            for retry in (0, 1, 3):
                when = story.at("06:05", number * 1_020 + number % 3 * 4 + retry)
                ends = (story.address[device], "203.0.113.66")
                story.session(when, ends, port, zones=("lan", "wan"), received=0)


def caller_that_is_refused(story: Story) -> None:
    """One address, every seventeen minutes until late, which the firewall refuses."""
    _tries(story, ["hs-avega"])


def updater_behind_a_block(story: Story) -> None:
    """The same from what runs on many devices."""
    _tries(story, ["hs-avega", *(f"desk-{number}" for number in range(7))])


def clock_that_asks_for_the_time(story: Story) -> None:
    """The same to a time server."""
    _tries(story, ["hs-avega"], port=123)


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
        ("avega", "hs-avega"),
        ("bsun", "hs-bsun"),
        ("gnova", "hs-gnova"),
        ("cpark", "es-cpark"),
        ("visitor", "hs-room-5"),
    ):
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


def roles_and_switches_of_the_cloud(story: Story) -> None:
    """Entra gives a role that rules; then its audit is switched off."""
    story.surf("avega", "hs-avega", "09:00", WORK, minutes=10)
    story.told_by_cloud(
        "Add member to role",
        "10:12",
        targetResources=[{"modifiedProperties": [{"newValue": '"Global Administrator"'}]}],
    )
    story.told_by_office(
        "Set-AdminAuditLogConfig",
        "10:20",
        Parameters=[{"Name": "UnifiedAuditLogIngestionEnabled", "Value": "False"}],
    )


def a_role_taken_up_for_an_hour(story: Story) -> None:
    """The same role, by anyone who was given it before."""
    story.surf("avega", "hs-avega", "09:00", WORK, minutes=10)
    story.told_by_cloud(
        "Add member to role",
        "10:12",
        initiatedBy={"app": {"displayName": "MS-PIM"}},
        targetResources=[{"modifiedProperties": [{"newValue": '"Global Administrator"'}]}],
    )


WINDOWS = "system,weekday,start_local,end_local\nfw1,1,17:00,21:00\nfw1,every,23:00,01:00\n"


def _changed(story: Story, *clocks: str) -> Mapping[str, str]:
    story.surf("avega", "hs-avega", "09:00", WORK, minutes=10)
    for clock in clocks:
        what = 'action="Edit" cfgpath="firewall.policy" cfgattr="dstaddr[a->all]"'
        story.told_by_firewall("Attribute configured", clock, what)
    return {"change_windows.csv": WINDOWS}


def firewall_changed_at_noon(story: Story) -> Mapping[str, str]:
    """A policy is opened at noon; changes are made on Tuesday evenings."""
    return _changed(story, "12:10", "18:00")


def firewall_changed_in_its_window(story: Story) -> Mapping[str, str]:
    return _changed(story, "17:00", "20:59", "+1 00:30")


def firewall_without_a_window(story: Story) -> None:
    _changed(story, "12:10")


def _signed_in(story: Story, silent_minutes: int) -> None:
    """Five mornings of a busy firewall; on the last one it falls silent."""
    for day in ("-6", "-5", "-4", "-1", "+0"):
        story.lease("hs-avega", f"{day} 06:00")
        for number in range(60):
            minute = 3 * number
            if day == "+0" and 70 < minute < 70 + silent_minutes:
                continue
            when = story.at(f"{day} 09:00", 60 * minute)
            story.flow("hs-avega", when, "www.news.example")
    story.told_by_firewall("Admin login successful", "10:05", 'user="it" ui="https"')


def firewall_silent_after_a_sign_in(story: Story) -> None:
    """An administrator signs in; five minutes later nothing is logged for an hour."""
    _signed_in(story, 60)


def firewall_started_again(story: Story) -> None:
    """The same with a restart of eight minutes."""
    _signed_in(story, 12)


def _reads(story: Story, account: str) -> None:
    story.logon(account, "hs-bsun", "10:00")
    sites = ["www.quilts.example", "www.trains.example"]
    story.surf(account, "hs-bsun", "10:01", sites, minutes=25)


def administrator_who_browses(story: Story) -> None:
    """An account for administration reads pages of sites that no list has."""
    _reads(story, "adm_bsun")


def the_same_person_by_their_own_account(story: Story) -> None:
    _reads(story, "bsun")


def _asked_from_outside(story: Story, port: int, received: int) -> None:
    story.lease("hs-avega", "06:00")
    for number in range(6):
        story.session(
            story.at("10:00", number * 60),
            (f"203.0.113.{number + 7}", story.address["hs-avega"]),
            port,
            zones=("wan", "lan"),
            received=received,
        )


def remote_desktop_open_to_the_world(story: Story) -> None:
    """The firewall lets outsiders through to a desk's remote desktop."""
    _asked_from_outside(story, 3389, 5_000)


def strangers_who_were_refused(story: Story) -> None:
    """The same, and the firewall lets no one in."""
    _asked_from_outside(story, 3389, 0)


def a_site_that_the_district_publishes(story: Story) -> None:
    _asked_from_outside(story, 443, 5_000)


def _inside(story: Story, port: int, targets: int, received: int) -> None:
    story.lease("hs-avega", "06:00")
    for number in range(targets):
        story.session(
            story.at("10:00", number),
            (story.address["hs-avega"], f"10.2.{number // 200}.{number % 200 + 1}"),
            port,
            received=received,
        )


def telnet_to_switches(story: Story) -> None:
    _inside(story, 23, 4, 2_000)


def shell_to_switches(story: Story) -> None:
    """The same over ssh."""
    _inside(story, 22, 4, 2_000)


def a_desk_that_searches_the_network(story: Story) -> None:
    """A desk asks two hundred addresses for file shares; no one answers."""
    _inside(story, 445, 200, 0)


def a_desk_that_all_of_them_answer(story: Story) -> None:
    """The same of a machine that looks after them: they are there."""
    _inside(story, 445, 200, 2_000)


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
    Scenario("S74f", caller_that_is_refused, leads=("AN-3",)),
    Scenario("S74g", updater_behind_a_block),
    Scenario("S74h", clock_that_asks_for_the_time),
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
        "S100",
        roles_and_switches_of_the_cloud,
        ("AN-14", "AN-13"),
        "cloud",
        severity="medium",
        cites=("cloud",),
        least_lines=1,
    ),
    Scenario("S100a", a_role_taken_up_for_an_hour),
    Scenario(
        "S101",
        firewall_changed_at_noon,
        ("AN-15",),
        "fw1",
        severity="medium",
        cites=("firewall",),
        least_lines=1,
    ),
    Scenario("S101a", firewall_changed_in_its_window),
    Scenario("S101b", firewall_without_a_window),
    Scenario("S102", firewall_silent_after_a_sign_in, leads=("AN-16",)),
    Scenario("S102a", firewall_started_again),
    Scenario("S103", administrator_who_browses, leads=("AN-17",)),
    Scenario("S103a", the_same_person_by_their_own_account),
    Scenario("S104", remote_desktop_open_to_the_world, leads=("AN-18",)),
    Scenario("S104a", strangers_who_were_refused),
    Scenario("S104b", a_site_that_the_district_publishes),
    Scenario("S105", telnet_to_switches, leads=("AN-19",)),
    Scenario("S105a", shell_to_switches),
    Scenario(
        "S106",
        a_desk_that_searches_the_network,
        ("AN-20",),
        "hs-avega",
        severity="medium",
        cites=("firewall",),
    ),
    Scenario("S106a", a_desk_that_all_of_them_answer),
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
