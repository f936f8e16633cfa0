"""Scenarios of what is strange here: many sites, posing names, outsiders, silence."""

from collections.abc import Mapping
from datetime import date

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story

FRIDAY = date(2026, 3, 6)
OTHERS = (("bsun", "hs-bsun"), ("gnova", "hs-gnova"), ("cpark", "es-cpark"))


def _colleagues_work(story: Story) -> None:
    for account, device in OTHERS:
        story.logon(account, device, "09:55")
        story.surf(account, device, "10:00", WORK, minutes=20)


def many_sites_in_an_hour(story: Story) -> None:
    """A program asks 150 sites in turn; colleagues read four."""
    story.logon("avega", "hs-avega", "09:55")
    hosts = [f"www.source{number:03d}.example" for number in range(150)]
    story.surf("avega", "hs-avega", "10:01", hosts, minutes=48, every=16, scale=6)
    _colleagues_work(story)


def many_tabs_at_once(story: Story) -> None:
    """As many within a minute, when the browser starts."""
    story.logon("avega", "hs-avega", "09:55")
    hosts = [f"www.source{number:03d}.example" for number in range(150)]
    story.surf("avega", "hs-avega", "10:01", hosts, minutes=0.9, every=0.3, scale=6)
    _colleagues_work(story)


def one_letter_from_a_listed_site(story: Story) -> Mapping[str, str]:
    """A link leads to a name that differs from a listed one in its last letter."""
    story.logon("avega", "hs-avega", "09:55")
    story.surf("avega", "hs-avega", "10:00", ["www.portfolia.example"], minutes=3)
    return {"approved_sites.csv": "a9,portfolio.example,domain,all,,,sanctioned,board\n"}


def one_letter_from_a_listed_site_and_known(story: Story) -> Mapping[str, str]:
    """Return the same name, which a list of categories knows."""
    rows = one_letter_from_a_listed_site(story)
    return {**rows, "site_categories.csv": "portfolia.example,business,vendor\n"}


def forty_strangers(story: Story) -> None:
    """Both ways with forty bare addresses, each on a separate port."""
    for number in range(40):
        when = story.at("11:00", number * 70)
        story.flow(
            "hs-avega",
            when,
            f"198.51.100.{number + 1}",
            seconds=60,
            sent=900_000,
            received=2_600_000,
            port=20_000 + 37 * number,
        )


def a_long_call(story: Story) -> None:
    """As much with two addresses of a meeting."""
    for number in range(40):
        when = story.at("11:00", number * 70)
        story.flow(
            "hs-avega",
            when,
            f"198.51.100.{number % 2 + 1}",
            seconds=60,
            sent=900_000,
            received=2_600_000,
            port=8_801,
        )


EXPECTED = "expected_id,kind,log,device,destination,every_days,least_megabytes\n"


def _copies(story: Story, *nights: str) -> Mapping[str, str]:
    """Return a firewall that writes all day, and the copies of some nights."""
    story.lease("srv-tasks", "-1 00:10")
    for day in ("-1", "+0"):
        for hour in range(24):
            story.flow("do-dkim", story.at(f"{day} {hour:02d}:20"), "www.news.example")
    for night in nights:
        story.flow(
            "srv-tasks",
            story.at(f"{night} 01:30"),
            "vault.copies.example",
            seconds=2_000,
            sent=900_000_000,
        )
    row = "T-1,backup,firewall,srv-tasks,copies.example,1,500\n"
    return {"expected_traffic.csv": EXPECTED + row}


def copy_that_did_not_come(story: Story) -> Mapping[str, str]:
    return _copies(story, "-1")


def copy_of_every_night(story: Story) -> Mapping[str, str]:
    return _copies(story, "-1", "+0")


def counter_account_goes_shopping(story: Story) -> None:
    """The counter's account is where it belongs, and shops for half an hour."""
    story.logon("counter", "hs-room-5", "10:00")
    story.surf("counter", "hs-room-5", "10:01", ["www.shop.example"], minutes=28)


def counter_account_across_town(story: Story) -> None:
    """The counter's account, approved for HS, at a podium of ES."""
    story.logon("counter", "es-room-1", "10:00")
    story.surf("counter", "es-room-1", "10:01", WORK, minutes=28)


def counter_account_at_its_counter(story: Story) -> None:
    story.logon("counter", "hs-room-5", "10:00")
    story.surf("counter", "hs-room-5", "10:01", WORK, minutes=28)
    story.browse("counter", "hs-room-5", story.at("10:30"), "www.shop.example")


def account_at_two_others_desks(story: Story) -> None:
    """A colleague's desk on Monday, another's on Tuesday."""
    story.lease("hs-bsun", "-1 06:00")
    story.logon("avega", "hs-bsun", "-1 09:00")
    story.surf("avega", "hs-bsun", "-1 09:01", WORK)
    story.logon("avega", "hs-gnova", "09:00")
    story.surf("avega", "hs-gnova", "09:01", WORK)


def account_at_one_others_desk(story: Story) -> None:
    story.logon("avega", "hs-gnova", "09:00")
    story.surf("avega", "hs-gnova", "09:01", WORK)


def accounts_at_each_others_desks(story: Story) -> None:
    """Two teachers of two schools, each account at the other's desk, both busy."""
    for account, device in (("avega", "es-cpark"), ("cpark", "hs-avega")):
        story.logon(account, device, "09:00")
        story.surf(account, device, "09:01", WORK, minutes=25)


def week_that_stands_out(story: Story) -> None:
    """Two quiet hours each morning, then one of hundreds of requests, and a Sunday."""
    for day in ("-17 ", "-10 ", ""):
        story.lease("hs-avega", f"{day}06:00")
    for back in (17, 16, 15, 14, 11, 10, 9, 8, 7):
        for clock in ("10:00", "11:00"):
            day = f"-{back}"
            story.logon("avega", "hs-avega", f"{day} {clock}")
            story.surf("avega", "hs-avega", f"{day} {clock}", WORK, minutes=50, every=400)
            story.lock("avega", "hs-avega", f"{day} {clock[:2]}:55")
    story.logon("avega", "hs-avega", "10:00")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=50, every=6, scale=3)
    story.lease("hs-bsun", "+2 12:00")


SCENARIOS = (
    Scenario("S78", many_sites_in_an_hour, ("AN-4",), "avega", severity="low",
             cites=("proxy", "dhcp")),
    Scenario("S78a", many_tabs_at_once),
    Scenario("S79", one_letter_from_a_listed_site, ("AN-6",), "hs-avega",
             severity="medium", cites=("proxy", "dhcp")),
    Scenario("S79a", one_letter_from_a_listed_site_and_known),
    Scenario("S80", forty_strangers, ("AN-9",), "hs-avega", severity="low",
             cites=("firewall", "dhcp")),
    Scenario("S80a", a_long_call),
    Scenario("S87", copy_that_did_not_come, ("AN-12",), "srv-tasks", severity="medium",
             cites=("firewall",), least_lines=2),
    Scenario("S87a", copy_of_every_night),
    Scenario("S88", counter_account_goes_shopping, ("SA-8",), "counter", severity="low",
             cites=("proxy",)),
    Scenario("S88b", counter_account_across_town, ("SA-8",), "counter", severity="low",
             cites=("windows",), least_lines=1, witness="keyboard"),
    Scenario("S88a", counter_account_at_its_counter),
    Scenario("S89", account_at_two_others_desks, leads=("SA-L",), witness="keyboard"),
    Scenario("S89a", account_at_one_others_desk),
    Scenario("S85", accounts_at_each_others_desks, leads=("SA-L",)),
    Scenario("S90", week_that_stands_out, day=FRIDAY, leads=("AN-7",), is_long=True),
)  # fmt: skip
