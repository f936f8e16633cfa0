"""Scenarios of a district without Windows: Google shows who is at a keyboard."""

from collections.abc import Mapping

from tests.scenarios.places import chromebooks
from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story

LOGS = ("proxy", "google", "dhcp")


def two_campuses_on_chromebooks(story: Story) -> Mapping[str, str]:
    """A teacher works at the high school while the account is used across town."""
    story.logon("avega", "cb-avega", "07:41")
    story.logon("avega", "cb-cart-es", "09:58")
    story.surf("avega", "cb-avega", "10:00", WORK, minutes=30, every=55)
    story.surf("avega", "cb-cart-es", "10:00:20", WORK, minutes=30, every=45)
    return chromebooks()


def chromebook_across_town_in_three_minutes(story: Story) -> Mapping[str, str]:
    """Last click at the high school, log-in across town three minutes later."""
    story.logon("avega", "cb-avega", "07:41")
    story.surf("avega", "cb-avega", "09:50", WORK, minutes=10, every=50)
    story.logon("avega", "cb-cart-es", "10:02:40")
    story.surf("avega", "cb-cart-es", "10:03", WORK, minutes=8, every=45)
    return chromebooks()


def two_of_the_cart_and_the_own_chromebook(story: Story) -> Mapping[str, str]:
    """Return portable devices side by side: three in a room show nothing."""
    story.logon("avega", "cb-avega", "07:41")
    story.logon("avega", "cb-cart-1", "10:00")
    story.logon("avega", "cb-cart-2", "10:01")
    story.surf("avega", "cb-avega", "10:02", WORK, minutes=25)
    story.surf("avega", "cb-cart-1", "10:02:15", WORK, minutes=25)
    story.surf("avega", "cb-cart-2", "10:02:25", WORK, minutes=25)
    return chromebooks()


def unapproved_account_on_four_chromebooks(story: Story) -> Mapping[str, str]:
    """Return the coaches' account, on the Chromebooks of four people within a week."""
    for device, clock in (
        ("cb-bsun", "-1 15:00"),
        ("cb-gnova", "-1 15:10"),
        ("cb-fito", "14:50"),
        ("cb-avega", "15:00"),
    ):
        story.logon("coach", device, clock)
        story.logoff("coach", device, f"{clock[:-5]}15:30")
    return chromebooks()


def chromebooks_in_three_buildings_of_a_day(story: Story) -> Mapping[str, str]:
    """An itinerant therapist takes one of the cart wherever there is work."""
    for device, start, end in (
        ("cb-cart-1", "08:00", "09:30"),
        ("cb-cart-es", "10:00", "12:00"),
        ("cb-cart-2", "12:30", "14:00"),
    ):
        story.logon("ehart", device, start)
        story.surf("ehart", device, start, WORK, minutes=80, every=70)
        story.logoff("ehart", device, end)
    return chromebooks()


def kiosk_and_guest_are_nobody(story: Story) -> Mapping[str, str]:
    """The cart is in a kiosk's and a guest's hands while its last user is elsewhere."""
    story.logon("avega", "cb-avega", "07:41")
    story.logon("avega", "cb-cart-es", "07:10")
    story.logoff("avega", "cb-cart-es", "07:15")
    story.chrome("LOGIN", "-", "cb-cart-es", "09:58", session="KIOSK_SESSION")
    story.chrome("LOGIN", "-", "cb-cart-1", "09:59", session="MANAGED_GUEST_SESSION")
    story.surf("avega", "cb-avega", "10:00", WORK, minutes=30, every=55)
    story.surf("kiosk_lib", "cb-cart-es", "10:00:20", WORK, minutes=30, every=45)
    return chromebooks()


def locked_chromebook_across_town(story: Story) -> Mapping[str, str]:
    """It stands locked in a cart and goes on talking to the sites it has open."""
    story.logon("avega", "cb-cart-es", "07:00")
    story.lock("avega", "cb-cart-es", "07:20")
    story.logon("avega", "cb-avega", "08:10")
    story.surf("avega", "cb-avega", "10:00", WORK, minutes=30, every=55)
    story.tick("avega", "cb-cart-es", "07:20", "mail.school.example", minutes=220)
    return chromebooks()


SCENARIOS = (
    Scenario(
        "S91",
        two_campuses_on_chromebooks,
        ("SA-1",),
        "avega",
        severity="high",
        cites=LOGS,
        witness="keyboard",
    ),
    Scenario(
        "S92",
        chromebook_across_town_in_three_minutes,
        ("SA-2",),
        "avega",
        severity="high",
        cites=LOGS,
        witness="keyboard",
    ),
    Scenario("S93", two_of_the_cart_and_the_own_chromebook),
    Scenario(
        "S94",
        unapproved_account_on_four_chromebooks,
        ("SA-5",),
        "coach",
        severity="medium",
        cites=("google",),
        witness="keyboard",
    ),
    Scenario("S95", chromebooks_in_three_buildings_of_a_day),
    Scenario("S96", kiosk_and_guest_are_nobody),
    Scenario("S97", locked_chromebook_across_town),
)
