"""The stories that each product must be able to record, each with its innocent twin."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tests.scenarios import (
    leave,
    off_hours,
    one_building,
    outside,
    risks,
    sharing,
    sites,
    strangers,
    ways_around,
)
from tests.scenarios.outside import DENVER, HOME, PHONE
from tests.scenarios.places import DEVICES
from tests.scenarios.scenario import TUESDAY, Act
from tests.scenarios.story import WORK
from tests.stories.district import District

SHOPS = ("shop.example", "www.friends.example", "blog.example")


@dataclass(frozen=True)
class Missing:
    """A fact that some products do not record.

    Attributes:
        fact: In words, for the page.
        event_class: Of the lines that would hold it.
        columns: All of them are empty where the product does not record it.
    """

    fact: str
    event_class: str
    columns: tuple[str, ...]


SIZE = Missing(
    "neither bytes nor media types of requests",
    "http_requests",
    ("bytes_in", "content_type"),
)
REQUESTS = Missing("names that were looked up, no requests", "http_requests", ("url_hostname",))
NAME = Missing("no names of destinations", "connections", ("dst_hostname",))
CLIENT = Missing("no program of the client", "http_requests", ("user_agent",))
SENT = Missing("no bytes of each direction", "connections", ("bytes_out",))


@dataclass(frozen=True)
class Pair:
    """A story and its innocent twin.

    Attributes:
        title: What happened, as the page names it.
        act: The story.
        rules: That must report it.
        account: The only account or device that a finding may name.
        twin: What only looks like it: no finding of any of the rules.
        roles: Of the products that record it.
        lead: The rules make a lead at most.
        leads: Rules that make a lead of it where the log has neither sizes nor types.
        missing: Without which facts it cannot be shown.
        is_agent: Only products with a program on the computer record it.
    """

    title: str
    act: Act
    rules: tuple[str, ...]
    account: str
    twin: Act
    roles: tuple[str, ...]
    lead: bool = False
    leads: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    is_agent: bool = False
    day: date = TUESDAY


def _night(story: District, hosts: tuple[str, ...]) -> None:
    story.lease("nb-avega", "-1 07:00")
    story.logon("avega", "nb-avega", "-1 08:00")
    story.surf("avega", "nb-avega", "-1 08:05", WORK, minutes=10)
    story.logoff("avega", "nb-avega", "-1 15:30")


def night_by_tunnel(story: District, hosts: tuple[str, ...] = SHOPS) -> None:
    """A district laptop at home, through the VPN, at half past two."""
    _night(story, hosts)
    story.tunnel("avega", "nb-avega", "02:25", HOME)
    story.logon("avega", "nb-avega", "02:28", "cached")
    story.surf("avega", "nb-avega", "02:30", hosts, minutes=30)


def grading_by_tunnel(story: District) -> None:
    night_by_tunnel(story, ("grades.example", "lms.example"))


def night_by_agent(story: District, hosts: tuple[str, ...] = SHOPS) -> None:
    """The same without a VPN; the program on the laptop sends the lines."""
    _night(story, hosts)
    story.at_home("nb-avega")
    story.logon("avega", "nb-avega", "02:28", "cached")
    story.surf("avega", "nb-avega", "02:30", hosts, minutes=30)


def updates_by_agent(story: District) -> None:
    """The laptop is open at home and fetches updates; no one logs on."""
    _night(story, WORK)
    story.at_home("nb-avega")
    for number in range(30):
        when = story.at("02:30", number * 61.5)
        story.browse("avega", "nb-avega", when, "shop.example", 9_000)


def at_the_desk_and_signed_in_from_denver(story: District, ip: str = DENVER) -> None:
    """At the keyboard at ten, and two sign-ins from a thousand kilometers away."""
    story.logon("avega", "hs-avega", "07:41")
    story.unlock("avega", "hs-avega", "09:50")
    story.surf("avega", "hs-avega", "09:51", WORK, minutes=40, every=50)
    for clock in ("10:05", "10:20"):
        story.sign_in("avega", clock, ip)


def at_the_desk_and_by_the_carriers_exit(story: District) -> None:
    """The phone's mail, which leaves the carrier's network in another city."""
    at_the_desk_and_signed_in_from_denver(story, PHONE)


def twenty_accounts_then_one_succeeds(story: District) -> None:
    """One outside address tries a password on twenty accounts; one works."""
    for number in range(1, 21):
        clock = f"10:{number // 3:02d}:{number % 3 * 19:02d}"
        story.sign_in(f"student{number:02d}", clock, DENVER, is_refused=True)
    story.sign_in("avega", "10:08", DENVER)


def old_password_on_a_phone(story: District) -> None:
    """The mail program asks again and again after the password was changed."""
    for number in range(40):
        clock = f"10:{number // 2:02d}:{number % 2 * 29:02d}"
        story.sign_in("avega", clock, PHONE, is_refused=True)


def service_account_at_a_keyboard(story: District) -> None:
    story.logon("backup", "hs-room-5", "09:00")
    story.surf("backup", "hs-room-5", "09:00:30", WORK, minutes=12)


def kiosk_that_logs_itself_on(story: District) -> None:
    story.logon("kiosk_lib", "hs-room-5", "06:00")
    story.surf("kiosk_lib", "hs-room-5", "09:00:30", WORK, minutes=12)


def session_on_a_host_from_a_colleagues_pc(story: District) -> None:
    """The owner works at the high school; a session opens from a desk across town."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=30)
    story.lease("es-cpark", "06:00")
    story.logon("cpark", "es-cpark", "07:45")
    story.remote_desktop("avega", "do-vdi-1", "10:02", DEVICES["es-cpark"].ip)
    story.surf("avega", "do-vdi-1", "10:02:20", WORK, minutes=30)


def session_on_a_host_from_the_own_pc(story: District) -> None:
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=30)
    story.remote_desktop("avega", "do-vdi-1", "10:02", DEVICES["hs-avega"].ip)
    story.surf("avega", "do-vdi-1", "10:02:20", WORK, minutes=30)


def joined_across_town(story: District) -> Mapping[str, str]:
    """The owner works at the desk; the account joins the Wi-Fi across town."""
    story.logon("avega", "hs-avega", "07:41")
    story.surf("avega", "hs-avega", "09:40", WORK, minutes=60, every=60)
    story.lease("nb-bsun", "06:00", ip="10.3.8.32")
    story.join("avega", "nb-bsun", "10:00", at="ap-es-3")
    story.sign_in("avega", "10:00", "192.0.2.10")
    story.surf("", "nb-bsun", "10:00:30", WORK, minutes=25, every=60)
    story.join("gnova", "nb-ehart", "+7 09:00")
    return {}


def login_saved_on_a_colleagues_laptop(story: District) -> Mapping[str, str]:
    for day in ("-4", "-3", "-1"):
        story.lease("nb-bsun", f"{day} 06:00", ip="10.3.8.32")
        story.join("avega", "nb-bsun", f"{day} 08:00", at="ap-es-3")
    return joined_across_town(story)


ADDRESS = "198.51.100.60"


def tunnel_to_an_address(story: District, port: int = 51_820) -> None:
    """A client asks its provider for a server, and connects to one without a name."""
    sites.at_work(story)
    for number in range(3):
        story.flow("hs-avega", story.at("10:04", number * 9), "api.tunnel.example", received=31_000)
    story.flow(
        "hs-avega",
        story.at("10:05"),
        ADDRESS,
        seconds=1_500,
        sent=9_400_000,
        received=88_000_000,
        port=port,
    )


def call_to_an_address(story: District) -> None:
    """Sound and pictures of a call, on its own port."""
    tunnel_to_an_address(story, 3_478)


def sweep_of_hosts_and_ports(story: District, received: int = 0) -> None:
    """A desk asks 25 addresses for 12 ports each, in no order."""
    story.lease("hs-avega", "06:00")
    for number in range(300):
        ends = (story.address["hs-avega"], f"10.2.0.{number * 7 % 25 + 1}")
        port = (22, 80, 135, 139, 443, 445, 3306, 3389, 5900, 8080, 8443, 9100)[number % 12]
        story.session(story.at("10:00", number * 1.7), ends, port, received=received)


def inventory_that_all_answer(story: District) -> None:
    """The same questions by the one who looks after the computers: they are there."""
    sweep_of_hosts_and_ports(story, 2_000)


def alias_of_a_person_who_left(story: District, alias: str = "b.sunday") -> Mapping[str, str]:
    """A username went to a second person; the first one's other name is in use."""
    last = story.day - timedelta(days=20)
    story.logon(alias, "hs-room-5", "09:00")
    story.surf(alias, "hs-room-5", "09:01", WORK, minutes=12)
    return {
        "users.csv": f"p-99,org-hs,teacher,bsun,Math Teacher,{last}\n",
        "accounts.csv": f"bsun,person,p-99,false,b.sunday,,{last},,\n"
        f"bsun,person,p-2,false,b.sunset,{last + timedelta(days=1)},,,\n",
    }


def alias_of_the_person_who_came(story: District) -> Mapping[str, str]:
    return alias_of_a_person_who_left(story, "b.sunset")


def desktop_behind_one_address(story: District) -> None:
    """A counselor reads a social site at a desk of the portable classrooms."""
    story.address["es-cpark"] = DEVICES["gate-es"].ip
    story.logon("cpark", "es-cpark", "07:45")
    story.surf("cpark", "es-cpark", "08:00", WORK, minutes=20)
    hosts = ("www.friends.example", "friends.example")
    story.surf("cpark", "es-cpark", "10:05", hosts, minutes=25)


def phone_behind_one_address(story: District) -> None:
    """The counselor's phone reads it; the network let it in with the same login."""
    story.address["es-cpark"] = DEVICES["gate-es"].ip
    story.logon("cpark", "es-cpark", "07:45")
    story.surf("cpark", "es-cpark", "08:00", WORK, minutes=20)
    story.address["phone-avega"] = DEVICES["gate-es"].ip
    story.join("cpark", "phone-avega", "10:00")
    hosts = ("www.friends.example", "friends.example")
    story.surf("cpark", "phone-avega", "10:05", hosts, minutes=25)


ON_SITE = ("web", "windows", "leases")
STORIES = (
    Pair("Two campuses at once", sharing.two_campuses_in_turns, ("SA-1",), "avega",
         sharing.three_buildings_a_day, ON_SITE, missing=(SIZE,)),
    Pair("Across town within minutes", sharing.keyboard_across_town_in_three_minutes,
         ("SA-2",), "avega", sharing.keyboard_across_town_in_nineteen_minutes, ON_SITE,
         missing=(SIZE,)),
    Pair("Account in use while its owner is away", leave.owner_on_full_leave, ("SA-3",),
         "avega", leave.leave_called_off, ON_SITE, leads=("SA-K",), missing=(SIZE,)),
    Pair("Two desks of one building", one_building.own_pc_and_a_colleagues, ("SA-4",),
         "avega", one_building.cover_for_a_colleague, ON_SITE, missing=(SIZE,)),
    Pair("A role account on several computers",
         one_building.unapproved_account_on_four_desks, ("SA-5",), "coach",
         sharing.approved_shared_account, ("windows",)),
    Pair("At the desk and through the VPN", outside.at_the_desk_and_in_denver,
         ("SA-6",), "bsun", outside.laptop_on_the_phones_hotspot,
         ("web", "windows", "vpn"), leads=("SA-K",), missing=(SIZE,)),
    Pair("At the desk and signed in far away", at_the_desk_and_signed_in_from_denver,
         ("SA-7",), "avega", at_the_desk_and_by_the_carriers_exit,
         ("cloud", "windows", "web"), leads=("SA-K",), missing=(SIZE,)),
    Pair("Signed in from two places", outside.signed_in_at_home_and_in_denver,
         ("SA-7",), "avega", outside.home_line_then_hotspot, ("cloud",)),
    Pair("Joined the network across town", joined_across_town, ("SA-9",), "avega",
         login_saved_on_a_colleagues_laptop, ("network",), missing=(SIZE,)),
    Pair("Evening at the office", off_hours.evening_at_the_desk, ("OH-1", "NA-1"),
         "avega", off_hours.extra_duty, ON_SITE, leads=("OH-L",), missing=(SIZE,)),
    Pair("Night at home by the VPN", night_by_tunnel, ("OH-1", "NA-1"), "avega",
         grading_by_tunnel, ("web", "windows", "vpn"), leads=("OH-L",), missing=(SIZE,)),
    Pair("Night at home by the filter's agent", night_by_agent, ("OH-1", "NA-1"),
         "avega", updates_by_agent, ("web",), leads=("OH-L",), missing=(SIZE,), is_agent=True),
    Pair("Social site on duty", sites.social_site_on_duty, ("NA-1",), "avega",
         sites.embed_on_the_district_page, ("web", "dns"), leads=("NA-L",),
         missing=(REQUESTS, SIZE)),
    Pair("Films on duty", sites.films_on_duty, ("NA-1",), "avega",
         sites.clips_in_class, ("web", "dns"), leads=("NA-L",), missing=(REQUESTS, SIZE)),
    Pair("A denied site, then another", ways_around.another_betting_site, ("NA-6",),
         "avega", sites.blocks_only, ("web", "dns"), leads=("NA-L",),
         missing=(REQUESTS, SIZE)),
    Pair("A site whose approval ended", ways_around.day_after_the_approval, ("NA-4",),
         "avega", ways_around.first_day_of_the_approval, ("web",), leads=("NA-L",),
         missing=(SIZE,)),
    Pair("A site approved for another job", ways_around.not_approved_for_the_counselor,
         ("NA-4",), "cpark", ways_around.approved_for_the_art_teacher, ("web",),
         leads=("NA-L",), missing=(SIZE,)),
    Pair("A web proxy", ways_around.web_proxy, ("NA-3",), "avega",
         sites.glance_at_lunch, ("web", "dns"), leads=("NA-L",),
         missing=(REQUESTS, SIZE)),
    Pair("A VPN client", ways_around.provider_of_tunnels, ("NA-3",), "avega",
         ways_around.relay_of_a_phone, ("firewall",), missing=(NAME,)),
    Pair("An upload outside", risks.upload_outside, ("AN-2",), "hs-avega",
         risks.upload_to_the_drive, ("firewall", "web"), missing=(SENT,)),
    Pair("Files shared with strangers", strangers.forty_strangers, ("AN-9",),
         "hs-avega", strangers.a_long_call, ("firewall",), missing=(SENT,)),
    Pair("A search of the network", risks.a_desk_that_searches_the_network, ("AN-20",),
         "hs-avega", risks.a_desk_that_all_of_them_answer, ("firewall",)),
    Pair("Reachable from outside", risks.remote_desktop_open_to_the_world, ("AN-18",),
         "hs-avega", risks.strangers_who_were_refused, ("firewall",), lead=True,
         missing=(SENT,)),
    Pair("Passwords in the clear", risks.telnet_to_switches, ("AN-19",), "hs-avega",
         risks.shell_to_switches, ("firewall",), lead=True, missing=(SENT,)),
    Pair("Many accounts refused at a computer", risks.twenty_accounts_from_one_lab_pc,
         ("AN-1",), "hs-lab-1", risks.a_class_takes_an_hour, ("windows",)),
    Pair("Many accounts refused, then one let in", twenty_accounts_then_one_succeeds,
         ("AN-1",), DENVER, old_password_on_a_phone, ("cloud",)),
    Pair("A service account at a keyboard", service_account_at_a_keyboard, ("AN-21",),
         "backup", kiosk_that_logs_itself_on, ("windows",), lead=True),
    Pair("A session on a host from a colleague's computer",
         session_on_a_host_from_a_colleagues_pc, ("SA-L",), "avega",
         session_on_a_host_from_the_own_pc, ("windows",), lead=True, missing=(SIZE,)),
    Pair("A session on a host from a colleague's computer while its owner types",
         session_on_a_host_from_a_colleagues_pc, ("SA-10",), "avega",
         session_on_a_host_from_the_own_pc, ("windows",), leads=("SA-L",), missing=(SIZE,)),
    Pair("A tunnel to an address without a name", tunnel_to_an_address, ("NA-3",), "avega",
         call_to_an_address, ("firewall",), missing=(SENT, NAME)),
    Pair("A sweep of addresses and ports", sweep_of_hosts_and_ports, ("AN-20",),
         "hs-avega", inventory_that_all_answer, ("firewall",)),
    Pair("Another name of a person who left", alias_of_a_person_who_left, ("AN-5",),
         "b.sunday", alias_of_the_person_who_came, ("windows",)),
    Pair("A desktop behind one address", desktop_behind_one_address, ("NA-1",), "cpark",
         phone_behind_one_address, ("web", "windows"), leads=("NA-L",),
         missing=(SIZE, CLIENT)),
)  # fmt: skip
