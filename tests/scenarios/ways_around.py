"""Scenarios of approvals that end, tools that hide, and what a filter refused."""

from tests.scenarios.scenario import Scenario
from tests.scenarios.sites import at_work
from tests.scenarios.story import Story


def many_short_visits(story: Story) -> None:
    """Nine times four minutes of a social site on two days."""
    story.lease("hs-avega", "-1 06:00")
    story.logon("avega", "hs-avega", "-1 07:41")
    story.logoff("avega", "hs-avega", "-1 15:30")
    story.logon("avega", "hs-avega", "07:41")
    hosts = ("www.friends.example", "friends.example")
    for hour in (8, 9, 11, 12):
        story.surf("avega", "hs-avega", f"-1 {hour:02d}:20", hosts, minutes=4)
    for hour in (8, 9, 10, 11, 12):
        story.surf("avega", "hs-avega", f"{hour:02d}:20", hosts, minutes=4)


def web_proxy(story: Story) -> None:
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("unblock.example",), minutes=13)


def relay_of_a_phone(story: Story) -> None:
    """A private phone's own relay, on the network for private devices."""
    story.surf("avega", "phone-avega", "10:05", ("relay.example",), minutes=40)


def remote_control(story: Story) -> None:
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("r1.control.example",), minutes=20)


def provider_of_tunnels(story: Story) -> None:
    """A tunnel program next to the proxy; the firewall alone sees it."""
    at_work(story)
    when = story.at("10:05")
    story.flow(
        "hs-avega",
        when,
        "nl3.tunnel.example",
        seconds=1_500,
        sent=9_400_000,
        received=88_000_000,
        port=51_820,
    )
    for number in range(3):
        when = story.at("10:04", number * 9)
        story.flow("hs-avega", when, "api.tunnel.example", received=31_000)


def tunnel_that_idles(story: Story) -> None:
    """The program is there and keeps its tunnel alive, with nothing in it."""
    at_work(story)
    when = story.at("10:05")
    story.flow(
        "hs-avega",
        when,
        "nl3.tunnel.example",
        seconds=3_000,
        sent=21_000,
        received=24_000,
        port=51_820,
    )


def resolver(story: Story) -> None:
    at_work(story)
    for number in range(26):
        when = story.at("10:05", number * 47 + number % 5 * 6)
        story.browse("avega", "hs-avega", when, "dns.quad9.net", 4_100, 20)


def resolver_of_every_browser(story: Story) -> None:
    """A new browser looks names up outside, on every desk."""
    resolver(story)
    for account, device in (("bsun", "hs-bsun"), ("gnova", "hs-gnova")):
        story.logon(account, device, "07:50")
        for number in range(26):
            when = story.at("10:05", number * 53 + number % 7 * 5)
            story.browse(account, device, when, "dns.quad9.net", 4_100, 20)


def day_after_the_approval(story: Story) -> None:
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("older.example",), minutes=15)


def first_day_of_the_approval(story: Story) -> None:
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("newer.example",), minutes=15)


def approved_for_the_art_teacher(story: Story) -> None:
    at_work(story, "gnova", "hs-gnova")
    story.surf("gnova", "hs-gnova", "10:05", ("www.pins.example",), minutes=15)


def not_approved_for_the_counselor(story: Story) -> None:
    at_work(story, "cpark", "es-cpark")
    story.surf("cpark", "es-cpark", "10:05", ("www.pins.example",), minutes=15)


def another_betting_site(story: Story) -> None:
    """Refused five times at one, then nine minutes at the next."""
    at_work(story)
    for number in range(5):
        when = story.at("10:01", number * 19 + number % 3 * 4)
        story.refused("avega", "hs-avega", when, "bets.example")
    story.surf("avega", "hs-avega", "10:05", ("wagers.example",), minutes=9)


def address_without_a_name(story: Story) -> None:
    """A stream from a bare address; its parts begin at uneven pauses."""
    at_work(story)
    for number in range(12):
        when = story.at("10:05", number * 60 + number % 4 * 3)
        size = 3_000_000 + number % 5 * 1_400_000
        story.play("avega", "hs-avega", when, "http://198.51.100.60:8080/live", size)


def meeting_by_address(story: Story) -> None:
    """A meeting sends its sound and pictures through tunnels to bare addresses."""
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("198.51.100.60",), minutes=40, scale=20)


def found(code, act, *rules, account="avega", severity="low"):
    """Return a scenario whose finding rests on the proxy's lines."""
    return Scenario(code, act, rules, account, severity=severity)


SCENARIOS = (
    found("S42", many_short_visits, "NA-2", "NA-1"),
    found("S45", web_proxy, "NA-3", "NA-1", severity="medium"),
    Scenario(
        "S46",
        provider_of_tunnels,
        ("NA-3",),
        "avega",
        severity="medium",
        cites=("firewall", "windows", "dhcp"),
    ),
    Scenario("S46a", tunnel_that_idles),
    Scenario("S47", relay_of_a_phone),
    found("S48", resolver, "NA-3", severity="medium"),
    Scenario("S48a", resolver_of_every_browser, leads=("NA-3",)),
    found("S49", remote_control, "NA-3", severity="medium"),
    found("S51", day_after_the_approval, "NA-4"),
    Scenario("S52", first_day_of_the_approval),
    Scenario("S53", approved_for_the_art_teacher),
    found("S53a", not_approved_for_the_counselor, "NA-4", account="cpark"),
    found("S57", another_betting_site, "NA-6", "NA-1", severity="medium"),
    found("S60", address_without_a_name, "NA-5"),
    Scenario("S60b", meeting_by_address),
)
