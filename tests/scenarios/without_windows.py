"""Scenarios of a district that has Palo Alto, RADIUS and Google, and no Windows.

Each has its twin: the nearest story that is innocent, in the same products' lines.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from tests.scenarios.leave import leave
from tests.scenarios.outside import DENVER, HOME, NOBODY_KNOWS
from tests.scenarios.panos import PanosStory
from tests.scenarios.places import chromebooks
from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK

SHOP = ("www.shop.example",)
SHOPS = (*SHOP, "www.scores.example", WORK[0])
BUCHAREST = "198.51.100.130"
ROAMING = "10.5.0.31", "10.5.0.41"
"""Addresses of a network that spans the buildings."""


def _ended(story: PanosStory, days: int) -> Mapping[str, str]:
    last = story.day + timedelta(days=days)
    row = f"leaver,person,,false,,,{last},,\n"
    return {**chromebooks(), "accounts.csv": row}


def _joins(story: PanosStory, account: str, device: str) -> None:
    story.join(account, device, "09:00")
    story.surf(account, device, "09:00:30", WORK, minutes=12)


def ended_account_joins_the_network(story: PanosStory) -> Mapping[str, str]:
    """Return the account of someone who left yesterday, on a Chromebook and Wi-Fi alone."""
    _joins(story, "leaver", "cb-spare")
    return _ended(story, -1)


def account_joins_on_its_last_day(story: PanosStory) -> Mapping[str, str]:
    _joins(story, "leaver", "cb-spare")
    return _ended(story, 0)


def ended_account_that_a_cart_keeps(story: PanosStory) -> Mapping[str, str]:
    """Return the same on a cart: anyone who takes the Chromebook joins by a login it kept."""
    _joins(story, "leaver", "cb-cart-1")
    return _ended(story, -1)


def service_account_at_a_chromebook(story: PanosStory) -> Mapping[str, str]:
    """Someone logs on to a Chromebook as the account for copies."""
    story.has_audit = True
    story.logon("backup", "cb-cart-1", "09:00")
    story.surf("backup", "cb-cart-1", "09:00:30", WORK, minutes=12)
    return chromebooks()


def service_account_joins_the_network(story: PanosStory) -> Mapping[str, str]:
    """The network alone shows it, and a device may have kept that login."""
    _joins(story, "backup", "cb-cart-1")
    return chromebooks()


def login_that_chromebooks_keep(story: PanosStory) -> Mapping[str, str]:
    """Return a login of the network's own, on every Chromebook of the school."""
    for owner in ("avega", "bsun", "fito", "gnova"):
        story.join("backup", f"cb-{owner}", "07:30")
    _joins(story, "backup", "cb-cart-1")
    return chromebooks()


def service_account_of_a_sign(story: PanosStory) -> Mapping[str, str]:
    """The same account lets a screen on the wall into the network, all day."""
    story.join("backup", "gate-es", "06:30")
    story.tick("backup", "gate-es", "06:31", "signs.example", minutes=300)
    return chromebooks()


def _at_a_chromebook(story: PanosStory) -> None:
    story.join("avega", "cb-avega", "10:00")
    story.surf("avega", "cb-avega", "10:00:30", WORK, minutes=40, every=60)


def _known_at_home(story: PanosStory) -> None:
    for number in range(12):
        story.sign_in("avega", f"-1 {8 + number:02d}:10", HOME)


def _signs_in(story: PanosStory, ip: str, clocks: tuple[str, str]) -> Mapping[str, str]:
    _known_at_home(story)
    _at_a_chromebook(story)
    for clock in clocks:
        story.sign_in("avega", clock, ip)
    return chromebooks()


def at_school_and_signed_in_from_denver(story: PanosStory) -> Mapping[str, str]:
    """In the middle of a lesson, from a home in another state, twice."""
    return _signs_in(story, DENVER, ("10:20", "10:35"))


def at_school_by_googles_audit_and_in_denver(story: PanosStory) -> Mapping[str, str]:
    story.has_audit = True
    story.logon("avega", "cb-avega", "09:59")
    return at_school_and_signed_in_from_denver(story)


def at_school_and_signed_in_nobody_knows_where(story: PanosStory) -> Mapping[str, str]:
    return _signs_in(story, NOBODY_KNOWS, ("10:20", "10:35"))


def in_denver_by_the_evening(story: PanosStory) -> Mapping[str, str]:
    """Anyone who taught until eleven may be there by seven."""
    return _signs_in(story, DENVER, ("19:00", "19:20"))


def signed_in_from_abroad(story: PanosStory) -> Mapping[str, str]:
    """From a country in which no one of the district was: a journey, or a thief."""
    _known_at_home(story)
    for clock in ("+2 09:00", "+2 09:20"):
        story.sign_in("avega", clock, BUCHAREST)
    return _abroad()


def colleagues_on_a_journey(story: PanosStory) -> Mapping[str, str]:
    """Return the same, three days after three colleagues signed in there."""
    for colleague in ("bsun", "cpark", "dkim"):
        story.sign_in(colleague, "-1 09:00", BUCHAREST)
    return signed_in_from_abroad(story)


def _abroad() -> Mapping[str, str]:
    row = "198.51.100.128/26,RO,Bucharest,44.43,26.10,residential\n"
    return {**chromebooks(), "ip_geo.csv": row}


def _denied(story: PanosStory, minutes: float) -> Mapping[str, str]:
    story.join("avega", "cb-avega", "10:00")
    story.surf("avega", "cb-avega", "10:00:30", WORK, minutes=3)
    story.surf("avega", "cb-avega", "10:04", ["www.tunes.example"], minutes=minutes, every=30)
    row = "x1,tunes.example,deny,all,,,,board\n"
    return {**chromebooks(), "approved_sites.csv": row}


def site_that_the_district_denies(story: PanosStory) -> Mapping[str, str]:
    """No list of categories knows it; the district's own shows no."""
    return _denied(story, 14)


def link_to_a_denied_site(story: PanosStory) -> Mapping[str, str]:
    return _denied(story, 1)


def look_alike_on_a_chromebook(story: PanosStory) -> Mapping[str, str]:
    """A link leads to a name one letter from a listed one."""
    story.join("avega", "cb-avega", "10:00")
    story.surf("avega", "cb-avega", "10:00:30", ["www.portfolia.example"], minutes=3)
    row = "a9,portfolio.example,domain,all,,,sanctioned,board\n"
    return {**chromebooks(), "approved_sites.csv": row}


def look_alike_without_a_size(story: PanosStory) -> Mapping[str, str]:
    """Of the same no line shows whether anything came: a name may answer nothing."""
    story.is_half = True
    return look_alike_on_a_chromebook(story)


EXPECTED = "expected_id,kind,log,device,destination,every_days,least_megabytes\n"
VAULT = "198.51.100.9"


def _copies(story: PanosStory, *nights: str, to: str = VAULT) -> Mapping[str, str]:
    """Return a firewall that writes all day, of addresses alone, and copies of some nights."""
    story.lease("srv-tasks", "-1 00:10")
    for day in ("-1", "+0"):
        for hour in range(24):
            story.flow("do-dkim", story.at(f"{day} {hour:02d}:20"), "198.51.100.3")
    for night in nights:
        story.flow("srv-tasks", story.at(f"{night} 01:30"), VAULT, seconds=2_000, sent=900_000_000)
    row = f"T-1,backup,firewall,srv-tasks,{to},1,500\n"
    return {**chromebooks(), "expected_traffic.csv": EXPECTED + row}


def copy_to_an_address_that_did_not_come(story: PanosStory) -> Mapping[str, str]:
    return _copies(story, "-1")


def copy_to_an_address_of_every_night(story: PanosStory) -> Mapping[str, str]:
    return _copies(story, "-1", "+0")


def copy_to_a_name_that_no_line_tells(story: PanosStory) -> Mapping[str, str]:
    """By addresses alone a copy to a name is not reported from none."""
    return _copies(story, "-1", to="vault.copies.example")


def _searches(story: PanosStory, received: int) -> Mapping[str, str]:
    story.lease("cb-avega", "06:00")
    for number in range(200):
        ends = story.address["cb-avega"], f"10.2.0.{number + 1}"
        story.session(story.at("10:00", number), ends, 445, received=received)
    return chromebooks()


def chromebook_that_searches_the_network(story: PanosStory) -> Mapping[str, str]:
    return _searches(story, 0)


def chromebook_that_all_of_them_answer(story: PanosStory) -> Mapping[str, str]:
    return _searches(story, 2_000)


def _evening_at_home(story: PanosStory, sites: Sequence[str]) -> Mapping[str, str]:
    """Return the own Chromebook through GlobalProtect, at half past eight."""
    story.tunnel("avega", "cb-avega", "20:25", HOME)
    story.logon("avega", "cb-avega", "20:26")
    story.surf("avega", "cb-avega", "20:27", sites, minutes=30)
    return chromebooks()


def shopping_at_home_through_the_vpn(story: PanosStory) -> Mapping[str, str]:
    story.has_audit = True
    return _evening_at_home(story, SHOPS)


def shopping_at_home_and_no_audit(story: PanosStory) -> Mapping[str, str]:
    """At home no audit and no access point: the pages show that a person is there."""
    return _evening_at_home(story, SHOPS)


def grading_at_home_through_the_vpn(story: PanosStory) -> Mapping[str, str]:
    story.has_audit = True
    return _evening_at_home(story, WORK)


def saved_login_on_a_cart(story: PanosStory) -> Mapping[str, str]:
    """A teacher's login was saved on a cart; anyone who takes it joins by that name."""
    story.join("avega", "cb-cart-1", "10:00")
    story.surf("avega", "cb-cart-1", "10:00:30", SHOP, minutes=30)
    return chromebooks()


def shopping_on_the_own_chromebook(story: PanosStory) -> Mapping[str, str]:
    """Return the same on a Chromebook that is the teacher's alone."""
    story.join("avega", "cb-avega", "10:00")
    story.surf("avega", "cb-avega", "10:00:30", SHOP, minutes=30)
    return chromebooks()


def _without_sizes(story: PanosStory) -> Mapping[str, str]:
    """Work that goes on next to."""
    story.surf("avega", "cb-avega", "10:00", WORK, minutes=25, every=90)
    return chromebooks()


def shop_by_hosts_alone(story: PanosStory) -> Mapping[str, str]:
    """Return twenty minutes on a shop, unevenly: a page, or something like it."""
    story.is_half = True
    story.surf("avega", "cb-avega", "10:02:07", SHOP, minutes=20, every=30)
    return _without_sizes(story)


def open_tab_by_hosts_alone(story: PanosStory) -> Mapping[str, str]:
    """Return a page of that shop that asks again by itself, as often."""
    story.is_half = True
    story.tick("avega", "cb-avega", "10:02:07", SHOP[0], minutes=20, every=35)
    return _without_sizes(story)


def shop_within_pages_by_hosts_alone(story: PanosStory) -> Mapping[str, str]:
    """Return pages of work that each embed something from the shop."""
    story.is_half = True
    for number in range(40):
        when = story.at("10:00:10", number * 31 + number % 7 * 4)
        story.browse("avega", "cb-avega", when, WORK[number % 3])
        later = when + timedelta(seconds=2)
        story.browse("avega", "cb-avega", later, SHOP[0])
    return _without_sizes(story)


POINTS = "name,building\nap-hs-*,HS\nap-ms-*,MS\nap-es-*,ES\n"


def _roams(story: PanosStory, device: str, ip: str, at: str, clock: str) -> None:
    """A Chromebook in the network that spans the buildings joins at an access point."""
    story.lease(device, "06:00", ip=ip)
    story.join("avega", device, clock, at)


def _roaming() -> Mapping[str, str]:
    return {
        **chromebooks(),
        "subnets.csv": "10.5.0.0/16,,wifi\n",
        "access_points.csv": POINTS,
    }


def _two_access_points(story: PanosStory, there: str) -> Mapping[str, str]:
    """Return the own Chromebook and a spare one, at access points, in turns."""
    story.has_proxy = True
    for device, ip, at, second in (
        ("cb-avega", ROAMING[0], "ap-hs-12", 30),
        ("cb-spare", ROAMING[1], there, 50),
    ):
        _roams(story, device, ip, at, "10:00")
        clock = f"10:00:{second}"
        story.surf("avega", device, clock, WORK, minutes=30, every=50)
    return _roaming()


def access_points_of_two_campuses(story: PanosStory) -> Mapping[str, str]:
    return _two_access_points(story, "ap-es-3")


def access_points_of_one_campus(story: PanosStory) -> Mapping[str, str]:
    return _two_access_points(story, "ap-ms-3")


def access_point_across_town_in_three_minutes(story: PanosStory) -> Mapping[str, str]:
    """Last click at the high school; a spare one joins across town minutes later."""
    story.has_proxy = True
    _roams(story, "cb-avega", ROAMING[0], "ap-hs-12", "09:45")
    story.surf("avega", "cb-avega", "09:45:30", WORK, minutes=14, every=50)
    _roams(story, "cb-spare", ROAMING[1], "ap-es-3", "10:02:40")
    story.surf("avega", "cb-spare", "10:03", WORK, minutes=8, every=45)
    return _roaming()


def access_point_across_town_after_the_drive(story: PanosStory) -> Mapping[str, str]:
    story.has_proxy = True
    _roams(story, "cb-avega", ROAMING[0], "ap-hs-12", "09:45")
    story.surf("avega", "cb-avega", "09:45:30", WORK, minutes=14, every=50)
    _roams(story, "cb-spare", ROAMING[1], "ap-es-3", "10:42:40")
    story.surf("avega", "cb-spare", "10:43", WORK, minutes=8, every=45)
    return _roaming()


def own_chromebook_during_leave(story: PanosStory) -> Mapping[str, str]:
    """The owner is away all day; the Chromebook is opened at school."""
    _at_a_chromebook(story)
    return {**chromebooks(), **leave(story)}


def own_chromebook_after_leave_was_called_off(story: PanosStory) -> Mapping[str, str]:
    _at_a_chromebook(story)
    return {**chromebooks(), **leave(story, status="cancelled")}


def at_a_chromebook_and_in_denver(story: PanosStory) -> Mapping[str, str]:
    """Return the Chromebook at school, a laptop in the VPN: no one shows who is at that."""
    _at_a_chromebook(story)
    story.tunnel("avega", "nb-avega", "09:55", DENVER)
    story.surf("avega", "nb-avega", "10:00:50", WORK, minutes=25, every=60)
    return chromebooks()


def accounts_that_the_network_lets_in(story: PanosStory) -> Mapping[str, str]:
    """A role account on three people's devices is shared, saved login or not."""
    for account, device in (
        ("coach", "bsun"),
        ("coach", "gnova"),
        ("coach", "fito"),
        ("counter", "avega"),
    ):
        story.join(account, f"cb-{device}", "14:50")
        story.surf(account, f"cb-{device}", "14:50:30", WORK, minutes=15)
    for device in ("cb-bsun", "cb-gnova"):
        story.join("avega", device, "11:00")
        story.surf("avega", device, "11:00:30", WORK, minutes=25)
    return chromebooks()


def evening_in_the_building(story: PanosStory) -> Mapping[str, str]:
    """The own Chromebook is opened at school at eight in the evening."""
    story.lease("cb-avega", "19:58")
    story.join("avega", "cb-avega", "20:00")
    story.surf("avega", "cb-avega", "20:00:30", SHOPS, minutes=30)
    return chromebooks()


def evening_of_a_tab(story: PanosStory) -> Mapping[str, str]:
    """Return the same evening, with no one there: a page asks again by itself."""
    story.lease("cb-avega", "17:58")
    story.tick("avega", "cb-avega", "18:00", SHOPS[0], minutes=150, every=60)
    return chromebooks()


def evening_by_hosts_alone(story: PanosStory) -> Mapping[str, str]:
    """Return the evening in a log without sizes; Google's audit shows the login."""
    story.has_audit = story.is_half = True
    story.lease("cb-avega", "19:58")
    story.logon("avega", "cb-avega", "20:00")
    story.surf("avega", "cb-avega", "20:00:30", SHOPS, minutes=30)
    return chromebooks()


def evening_by_hosts_and_no_audit(story: PanosStory) -> Mapping[str, str]:
    story.is_half = True
    return evening_in_the_building(story)


def evening_of_a_tab_by_hosts_alone(story: PanosStory) -> Mapping[str, str]:
    """Return a login, and a page that asks again by itself."""
    story.has_audit = story.is_half = True
    story.lease("cb-avega", "19:58")
    story.logon("avega", "cb-avega", "20:00")
    story.tick("avega", "cb-avega", "20:00:30", SHOPS[0], minutes=40)
    return chromebooks()


def leave_by_hosts_alone(story: PanosStory) -> Mapping[str, str]:
    """The owner is away; someone logs on to the Chromebook. The log has no sizes."""
    story.has_audit = story.is_half = True
    story.logon("avega", "cb-avega", "09:40")
    story.surf("avega", "cb-avega", "09:40:30", WORK, minutes=40)
    return {**chromebooks(), **leave(story)}


def leave_by_hosts_and_no_audit(story: PanosStory) -> Mapping[str, str]:
    story.is_half = True
    return own_chromebook_during_leave(story)


def leave_called_off_by_hosts_alone(story: PanosStory) -> Mapping[str, str]:
    leave_by_hosts_alone(story)
    return {**chromebooks(), **leave(story, status="cancelled")}


LOGS = ("firewall", "radius", "dhcp")
Told = partial(Scenario, words=PanosStory, is_alone=True)

Told = partial(Scenario, words=PanosStory)
Network = partial(Told, witness="network")

SCENARIOS = (
    Told("S107", ended_account_joins_the_network, ("AN-5",), "leaver", severity="high",
         cites=("firewall", "radius"), least_lines=2),
    Told("S107a", account_joins_on_its_last_day, about=("AN-5",)),
    Told("S107b", ended_account_that_a_cart_keeps, ("AN-5",), "leaver",
         severity="high", cites=("radius",), least_lines=1),
    Told("S108", service_account_at_a_chromebook, ("AN-21",), "backup",
         severity="medium", cites=("google",), least_lines=1),
    Told("S108a", service_account_joins_the_network, leads=("AN-21",)),
    Told("S108b", service_account_of_a_sign, about=("AN-21",)),
    Told("S108c", login_that_chromebooks_keep, about=("AN-21",)),
    Network("S109", at_school_and_signed_in_from_denver, ("SA-7",), "avega",
            severity="medium", cites=("cloud", "firewall")),
    Told("S109c", at_school_by_googles_audit_and_in_denver, ("SA-7",), "avega",
         severity="medium", cites=("cloud", "google"), witness="keyboard",
         is_long=True),
    Told("S109a", at_school_and_signed_in_nobody_knows_where, about=("SA-7",)),
    Told("S109b", in_denver_by_the_evening, about=("SA-7",)),
    Told("S110", signed_in_from_abroad, leads=("AN-22",)),
    Told("S110a", colleagues_on_a_journey, about=("AN-22",)),
    Told("S111", site_that_the_district_denies, ("NA-1",), "avega", severity="low",
         cites=LOGS),
    Told("S111a", link_to_a_denied_site, about=("NA-1",)),
    Told("S112", look_alike_on_a_chromebook, ("AN-6",), "cb-avega", severity="medium",
         cites=("firewall", "dhcp")),
    Told("S112a", look_alike_without_a_size, leads=("AN-6",)),
    Told("S113", copy_to_an_address_that_did_not_come, ("AN-12",), "srv-tasks",
         severity="medium", cites=("firewall",), least_lines=2),
    Told("S113a", copy_to_an_address_of_every_night, about=("AN-12",)),
    Told("S113b", copy_to_a_name_that_no_line_tells, about=("AN-12",)),
    Told("S114", chromebook_that_searches_the_network, ("AN-20",), "cb-avega",
         severity="medium", cites=("firewall",)),
    Told("S114a", chromebook_that_all_of_them_answer, about=("AN-20",)),
    Told("S115", shopping_at_home_through_the_vpn, ("OH-1", "NA-1"), "avega",
         severity="low", cites=("firewall", "google"), witness="keyboard"),
    Told("S115a", shopping_at_home_and_no_audit, ("OH-1", "NA-1"), "avega",
         severity="low", cites=("firewall",), witness="home"),
    Told("S115b", grading_at_home_through_the_vpn, about=("OH-1",)),
    Network("S116", shopping_on_the_own_chromebook, ("NA-1",), "avega", severity="low",
            cites=LOGS),
    Told("S116a", saved_login_on_a_cart, leads=("NA-1",), witness="stock"),
    Told("S123", shop_by_hosts_alone, leads=("NA-L",)),
    Told("S123a", open_tab_by_hosts_alone, about=("NA-L",)),
    Told("S123b", shop_within_pages_by_hosts_alone, about=("NA-L",)),
    Network("S117", access_points_of_two_campuses, ("SA-1",), "avega", severity="high",
            cites=("proxy", "radius", "dhcp")),
    Told("S117a", access_points_of_one_campus, about=("SA-1",)),
    Network("S118", access_point_across_town_in_three_minutes, ("SA-2",), "avega",
            severity="high", cites=("proxy", "radius", "dhcp")),
    Told("S118a", access_point_across_town_after_the_drive, about=("SA-2",)),
    Network("S119", own_chromebook_during_leave, leads=("SA-3",), account="avega",
            cites=LOGS),
    Told("S119a", own_chromebook_after_leave_was_called_off, about=("SA-3",)),
    Told("S120", at_a_chromebook_and_in_denver, ("SA-7",), "avega",
            severity="medium", leads=("SA-6",), cites=("firewall",)),
    Network("S121", accounts_that_the_network_lets_in, ("SA-5",), "coach",
            severity="medium", cites=("radius",), least_lines=3,
            about=("SA-4", "SA-8", "SA-L", "SA-10")),
    Network("S122", evening_in_the_building, ("OH-1", "NA-1"), "avega", severity="low",
            cites=LOGS),
    Told("S122a", evening_of_a_tab, about=("OH-1",)),
    Told("S130", evening_by_hosts_alone, leads=("OH-L",), witness="keyboard"),
    Told("S130a", evening_by_hosts_and_no_audit, about=("OH-L",), witness="network"),
    Told("S130b", evening_of_a_tab_by_hosts_alone, about=("OH-L",)),
    Told("S131", leave_by_hosts_alone, leads=("SA-K",), witness="keyboard"),
    Told("S131a", leave_by_hosts_and_no_audit, about=("SA-K",), witness="network"),
    Told("S131b", leave_called_off_by_hosts_alone, about=("SA-K",)),
)  # fmt: skip
