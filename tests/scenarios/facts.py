"""Scenarios of facts that agree or contradict each other, each with innocent twins.

Palo Alto, RADIUS, Google and dhcpd write the lines, unless a story needs Windows.
"""

from collections.abc import Mapping
from functools import partial

from tests.scenarios.leave import leave
from tests.scenarios.outside import DENVER, HOME
from tests.scenarios.panos import PanosStory
from tests.scenarios.places import chromebooks
from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story

SHOP = ("www.shop.example",)
ACROSS_TOWN = "10.3.8.32"
"""An address of the elementary school's Wi-Fi."""


def _own_chromebook(story: PanosStory) -> None:
    story.join("avega", "cb-avega", "09:40")
    story.surf("avega", "cb-avega", "09:41", WORK, minutes=60, every=60)


def _joins_bsuns(
    story: PanosStory, clock: str, *, is_across_town: bool, is_typed: bool = True
) -> None:
    """The account of p-1 joins the network on the Chromebook of p-2."""
    where = {"ip": ACROSS_TOWN} if is_across_town else {}
    story.lease("cb-bsun", f"{clock[:-5]}06:00", **where)
    story.join("avega", "cb-bsun", clock, at="ap-es-3" if is_across_town else "")
    if is_typed:
        story.sign_in("avega", clock, "192.0.2.10")


def account_joins_across_town(story: PanosStory) -> Mapping[str, str]:
    """The owner works at the high school; the account joins across town."""
    _own_chromebook(story)
    _joins_bsuns(story, "10:00", is_across_town=True)
    story.surf("", "cb-bsun", "10:00:30", WORK, minutes=25, every=60)
    return _with_week_after(story)


def _with_week_after(story: PanosStory) -> Mapping[str, str]:
    story.join("gnova", "cb-gnova", "+7 09:00")
    return chromebooks()


def login_saved_on_a_colleagues_chromebook(story: PanosStory) -> Mapping[str, str]:
    """The same, but the Chromebook has sent this login for days."""
    for day in ("-4", "-1", "+1"):
        _joins_bsuns(story, f"{day} 08:00", is_across_town=True, is_typed=False)
    return account_joins_across_town(story)


def ten_minutes_of_help(story: PanosStory) -> Mapping[str, str]:
    """Return a colleague's Chromebook in the same building, for ten minutes."""
    _own_chromebook(story)
    _joins_bsuns(story, "10:00", is_across_town=False)
    story.surf("", "cb-bsun", "10:00:30", WORK, minutes=10, every=40)
    return _with_week_after(story)


def help_at_a_keyboard(story: Story) -> None:
    """Windows shows who sits there; no network login is involved."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=25, every=60)
    story.logon("avega", "es-cpark", "09:58")
    story.surf("avega", "es-cpark", "10:00:20", WORK, minutes=10, every=60)


def vpn_that_reconnects_by_itself(story: PanosStory) -> Mapping[str, str]:
    """Always on: every two hours of the night a connection and a page or two."""
    for hour in (19, 21, 23):
        story.tunnel("avega", "cb-avega", f"{hour}:00", HOME)
        story.surf("avega", "cb-avega", f"{hour}:01", SHOP, minutes=1, every=40)
    return chromebooks()


def private_pc_on_the_vpn(story: PanosStory) -> Mapping[str, str]:
    """The VPN names a machine that the district does not have."""
    story.tunnel("avega", "private-pc", "20:00", HOME)
    story.surf("avega", "private-pc", "20:01", SHOP, minutes=40, every=40)
    return chromebooks()


def one_site_all_evening(story: PanosStory) -> Mapping[str, str]:
    """Return the owner's Chromebook at home, on one shop for forty minutes."""
    story.tunnel("avega", "cb-avega", "20:25", HOME)
    story.surf("avega", "cb-avega", "20:27", SHOP, minutes=40, every=40)
    return chromebooks()


def tunnel_opened_while_the_desk_is_in_use(story: PanosStory) -> Mapping[str, str]:
    """The desk works from nine on; at ten a tunnel opens in Denver and is used."""
    _own_chromebook(story)
    story.tunnel("avega", "nb-avega", "09:55", DENVER)
    story.surf("avega", "nb-avega", "10:00:50", WORK, minutes=25, every=60)
    return chromebooks()


def stays_on_when_the_afternoon_off_begins(story: Story) -> Mapping[str, str]:
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "11:20", WORK, minutes=130, every=70)
    return leave(story, part="pm")


def administrators_account_on_a_pc_under_repair(story: Story) -> Mapping[str, str]:
    """Return the technician's laptop, and a PC across town that is reached from it."""
    story.logon("adm-avega", "nb-avega", "07:41")
    story.logon("adm-avega", "es-cpark", "09:58")
    story.surf("adm-avega", "nb-avega", "10:00", WORK, minutes=30, every=55)
    story.surf("adm-avega", "es-cpark", "10:00:20", WORK, minutes=30, every=45)
    return {"accounts.csv": "adm-avega,person,p-1,false,,,,,\n"}


def private_phone_at_lunch(story: Story) -> None:
    """An unlisted phone with a separate card making, on the staff's Wi-Fi."""
    story.logon("avega", "hs-avega", "07:41")
    story.lease("private-phone", "12:00")
    story.surf("avega", "private-phone", "12:01", SHOP, minutes=8, every=30)


Told = partial(Scenario, words=PanosStory, cites=("radius", "firewall"))
SCENARIOS = (
    Told("S124", account_joins_across_town, ("SA-9",), "avega", severity="high",
         witness="network"),
    Told("S124a", login_saved_on_a_colleagues_chromebook, leads=("SA-9",)),
    Told("S124b", ten_minutes_of_help, about=("SA-9", "SA-1")),
    Scenario("S124c", help_at_a_keyboard, about=("SA-9",), witness="keyboard"),
    Told("S125", one_site_all_evening, ("OH-1", "NA-1"), "avega", severity="low",
         cites=("firewall",)),
    Told("S125a", vpn_that_reconnects_by_itself, about=("OH-1", "NA-1")),
    Told("S125b", private_pc_on_the_vpn, about=("OH-1",)),
    Told("S126", tunnel_opened_while_the_desk_is_in_use, ("SA-6", "SA-7"), "avega",
         severity="high", cites=("firewall",), witness="network"),
    Scenario("S127", stays_on_when_the_afternoon_off_begins, leads=("SA-3",)),
    Scenario("S128", administrators_account_on_a_pc_under_repair, leads=("SA-1",)),
    Scenario("S129", private_phone_at_lunch, about=("NA-1", "OH-1")),
)  # fmt: skip
