"""One district in which each combination of facts is the story of one person.

A story takes half an hour of one day. Each has people, devices, addresses and a site of its own,
so that no story is evidence in another one, and a history of eight school days.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from docs.fact_space import Act, Combination, Verdict
from tests.space.events import ZONE, Events, at

DAY, CLOSED = date(2026, 3, 4), date(2026, 3, 6)
DAYS = [
    day
    for day in (date(2026, 2, 23) + timedelta(days=n) for n in range(17))
    if day.weekday() < 5 and day != CLOSED
]
"""School days with events: seven before the stories, and a week after them."""
MINUTES = 30
WORK = ("lms.example", "grades.example", "mail.school.example", "search.example")
DAILY = ("network_daily", "keyboard_automatic", "agent_person", "copy_of_agent")
"""Names that are stored: the account is there on every day."""
NETWORKS = {
    "NA": (1, "wifi"), "NB": (2, "wifi"), "SO": (3, "wifi"), "SO lab": (4, "lab"),
    "all": (5, "wifi"), "guest": (6, "guest"), "NA wired": (7, "wired"), "NA lab": (8, "lab"),
    "tunnel": (9, "remote"),
}  # fmt: skip
UNKNOWN = 66
"""Second number of the addresses of a network that the registry lacks."""
EGRESS, ONE_ADDRESS = "198.51.100.1", "198.51.100.9"
FAR = {"sign_in_480_km": (480, 2), "sign_in_1300_km": (1300, 3)}
NEAR = {
    "device_same_building": "NA", "device_next_building": "NB", "device_other_campus": "SO",
}  # fmt: skip
JOBS = {"on_usual": "Clerk", "off_usual": "Clerk", "no_hours": "Consultant"}


@dataclass(frozen=True)
class Story:
    """The person, devices and addresses of one combination."""

    number: int
    act: Act
    facts: Combination
    verdict: Verdict

    @property
    def account(self) -> str:
        """The account that is judged."""
        return f"u{self.number:04}"

    @property
    def device(self) -> str:
        """Host name of the device of the use."""
        return f"d{self.number:04}"

    @property
    def laptop(self) -> str:
        """The owner's other device."""
        return f"e{self.number:04}"

    @property
    def lab_computer(self) -> str:
        """The computer on the other campus at which the password is typed."""
        return f"k{self.number:04}"

    @property
    def subjects(self) -> tuple[str, ...]:
        """Names of the account, or of the device, as a finding may write them."""
        if self.act.name in ("upload", "scan"):
            return (self.device, f"mac:{self.card}", self.ip, f"tunnel:{self.ip}")
        return (self.account,)

    @property
    def names(self) -> set[str]:
        """Every name that a finding about this story may have."""
        others = {f"{letter}{self.number:04}" for letter in "cdekrsu"}
        addresses = {f"{kind}{ip}" for ip in self.sides().values() for kind in ("", "tunnel:")}
        return {*others, *addresses, f"mac:{self.card}", f"mac:{self.mac(self.device)}"}

    @property
    def site(self) -> str:
        """The site of the use."""
        return f"friends{self.number}.example"

    @property
    def leisure(self) -> tuple[str, ...]:
        """Hosts of the use of a site: the site and its phone pages, with work in between."""
        return (self.site, f"m.{self.site}", WORK[3], self.site, WORK[0])

    @property
    def is_listed(self) -> bool:
        """Whether the inventory has the device."""
        return self.facts["whose"] != "unlisted"

    @property
    def has_keyboard(self) -> bool:
        """Whether the device records its logons."""
        return self.facts["who"].startswith("keyboard")

    @property
    def duty(self) -> str:
        """What the lists contain about the owner's hours."""
        elsewhere = self.facts.get("elsewhere", "")
        return self.facts.get("duty", elsewhere if elsewhere.startswith("leave") else "on_typed")

    @property
    def where(self) -> str:
        """The place of the use; of an act without that dimension it follows from the account."""
        if "where" in self.facts:
            return self.facts["where"]
        if self.facts["who"] == "tunnel_login":
            return "home_by_tunnel"
        return "home_by_agent" if self.facts["which"] == "machine_name" else "building_network"

    @property
    def day(self) -> date:
        """Day of the use."""
        return CLOSED if self.duty == "closed" else DAY

    @property
    def start(self) -> datetime:
        """Its beginning; stories are spread over the day, as people are."""
        if self.duty == "leave_from_noon":
            return at(self.day, "14:00", 60 * (self.number * 7 % 50))
        if self.act.name == "off_hours" and self.duty not in ("closed", "leave_all_day"):
            return at(self.day, "18:30", 60 * (self.number * 7 % 150))
        return at(self.day, "09:00", 60 * (self.number * 7 % 310))

    def mac(self, device: str) -> str:
        """Card of a device, as its maker numbered it."""
        return f"00:00:5e:{ord(device[0]):02x}:{self.number // 256:02x}:{self.number % 256:02x}"

    @property
    def card(self) -> str:
        """Card in the leases of the device of the use; one that it makes up for the network."""
        if self.facts["which"] == "host_name":
            return "02" + self.mac(self.device)[2:]
        return self.mac(self.device)

    def address(self, network: str) -> str:
        """Address of the story in a network."""
        second = NETWORKS[network][0] if network in NETWORKS else UNKNOWN
        return f"10.{second}.{self.number // 250}.{self.number % 250 + 1}"

    @property
    def network(self) -> str:
        """Network of the use."""
        if self.where != "building_network":
            inside = {"access_point": "all", "guest_network": "guest", "home_by_tunnel": "tunnel"}
            return inside.get(self.where, "unknown")
        if self.has_keyboard and self.facts["which"] != "host_name":
            return "NA lab" if self.facts["whose"] == "stock" else "NA wired"
        return "NA"

    @property
    def ip(self) -> str:
        """Address of the use."""
        if self.where == "one_address":
            return ONE_ADDRESS
        return self.home if self.where == "home_by_agent" else self.address(self.network)

    @property
    def home(self) -> str:
        """Outside address of a home near the district."""
        return f"2001:db8:1:{self.number:x}::7"

    def sides(self) -> Mapping[str, str]:
        """Return the addresses of the use, and of the owner's use in another place."""
        elsewhere, other = self.facts.get("elsewhere", ""), ""
        if elsewhere in NEAR:
            place = NEAR[elsewhere]
            other = self.second(1) if place == "NA" else self.address(place)
        elif elsewhere == "keyboard_other_campus":
            other = self.address("SO lab")
        elif elsewhere == "tunnel_at_home":
            other = self.second(9)
        return {"use": self.ip} | ({"elsewhere": other} if other else {})

    def second(self, network: int) -> str:
        """Return a second address of the story in a network."""
        return f"10.{network}.{100 + self.number // 250}.{self.number % 250 + 1}"

    def far(self) -> tuple[str, float, float]:
        """Return the network far away, and its place: a town of the story's alone."""
        kilometers, part = FAR[self.facts["elsewhere"]]
        angle = self.number * 0.0347
        lat = 41.5 + kilometers / 111.2 * math.cos(angle)
        lon = -90.5 + kilometers / 111.2 * math.sin(angle) / math.cos(math.radians(41.5))
        return f"2001:db8:{part}:{self.number:x}::", round(lat, 3), round(lon, 3)

    def usual_user(self, day: date) -> str:
        """Return the account of the device's history on a day; empty for none."""
        who, whose = self.facts["who"], self.facts["whose"]
        if who in DAILY:
            return self.account
        if who == "network_changed" and day == DAYS[2]:
            return self.account  # it was there before
        if whose == "own":
            is_last = day == max(one for one in DAYS if one < self.day)
            changed = f"c{self.number:04}" if is_last else self.account
            return {"network_first": "", "network_changed": changed}.get(who, self.account)
        if whose == "colleagues" or (whose == "unlisted" and who == "network_changed"):
            return f"c{self.number:04}"
        if whose == "stock":
            return f"c{self.number:04}" if DAYS.index(day) % 2 else f"s{self.number:04}"
        return f"r{self.number:04}" if whose == "role" else ""


def stories(tested: Iterable[tuple[Act, Combination, Verdict]]) -> list[Story]:
    """Return a story for each combination."""
    return [Story(number, *one) for number, one in enumerate(tested, 1)]


# ------------------------------------------------------------------ the lists


def registry(told: Iterable[Story]) -> Mapping[str, str]:
    """Return the registry files of the district, complete and right."""
    files: dict[str, list[str]] = {
        "buildings.csv": [
            "org_id,building,lat,lon,campus",
            "o-na,NA,41.500,-90.500,north",
            "o-nb,NB,41.503,-90.500,north",
            "o-so,SO,41.620,-90.500,south",
        ],
        "subnets.csv": ["cidr,building,kind", f"{ONE_ADDRESS}/32,NA,nat"],
        "egress.csv": ["cidr,meaning", "198.51.100.0/28,all buildings"],
        "access_points.csv": ["name,building", "ap-na-*,NA", "ap-nb-*,NB", "ap-so-*,SO"],
        "devices.csv": ["hostname,mac,device_class,assigned_to,building,pool"],
        "users.csv": [
            "sourcedId,status,orgSourcedIds,role,username,givenName,familyName,metadata.jobTitle"
        ],
        "accounts.csv": ["username,account_type,owner_person_id,approved_shared,used_in"],
        "staff_duty.csv": ["person_id,date_from,date_to,weekday,start_local,end_local,kind"],
        "leave.csv": ["person_id,date,part,kind,status"],
        "calendar.csv": ["date,day_type"],
        "approved_sites.csv": ["entry_id,pattern,match,roles,class,consent_by"],
        "site_categories.csv": ["domain,category,source"],
        "ip_geo.csv": [
            "cidr,country,city,lat,lon,network_type",
            "2001:db8:1::/48,US,Near,41.55,-90.52,residential",
        ],
    }
    for name, (second, kind) in NETWORKS.items():
        building = name[:2] if name[:2].isupper() else ""
        building = {"guest": "NA", "tunnel": "NA"}.get(name, building)
        files["subnets.csv"].append(f"10.{second}.0.0/16,{building},{kind}")
    for site in (*WORK, "school.example"):
        files["approved_sites.csv"].append(f"{site},{site},domain,all,sanctioned,board")
    first = date(2025, 8, 4)
    for day in (first + timedelta(days=n) for n in range(330)):
        kind = "weekend" if day.weekday() > 4 else "holiday" if day == CLOSED else "school"
        files["calendar.csv"].append(f"{day},{kind}")
    for story in told:
        _list_people(files, story)
        _list_devices(files, story)
        if story.act.name in ("site", "off_hours"):
            files["site_categories.csv"] += [
                f"{story.site},social,vendor",
                f"{story.site},social,open list",
            ]
        if story.facts.get("elsewhere") in FAR:
            network, lat, lon = story.far()
            row = f"{network}/64,US,Town {story.number},{lat},{lon},residential"
            files["ip_geo.csv"].append(row)
    return {name: "\n".join(rows) + "\n" for name, rows in files.items()}


def _list_people(files: Mapping[str, list[str]], story: Story) -> None:
    job = JOBS.get(story.duty, "Teacher")
    people = {story.account: job}
    people |= {story.usual_user(day): "Teacher" for day in DAYS}
    people[story.account] = job
    for account, title in sorted(people.items()):
        if account.startswith("r"):
            files["accounts.csv"].append(f"{account},role_shared,,true,NA")
        elif account:
            files["users.csv"].append(
                f"p-{account},active,o-na,teacher,{account},Test,Person,{title}"
            )
            if title == "Teacher":
                files["staff_duty.csv"] += [
                    f"p-{account},2025-08-04,2026-06-05,{weekday},07:30,15:30,contract"
                    for weekday in range(5)
                ]
    if story.duty.startswith("leave"):
        part = {"leave_all_day": "full", "leave_from_noon": "pm"}[story.duty]
        files["leave.csv"].append(f"p-{story.account},{DAY},{part},personal,approved")


def _list_devices(files: Mapping[str, list[str]], story: Story) -> None:
    rows, whose = files["devices.csv"], story.facts["whose"]
    if story.is_listed:
        holder = {"own": f"p-{story.account}", "colleagues": f"p-c{story.number:04}"}
        is_desk = story.has_keyboard and story.facts["which"] != "host_name"
        kind = ("lab_pc" if whose == "stock" else "desktop") if is_desk else "laptop"
        if story.act.name == "upload":
            kind = "podium"  # compared with its kind alone: so many uploads would be usual there
        pool = ("lab" if is_desk else "cart") if whose == "stock" else ""
        mac = story.mac(story.device)
        rows.append(f"{story.device},{mac},{kind},{holder.get(whose, '')},NA,{pool}")
    elsewhere = story.facts.get("elsewhere")
    if elsewhere in NEAR:
        laptop, building = story.laptop, NEAR[elsewhere]
        rows.append(f"{laptop},{story.mac(laptop)},laptop,p-{story.account},{building},")
    elif elsewhere == "keyboard_other_campus":
        lab = story.lab_computer
        rows.append(f"{lab},{story.mac(lab)},lab_pc,,SO,lab")


# ------------------------------------------------------------------ the events


def tell(events: Events, story: Story) -> None:
    """Add the events of one story: its device's history, the use, and its owner elsewhere."""
    for day in DAYS:
        if day != story.day:
            _history(events, story, day)
    _lease(events, story, story.day)
    if story.facts["whose"] == "colleagues":
        _use_before(events, story)
    line = _named(events, story, story.account, story.start, MINUTES, is_story=True)
    what = story.facts.get("what", "sized_hosts")
    line |= _log(story, what)
    if story.act.name == "upload":
        far = f"203.0.113.{story.number % 250}"
        events.upload(story.start, story.site, line | {"dst_ip": far}, what)
    elif story.act.name == "scan":
        events.search(story.start, line, story.number)
    else:
        hosts = WORK if story.act.name == "shared_account" else story.leisure
        events.use(story.start, MINUTES, hosts, line, what, story.number)
    _elsewhere(events, story)


def _log(story: Story, what: str) -> dict[str, str]:
    """Return the source and the format that record a use."""
    who, which = story.facts["who"], story.facts["which"]
    if which == "machine_name" and who != "tunnel_login":
        is_dns = what == "look_ups"
        return {"source": "agent", "format": "cisco_umbrella" if is_dns else "zscaler_zia"}
    if who.startswith("copy") or who == "portal_login" or what == "flows":
        return {"source": "firewall", "format": "fortigate"}
    if what == "look_ups":
        return {"source": "dns", "format": "bind_queries"}
    if what == "hosts":
        return {"source": "filter", "format": "paloalto"}
    if story.act.name == "upload":
        return {"source": "filter", "format": "cisco_wsa"}
    return {"source": "proxy", "format": "squid_access"}


def _lease(events: Events, story: Story, day: date) -> None:
    if story.facts["which"] in ("card", "host_name"):
        has_name = story.is_listed or story.has_keyboard
        name = story.device if has_name else None
        events.lease(at(day, "06:20", story.number % 1500), story.ip, story.card, name)
        if day == story.day:
            # a device that wakes up asks for its address again
            events.lease(story.start - timedelta(minutes=2), story.ip, story.card, name)


def _history(events: Events, story: Story, day: date) -> None:
    """Add a day of the device's usual user: a few minutes of work."""
    account = story.usual_user(day)
    is_seen = story.facts["which"] in ("card", "host_name", "machine_name") or story.has_keyboard
    if story.is_listed or account:
        _lease(events, story, day)
    elif day < story.day:
        return
    if is_seen and account and story.where != "home_by_tunnel":
        start = at(day, "08:00", (story.number * 37 + day.day * 613) % 1500)
        line = _named(events, story, account, start, 4)
        events.use(start, 4, WORK, line | _log(story, "sized_hosts"), dice=story.number)
    if story.act.name == "upload" and story.is_listed and story.number % 60 == 0:
        # a log counts what devices send on other days too
        line = {"src_ip": story.ip, "source": "firewall", "format": "fortigate"}
        events.use(at(day, "11:00", story.number % 900), 2, WORK[:1], line, "flows", story.number)
    laptop_place = NEAR.get(story.facts.get("elsewhere", ""))
    if laptop_place:
        _laptop(events, story, laptop_place, at(day, "14:30", story.number % 900), 4)


def _use_before(events: Events, story: Story) -> None:
    """Add the colleague's own use of the device on the morning of the story."""
    colleague = f"c{story.number:04}"
    if story.facts["who"] in (*DAILY, "copy_of_controller", "tunnel_login", "keyboard_unlocked"):
        return
    start = at(story.day, "07:35", story.number % 600)
    line = _named(events, story, colleague, start, 4)
    events.use(start, 4, WORK, line | _log(story, "sized_hosts"), dice=story.number)


def _named(
    events: Events,
    story: Story,
    account: str,
    start: datetime,
    minutes: float,
    *,
    is_story: bool = False,
) -> dict[str, Any]:
    """Add what identifies an account at the device; return the columns of each line of use."""
    who, before = story.facts["who"], start - timedelta(seconds=60)
    day = start.astimezone(ZONE).date()
    if who.startswith("network"):
        # a login whose end no log has is not believed past a working day
        morning = "12:31" if is_story and start > at(day, "18:00") else "07:31"
        when = at(day, morning, story.number % 900) if who == "network_daily" else before
        events.network_login(when, account, story.card, f"ap-na-{story.number % 40}")
    elif who.startswith("keyboard"):
        end = start + timedelta(minutes=minutes)
        _at_keyboard(events, story, account, (before, end), is_story=is_story)
    elif who == "tunnel_login":
        name = story.device if story.facts["which"] == "machine_name" else None
        end = start + timedelta(minutes=minutes)
        events.tunnel(before, end, account, story.home, story.ip, name)
    elif who.startswith("copy"):
        when = at(day, "07:10", story.number % 900) if who == "copy_of_controller" else before
        events.mapping(when, account, story.ip)
    elif is_story and who == "portal_login":
        events.portal(before, account, story.ip)
    elif is_story and who == "cloud_password":
        events.sign_in(before, account, EGRESS)
    return _line(story, account, is_story=is_story)


def _line(story: Story, account: str, *, is_story: bool) -> dict[str, Any]:
    """Return the columns that each line of a use has in common."""
    who, line = story.facts["who"], {"src_ip": story.ip}
    if story.facts["which"] == "machine_name" and who != "tunnel_login":
        line["src_hostname"] = story.device
    if who in ("line_login", "agent_person"):
        line |= {"user_name": account, "name_proof": "authenticated"}
    elif who.startswith("copy") or (who == "portal_login" and is_story):
        line |= {"user_name": account, "name_proof": "recorded"}
    return line


def _at_keyboard(
    events: Events, story: Story, account: str, span: tuple[datetime, datetime], *, is_story: bool
) -> None:
    who, (start, end) = story.facts["who"], span
    day = start.astimezone(ZONE).date()

    def add(when: datetime, act: str) -> None:
        events.keyboard(when, account, story.device, story.ip, act)

    if who == "keyboard_automatic":
        # the same second of every morning; the computer is switched off in the evening
        add(at(day, "06:54", story.number % 50), "logon")
        add(at(day, "22:40", story.number % 50), "logoff")
        return
    if who == "keyboard_unlocked" and is_story:
        add(at(story.day, "07:15", story.number % 900), "logon")
        add(at(story.day, "07:40", story.number % 900), "lock")
        add(start, "unlock")
    else:
        add(start, "logon")
    add(end + timedelta(seconds=40), "logoff")


def _laptop(events: Events, story: Story, place: str, start: datetime, minutes: float) -> None:
    """Add use of the owner's other device, with its daily network login."""
    laptop, ip = story.laptop, story.sides()["elsewhere"]
    day = start.astimezone(ZONE).date()
    mac = story.mac(laptop)
    events.lease(at(day, "06:40", story.number % 1500), ip, mac, laptop)
    when = at(day, "07:30", story.number % 900)
    events.network_login(when, story.account, mac, f"ap-{place.lower()}-{story.number % 40}")
    events.lease(start - timedelta(seconds=90), ip, mac, laptop)
    line = {"src_ip": ip, "source": "proxy", "format": "squid_access"}
    events.use(start, minutes, WORK, line, dice=story.number + 5)


def _elsewhere(events: Events, story: Story) -> None:
    elsewhere = story.facts.get("elsewhere", "")
    start = story.start + timedelta(seconds=17)
    end = start + timedelta(minutes=MINUTES)
    proxy = {"source": "proxy", "format": "squid_access"}
    if elsewhere in NEAR:
        _laptop(events, story, NEAR[elsewhere], start, MINUTES)
    elif elsewhere == "keyboard_other_campus":
        lab, ip = story.lab_computer, story.sides()["elsewhere"]
        events.lease(at(story.day, "06:40", story.number % 1500), ip, story.mac(lab), lab)
        events.keyboard(start - timedelta(seconds=50), story.account, lab, ip, "logon")
        events.use(start, MINUTES, WORK, {"src_ip": ip, **proxy}, dice=story.number + 5)
        events.keyboard(end + timedelta(seconds=45), story.account, lab, ip, "logoff")
    elif elsewhere == "tunnel_at_home":
        ip, outside = story.sides()["elsewhere"], story.home.replace("::7", "::8")
        opened = start - timedelta(seconds=50)
        events.tunnel(opened, end, story.account, outside, ip, None)
        events.use(start, MINUTES, WORK, {"src_ip": ip, **proxy}, dice=story.number + 5)
    elif elsewhere in FAR:
        outside = story.far()[0] + "5"
        events.sign_in(start + timedelta(minutes=12), story.account, outside)
        for minutes in (13, 15, 18):
            events.logon(
                "cloud", "okta", start + timedelta(minutes=minutes), user_name=story.account,
                src_ip=outside, logon_kind="network", event_code="user.authentication.sso",
            )  # fmt: skip


def fact_words(story: Story) -> str:
    """Return the combination of a story in one line."""
    return " ".join(story.facts[name] for name in story.act.dimensions)
